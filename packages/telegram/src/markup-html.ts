import type { MessageEntity } from '@grammyjs/types';
import { dateTime, type EntityKind, inOrder, type PlainKind } from './entities.ts';
import type { FormattedText } from './markup.ts';

const plainTags = {
  b: 'bold',
  strong: 'bold',
  i: 'italic',
  em: 'italic',
  u: 'underline',
  ins: 'underline',
  s: 'strikethrough',
  strike: 'strikethrough',
  del: 'strikethrough',
  'tg-spoiler': 'spoiler',
  code: 'code',
} as const satisfies Record<string, PlainKind>;

interface OpenTag {
  readonly name: string;
  readonly start: number;
  readonly attributes: ReadonlyMap<string, string>;
  /** Of a `pre`, from the `code` inside it. */
  language?: string;
}

/**
 * Reads Telegram's HTML; `undefined` if it is not well-formed or has a tag that Telegram does not know.
 * @see https://core.telegram.org/bots/api#html-style
 */
export function parseHtml(html: string): FormattedText | undefined {
  const entities: MessageEntity[] = [];
  const open: OpenTag[] = [];
  let text = '';
  let at = 0;
  for (;;) {
    const next = html.indexOf('<', at);
    text += decode(html.slice(at, next < 0 ? undefined : next));
    if (next < 0) break;
    tag.lastIndex = next;
    const { closed, opened, attributes = '' } = tag.exec(html)?.groups ?? {};
    at = tag.lastIndex;
    if (opened !== undefined) {
      open.push({ name: opened.toLowerCase(), start: text.length, attributes: attributesOf(attributes) });
      continue;
    }
    const last = open.pop();
    if (closed === undefined || last === undefined) return undefined;
    if (closed !== '' && closed.toLowerCase() !== last.name) return undefined;
    const outer = open.at(-1);
    const language = last.name === 'code' ? languageOf(last.attributes.get('class')) : undefined;
    if (language !== undefined && outer?.name === 'pre' && outer.start === last.start) {
      outer.language = language;
      continue;
    }
    const kind = kindOf(last, text.slice(last.start));
    if (kind === undefined) return undefined;
    entities.push({ ...kind, offset: last.start, length: text.length - last.start } as MessageEntity);
  }
  return open.length > 0 ? undefined : { text, entities: inOrder(entities) };
}

const tag =
  /<(?:\/(?<closed>[a-z-]*)\s*|(?<opened>[a-z-]+)(?<attributes>(?:\s+[a-z-]+(?:=(?:"[^"]*"|'[^']*'|[^\s>"']+))?)*)\s*)>/iy;

const attribute = /([a-z-]+)(?:=(?:"([^"]*)"|'([^']*)'|([^\s>"']+)))?/gi;

function attributesOf(source: string): Map<string, string> {
  const found = source.matchAll(attribute);
  return new Map(
    Array.from(found, ([, name = '', double, single, bare]) => [
      name.toLowerCase(),
      decode(double ?? single ?? bare ?? ''),
    ]),
  );
}

function kindOf({ name, attributes, language }: OpenTag, text: string): EntityKind | undefined {
  if (Object.hasOwn(plainTags, name)) return { type: plainTags[name as keyof typeof plainTags] };
  switch (name) {
    case 'span':
      return attributes.get('class') === 'tg-spoiler' ? { type: 'spoiler' } : undefined;
    case 'pre':
      return language === undefined ? { type: 'pre' } : { type: 'pre', language };
    case 'blockquote':
      return { type: attributes.has('expandable') ? 'expandable_blockquote' : 'blockquote' };
    case 'a':
      return { type: 'text_link', url: attributes.get('href') || text };
    case 'tg-emoji': {
      const id = attributes.get('emoji-id') ?? '';
      return /^\d+$/.test(id) ? { type: 'custom_emoji', custom_emoji_id: id } : undefined;
    }
    case 'tg-time':
      return dateTime(attributes.get('unix'), attributes.get('format'));
    default:
      return undefined;
  }
}

function languageOf(className: string | undefined): string | undefined {
  return className?.startsWith('language-') ? className.slice('language-'.length) : undefined;
}

const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"' };

// Telegram knows these four names and numbers; anything else stays as it is.
function decode(source: string): string {
  return source.replace(
    /&(?:#(\d{1,7})|#x([\da-f]{1,6})|(lt|gt|amp|quot));?/gi,
    (whole, decimal, hex, name) => {
      if (name !== undefined) return named[String(name).toLowerCase()] ?? whole;
      const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
      return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
        ? String.fromCodePoint(code)
        : whole;
    },
  );
}
