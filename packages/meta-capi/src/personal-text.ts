import type { EventWarning } from './types.ts';

/**
 * Keeps personal data out of everything that is not hashed: addresses of pages, names of things, properties of your own.
 * `personal` are the person's own normalised e-mails and phones.
 */
export interface PersonalText {
  /** Would {@link PersonalText.clean} give it back as it is for sure? For those who name the field only then. */
  isHarmless(text: string): boolean;
  /** The text without e-mail addresses and phone numbers; each removal is a warning for `field`. */
  clean(text: string, field: string): string;
  /** The address of a page, without parameters that name or hold a person's data. */
  cleanUrl(url: string, field: string): string;
  /** Is this number the person's phone? */
  isPersonal(value: number | bigint): boolean;
}

const removed = '[removed]';

/** Creates the {@link PersonalText} of one event. */
export function createPersonalText(personal: readonly string[], warnings: EventWarning[]): PersonalText {
  const ends = endsOf(personal);
  const clean = (text: string, field: string): string => {
    if (isHarmless(text, ends) || !suspicious.test(text)) return text;
    const cleaned = withoutPersonal(text, personal, ends);
    if (cleaned !== text)
      warnings.push({ field, message: `\`${field}\` held personal data: it was removed` });
    return cleaned;
  };
  return {
    isHarmless: (text) => isHarmless(text, ends),
    clean,
    cleanUrl(url, field) {
      const safe = isPlainUrl(url) ? url : withoutParameters(url);
      if (safe !== url) {
        warnings.push({
          field,
          message: `\`${field}\` held parameters with personal data: they were removed`,
        });
      }
      return clean(safe, field);
    },
    isPersonal: (value) => value > 99_999_999 && ends.some((end) => String(value).endsWith(written(end))),
  };
}

/** Does a property of this name hold a person's datum that Meta wants in `user_data` only? */
export function isPersonalName(name: string): boolean {
  let isPersonal = known.get(name);
  if (isPersonal === undefined) {
    isPersonal = personalNames.has(name.toLowerCase().replace(/[^a-z]/g, ''));
    if (known.size >= mostKnown) known.clear();
    known.set(name, isPersonal);
  }
  return isPersonal;
}

// An app's own properties and the parameters of its pages have few names, which come with every event.
const known = new Map<string, boolean>();
const mostKnown = 500;

// An @ in any of its forms, or digits enough for a phone number. What has neither is passed on at once. An address within
// an address is encoded once more: %2540.
const suspicious =
  /[@\uff20\ufe6b]|%(?:25){0,3}40|%[Ee][Ff]%[Bb][Cc]%[Aa]0|\d(?:(?:[\s().+/-]|%(?:25){0,3}2[0Bb]){0,3}\d){8}/;
const email =
  /[^\s@\uff20\ufe6b<>()[\]{},;:"'=?&#/\\|]{0,64}(?:@|\uff20|\ufe6b|%(?:25){0,3}40|%ef%bc%a0)[^\s@<>()[\]{},;:"'=?&#/\\|.]{1,255}(?:\.[^\s@<>()[\]{},;:"'=?&#/\\|.]{1,64}){1,10}/giu;
const phone = /(?:\+|%(?:25){0,3}2b)\(?\d(?:(?:[\s().+/-]|%(?:25){0,3}2[0b]){0,3}\d){8,17}/gi;

const [zero, nine, percent, plus, at, wideAt, smallAt] = [48, 57, 37, 43, 64, 0xff20, 0xfe6b];

/**
 * Nothing of an address, and digits only that are not of the person's phone: a time, an id, a price. Every text of every
 * event goes through here, so it is one loop that makes nothing.
 */
function isHarmless(text: string, ends: readonly number[]): boolean {
  const first = ends[0] ?? -1; // nearly always the only one
  let digits = 0;
  let lastNine = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > at && code < smallAt) continue; // a letter, mostly
    if (code >= zero && code <= nine) {
      lastNine = (lastNine % 100_000_000) * 10 + (code - zero);
      digits++;
      if (lastNine === first && digits >= 9) return false;
      if (ends.length > 1 && digits >= 9 && ends.includes(lastNine)) return false;
    } else if (code === at || code === percent || code === plus || code === wideAt || code === smallAt) {
      return false;
    }
  }
  return true;
}

const [equals, ampersand, hash, semicolon, question] = [61, 38, 35, 59, 63];

function isPlainUrl(url: string): boolean {
  if (url.includes('@')) return false;
  const from = url.indexOf('?');
  if (from === -1) return !url.includes('#') && !url.includes(';');
  let start = from + 1;
  for (let at = start; at < url.length; at++) {
    const letter = url.charCodeAt(at);
    if (letter === equals) {
      const name = url.slice(start, at);
      if (name.includes('%') || isPersonalName(name)) return false;
      start = url.length;
    } else if (letter === ampersand) {
      start = at + 1;
    } else if (letter === hash || letter === semicolon || letter === question) return false;
  }
  return true;
}

function withoutPersonal(text: string, personal: readonly string[], ends: readonly number[]): string {
  return withoutOwn(withoutPhones(text, ends), personal)
    .replace(email, removed)
    .replace(phone, (match) => (match.replace(/%(?:25){0,3}2[0b]|\D/gi, '').length >= 10 ? removed : match));
}

/** Without the person's own phones, however they are written and whatever digits stand around them. */
function withoutPhones(text: string, ends: readonly number[]): string {
  let result = text;
  for (const end of ends) {
    const number = [...written(end)].join('(?:[\\s().+/-]|%(?:25){0,3}2[0b]){0,3}');
    result = result.replace(new RegExp(`(?:\\+|%(?:25){0,3}2b)?[\\d\\s()-]{0,8}${number}`, 'gi'), removed);
  }
  return result;
}

// An address may hold characters at which a pattern stops.
function withoutOwn(text: string, personal: readonly string[]): string {
  let result = text;
  for (const value of personal) {
    if (!value.includes('@')) continue;
    for (const form of new Set([value, encoded(value)])) {
      for (let at = indexOf(result, form); at !== -1; at = indexOf(result, form)) {
        result = result.slice(0, at) + removed + result.slice(at + form.length);
      }
    }
  }
  return result;
}

function encoded(value: string): string {
  try {
    return encodeURIComponent(value);
  } catch {
    return value; // half a surrogate pair
  }
}

function indexOf(text: string, part: string): number {
  return text.toLowerCase().indexOf(part.toLowerCase());
}

/** The last nine digits: the same with a country code, a trunk zero, or neither. */
function endsOf(personal: readonly string[]): number[] {
  const ends: number[] = [];
  for (const value of personal) {
    let digits = 0;
    let lastNine = 0;
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code < zero || code > nine) continue;
      digits++;
      lastNine = (lastNine % 100_000_000) * 10 + (code - zero);
    }
    if (digits >= 9 && digits <= 17) ends.push(lastNine);
  }
  return ends;
}

function written(end: number): string {
  return String(end).padStart(9, '0');
}

function withoutParameters(url: string): string {
  // `https://user:password@host` names somebody too.
  const plain = url.replace(/^([a-z][a-z\d+.-]*:\/\/)[^/?#]*@/i, '$1');
  const from = plain.search(/[?#;]/);
  if (from === -1) return plain;
  const kept = plain
    .slice(from)
    .split(/(?=[?#&;])/)
    .filter((part) => !isPersonalName(decoded(/^[?#&;]([^=]*)=./.exec(part)?.[1] ?? '')))
    .join('');
  return plain.slice(0, from) + kept.replace(/^[&;]/, '?');
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    return name;
  }
}

const personalNames: ReadonlySet<string> = new Set([
  'accesstoken',
  'birthdate',
  'birthday',
  'cell',
  'cellphone',
  'clientipaddress',
  'clientuseragent',
  'customeremail',
  'customername',
  'customerphone',
  'dateofbirth',
  'db',
  'dob',
  'em',
  'email',
  'emailaddress',
  'externalid',
  'firstname',
  'fn',
  'fname',
  'fullname',
  'ge',
  'gender',
  'lastname',
  'ln',
  'lname',
  'mail',
  'middlename',
  'mobile',
  'mobilephone',
  'msisdn',
  'passport',
  'password',
  'patronymic',
  'ph',
  'phone',
  'phonenumber',
  'recipientname',
  'sex',
  'ssn',
  'surname',
  'tel',
  'telephone',
  'telnumber',
  'token',
  'useremail',
  'username',
  'userphone',
]);
