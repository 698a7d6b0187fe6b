import type { MessageEntity, ParseMode } from '@grammyjs/types';
import { parseHtml } from './markup-html.ts';
import { parseLegacyMarkdown } from './markup-legacy.ts';
import { parseMarkdownV2 } from './markup-markdown.ts';

/** A text and what is special about its parts, without any markup. Offsets count UTF-16 units. */
export interface FormattedText {
  text: string;
  entities: MessageEntity[];
}

const parsers = {
  HTML: parseHtml,
  MarkdownV2: parseMarkdownV2,
  Markdown: parseLegacyMarkdown,
} as const satisfies Record<ParseMode, (text: string) => FormattedText | undefined>;

/** Reads a text with markup as Telegram does; `undefined` if Telegram would refuse it, or the mode is none. */
export function parseMarkup(text: string, parseMode: ParseMode): FormattedText | undefined {
  return parserOf(parseMode)?.(text);
}

/** Is there such a mode? Telegram takes its name in any letter case. */
export function isParseMode(mode: unknown): boolean {
  return parserOf(mode) !== undefined;
}

function parserOf(mode: unknown): ((text: string) => FormattedText | undefined) | undefined {
  const name = String(mode).toLowerCase();
  return Object.entries(parsers).find(([known]) => known.toLowerCase() === name)?.[1];
}
