import { isIP } from 'node:net';
import {
  normalizeCity,
  normalizeCountry,
  normalizeDateOfBirth,
  normalizeEmail,
  normalizeGender,
  normalizeName,
  normalizePhone,
  normalizeState,
  normalizeZip,
} from '@cartie/core';

/** What normalising a datum may need to know. */
export interface PersonContext {
  /** Of the person: two lower-case letters. */
  readonly country: string | undefined;
  /** Of the client. */
  readonly defaultCountry: string | undefined;
}

/** Brings a datum to the form that Meta hashes; `undefined` for what has none. */
export type Normalize = (value: unknown, context: PersonContext) => string | undefined;

/** One key of `user_data`. */
export interface UserField {
  /** Meta's key. */
  readonly key: string;
  readonly names: readonly string[];
  /** `hashed`: normalised and hashed, one or many. `plain`: Meta wants it as it is. */
  readonly kind: 'hashed' | 'plain';
  readonly normalize: Normalize;
  /** What a value must be; for the warning or error. */
  readonly rule: string;
  /** A value that breaks the rule makes the event invalid; else it is left out with a warning. */
  readonly strict?: true;
}

const hashed = (key: string, names: readonly string[], normalize: Normalize, rule: string): UserField => ({
  key,
  names: [key, ...names],
  kind: 'hashed',
  normalize,
  rule,
});
const plain = (
  key: string,
  normalize: Normalize = text,
  rule = 'must be a text',
  strict = false,
): UserField => ({
  key,
  names: [key, camelCase(key)],
  kind: 'plain',
  normalize,
  rule,
  ...(strict && { strict }),
});
const id = (key: string): UserField => plain(key, digits, 'must be an id: digits', true);

/**
 * Every key of `user_data` that Meta knows, with the names that an app may use for it.
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/customer-information-parameters
 */
export const userFields: readonly UserField[] = [
  hashed('em', ['email'], normalizeEmail, 'must be an e-mail address'),
  hashed('ph', ['phone'], phone, 'must be a phone number with a country code, or of `defaultCountry`'),
  hashed('fn', ['firstName', 'first_name'], normalizeName, 'must have letters'),
  hashed('ln', ['lastName', 'last_name'], normalizeName, 'must have letters'),
  hashed(
    'db',
    ['dateOfBirth', 'date_of_birth'],
    dateOfBirth,
    'must be a date that exists, from 1900 to this year',
  ),
  hashed('ge', ['gender'], normalizeGender, 'must be female or male'),
  hashed('ct', ['city'], normalizeCity, 'must have letters'),
  hashed('st', ['state'], (value, context) => normalizeState(value, address(context)), 'must have letters'),
  hashed(
    'zp',
    ['zip', 'postalCode', 'postal_code'],
    (value, context) => normalizeZip(value, address(context)),
    'must be a postal code',
  ),
  hashed('country', [], normalizeCountry, 'must be a country: its code or name'),
  hashed('external_id', ['externalId'], externalId, 'must not be empty'),
  hashed('app_user_id', ['appUserId'], externalId, 'must not be empty'),
  hashed('f5first', [], (value) => firstLetters(value, 5), 'must have letters'),
  hashed('f5last', [], (value) => firstLetters(value, 5), 'must have letters'),
  hashed('fi', [], (value) => firstLetters(value, 1), 'must have letters'),
  hashed('dobd', [], (value) => numberIn(value, 1, 31), 'must be a day, 1 to 31'),
  hashed('dobm', [], (value) => numberIn(value, 1, 12), 'must be a month, 1 to 12'),
  hashed(
    'doby',
    [],
    (value) => numberIn(value, 1900, new Date().getUTCFullYear()),
    'must be a year from 1900',
  ),
  plain('client_ip_address', ipAddress, 'must be an IPv4 or IPv6 address'),
  plain('client_user_agent'),
  plain('fbc'),
  plain('fbp'),
  plain('subscription_id', textOrId),
  plain('fb_login_id', textOrId),
  id('lead_id'),
  plain('anon_id'),
  plain('madid'),
  id('page_id'),
  id('page_scoped_user_id'),
  id('ig_account_id'),
  id('ig_sid'),
  plain('ctwa_clid'),
  id('whatsapp_business_account_id'),
  plain('partner_id', textOrId),
  plain('partner_name'),
];

const nothing: PersonContext = { country: undefined, defaultCountry: undefined };

/** The person's country in Meta's form, where it is not hashed already. */
export function countryOf(value: unknown): string | undefined {
  return normalizeCountry(Array.isArray(value) ? value[0] : value);
}

function phone(value: unknown, { country, defaultCountry }: PersonContext = nothing): string | undefined {
  const own = country?.toUpperCase() ?? defaultCountry;
  return (
    normalizePhone(value, { defaultCountry: own }) ??
    (own === defaultCountry ? undefined : normalizePhone(value, { defaultCountry }))
  );
}

function address({ country, defaultCountry }: PersonContext = nothing): { country: string | undefined } {
  return { country: country ?? defaultCountry };
}

function dateOfBirth(value: unknown): string | undefined {
  if (!(value instanceof Date)) return normalizeDateOfBirth(value);
  return Number.isNaN(value.getTime()) ? undefined : normalizeDateOfBirth(value.toISOString());
}

// Case and spaces say nothing in an id, and Meta's own builder of parameters drops them before it hashes.
function externalId(value: unknown): string | undefined {
  const folded = textOrId(value)?.toLowerCase().replace(/\s+/g, '');
  return folded === '' ? undefined : folded;
}

function firstLetters(value: unknown, count: number): string | undefined {
  const name = normalizeName(value);
  return name === undefined ? undefined : [...name].slice(0, count).join('');
}

function numberIn(value: unknown, from: number, to: number): string | undefined {
  const written = String(value).trim();
  const number = /^\d{1,4}$/.test(written) ? Number(written) : Number.NaN;
  return number >= from && number <= to ? String(number).padStart(2, '0') : undefined;
}

function ipAddress(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const written = value.trim().replace(/^\[(.*)\]$/, '$1');
  // What Node calls an IPv4 peer of an IPv6 socket.
  const address = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(written)?.[1] ?? written;
  return isIP(address) === 0 || address.includes('%') ? undefined : address;
}

function text(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const trimmed = value.trim();
  return trimmed === '' ? undefined : trimmed;
}

function textOrId(value: unknown): string | undefined {
  return typeof value === 'number' || typeof value === 'bigint' ? digits(value) : text(value);
}

// Above 2^53 a number has lost digits already: such ids have to come as text.
function digits(value: unknown): string | undefined {
  if (typeof value === 'bigint') return value >= 0n ? String(value) : undefined;
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? String(value) : undefined;
  const written = text(value);
  return written !== undefined && /^\d{1,30}$/.test(written) ? written : undefined;
}

function camelCase(key: string): string {
  return key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
