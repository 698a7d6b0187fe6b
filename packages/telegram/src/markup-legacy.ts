import type { MessageEntity } from '@grammyjs/types';
import { type EntityKind, inOrder } from './entities.ts';
import { addressAt, codeAt } from './markdown-parts.ts';
import type { FormattedText } from './markup.ts';

/**
 * Reads Telegram's older Markdown, which knows few marks and no nesting; `undefined` if Telegram would refuse it.
 * @see https://core.telegram.org/bots/api#markdown-style
 */
export function parseLegacyMarkdown(source: string): FormattedText | undefined {
  const entities: MessageEntity[] = [];
  let text = '';
  let at = 0;
  const add = (kind: EntityKind, content: string): void => {
    entities.push({ ...kind, offset: text.length, length: content.length } as MessageEntity);
    text += content;
  };
  while (at < source.length) {
    const char = source.charAt(at);
    const code = codeAt(source, at, 'Markdown');
    if (code === null) return undefined;
    if (code !== undefined) {
      add(code.kind, code.text);
      at = code.end;
    } else if (char === '*' || char === '_' || char === '[') {
      const end = source.indexOf(char === '[' ? ']' : char, at + 1);
      if (end < 0) return undefined;
      const content = source.slice(at + 1, end);
      const address = char === '[' ? addressAt(source, end + 1, 'Markdown') : undefined;
      if (address !== undefined) add({ type: 'text_link', url: address.url }, content);
      else if (char === '[') text += content;
      else add({ type: char === '*' ? 'bold' : 'italic' }, content);
      at = address?.end ?? end + 1;
    } else {
      const escaped = char === '\\' && /[_*`[]/.test(source.charAt(at + 1));
      text += source.charAt(escaped ? at + 1 : at);
      at += escaped ? 2 : 1;
    }
  }
  return { text, entities: inOrder(entities) };
}
