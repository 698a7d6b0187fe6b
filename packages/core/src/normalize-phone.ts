// The smallest metadata on purpose. `max` also knows which ranges belong to which kind of line, 60 kB more that go stale
// faster: a number from a range opened after the last update would not be hashed at all, while one that does not
// exist only matches nobody.
import parsePhoneNumber, { type CountryCode, isSupportedCountry } from 'libphonenumber-js/min';

/** Options of {@link normalizePhone}. */
export interface PhoneOptions {
  /** Country of numbers that are written without a country code: ISO 3166-1 alpha-2, `UA`. @default none */
  defaultCountry?: string | undefined;
}

/**
 * A phone number as Meta hashes it: country code and number, digits only, no plus, no trunk zero, no extension. Without a
 * country code in the number or a known `defaultCountry` there is no such form: `undefined`, as for what is no number.
 *
 * Digits alone are read as a number of `defaultCountry` first, then as one with a country code.
 */
export function normalizePhone(value: unknown, options: PhoneOptions = {}): string | undefined {
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text !== 'string') return undefined;
  const written = text.normalize('NFKC').trim();
  // Somebody who wrote a country code knows his number: it only has to have a possible length.
  const withCode = /\+.*$/s.exec(written)?.[0] ?? /^00.*$/s.exec(written)?.[0];
  if (withCode !== undefined)
    return international(withCode.replace(/^(\+|00)+/, '+')) ?? national(written, options);
  return national(written, options) ?? international(`+${written}`, true);
}

function international(text: string, strict = false): string | undefined {
  const phone = parsePhoneNumber(text);
  if (phone === undefined) return undefined;
  return (strict ? phone.isValid() : phone.isPossible()) ? phone.number.slice(1) : undefined;
}

function national(text: string, { defaultCountry }: PhoneOptions): string | undefined {
  const country = typeof defaultCountry === 'string' ? defaultCountry.trim().toUpperCase() : '';
  if (!isSupportedCountry(country)) return undefined;
  const phone = parsePhoneNumber(text, country as CountryCode);
  return phone?.isValid() ? phone.number.slice(1) : undefined;
}
