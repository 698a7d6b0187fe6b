import { CartieError } from '@cartie/core';

/** Names and values as Telegram signed them. */
export type SignedFields = Readonly<Record<string, string | undefined>>;

/** How old signed data may be. */
export interface SignedAge {
  /** Older data is refused. Milliseconds. @default 86400000 (24 hours) */
  maxAgeMs?: number | undefined;
  /** How far our clock may be behind: data from further in the future is refused. Milliseconds. @default 60000 */
  clockSkewMs?: number | undefined;
}

/** Which check it is, for errors. */
export interface SignedWhat {
  operation: string;
  /** What it is called in messages: `init data`. */
  name: string;
}

/** @throws CartieError `invalid_config` for durations that make no sense */
export function checkAgeOptions(
  { maxAgeMs = defaultMaxAgeMs, clockSkewMs = defaultSkewMs }: SignedAge,
  what: SignedWhat,
): void {
  if (!(maxAgeMs > 0)) throw invalidOption('maxAgeMs', 'a number of milliseconds, more than 0', what);
  if (!(clockSkewMs >= 0)) throw invalidOption('clockSkewMs', 'a number of milliseconds, 0 or more', what);
}

/** Reads a query string. A field that is there twice is refused: readers would not agree on which of the two counts. */
export function readFields(query: unknown, what: SignedWhat): SignedFields {
  if (typeof query !== 'string' || query.length > maxLength) {
    throw refused('hash', `The ${what.name} is not a query string as Telegram gives it`, what);
  }
  const fields: Record<string, string | undefined> = Object.create(null);
  for (const [name, value] of new URLSearchParams(query)) {
    if (name in fields) throw refused('hash', `The ${what.name} has a field twice`, what);
    fields[name] = value;
  }
  return fields;
}

/** What Telegram signs: the pairs sorted by name, one a line. */
export function checkString(fields: SignedFields): string {
  return Object.entries(fields)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');
}

/** When the data was signed, in Unix time. @throws CartieError `invalid_signature` with the field `auth_date` */
export function checkAge(
  date: string | undefined,
  { maxAgeMs = defaultMaxAgeMs, clockSkewMs = defaultSkewMs }: SignedAge,
  what: SignedWhat,
): number {
  const seconds = /^\d{1,12}$/.test(date ?? '') ? Number(date) : undefined;
  if (seconds === undefined)
    throw refused('auth_date', `The ${what.name} does not say when it was made`, what);
  const ageMs = Date.now() - seconds * 1000;
  if (ageMs > maxAgeMs) throw refused('auth_date', `The ${what.name} is older than \`maxAgeMs\``, what);
  if (ageMs < -clockSkewMs) {
    throw refused('auth_date', `The ${what.name} is from the future; check the clocks`, what);
  }
  return seconds;
}

/** An `invalid_signature`; `message` never quotes the data. */
export function refused(field: string, message: string, { operation }: SignedWhat): CartieError {
  return new CartieError('invalid_signature', message, { service: 'telegram', operation, field });
}

/** An `invalid_config`. */
export function invalidOption(field: string, rule: string, { operation }: SignedWhat): CartieError {
  return new CartieError('invalid_config', `\`${field}\` must be ${rule}`, {
    service: 'telegram',
    operation,
    field,
  });
}

const defaultMaxAgeMs = 24 * 60 * 60 * 1000;
const defaultSkewMs = 60_000;
const maxLength = 16 * 1024;
