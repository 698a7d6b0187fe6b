import { countryOf } from './countries.ts';
import { foldLetters, foldText } from './normalize-text.ts';
import { usStates } from './us-states.ts';

/** Options of {@link normalizeState} and {@link normalizeZip}. */
export interface AddressOptions {
  /** The address's country, where it is known: ISO 3166-1 alpha-2, `UA`. */
  country?: string | undefined;
}

/** A city as Meta hashes it: lower case, without punctuation and spaces, scripts kept (`Кривий Ріг` → `кривийріг`). */
export function normalizeCity(value: unknown): string | undefined {
  return foldLetters(value);
}

/**
 * A state or region as Meta hashes it: lower case, without punctuation and spaces. One of the United States becomes its
 * two letters, unless `country` is another one.
 */
export function normalizeState(value: unknown, { country }: AddressOptions = {}): string | undefined {
  const state = foldLetters(value);
  if (state === undefined || (country !== undefined && codeOf(country) !== 'us')) return state;
  return Object.hasOwn(usStates, state) ? usStates[state as keyof typeof usStates] : state;
}

/**
 * A postal code as Meta hashes it: lower case, without spaces and dashes. Of a US code the first five digits, of a British
 * one (with `country`) area, district and sector.
 */
export function normalizeZip(value: unknown, { country }: AddressOptions = {}): string | undefined {
  const written = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  const text = typeof written === 'string' && plainZip.test(written) ? written : foldText(written);
  if (text === undefined) return undefined;
  const code = country === undefined ? undefined : codeOf(country);
  // A country that is not known may be any.
  if ((code === 'us' || country === undefined) && /^\d{5}[-\s]\d{4}$/.test(text)) return text.slice(0, 5);
  const zip = plainZip.test(text) ? text : text.normalize('NFKC').replace(/[^a-z0-9]/g, '');
  if (zip === '') return undefined;
  if (code === 'us') return /^\d{5}/.exec(zip)?.[0] ?? zip;
  if (code === 'gb') return /^([a-z]{1,2}\d[a-z\d]?\d)[a-z]{2}$/.exec(zip)?.[1] ?? zip;
  return zip;
}

/**
 * A country as two lower-case letters, ISO 3166-1 alpha-2: from a code of two or three letters or a name in English,
 * Ukrainian or Russian. `undefined` for anything else.
 */
export function normalizeCountry(value: unknown): string | undefined {
  const country = foldText(value);
  return country === undefined ? undefined : countryOf(country);
}

const plainZip = /^[a-z0-9]+$/;

function codeOf(country: string): string | undefined {
  return countryOf(country) ?? normalizeCountry(country);
}
