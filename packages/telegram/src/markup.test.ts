import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMarkup } from './markup.ts';

const html = (source: string) => parseMarkup(source, 'HTML');
const markdown = (source: string) => parseMarkup(source, 'MarkdownV2');
const legacy = (source: string) => parseMarkup(source, 'Markdown');

describe('Telegram’s HTML', () => {
  it('is read as in its documentation', () => {
    const source = [
      '<b>bold <i>italic bold <s>italic bold strikethrough</s> <u>underline</u></i> bold</b>',
      '<a href="http://www.example.com/?a=1&amp;b=2">inline URL</a>',
      '<tg-emoji emoji-id="5368324170671202286">👍</tg-emoji>',
      '<tg-time unix="1647531900" format="wDT">22:45 tomorrow</tg-time>',
      '<code>fixed</code>',
      '<pre><code class="language-python">print(1 &lt; 2)</code></pre>',
      '<blockquote expandable>quote</blockquote>',
      '<span class="tg-spoiler">spoiler</span>',
    ].join('\n');
    expect(html(source)).toEqual({
      text: [
        'bold italic bold italic bold strikethrough underline bold',
        'inline URL',
        '👍',
        '22:45 tomorrow',
        'fixed',
        'print(1 < 2)',
        'quote',
        'spoiler',
      ].join('\n'),
      entities: [
        { type: 'bold', offset: 0, length: 57 },
        { type: 'italic', offset: 5, length: 47 },
        { type: 'strikethrough', offset: 17, length: 25 },
        { type: 'underline', offset: 43, length: 9 },
        { type: 'text_link', url: 'http://www.example.com/?a=1&b=2', offset: 58, length: 10 },
        { type: 'custom_emoji', custom_emoji_id: '5368324170671202286', offset: 69, length: 2 },
        { type: 'date_time', unix_time: 1647531900, date_time_format: 'wDT', offset: 72, length: 14 },
        { type: 'code', offset: 87, length: 5 },
        { type: 'pre', language: 'python', offset: 93, length: 12 },
        { type: 'expandable_blockquote', offset: 106, length: 5 },
        { type: 'spoiler', offset: 112, length: 7 },
      ],
    });
  });

  it('may quote attributes by either quote, or not at all, and write characters as numbers', () => {
    expect(html("<a href='tg://user?id=1'>x</a><blockquote>&#65;&#x42;&nope;</blockquote>")).toEqual({
      text: 'xAB&nope;',
      entities: [
        { type: 'text_link', url: 'tg://user?id=1', offset: 0, length: 1 },
        { type: 'blockquote', offset: 1, length: 8 },
      ],
    });
  });

  it.each([
    '<b>open',
    'closed</b>',
    '<b><i>crossed</b></i>',
    '<div>no</div>',
    'a < b',
    '<span>x</span>',
    '<b',
    '<tg-emoji>x</tg-emoji>',
  ])('refuses %s', (source) => expect(html(source)).toBeUndefined());
});

describe('MarkdownV2', () => {
  it('is read as in its documentation', () => {
    const source = [
      '*bold \\*text*',
      '_italic_ __underline__ ~strike~ ||spoiler||',
      '*bold _italic bold ~italic bold strikethrough ||spoiler||~ __underline___ bold*',
      '[inline URL](http://www.example.com/\\))',
      '![👍](tg://emoji?id=5368324170671202286)',
      '![22:45 tomorrow](tg://time?unix=1647531900&format=wDT)',
      '`in\\`line`',
      '```python\nprint()\n```',
      '>quote',
      '>goes on',
      '**>another',
      '>hidden||',
    ].join('\n');
    const parsed = markdown(source);
    expect(parsed?.text).toBe(
      [
        'bold *text',
        'italic underline strike spoiler',
        'bold italic bold italic bold strikethrough spoiler underline bold',
        'inline URL',
        '👍',
        '22:45 tomorrow',
        'in`line',
        'print()\n',
        'quote',
        'goes on',
        'another',
        'hidden',
      ].join('\n'),
    );
    const shown = parsed?.entities.map(({ type, offset, length }) => [
      type,
      parsed.text.slice(offset, offset + length),
    ]);
    expect(shown).toEqual([
      ['bold', 'bold *text'],
      ['italic', 'italic'],
      ['underline', 'underline'],
      ['strikethrough', 'strike'],
      ['spoiler', 'spoiler'],
      ['bold', 'bold italic bold italic bold strikethrough spoiler underline bold'],
      ['italic', 'italic bold italic bold strikethrough spoiler underline'],
      ['strikethrough', 'italic bold strikethrough spoiler'],
      ['spoiler', 'spoiler'],
      ['underline', 'underline'],
      ['text_link', 'inline URL'],
      ['custom_emoji', '👍'],
      ['date_time', '22:45 tomorrow'],
      ['code', 'in`line'],
      ['pre', 'print()\n'],
      ['blockquote', 'quote\ngoes on\n'],
      ['expandable_blockquote', 'another\nhidden'],
    ]);
    expect(parsed?.entities).toContainEqual(expect.objectContaining({ url: 'http://www.example.com/)' }));
    expect(parsed?.entities).toContainEqual(expect.objectContaining({ type: 'pre', language: 'python' }));
  });

  it.each(['*open', 'a.b', '[x', '`x', '```x`', '![x](http://a.b)', '*_crossed*_', '1 - 2', '(x)', 'a > b'])(
    'refuses %s',
    (source) => expect(markdown(source)).toBeUndefined(),
  );
});

describe('the older Markdown', () => {
  it('is read without nesting', () => {
    expect(legacy('*bold* _it_ `co` [link](http://a.b) \\*x [y] ```pre```')).toEqual({
      text: 'bold it co link *x y pre',
      entities: [
        { type: 'bold', offset: 0, length: 4 },
        { type: 'italic', offset: 5, length: 2 },
        { type: 'code', offset: 8, length: 2 },
        { type: 'text_link', url: 'http://a.b', offset: 11, length: 4 },
        { type: 'pre', offset: 21, length: 3 },
      ],
    });
    expect(legacy('snake_case')).toBeUndefined();
  });
});

describe('reading markup', () => {
  it('never throws, and its entities lie within its text', () => {
    const pieces = fc.array(
      fc.constantFrom(
        '*',
        '_',
        '__',
        '||',
        '~',
        '`',
        '```',
        '[',
        '](',
        ')',
        '![',
        '>',
        '**>',
        '\n',
        '\\',
        'a',
        '👍',
        '<b>',
        '</b>',
        '<pre>',
        '<code class="language-x">',
        '</code>',
        '</pre>',
        '<a href="u">',
        '</a>',
        '&lt;',
        '&#0;',
        '<',
        'tg://emoji?id=1',
      ),
      { maxLength: 25 },
    );
    fc.assert(
      fc.property(pieces, fc.constantFrom('HTML', 'MarkdownV2', 'Markdown'), (parts, mode) => {
        const parsed = parseMarkup(parts.join(''), mode);
        if (parsed === undefined) return;
        for (const { offset, length } of parsed.entities) {
          expect(offset).toBeGreaterThanOrEqual(0);
          expect(length).toBeGreaterThan(0);
          expect(offset + length).toBeLessThanOrEqual(parsed.text.length);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
