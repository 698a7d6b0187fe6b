import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  normalizeCity,
  normalizeDateOfBirth,
  normalizeEmail,
  normalizeGender,
  normalizeName,
  normalizeState,
  normalizeZip,
} from './index.ts';
import { foldLetters, foldText, foldWord } from './normalize-text.ts';

// What is found without Unicode's tables must be what they say. These are the rules with nothing but the tables.
const invisible = /[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

function textByTables(value: string): string | undefined {
  const folded = value.replace(invisible, '').toLowerCase().normalize('NFC').trim();
  return folded === '' ? undefined : folded;
}

function wordByTables(value: string): string | undefined {
  const word = textByTables(value)
    ?.replace(/[^\p{L}\p{M}\p{N}]|[\u02b9-\u02bc\u02ee]/gu, '')
    .normalize('NFC');
  return word === '' ? undefined : word;
}

function lettersByTables(value: string): string | undefined {
  const word = wordByTables(value);
  return word !== undefined && /\p{L}/u.test(word) ? word : undefined;
}

/** Texts of what is plain, of what only looks so, and of anything. */
const characters = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...'abzAZ019 .,-_@\'"’ʼ/\t\n\u00a0') },
  { weight: 6, arbitrary: fc.constantFrom(...'абяіїєґёАЯІЇЄҐЁЎўѐџ') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('é', 'e\u0301', 'и\u0306', '\u212a', 'İ', 'ß', 'ﬁ', 'Σ', '정', '①', '½'),
  },
  { weight: 1, arbitrary: fc.constantFrom('\u200b', '\ufeff', '\u00ad', '\u0301', '\ud800', '\u2028') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 2 }) },
);
const texts = fc.array(characters, { maxLength: 12 }).map((parts) => parts.join(''));
const runs = { numRuns: 20_000 };

describe('what is found the short way is what the tables say:', () => {
  test('texts', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(foldText(text)).toBe(textByTables(text));
      }),
      runs,
    );
  });

  test('words, and words with a letter', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(foldWord(text)).toBe(wordByTables(text));
        expect(foldLetters(text)).toBe(lettersByTables(text));
        expect(normalizeName(text)).toBe(lettersByTables(text));
        expect(normalizeCity(text)).toBe(lettersByTables(text));
        expect(normalizeState(text, { country: 'UA' })).toBe(lettersByTables(text));
      }),
      runs,
    );
  });

  test('each character alone, between letters, and in pairs with a mark', () => {
    for (let code = 0; code < 0x3000; code += 1) {
      const character = String.fromCodePoint(code);
      for (const text of [character, `a${character}б`, `${character}\u0301`, ` ${character}B`]) {
        expect(foldText(text)).toBe(textByTables(text));
        expect(foldWord(text)).toBe(wordByTables(text));
        expect(foldLetters(text)).toBe(lettersByTables(text));
      }
    }
  });

  test('e-mails', () => {
    const local = fc.array(fc.constantFrom(...'abZ0._%+-@ ж\u200b\u212a'), { maxLength: 6 });
    fc.assert(
      fc.property(local, local, local, (a, b, c) => {
        const text = `${a.join('')}@${b.join('')}.${c.join('')}`;
        const folded = textByTables(text);
        const isAddress = /^[^\s@\p{C}]+@[^\s@\p{C}.]+(\.[^\s@\p{C}.]+)+$/u.test(folded ?? '');
        expect(normalizeEmail(text)).toBe(isAddress ? folded : undefined);
      }),
      runs,
    );
  });

  test('dates: every day that there is and some that there are not', () => {
    const now = new Date().getUTCFullYear();
    for (let year = 1895; year <= now + 2; year += 1) {
      for (let month = 0; month <= 13; month += 1) {
        for (let day = 0; day <= 32; day += 1) {
          const [m, d] = [String(month).padStart(2, '0'), String(day).padStart(2, '0')];
          const date = new Date(Date.UTC(year, month - 1, day));
          const exists =
            year >= 1900 && year <= now && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
          expect(normalizeDateOfBirth(`${year}${m}${d}`)).toBe(exists ? `${year}${m}${d}` : undefined);
        }
      }
    }
  });

  test('genders and postal codes', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(normalizeGender(text)).toBe(normalizeGender(` ${text} `));
        expect(normalizeZip(text, { country: 'UA' })).toBe(normalizeZip(` ${text} `, { country: 'UA' }));
      }),
      runs,
    );
  });
});
