import type { MessageEntity } from '@grammyjs/types';
import { type EntityKind, inOrder, type PlainKind, special } from './entities.ts';
import type { FormattedText } from './markup.ts';

/**
 * Reads Telegram's MarkdownV2, or its older Markdown, which knows fewer marks and no nesting; `undefined` if Telegram
 * would refuse it.
 * @see https://core.telegram.org/bots/api#formatting-options
 */
export function parseMarkdown(source: string, style: 'MarkdownV2' | 'Markdown'): FormattedText | undefined {
  return style === 'Markdown' ? parseLegacy(source) : parseV2(source);
}

// The longer mark first: `__` is not two times `_`.
const marks = [
  ['__', 'underline'],
  ['||', 'spoiler'],
  ['*', 'bold'],
  ['_', 'italic'],
  ['~', 'strikethrough'],
] as const satisfies readonly (readonly [string, PlainKind])[];

interface OpenMark {
  /** `quote` ends with its lines. */
  readonly mark: (typeof marks)[number][0] | '[' | '![' | 'quote';
  readonly start: number;
}

function parseV2(source: string): FormattedText | undefined {
  const entities: MessageEntity[] = [];
  const open: OpenMark[] = [];
  let text = '';
  let at = 0;
  let lineStart = true;

  const add = (kind: EntityKind, start: number): void => {
    entities.push({ ...kind, offset: start, length: text.length - start } as MessageEntity);
  };
  const endQuote = (kind: 'blockquote' | 'expandable_blockquote'): boolean => {
    const last = open.pop();
    if (last?.mark !== 'quote') return false;
    add({ type: kind }, last.start);
    return true;
  };

  while (at < source.length) {
    const char = source.charAt(at);
    const quoting = open.some(({ mark }) => mark === 'quote');
    if (lineStart) {
      lineStart = false;
      // An empty bold in front of a quote tells it from the quote before.
      const separated = source.startsWith('**>', at);
      if (char === '>' || separated) {
        at += separated ? 3 : 1;
        if (quoting && !separated) continue;
        if (quoting && !endQuote('blockquote')) return undefined;
        open.push({ mark: 'quote', start: text.length });
        continue;
      }
      if (quoting && !endQuote('blockquote')) return undefined;
    }
    if (char === '\n') {
      text += char;
      at += 1;
      lineStart = true;
      continue;
    }
    if (char === '\\' && isAscii(source.charAt(at + 1))) {
      text += source.charAt(at + 1);
      at += 2;
      continue;
    }
    const code = codeAt(source, at, 'MarkdownV2');
    if (code === null) return undefined;
    if (code !== undefined) {
      const start = text.length;
      text += code.text;
      add(code.kind, start);
      at = code.end;
      continue;
    }
    const last = open.at(-1);
    const quoteEnds = source.startsWith('||', at) && /^\|\|(?:\n|$)/.test(source.slice(at, at + 3));
    if (quoteEnds && last?.mark === 'quote') {
      if (!endQuote('expandable_blockquote')) return undefined;
      at += 2;
      continue;
    }
    const mark = marks.find(([sign]) => source.startsWith(sign, at));
    if (mark !== undefined) {
      const [sign, type] = mark;
      at += sign.length;
      if (last?.mark === sign) {
        open.pop();
        add({ type }, last.start);
      } else if (open.some((other) => other.mark === sign)) {
        return undefined;
      } else {
        open.push({ mark: sign, start: text.length });
      }
      continue;
    }
    if (char === '[' || source.startsWith('![', at)) {
      open.push({ mark: char === '[' ? '[' : '![', start: text.length });
      at += char === '[' ? 1 : 2;
      continue;
    }
    if (char === ']' && (last?.mark === '[' || last?.mark === '![')) {
      open.pop();
      const address = addressAt(source, at + 1, '\\');
      if (last.mark === '[') {
        const url = address?.url || text.slice(last.start);
        add({ type: 'text_link', url }, last.start);
      } else {
        const kind = address === undefined ? undefined : special(address.url);
        if (kind === undefined) return undefined;
        add(kind, last.start);
      }
      at = address?.end ?? at + 1;
      continue;
    }
    if (reserved.includes(char)) return undefined;
    text += char;
    at += 1;
  }
  if (open.at(-1)?.mark === 'quote') endQuote('blockquote');
  return open.length > 0 ? undefined : { text, entities: inOrder(entities) };
}

const reserved = '_*[]()~`>#+-=|{}.!';

function parseLegacy(source: string): FormattedText | undefined {
  const entities: MessageEntity[] = [];
  let text = '';
  let at = 0;
  const add = (kind: EntityKind, content: string): void => {
    entities.push({ ...kind, offset: text.length, length: content.length } as MessageEntity);
    text += content;
  };
  while (at < source.length) {
    const char = source.charAt(at);
    if (char === '\\' && '_*`['.includes(source.charAt(at + 1)) && at + 1 < source.length) {
      text += source.charAt(at + 1);
      at += 2;
      continue;
    }
    const code = codeAt(source, at, 'Markdown');
    if (code === null) return undefined;
    if (code !== undefined) {
      add(code.kind, code.text);
      at = code.end;
    } else if (char === '*' || char === '_') {
      const end = source.indexOf(char, at + 1);
      if (end < 0) return undefined;
      add({ type: char === '*' ? 'bold' : 'italic' }, source.slice(at + 1, end));
      at = end + 1;
    } else if (char === '[') {
      const end = source.indexOf(']', at + 1);
      if (end < 0) return undefined;
      const content = source.slice(at + 1, end);
      const address = addressAt(source, end + 1, '');
      if (address === undefined) text += content;
      else add({ type: 'text_link', url: address.url }, content);
      at = address?.end ?? end + 1;
    } else {
      text += char;
      at += 1;
    }
  }
  return { text, entities: inOrder(entities) };
}

interface Code {
  readonly text: string;
  readonly kind: EntityKind;
  readonly end: number;
}

/** A code or code block that begins here; `null` if it never ends. */
function codeAt(source: string, at: number, style: 'MarkdownV2' | 'Markdown'): Code | null | undefined {
  if (source.charAt(at) !== '`') return undefined;
  const fence = source.startsWith('```', at) ? '```' : '`';
  let text = '';
  let i = at + fence.length;
  while (!source.startsWith(fence, i)) {
    if (i >= source.length) return null;
    const escaped = style === 'MarkdownV2' && source.charAt(i) === '\\' && isAscii(source.charAt(i + 1));
    if (style === 'MarkdownV2' && !escaped && source.charAt(i) === '`') return null;
    if (escaped) i += 1;
    text += source.charAt(i);
    i += 1;
  }
  const end = i + fence.length;
  if (fence === '`') return { text, kind: { type: 'code' }, end };
  const [, language, content = text] = /^([^\s`]*)\r?\n([\s\S]*)$/.exec(text) ?? [];
  return { text: content, kind: language ? { type: 'pre', language } : { type: 'pre' }, end };
}

/** The address in round brackets that begins here. */
function addressAt(source: string, at: number, escapeSign: string): { url: string; end: number } | undefined {
  if (source.charAt(at) !== '(') return undefined;
  let url = '';
  for (let i = at + 1; i < source.length; i++) {
    const char = source.charAt(i);
    if (char === ')') return { url, end: i + 1 };
    if (char === escapeSign && isAscii(source.charAt(i + 1))) i += 1;
    url += source.charAt(i);
  }
  return undefined;
}

function isAscii(char: string): boolean {
  return char > '\0' && char <= '~';
}
