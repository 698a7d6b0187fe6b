// Characters that nobody sees and copying from documents and chats leaves behind: soft hyphen, zero-width space,
// direction marks, byte order mark.
const invisible = /[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

// Most of what comes: nothing to trim, to remove or to compose. Checked after lower-casing.
const plainText = /^[!-~а-яѐ-џґ]+$/;
const plainWord = /^[a-z0-9а-яѐ-џґ]+$/;

/** Trims, lower-cases and composes (NFC), so that the same text gives the same bytes. `undefined` for anything but text. */
export function foldText(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const lower = value.toLowerCase();
  if (plainText.test(lower)) return lower;
  const folded = value.replace(invisible, '').toLowerCase().normalize('NFC').trim();
  return folded === '' ? undefined : folded;
}

/** {@link foldText}, and only letters, their marks and digits of any script: no spaces, hyphens, apostrophes. */
export function foldWord(value: unknown): string | undefined {
  const text = foldText(value);
  if (text === undefined || plainWord.test(text)) return text;
  // The modifier apostrophes are letters to Unicode, but people and keyboards use them and ' for the same thing.
  const word = text.replace(/[^\p{L}\p{M}\p{N}]|[\u02b9-\u02bc\u02ee]/gu, '');
  // What stood between a letter and its mark may be gone.
  return word === '' ? undefined : word.normalize('NFC');
}
