import { hash } from 'node:crypto';
import {
  type AddressOptions,
  normalizeCity,
  normalizeCountry,
  normalizeState,
  normalizeZip,
} from './normalize-address.ts';
import { normalizeEmail } from './normalize-email.ts';
import { normalizeDateOfBirth, normalizeGender, normalizeName } from './normalize-person.ts';
import { normalizePhone, type PhoneOptions } from './normalize-phone.ts';

/** What {@link hashPii} can normalise before it hashes. */
export type PiiField = keyof typeof normalizers;

/** How {@link hashPii} reads phone numbers, states and postal codes. */
export interface PiiOptions extends PhoneOptions, AddressOptions {}

/**
 * SHA-256 of a person's datum, as lower-case hex: `hashPii(value)` of the text as it is, `hashPii(field, value)` of its
 * normal form. A value that is a SHA-256 in hex already stays one, in lower case: it is never hashed again. `undefined` for
 * what is empty, is no text or has no normal form. Never throws.
 *
 * @see https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/customer-information-parameters
 */
export function hashPii(value: unknown): string | undefined;
export function hashPii(field: PiiField, value: unknown, options?: PiiOptions): string | undefined;
export function hashPii(first: unknown, ...rest: readonly unknown[]): string | undefined {
  // Not by the number of arguments alone: `values.map(hashPii)` gives three.
  if (rest.length === 0 || !isField(first)) return digestOf(first);
  const [value, options] = rest as [unknown, PiiOptions?];
  const normalize: Normalizer = normalizers[first];
  return hashed(value) ?? digestOf(normalize(value, options));
}

type Normalizer = (value: unknown, options?: PiiOptions) => string | undefined;

const normalizers = {
  email: normalizeEmail,
  phone: normalizePhone,
  name: normalizeName,
  gender: normalizeGender,
  dateOfBirth: normalizeDateOfBirth,
  city: normalizeCity,
  state: normalizeState,
  zip: normalizeZip,
  country: normalizeCountry,
} as const satisfies Record<string, Normalizer>;

function isField(value: unknown): value is PiiField {
  return typeof value === 'string' && Object.hasOwn(normalizers, value);
}

function digestOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  return hashed(value) ?? hash('sha256', value, 'hex');
}

function hashed(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  return /^[0-9a-f]{64}$/i.test(text) ? text.toLowerCase() : undefined;
}
