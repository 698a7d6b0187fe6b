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
  /** Of phones without a country code: the person's, else the client's. */
  readonly phoneCountry: string | undefined;
  /** Of the client. */
  readonly defaultCountry: string | undefined;
  readonly address: { readonly country: string | undefined };
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
  readonly strict: boolean;
  /** What many people share, such as a town: few values that come again and again. */
  readonly shared: boolean;
  /** May hold any text, and so somebody's address or phone. */
  readonly freeText: boolean;
  /** Its own bit among the fields of its kind. */
  readonly bit: number;
}

type FieldOf = (bit: number) => UserField;

const hashed =
  (key: string, names: readonly string[], normalize: Normalize, rule: string, shared = false): FieldOf =>
  (bit) => ({
    key,
    names: [key, ...names],
    kind: 'hashed',
    normalize,
    rule,
    strict: false,
    shared,
    freeText: false,
    bit,
  });
const plain =
  (
    key: string,
    {
      normalize,
      rule,
      strict = false,
      freeText = false,
    }: Partial<UserField> & Pick<UserField, 'normalize' | 'rule'>,
  ): FieldOf =>
  (bit) => ({
    key,
    names: [key, camelCase(key)],
    kind: 'plain',
    normalize,
    rule,
    strict,
    shared: false,
    freeText,
    bit,
  });
const anyText = (key: string, normalize: Normalize = text): FieldOf =>
  plain(key, { normalize, rule: 'must be a text', freeText: true });
const id = (key: string): FieldOf =>
  plain(key, { normalize: digits, rule: 'must be an id: digits', strict: true });
const withBits = (fields: readonly FieldOf[]): UserField[] => fields.map((field, index) => field(1 << index));

/**
 * Every key of `user_data` that Meta knows, with the names that an app may use for it.
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/customer-information-parameters
 */
export const userFields: readonly UserField[] = [
  ...withBits([
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
    hashed('ge', ['gender'], normalizeGender, 'must be female or male', true),
    hashed('ct', ['city'], normalizeCity, 'must have letters', true),
    hashed(
      'st',
      ['state'],
      (value, { address }) => normalizeState(value, address),
      'must have letters',
      true,
    ),
    hashed(
      'zp',
      ['zip', 'postalCode', 'postal_code'],
      (value, { address }) => normalizeZip(value, address),
      'must be a postal code',
    ),
    hashed('country', [], normalizeCountry, 'must be a country: its code or name', true),
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
  ]),
  ...withBits([
    plain('client_ip_address', { normalize: ipAddress, rule: 'must be an IPv4 or IPv6 address' }),
    anyText('client_user_agent'),
    anyText('fbc'),
    anyText('fbp'),
    anyText('subscription_id', textOrId),
    anyText('fb_login_id', textOrId),
    id('lead_id'),
    anyText('anon_id'),
    anyText('madid'),
    id('page_id'),
    id('page_scoped_user_id'),
    id('ig_account_id'),
    id('ig_sid'),
    anyText('ctwa_clid'),
    id('whatsapp_business_account_id'),
    anyText('partner_id', textOrId),
    anyText('partner_name'),
  ]),
];

/** The {@link PersonContext} of a person who gave this country, or none. */
export function contextOf(given: unknown, defaultCountry: string | undefined): PersonContext {
  // Where it is hashed already, it says nothing here.
  const country = given === undefined ? undefined : normalizeCountry(Array.isArray(given) ? given[0] : given);
  return {
    phoneCountry: country ?? defaultCountry,
    defaultCountry,
    address: { country: country ?? defaultCountry },
  };
}

function phone(value: unknown, { phoneCountry, defaultCountry }: PersonContext): string | undefined {
  const normal = normalizePhone(value, { defaultCountry: phoneCountry });
  if (normal !== undefined || phoneCountry?.toUpperCase() === defaultCountry?.toUpperCase()) return normal;
  return normalizePhone(value, { defaultCountry });
}

function dateOfBirth(value: unknown): string | undefined {
  if (!(value instanceof Date)) return normalizeDateOfBirth(value);
  return Number.isNaN(value.getTime()) ? undefined : normalizeDateOfBirth(value.toISOString());
}

const plainId = /^[!-@[-~]+$/;

// Case and spaces say nothing in an id, and Meta's own builder of parameters drops them before it hashes.
function externalId(value: unknown): string | undefined {
  if (typeof value === 'string' && plainId.test(value)) return value;
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

const plainIp = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

function ipAddress(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (plainIp.test(value)) return value;
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
