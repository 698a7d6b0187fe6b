import { hash } from 'node:crypto';
import { unknownField } from '@cartie/core';
import { checkBrowserId } from './browser-ids.ts';
import { invalid, service } from './invalid.ts';
import type { EventWarning, UserData } from './types.ts';
import { countryOf, type PersonContext, type UserField, userFields } from './user-fields.ts';

/** Options of {@link hashUserData}. */
export interface HashUserDataOptions {
  /** Country of phones without a country code and of addresses without a country: two letters. @default none */
  defaultCountry?: string | undefined;
}

/** `user_data` in Meta's keys with everything hashed that is to be. */
export type HashedUserData = Record<string, string | string[]>;

/** What was made of a person's data. */
export interface HashedPerson {
  readonly userData: HashedUserData;
  /** What of it must be found nowhere else in the event: e-mails and the ends of phone numbers. */
  readonly personal: readonly string[];
}

/**
 * A person's data as Meta takes them: normalised, hashed with SHA-256, under Meta's keys. What has no normal form is left
 * out; what is a SHA-256 already stays one.
 *
 * ```ts
 * hashUserData({ email: 'Olena@Example.com', phone: '067 123 45 67', city: 'Київ' }, { defaultCountry: 'UA' });
 * ```
 *
 * @throws CartieError `invalid_input` for a key that Meta does not know, and for an id that is none
 */
export function hashUserData(userData: UserData, options: HashUserDataOptions = {}): HashedUserData {
  return hashPerson(userData, options.defaultCountry, []).userData;
}

const byName: ReadonlyMap<string, UserField> = new Map(
  userFields.flatMap((field) => field.names.map((name) => [name, field] as const)),
);
const knownNames = [...byName.keys()];

/** {@link hashUserData} that tells what it left out. */
export function hashPerson(
  input: UserData,
  defaultCountry: string | undefined,
  warnings: EventWarning[],
): HashedPerson {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw invalid('user_data', 'must be an object');
  }
  const given = input as Readonly<Record<string, unknown>>;
  const country = given.country;
  const context: PersonContext = {
    country: country === undefined ? undefined : countryOf(country),
    defaultCountry,
  };
  const userData: HashedUserData = {};
  const personal: string[] = [];
  for (const name in given) {
    const value = given[name];
    if (value === undefined || value === null || value === '') continue;
    const field = byName.get(name);
    if (field === undefined) {
      throw unknownField(name, knownNames, {
        service,
        operation: 'send',
        code: 'invalid_input',
        at: 'user_data',
      });
    }
    if (field.kind === 'plain') addPlain(userData, field, name, value, warnings);
    else if (!Array.isArray(value)) addHashed(userData, personal, field, name, value, context, warnings);
    else {
      // Not an index: `Array.prototype` may have been extended, and holes count as absent.
      for (const one of value as readonly unknown[]) {
        if (one === undefined || one === null || one === '') continue;
        addHashed(userData, personal, field, name, one, context, warnings);
      }
    }
  }
  return { userData, personal };
}

function addHashed(
  userData: HashedUserData,
  personal: string[],
  field: UserField,
  name: string,
  value: unknown,
  context: PersonContext,
  warnings: EventWarning[],
): void {
  let digest = digestIn(value);
  if (digest === undefined) {
    const normal = field.normalize(value, context);
    if (normal === undefined) {
      warnings.push(leftOut(`user_data.${name}`, field.rule));
      // Whatever it was meant to be, it is somebody's.
      if (typeof value === 'string' && (field.key === 'em' || field.key === 'ph')) personal.push(value);
      return;
    }
    if (field.key === 'em' || field.key === 'ph') personal.push(normal);
    digest = hash('sha256', normal, 'hex');
  }
  const present = userData[field.key];
  if (present === undefined) userData[field.key] = digest;
  else if (typeof present === 'string') {
    if (present !== digest) userData[field.key] = [present, digest];
  } else if (!present.includes(digest)) present.push(digest);
}

function addPlain(
  userData: HashedUserData,
  field: UserField,
  name: string,
  value: unknown,
  warnings: EventWarning[],
): void {
  const at = `user_data.${name}`;
  const normal = field.normalize(value, { country: undefined, defaultCountry: undefined });
  if (normal === undefined) {
    if (field.strict) throw invalid(at, field.rule);
    warnings.push(leftOut(at, field.rule));
    return;
  }
  if (field.key === 'fbc' || field.key === 'fbp') {
    const warning = checkBrowserId(at, normal);
    if (warning) warnings.push(warning);
  }
  if (userData[field.key] !== undefined && userData[field.key] !== normal) {
    throw invalid(at, `and another spelling of it have different values: give one`);
  }
  userData[field.key] = normal;
}

// A SHA-256 in hex that somebody else made.
function digestIn(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length < 64) return undefined;
  const text = value.trim();
  return text.length === 64 && /^[0-9a-f]{64}$/i.test(text) ? text.toLowerCase() : undefined;
}

function leftOut(field: string, rule: string): EventWarning {
  return { field, message: `\`${field}\` ${rule}: it was left out` };
}
