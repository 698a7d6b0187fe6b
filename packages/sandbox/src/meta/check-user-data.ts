import { malformed } from './graph-failure.ts';
import { refusal } from './refusals.ts';

/** Fields that Meta takes only as SHA-256. */
const hashed = [
  'em',
  'ph',
  'fn',
  'ln',
  'db',
  'ge',
  'ct',
  'st',
  'zp',
  'country',
  'f5first',
  'f5last',
  'fi',
  'dobd',
  'dobm',
  'doby',
  'app_user_id',
];

/** Fields that Meta takes as they are. */
const plain = [
  'external_id',
  'client_ip_address',
  'client_user_agent',
  'fbc',
  'fbp',
  'subscription_id',
  'fb_login_id',
  'lead_id',
  'anon_id',
  'madid',
  'page_id',
  'page_scoped_user_id',
  'ig_account_id',
  'ig_sid',
  'ctwa_clid',
  'whatsapp_business_account_id',
  'partner_id',
  'partner_name',
];

/** Fields that may hold several values. */
const lists = ['em', 'ph', 'fn', 'ln', 'db', 'ge', 'ct', 'st', 'zp', 'country', 'external_id'];

/**
 * Fields that match nobody when there is nothing else.
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/best-practices
 */
const tooBroad = [
  ['ct', 'country', 'st', 'zp', 'ge', 'client_user_agent'],
  ['db', 'client_user_agent'],
  ['fn', 'ge'],
  ['ln', 'ge'],
];

/** A SHA-256 in hex; the parameter builder library puts an appendix behind it. */
const hashPattern = /^[0-9a-f]{64}(\.[\w-]{2,8})?$/i;

/** Throws for what Meta would refuse in `user_data` of an event that is no messaging event. */
export function checkUserData(userData: Readonly<Record<string, unknown>>, index: number): void {
  checkHashes(userData, index);
  const given = [...hashed, ...plain].filter((name) => hasValue(userData[name]));
  if (given.length === 0 || tooBroad.some((set) => given.every((name) => set.includes(name)))) {
    throw refusal('customerUnknown', index, 'user_data');
  }
}

/** Throws for personal data in plain text. */
export function checkHashes(userData: Readonly<Record<string, unknown>>, index: number): void {
  for (const [name, value] of Object.entries(userData)) {
    if (Array.isArray(value) && !lists.includes(name) && [...hashed, ...plain].includes(name)) {
      throw malformed(`Param data[${index}][user_data][${name}] must be a string`, {
        index,
        field: `user_data.${name}`,
      });
    }
    if (!hashed.includes(name)) continue;
    for (const one of Array.isArray(value) ? value : [value]) {
      if (hasValue(one) && !hashPattern.test(String(one))) {
        throw refusal('notHashed', index, `user_data.${name}`);
      }
    }
  }
}

/** Whether a field says anything. */
export function hasValue(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasValue);
  return value !== undefined && value !== null && value !== '';
}
