import type { MessageEntity, ParseMode } from '@grammyjs/types';
import { parseHtml } from './markup-html.ts';
import { parseMarkdown } from './markup-markdown.ts';

/** A text and what is special about its parts, without any markup. Offsets count UTF-16 units. */
export interface FormattedText {
  text: string;
  entities: MessageEntity[];
}

/** Reads a text with markup as Telegram does; `undefined` if Telegram would refuse it. */
export function parseMarkup(text: string, parseMode: ParseMode): FormattedText | undefined {
  return parseMode === 'HTML' ? parseHtml(text) : parseMarkdown(text, parseMode);
}
