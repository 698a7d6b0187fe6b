import type { MessageEntity } from '@grammyjs/types';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitText } from './split-text.ts';

const texts = (source: string, limit: number) => splitText(source, { limit }).map(({ text }) => text);
const squeezed = (text: string) => text.replaceAll(/\s/g, '');

describe('a long text', () => {
  it('that fits is one part', () => {
    expect(splitText('short')).toEqual([{ text: 'short', entities: [] }]);
    expect(splitText('x'.repeat(4096))).toHaveLength(1);
    expect(splitText('x'.repeat(4097)).map(({ text }) => text.length)).toEqual([4096, 1]);
  });

  it('is cut between paragraphs rather than lines, and between lines rather than words', () => {
    expect(texts('first part\n\nsecond one\nthird', 20)).toEqual(['first part', 'second one\nthird']);
    expect(texts('first part here\nsecond one here', 20)).toEqual(['first part here', 'second one here']);
    expect(texts('one two three four', 9)).toEqual(['one two', 'three', 'four']);
  });

  it('keeps the indent of a line', () => {
    expect(texts('def f():\n    return 1', 14)).toEqual(['def f():', '    return 1']);
  });

  it('is not cut into short parts for a better place', () => {
    expect(texts('a\n\nbbbb cccc dddd', 12)).toEqual(['a\n\nbbbb cccc', 'dddd']);
  });

  it('without spaces is cut between characters as a reader sees them', () => {
    expect(texts('👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦', 25)).toEqual(['👨‍👩‍👧‍👦👨‍👩‍👧‍👦', '👨‍👩‍👧‍👦']);
    expect(texts('é'.normalize('NFD').repeat(3), 3)).toEqual(
      ['é', 'é', 'é'].map((char) => char.normalize('NFD')),
    );
  });

  it('of nothing but spaces has no parts', () => {
    expect(splitText('')).toEqual([]);
    expect(splitText(' \n'.repeat(5_000))).toEqual([]);
  });

  it('loses nothing but spaces, and no part is longer than the limit, empty, or ends inside a character', () => {
    const words = fc.array(
      fc.oneof(
        fc.string({ unit: 'grapheme' }),
        fc.constantFrom(' ', '\n', '\n\n', '  ', '\r\n', '👩‍🚀', '🇺🇦', 'слово'),
      ),
      {
        maxLength: 60,
      },
    );
    const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
    fc.assert(
      fc.property(words, fc.integer({ min: 40, max: 100 }), (parts, limit) => {
        const source = parts.join('');
        const split = texts(source, limit);
        expect(squeezed(split.join(''))).toBe(squeezed(source));
        const whole = Array.from(graphemes.segment(source), ({ segment }) => squeezed(segment)).filter(
          Boolean,
        );
        const inParts = split
          .flatMap((part) => Array.from(graphemes.segment(part), ({ segment }) => squeezed(segment)))
          .filter(Boolean);
        expect(inParts).toEqual(whole);
        for (const part of split) {
          expect(part.length).toBeLessThanOrEqual(limit);
          expect(part.trim()).not.toBe('');
        }
      }),
      { numRuns: 500 },
    );
  });

  it('ends even where one character is longer than a part', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 4 }), (source, limit) => {
        const split = texts(source, limit);
        expect(squeezed(split.join(''))).toBe(squeezed(source));
        for (const part of split) expect(part.length).toBeLessThanOrEqual(limit);
      }),
    );
  });

  it('of a million characters is split at once', () => {
    expect(splitText(' '.repeat(100_000) + 'word '.repeat(200_000)).length).toBeGreaterThan(240);
  });
});

describe('entities', () => {
  it('go with their part', () => {
    const entities: MessageEntity[] = [
      { type: 'bold', offset: 0, length: 3 },
      { type: 'text_link', url: 'https://example.com', offset: 8, length: 5 },
    ];
    expect(splitText('one two three', { limit: 8, entities })).toEqual([
      { text: 'one two', entities: [{ type: 'bold', offset: 0, length: 3 }] },
      { text: 'three', entities: [{ type: 'text_link', url: 'https://example.com', offset: 0, length: 5 }] },
    ]);
  });

  it('that fit into a part are not cut, even where there is a space in them', () => {
    const entities: MessageEntity[] = [
      { type: 'text_link', url: 'https://example.com', offset: 5, length: 12 },
    ];
    expect(splitText('see, my long link!, please', { limit: 14, entities })).toEqual([
      { text: 'see,', entities: [] },
      { text: 'my long link!,', entities: [{ ...entities[0], offset: 0 }] },
      { text: 'please', entities: [] },
    ]);
  });

  it('that are longer than a part go on in the next one', () => {
    const entities: MessageEntity[] = [{ type: 'pre', language: 'sql', offset: 0, length: 23 }];
    expect(splitText('select 1;\nselect 22222;', { limit: 15, entities })).toEqual([
      { text: 'select 1;', entities: [{ type: 'pre', language: 'sql', offset: 0, length: 9 }] },
      { text: 'select 22222;', entities: [{ type: 'pre', language: 'sql', offset: 0, length: 13 }] },
    ]);
  });

  it('never cover other text than before, and are cut only where they are longer than a part', () => {
    const source = fc.array(fc.tuple(fc.stringMatching(/^[a-zé👍]{1,12}$/u), fc.boolean()), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(source, fc.integer({ min: 10, max: 30 }), (words, limit) => {
        let text = '';
        const entities: MessageEntity[] = [];
        for (const [word, marked] of words) {
          if (marked) entities.push({ type: 'bold', offset: text.length, length: word.length });
          text += `${word} `;
        }
        const marked = splitText(text, { limit, entities }).flatMap((part) =>
          part.entities.map(({ offset, length }) => part.text.slice(offset, offset + length)),
        );
        const before = entities.map(({ offset, length }) => text.slice(offset, offset + length));
        expect(marked.join('')).toBe(before.join(''));
        if (before.every((each) => each.length <= limit)) expect(marked).toEqual(before);
      }),
    );
  });
});

describe('a text with markup', () => {
  it('is split by what is shown, and its parts have entities instead', () => {
    expect(splitText('<b>one</b> &amp; <i>two</i>', { parseMode: 'HTML', limit: 6 })).toEqual([
      { text: 'one &', entities: [{ type: 'bold', offset: 0, length: 3 }] },
      { text: 'two', entities: [{ type: 'italic', offset: 0, length: 3 }] },
    ]);
  });

  it('that cannot be read is refused without being quoted', () => {
    const broken = () => splitText('<b>secret', { parseMode: 'HTML' });
    expect(broken).toThrow(expect.objectContaining({ code: 'invalid_input', field: 'text' }));
    expect(broken).toThrow(/^(?!.*secret)/);
  });

  it('is read by a mode in any letter case, as Telegram does, and by no other', () => {
    expect(splitText('<b>one</b>', { parseMode: 'html' as never })).toEqual(
      splitText('<b>one</b>', { parseMode: 'HTML' }),
    );
    const wrong = (field: string) => expect.objectContaining({ code: 'invalid_input', field });
    expect(() => splitText('x', { parseMode: 'text' as never })).toThrow(wrong('parseMode'));
    expect(() => splitText(undefined as never)).toThrow(wrong('text'));
  });

  it('cannot be split by a limit that is none', () => {
    expect(() => splitText('x', { limit: 0 })).toThrow(expect.objectContaining({ field: 'limit' }));
  });
});
