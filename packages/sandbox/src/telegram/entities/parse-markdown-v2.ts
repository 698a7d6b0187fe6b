import type { TelegramEntity } from '../types.ts';
import { imageEntity, linkEntity } from './links.ts';
import { byteOffset, parseFailure } from './parse-failure.ts';
import { codeBlockOpening } from './parse-markdown.ts';

/** The names that Telegram uses in its refusals. */
type OpenType =
  | 'Bold'
  | 'Italic'
  | 'Underline'
  | 'Strikethrough'
  | 'Spoiler'
  | 'Code'
  | 'Pre'
  | 'PreCode'
  | 'TextUrl'
  | 'CustomEmoji'
  | 'BlockQuote';

interface Open {
  readonly type: OpenType;
  readonly language: string;
  /** In the result, UTF-16 units. */
  readonly offset: number;
  /** In the source. */
  readonly begin: number;
}

const closers: Readonly<Record<Exclude<OpenType, 'BlockQuote'>, string>> = {
  Bold: '*',
  Italic: '_',
  Underline: '__',
  Strikethrough: '~',
  Spoiler: '||',
  Code: '`',
  Pre: '```',
  PreCode: '```',
  TextUrl: ']',
  CustomEmoji: ']',
};

const apiTypes: Partial<Record<OpenType, string>> = {
  Bold: 'bold',
  Italic: 'italic',
  Underline: 'underline',
  Strikethrough: 'strikethrough',
  Spoiler: 'spoiler',
  Code: 'code',
  Pre: 'pre',
  PreCode: 'pre',
};

/** https://core.telegram.org/bots/api#markdownv2-style */
export function parseMarkdownV2(source: string): { text: string; entities: TelegramEntity[] } {
  const entities: TelegramEntity[] = [];
  const open: Open[] = [];
  let text = '';
  let index = 0;
  let quoted = false;
  let lineStart = true;

  const unclosed = (entity: Open): Error =>
    parseFailure(
      `Can't find end of ${entity.type} entity at byte offset ${byteOffset(source, entity.begin)}`,
    );
  const reserved = (character: string): Error =>
    parseFailure(`Character '${character}' is reserved and must be escaped with the preceding '\\'`);
  const start = (type: OpenType, length: number, language = ''): void => {
    open.push({ type, language, offset: text.length, begin: index });
    index += length;
  };

  while (index < source.length) {
    const character = source.charAt(index);
    const escaped = source.charAt(index + 1);
    if (character === '\\' && escaped !== '' && escaped <= '~') {
      text += escaped;
      if (escaped !== '\r') lineStart = escaped === '\n';
      index += 2;
      continue;
    }
    const inner = open.at(-1);
    const isCode = inner?.type === 'Code' || inner?.type === 'Pre' || inner?.type === 'PreCode';
    if (!(isCode ? /`/ : /[_*[\]()~`>#+\-=|{}.!\n]/).test(character)) {
      if (character !== '\r') lineStart = false;
      text += character;
      index += 1;
      continue;
    }
    if (quoted && character === '\n' && source.charAt(index + 1) !== '>') {
      closeQuote();
      text += '\n';
      // The line break belongs to the quote, as in Telegram.
      const last = entities.at(-1);
      if (last) last.length += 1;
      lineStart = true;
      index += 1;
      continue;
    }
    if (inner && inner.type !== 'BlockQuote' && closes(inner.type)) {
      close(inner);
      continue;
    }
    begin(character);
  }
  if (quoted) closeQuote();
  const left = open.at(-1);
  if (left) throw unclosed(left);
  return { text, entities };

  function closes(type: Exclude<OpenType, 'BlockQuote'>): boolean {
    if (!source.startsWith(closers[type], index)) return false;
    return type !== 'Italic' || source.charAt(index + 1) !== '_';
  }

  function begin(character: string): void {
    switch (character) {
      case '_':
        if (source.charAt(index + 1) === '_') start('Underline', 2);
        else start('Italic', 1);
        return;
      case '*':
        start('Bold', 1);
        return;
      case '~':
        start('Strikethrough', 1);
        return;
      case '[':
        start('TextUrl', 1);
        return;
      case '|':
        if (source.charAt(index + 1) !== '|') throw reserved(character);
        start('Spoiler', 2);
        return;
      case '!':
        if (source.charAt(index + 1) !== '[') throw reserved(character);
        start('CustomEmoji', 2);
        return;
      case '`':
        if (source.startsWith('```', index)) {
          const { language, length } = codeBlockOpening(source, index);
          start(language === '' ? 'Pre' : 'PreCode', length, language);
        } else start('Code', 1);
        return;
      case '\n':
        text += '\n';
        lineStart = true;
        index += 1;
        return;
      case '>':
        if (!lineStart) throw reserved(character);
        if (quoted) index += 1;
        else {
          quoted = true;
          start('BlockQuote', 1);
        }
        return;
      default:
        throw reserved(character);
    }
  }

  function close(entity: Open): void {
    open.pop();
    const { type, offset } = entity;
    const length = text.length - offset;
    index += closers[type as keyof typeof closers].length;
    let closed: TelegramEntity | undefined;
    if (type === 'TextUrl') {
      const url = source.charAt(index) === '(' ? readUrl() : text.slice(offset);
      closed = linkEntity(url, offset, length);
    } else if (type === 'CustomEmoji') {
      if (source.charAt(index) !== '(') {
        throw parseFailure('The entity must contain a tg://emoji or tg://time URL');
      }
      closed = imageEntity(readUrl(), offset, length);
      if (!closed) throw parseFailure('Invalid tg://emoji or tg://time URL specified');
    } else {
      closed = {
        offset,
        length,
        type: apiTypes[type] as string,
        ...(entity.language && { language: entity.language }),
      };
    }
    if (closed && length > 0) entities.push(closed);
  }

  function readUrl(): string {
    index += 1;
    const urlBegin = index;
    let url = '';
    while (index < source.length && source.charAt(index) !== ')') {
      if (source.charAt(index) === '\\' && index + 1 < source.length) index += 1;
      url += source.charAt(index);
      index += 1;
    }
    if (source.charAt(index) !== ')') {
      throw parseFailure(`Can't find end of a URL at byte offset ${byteOffset(source, urlBegin)}`);
    }
    index += 1;
    return url;
  }

  // A spoiler mark right at the end of a quote makes it expandable.
  function closeQuote(): void {
    let entity = open.pop();
    let type = 'blockquote';
    if (entity?.type === 'Spoiler' && source.slice(entity.begin, index).trimEnd() === '||') {
      entity = open.pop();
      type = 'expandable_blockquote';
    }
    if (entity?.type !== 'BlockQuote') throw unclosed(entity as Open);
    quoted = false;
    const length = text.length - entity.offset;
    if (length > 0 || index < source.length) entities.push({ offset: entity.offset, length, type });
  }
}
