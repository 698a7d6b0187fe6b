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
  const plain = plainNumber(text, options.defaultCountry);
  if (plain !== undefined) return plain;
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

/**
 * Numbers that libphonenumber would give back as they are: reading one there costs as much as sixteen hashes. The
 * tests hold each row to what libphonenumber says. With a plus a number only has to be possible.
 */
const plainNumbers = [
  { country: 'UA', code: '380', possible: /^[1-9]\d{8}$/, valid: /^[3-9]\d{8}$/, normal: /^380[3-9]\d{8}$/ },
  { country: 'US', code: '1', possible: /^[2-9]\d{9}$/ },
  { country: 'PL', code: '48', possible: /^[5-7]\d{8}$/ },
  { country: 'GB', code: '44', possible: /^7\d{9}$/ },
  { country: 'DE', code: '49', possible: /^1[567]\d{8,9}$/ },
] as const satisfies readonly {
  country: string;
  code: string;
  possible: RegExp;
  /** Where it is known: then also numbers of this country without a plus and with the trunk zero are plain. */
  valid?: RegExp;
  /** A whole number in its normal form. */
  normal?: RegExp;
}[];
const ukraine = plainNumbers[0];

function plainNumber(text: string, defaultCountry: string | undefined): string | undefined {
  const { code, country, normal, valid } = ukraine;
  const isDefault = defaultCountry === country || defaultCountry?.toUpperCase() === country;
  if (isDefault && normal.test(text)) return text;
  if (text.length > 20 || !isWritten.test(text)) return undefined;
  const digits = hasSeparators.test(text) ? text.replace(separators, '') : text;
  if (digits.startsWith('+')) {
    for (const plain of plainNumbers) {
      if (digits.startsWith(plain.code, 1) && plain.possible.test(digits.slice(plain.code.length + 1)))
        return digits.slice(1);
    }
    return undefined;
  }
  // Without a plus it may be a number of any country that might be meant.
  if (!isDefault && defaultCountry !== undefined) return undefined;
  if (digits.startsWith(code) && valid.test(digits.slice(code.length))) return digits;
  const own = isDefault ? digits.replace(/^0/, '') : '';
  return valid.test(own) ? code + own : undefined;
}

const isWritten = /^\+?[\d ()-]+$/;
const hasSeparators = /[ ()-]/;
const separators = /[ ()-]+/g;
