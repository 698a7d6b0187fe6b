import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeHtml, escapeMarkdownV2 } from './escape.ts';
import { parseMarkup } from './markup.ts';

describe('an escaped text', () => {
  it('is shown as it was, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(parseMarkup(escapeMarkdownV2(text), 'MarkdownV2')).toEqual({ text, entities: [] });
        expect(parseMarkup(escapeHtml(text), 'HTML')).toEqual({ text, entities: [] });
      }),
    );
  });

  it('stays inside its mark, as text, code and address', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (text) => {
        const bold = parseMarkup(`*${escapeMarkdownV2(text)}*`, 'MarkdownV2');
        expect(bold).toEqual({ text, entities: [{ type: 'bold', offset: 0, length: text.length }] });
        const code = parseMarkup(`\`${escapeMarkdownV2(text, 'code')}\``, 'MarkdownV2');
        expect(code).toEqual({ text, entities: [{ type: 'code', offset: 0, length: text.length }] });
        const link = parseMarkup(`[here](${escapeMarkdownV2(text, 'url')})`, 'MarkdownV2');
        expect(link).toEqual({
          text: 'here',
          entities: [{ type: 'text_link', url: text, offset: 0, length: 4 }],
        });
        const anchor = parseMarkup(`<a href="${escapeHtml(text)}">here</a>`, 'HTML');
        expect(anchor).toEqual({
          text: 'here',
          entities: [{ type: 'text_link', url: text, offset: 0, length: 4 }],
        });
      }),
    );
  });

  it('escapes every character that Telegram reserves', () => {
    expect(escapeMarkdownV2('_*[]()~`>#+-=|{}.!\\')).toBe(
      '\\_\\*\\[\\]\\(\\)\\~\\`\\>\\#\\+\\-\\=\\|\\{\\}\\.\\!\\\\',
    );
    expect(escapeHtml('<a href="x">&')).toBe('&lt;a href=&quot;x&quot;&gt;&amp;');
  });
});
