import { describe, expect, it } from 'vitest';
import { readText } from './formatted-text.ts';
import { createParams } from './params.ts';

const read = (text: string, parse_mode?: string, entities?: unknown): ReturnType<typeof readText> =>
  readText(
    createParams({ text, ...(parse_mode && { parse_mode }), ...(entities !== undefined && { entities }) }),
  );

describe('MarkdownV2', () => {
  it('nests and escapes', () => {
    expect(read('*bold _both_* ~s~ ||x|| `c\\`` __u__ 1\\.5', 'MarkdownV2')).toEqual({
      text: 'bold both s x c` u 1.5',
      entities: [
        { type: 'bold', offset: 0, length: 9 },
        { type: 'italic', offset: 5, length: 4 },
        { type: 'strikethrough', offset: 10, length: 1 },
        { type: 'spoiler', offset: 12, length: 1 },
        { type: 'code', offset: 14, length: 2 },
        { type: 'underline', offset: 17, length: 1 },
      ],
    });
  });

  it('knows links, mentions, emoji, code blocks and quotes', () => {
    expect(
      read('[a](https://example.com/x\\)y) [b](tg://user?id=5) ![c](tg://emoji?id=9)', 'markdownv2').entities,
    ).toMatchObject([
      { type: 'text_link', offset: 0, url: 'https://example.com/x)y' },
      { type: 'text_mention', offset: 2, user: { id: 5 } },
      { type: 'custom_emoji', offset: 4, custom_emoji_id: '9' },
    ]);
    expect(read('```js\nlet a\n```', 'MarkdownV2')).toEqual({
      text: 'let a',
      entities: [{ type: 'pre', offset: 0, length: 5, language: 'js' }],
    });
    expect(read('>one\n>two\nthree', 'MarkdownV2')).toEqual({
      text: 'one\ntwo\nthree',
      entities: [{ type: 'blockquote', offset: 0, length: 8 }],
    });
    expect(read('>one\n>two||', 'MarkdownV2').entities).toEqual([
      { type: 'expandable_blockquote', offset: 0, length: 7 },
    ]);
  });

  it('counts UTF-16 units in entities and bytes in refusals', () => {
    expect(read('😀 *ж*', 'MarkdownV2').entities).toEqual([{ type: 'bold', offset: 3, length: 1 }]);
    expect(() => read('ж *a', 'MarkdownV2')).toThrow("Can't find end of Bold entity at byte offset 3");
  });

  it.each([
    ['a.b', "Character '.' is reserved and must be escaped with the preceding '\\'"],
    ['a-b', "Character '-' is reserved and must be escaped with the preceding '\\'"],
    ['(x)', "Character '(' is reserved and must be escaped with the preceding '\\'"],
    ['hi!', "Character '!' is reserved and must be escaped with the preceding '\\'"],
    ['a|b', "Character '|' is reserved and must be escaped with the preceding '\\'"],
    ['a > b', "Character '>' is reserved and must be escaped with the preceding '\\'"],
    ['_a', "Can't find end of Italic entity at byte offset 0"],
    ['__a_', "Can't find end of Italic entity at byte offset 3"],
    ['```a', "Can't find end of Pre entity at byte offset 0"],
    ['[a](b', "Can't find end of a URL at byte offset 4"],
    ['![a](https://x.com)', 'Invalid tg://emoji or tg://time URL specified'],
    ['![a]', 'The entity must contain a tg://emoji or tg://time URL'],
  ])('refuses %s', (text, message) => {
    expect(() => read(text, 'MarkdownV2')).toThrow(`Bad Request: can't parse entities: ${message}`);
  });
});

describe('Markdown', () => {
  it('reads bold, italic, code and links without nesting', () => {
    expect(read('*b* _i_ `c` [l](http://x.com) \\_', 'Markdown')).toEqual({
      text: 'b i c l _',
      entities: [
        { type: 'bold', offset: 0, length: 1 },
        { type: 'italic', offset: 2, length: 1 },
        { type: 'code', offset: 4, length: 1 },
        { type: 'text_link', offset: 6, length: 1, url: 'http://x.com/' },
      ],
    });
  });

  it('refuses what does not end', () => {
    expect(() => read('snake_case', 'Markdown')).toThrow(
      "Bad Request: can't parse entities: Can't find end of the entity starting at byte offset 5",
    );
  });
});

describe('HTML', () => {
  it('reads tags, attributes and references', () => {
    expect(
      read(
        '<b>a <i>b</i></b> <a href="https://x.com/?a=1&amp;b=2">l</a> <span class="tg-spoiler">s</span> &lt;&#128512; &nbsp;',
        'HTML',
      ),
    ).toEqual({
      text: 'a b l s <😀 &nbsp;',
      entities: [
        { type: 'bold', offset: 0, length: 3 },
        { type: 'italic', offset: 2, length: 1 },
        { type: 'text_link', offset: 4, length: 1, url: 'https://x.com/?a=1&b=2' },
        { type: 'spoiler', offset: 6, length: 1 },
      ],
    });
    expect(read('<pre><code class="language-ts">x</code></pre>', 'HTML').entities).toEqual([
      { type: 'pre', offset: 0, length: 1, language: 'ts' },
    ]);
    expect(read('<blockquote expandable>q</blockquote>', 'HTML').entities).toEqual([
      { type: 'expandable_blockquote', offset: 0, length: 1 },
    ]);
  });

  it.each([
    ['<p>a</p>', 'Unsupported start tag "p" at byte offset 0'],
    ['<b>a', 'Can\'t find end tag corresponding to start tag "b"'],
    ['a</b>', 'Unexpected end tag at byte offset 1'],
    ['<b>a</i>', 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'],
    ['<b', 'Unclosed start tag at byte offset 0'],
    ['ж < 5', 'Unsupported start tag "" at byte offset 3'],
    ['<span class="x">a</span>', 'Tag "span" must have class "tg-spoiler" at byte offset 0'],
  ])('refuses %s', (text, message) => {
    expect(() => read(text, 'HTML')).toThrow(`Bad Request: can't parse entities: ${message}`);
  });
});

describe('a text', () => {
  it('is trimmed, with its entities moved', () => {
    expect(read('  *a* ', 'MarkdownV2')).toEqual({
      text: 'a',
      entities: [{ type: 'bold', offset: 0, length: 1 }],
    });
  });

  it('shows commands, links, mentions and tags by itself', () => {
    expect(
      read('/go@a_bot https://x.com @olena #car a@b.co +380501234567').entities?.map(({ type }) => type),
    ).toEqual(['bot_command', 'url', 'mention', 'hashtag', 'email', 'phone_number']);
  });

  it('may bring its own entities, if they fit', () => {
    expect(read('abc', undefined, [{ type: 'bold', offset: 0, length: 3 }]).entities).toHaveLength(1);
    expect(() => read('abc', undefined, [{ type: 'bold', offset: 4, length: 1 }])).toThrow(
      'entity begins after the end of the text at UTF-16 offset 4',
    );
    expect(() => read('abc', undefined, [{ type: 'bold', offset: 1, length: 3 }])).toThrow(
      'entity beginning at UTF-16 offset 1 ends after the end of the text at UTF-16 offset 4',
    );
  });
});
