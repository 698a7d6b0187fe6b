import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createPersonalText } from './personal-text.ts';
import type { EventWarning } from './types.ts';

const phone = '380671234567';
const email = 'olena.k@example.com';
const separators = [' ', '(', ')', '.', '-', '/'];
// The end of the phone, with up to three separators between its digits.
const ownPhone = new RegExp([...phone.slice(-9)].join('[\\s().+/-]{0,3}'));

const characters = fc.constantFrom(...'0123456789', ...'671234567', ...separators, 'a', 'Z', 'ж', '_', ',');
const texts = fc.array(characters, { maxLength: 30 }).map((parts) => parts.join(''));
const writtenPhone = fc
  .array(fc.array(fc.constantFrom(...separators), { maxLength: 3 }), { minLength: 9, maxLength: 9 })
  .map((gaps) => gaps.map((gap, index) => gap.join('') + phone.slice(-9)[index]).join(''));

function clean(text: string, warnings: EventWarning[] = []): string {
  return createPersonalText([email, phone], warnings).clean(text, 'custom_data.note');
}

describe('a text that goes out as it is', () => {
  test('stays as it is where it has neither an address nor the phone of the person', () => {
    fc.assert(
      fc.property(texts, (text) => {
        fc.pre(!ownPhone.test(text));
        const warnings: EventWarning[] = [];
        expect(clean(text, warnings)).toBe(text);
        expect(warnings).toEqual([]);
      }),
      { numRuns: 5_000 },
    );
  });

  test('loses the phone of the person, however it is written and whatever digits stand around it', () => {
    fc.assert(
      fc.property(texts, writtenPhone, texts, (before, written, after) => {
        const warnings: EventWarning[] = [];
        expect(clean(before + written + after, warnings)).not.toMatch(ownPhone);
        expect(warnings).not.toEqual([]);
      }),
      { numRuns: 5_000 },
    );
  });

  test.each([
    [`to ${email}`, 'to [removed]'],
    [`to=${encodeURIComponent(email)}`, 'to=[removed]'],
    ['call +44 7400 123456', 'call [removed]'],
    ['olena＠example.com', '[removed]'],
    ['next=%2Fcars%3Fu%3Dtaras%2540example.com', 'next=[removed]'],
    ['next=%252Fcars%253Ftel%253D067%2525201234567', 'next=%252Fcars%253Ftel%253D[removed]'],
    ['to=%252B447400123456', 'to=[removed]'],
    ['rate=%2540 of 100', 'rate=%2540 of 100'],
    ['1 000 000 ₴, 2019, 12:30', '1 000 000 ₴, 2019, 12:30'],
    ['100 % + 5', '100 % + 5'],
  ])('%j becomes %j', (text, expected) => {
    expect(clean(text)).toBe(expected);
  });

  test.each([
    [['380671234567', '0501112233'], 'call 050-111-22-33', 'call[removed]'],
    [[], 'call 050-111-22-33', 'call 050-111-22-33'],
    [['a380671234567@x.com'], '067 123 45 67', '[removed]'],
    [['000000012345'], '000012345', '[removed]'],
    [['000000012345'], '12345', '12345'],
  ])('of a person with %j: %j becomes %j', (personal, text, expected) => {
    expect(createPersonalText(personal, []).clean(text, 'x')).toBe(expected);
  });
});
