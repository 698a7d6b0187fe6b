import type { TelegramEntity } from '../types.ts';
import { linkEntity } from './links.ts';
import { byteOffset, parseFailure } from './parse-failure.ts';

/** Telegram's first Markdown, without nesting. https://core.telegram.org/bots/api#markdown-style */
export function parseMarkdown(source: string): { text: string; entities: TelegramEntity[] } {
  const entities: TelegramEntity[] = [];
  let text = '';
  let index = 0;
  while (index < source.length) {
    const character = source.charAt(index);
    if (character === '\\' && /[_*`[]/.test(source.charAt(index + 1))) {
      text += source.charAt(index + 1);
      index += 2;
      continue;
    }
    if (!/[_*`[]/.test(character)) {
      text += character;
      index += 1;
      continue;
    }
    const begin = index;
    const block = source.startsWith('```', index);
    const end = character === '[' ? ']' : block ? '```' : character;
    const opening = block ? codeBlockOpening(source, index) : { language: '', length: 1 };
    index += opening.length;
    const close = source.indexOf(end, index);
    if (close < 0) {
      throw parseFailure(`Can't find end of the entity starting at byte offset ${byteOffset(source, begin)}`);
    }
    const inner = source.slice(index, close);
    const offset = text.length;
    const { length } = inner;
    text += inner;
    index = close + end.length;
    let url = inner;
    if (character === '[' && source.charAt(index) === '(') {
      const urlEnd = source.indexOf(')', index);
      url = source.slice(index + 1, urlEnd < 0 ? undefined : urlEnd);
      index = urlEnd < 0 ? source.length : urlEnd + 1;
    }
    if (length === 0) continue;
    if (character === '[') {
      const link = linkEntity(url, offset, length);
      if (link) entities.push(link);
    } else if (block) {
      entities.push({ offset, length, type: 'pre', ...(opening.language && { language: opening.language }) });
    } else {
      entities.push({ offset, length, type: simpleTypes[character as keyof typeof simpleTypes] });
    }
  }
  return { text, entities };
}

const simpleTypes = { _: 'italic', '*': 'bold', '`': 'code' } as const;

/** Reads the three backticks, the language and the first line break. */
export function codeBlockOpening(source: string, index: number): { language: string; length: number } {
  const after = source.slice(index + 3);
  const word = /^[^\s`]+/.exec(after)?.[0] ?? '';
  const next = after.charAt(word.length);
  const language = word !== '' && next !== '' && next !== '`' ? word : '';
  const lineBreak = /^(?:\r\n|\n\r|\n|\r)/.exec(after.slice(language.length))?.[0] ?? '';
  return { language, length: 3 + language.length + lineBreak.length };
}
