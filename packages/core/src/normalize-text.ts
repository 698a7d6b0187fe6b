// Characters that nobody sees and copying from documents and chats leaves behind: soft hyphen, zero-width space,
// direction marks, byte order mark.
const invisible = /[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

// Most of what comes: nothing to remove or to compose, first as it is, then in lower case. That normal forms are found
// without Unicode's tables makes an event several times cheaper; the tests hold both ways to the same results.
const letters = 'a-zß-öø-ÿāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįıĳĵķĸĺļľŀłńņňŉŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷźżžа-яѐ-џґ';
const lowerText = new RegExp(`^[!-@[-~${letters}]+$`);
const plainText = new RegExp(`^[ -~${letters}]+$`);
const plainWord = new RegExp(`^[0-9${letters}]+$`);
const plainLetters = new RegExp(`^[${letters}]+$`);
const notInWord = new RegExp(`[^0-9${letters}]+`, 'g');

/** Trims, lower-cases and composes (NFC), so that the same text gives the same bytes. `undefined` for anything but text. */
export function foldText(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (lowerText.test(value)) return value;
  const lower = value.toLowerCase();
  const folded = plainText.test(lower)
    ? lower.trim()
    : value.replace(invisible, '').toLowerCase().normalize('NFC').trim();
  return folded === '' ? undefined : folded;
}

/** {@link foldText}, and only letters, their marks and digits of any script: no spaces, hyphens, apostrophes. */
export function foldWord(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (plainWord.test(value)) return value;
  const lower = value.toLowerCase();
  const word = plainText.test(lower) ? lower.replace(notInWord, '') : wordOf(foldText(value) ?? '');
  return word === '' ? undefined : word;
}

/** {@link foldWord} of what has a letter of any script in it. */
export function foldLetters(value: unknown): string | undefined {
  if (typeof value === 'string' && plainLetters.test(value)) return value;
  const word = foldWord(value);
  return word !== undefined && (plainLetters.test(word) || /\p{L}/u.test(word)) ? word : undefined;
}

function wordOf(text: string): string {
  // The modifier apostrophes are letters to Unicode, but people and keyboards use them and ' for the same thing.
  const word = text.replace(/[^\p{L}\p{M}\p{N}]|[\u02b9-\u02bc\u02ee]/gu, '');
  // What stood between a letter and its mark may be gone.
  return word.normalize('NFC');
}
