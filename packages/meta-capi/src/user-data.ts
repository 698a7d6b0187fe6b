import { hash } from 'node:crypto';
import { unknownField } from '@cartie/core';
import { isBrowserId, oddBrowserId } from './browser-ids.ts';
import { invalid, service } from './invalid.ts';
import type { EventWarning, UserData } from './types.ts';
import { contextOf, type PersonContext, type UserField, userFields } from './user-fields.ts';

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
  /** Keys of `userData` that go out as they are and may hold any text. */
  readonly texts: readonly string[];
  /** How many keys `userData` has. */
  readonly size: number;
}

/** {@link HashedPerson} while it is being made. */
interface PersonDraft {
  readonly userData: HashedUserData;
  readonly personal: string[];
  readonly texts: string[];
  readonly context: PersonContext;
  readonly warnings: EventWarning[];
  /** Bits of the fields that are there already. To ask the object itself costs more than all of the checks. */
  hashed: number;
  plain: number;
  size: number;
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
  const draft: PersonDraft = {
    userData: {},
    personal: [],
    texts: [],
    context: contextOf(given.country, defaultCountry),
    warnings,
    hashed: 0,
    plain: 0,
    size: 0,
  };
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
    if (field.kind === 'plain') addPlain(draft, field, name, value);
    else if (!Array.isArray(value)) addHashed(draft, field, name, value);
    else {
      // Not an index: `Array.prototype` may have been extended, and holes count as absent.
      for (const one of value as readonly unknown[]) {
        if (one === undefined || one === null || one === '') continue;
        addHashed(draft, field, name, one);
      }
    }
  }
  return draft;
}

function addHashed(draft: PersonDraft, field: UserField, name: string, value: unknown): void {
  const { userData, personal } = draft;
  const { key } = field;
  let digest = digestIn(value);
  if (digest === undefined) {
    const normal = field.normalize(value, draft.context);
    if (normal === undefined) {
      draft.warnings.push(leftOut(`user_data.${name}`, field.rule));
      // Whatever it was meant to be, it is somebody's.
      if (typeof value === 'string' && (key === 'em' || key === 'ph')) personal.push(value);
      return;
    }
    if (key === 'em' || key === 'ph') personal.push(normal);
    digest = field.shared ? sharedDigest(normal) : hash('sha256', normal, 'hex');
  }
  if ((draft.hashed & field.bit) === 0) {
    draft.hashed |= field.bit;
    draft.size += 1;
    userData[key] = digest;
    return;
  }
  const present = userData[key] as string | string[];
  if (typeof present === 'string') {
    if (present !== digest) userData[key] = [present, digest];
  } else if (!present.includes(digest)) present.push(digest);
}

function addPlain(draft: PersonDraft, field: UserField, name: string, value: unknown): void {
  const normal = field.normalize(value, draft.context);
  if (normal === undefined) {
    if (field.strict) throw invalid(`user_data.${name}`, field.rule);
    draft.warnings.push(leftOut(`user_data.${name}`, field.rule));
    return;
  }
  if ((draft.plain & field.bit) !== 0) {
    if (draft.userData[field.key] === normal) return;
    throw invalid(`user_data.${name}`, `and another spelling of it have different values: give one`);
  }
  draft.plain |= field.bit;
  draft.size += 1;
  draft.userData[field.key] = normal;
  if (field.freeText) draft.texts.push(field.key);
  if ((field.key === 'fbc' || field.key === 'fbp') && !isBrowserId(normal)) {
    draft.warnings.push(oddBrowserId(`user_data.${name}`));
  }
}

// Genders, towns, regions and countries: an app meets the same few hundred again and again.
const sharedDigests = new Map<string, string>();
const mostShared = 1_000;

function sharedDigest(normal: string): string {
  let digest = sharedDigests.get(normal);
  if (digest === undefined) {
    digest = hash('sha256', normal, 'hex');
    if (sharedDigests.size >= mostShared) sharedDigests.clear();
    sharedDigests.set(normal, digest);
  }
  return digest;
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
