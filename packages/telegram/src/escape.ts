/** Where in a MarkdownV2 text a value is put: each place has its own special characters. */
export type MarkdownPlace = 'text' | 'code' | 'url';

const special = {
  text: /[\\_*[\]()~`>#+\-=|{}.!]/g,
  code: /[\\`]/g,
  url: /[\\)]/g,
} as const satisfies Record<MarkdownPlace, RegExp>;

/**
 * Makes a text show as it is inside a message with `parse_mode: 'MarkdownV2'`.
 * @param place `code` between backquotes, `url` between the round brackets of a link. @default 'text'
 * @see https://core.telegram.org/bots/api#markdownv2-style
 */
export function escapeMarkdownV2(text: string, place: MarkdownPlace = 'text'): string {
  return text.replace(special[place], '\\$&');
}

/**
 * Makes a text show as it is inside a message with `parse_mode: 'HTML'`, also between the quotes of an attribute.
 * @see https://core.telegram.org/bots/api#html-style
 */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
