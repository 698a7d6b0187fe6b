import type { TelegramEntity } from '../types.ts';
import { linkEntity } from './links.ts';
import { byteOffset, parseFailure } from './parse-failure.ts';

interface Tag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly offset: number;
}

const simpleTags: Readonly<Record<string, string>> = {
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
  span: 'spoiler',
  code: 'code',
  pre: 'pre',
};
const otherTags = ['a', 'blockquote', 'tg-emoji', 'tg-time'];

/** https://core.telegram.org/bots/api#html-style */
export function parseHtml(source: string): { text: string; entities: TelegramEntity[] } {
  const entities: TelegramEntity[] = [];
  const open: Tag[] = [];
  let text = '';
  let index = 0;

  while (index < source.length) {
    const character = source.charAt(index);
    if (character === '&') {
      const { decoded, length } = decodeReference(source, index);
      text += decoded;
      index += length;
    } else if (character !== '<') {
      text += character;
      index += 1;
    } else if (source.charAt(index + 1) === '/') {
      closeTag();
    } else {
      const begin = index;
      const { name, attributes, end } = readTag(source, begin);
      index = end;
      open.push({ name, attributes, offset: text.length });
    }
  }
  const left = open.at(-1);
  if (left) throw parseFailure(`Can't find end tag corresponding to start tag "${left.name}"`);
  return { text, entities };

  function closeTag(): void {
    const begin = index;
    const tag = open.pop();
    if (!tag) throw parseFailure(`Unexpected end tag at byte offset ${byteOffset(source, begin)}`);
    const match = /^<\/([^\s>]*)\s*>/.exec(source.slice(begin));
    if (!match) throw parseFailure(`Unclosed end tag at byte offset ${byteOffset(source, begin)}`);
    const name = (match[1] ?? '').toLowerCase();
    if (name !== '' && name !== tag.name) {
      throw parseFailure(
        `Unmatched end tag at byte offset ${byteOffset(source, begin)}, expected "</${tag.name}>", found "</${name}>"`,
      );
    }
    index = begin + match[0].length;
    const length = text.length - tag.offset;
    if (length > 0) addEntity(tag, length);
  }

  function addEntity({ name, attributes, offset }: Tag, length: number): void {
    const simple = simpleTags[name];
    if (name === 'a') {
      const link = linkEntity(attributes.get('href') || text.slice(offset), offset, length);
      if (link) entities.push(link);
    } else if (name === 'blockquote') {
      entities.push({
        offset,
        length,
        type: attributes.has('expandable') ? 'expandable_blockquote' : 'blockquote',
      });
    } else if (name === 'tg-emoji') {
      const id = attributes.get('emoji-id') ?? '';
      if (!/^[1-9]\d*$/.test(id)) throw parseFailure('Invalid custom emoji identifier specified');
      entities.push({ offset, length, type: 'custom_emoji', custom_emoji_id: id });
    } else if (name === 'tg-time') {
      const unix = Number(attributes.get('unix'));
      const format = attributes.get('format');
      if (unix > 0) {
        entities.push({
          offset,
          length,
          type: 'date_time',
          unix_time: unix,
          ...(format && { date_time_format: format }),
        });
      }
    } else if (name === 'pre' || name === 'code') {
      addCode(name, attributes.get('class')?.replace(/^language-/, ''), offset, length);
    } else if (simple) entities.push({ offset, length, type: simple });
  }

  // <pre><code class="language-x"> is one block with a language.
  function addCode(name: string, language: string | undefined, offset: number, length: number): void {
    const last = entities.at(-1);
    const isSame = last?.offset === offset && last.length === length;
    if (last && name === 'pre' && isSame && last.type === 'code') {
      last.type = 'pre';
      const inner = codeLanguages.get(last);
      if (inner) last.language = inner;
      return;
    }
    const entity: TelegramEntity = { offset, length, type: name };
    if (name === 'code' && language) codeLanguages.set(entity, language);
    entities.push(entity);
  }
}

/** Languages of `code` elements, of use only if a `pre` closes right after. */
const codeLanguages = new WeakMap<TelegramEntity, string>();

function readTag(
  source: string,
  begin: number,
): { name: string; attributes: Map<string, string>; end: number } {
  const at = byteOffset(source, begin);
  const name = (/^[^\s>]*/.exec(source.slice(begin + 1))?.[0] ?? '').toLowerCase();
  let index = begin + 1 + name.length;
  if (index >= source.length) throw parseFailure(`Unclosed start tag at byte offset ${at}`);
  if (!(name in simpleTags) && !otherTags.includes(name)) {
    throw parseFailure(`Unsupported start tag "${name}" at byte offset ${at}`);
  }
  const attributes = new Map<string, string>();
  const skipSpace = (): void => {
    while (/\s/.test(source.charAt(index))) index += 1;
  };
  for (;;) {
    skipSpace();
    if (source.charAt(index) === '>') break;
    if (index >= source.length) throw parseFailure(`Unclosed start tag "${name}" at byte offset ${at}`);
    const attribute = /^[^\s=>/"']*/.exec(source.slice(index))?.[0] ?? '';
    if (attribute === '')
      throw parseFailure(`Empty attribute name in the tag "${name}" at byte offset ${at}`);
    index += attribute.length;
    skipSpace();
    if (index >= source.length) throw parseFailure(`Unclosed start tag "${name}" at byte offset ${at}`);
    if (source.charAt(index) !== '=') {
      attributes.set(attribute, '');
      continue;
    }
    index += 1;
    skipSpace();
    attributes.set(attribute, readValue());
  }
  if (name === 'span' && attributes.get('class') !== 'tg-spoiler') {
    throw parseFailure(`Tag "span" must have class "tg-spoiler" at byte offset ${at}`);
  }
  return { name, attributes, end: index + 1 };

  function readValue(): string {
    const quote = source.charAt(index);
    if (quote !== '"' && quote !== "'") {
      const token = /^[A-Za-z0-9.-]*/.exec(source.slice(index))?.[0] ?? '';
      const next = source.charAt(index + token.length);
      if (next !== '>' && !/\s/.test(next)) {
        throw parseFailure(`Unexpected end of name token at byte offset ${byteOffset(source, index)}`);
      }
      index += token.length;
      return token.toLowerCase();
    }
    const end = source.indexOf(quote, index + 1);
    if (end < 0 || end + 1 >= source.length) throw parseFailure(`Unclosed start tag at byte offset ${at}`);
    const value = source.slice(index + 1, end);
    index = end + 1;
    return decodeReferences(value);
  }
}

const namedReferences: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"' };

function decodeReference(source: string, index: number): { decoded: string; length: number } {
  const match = /^&(?:#x([0-9a-f]{1,7})|#(\d{1,8})|([a-z]+));?/i.exec(source.slice(index, index + 16));
  const code = match?.[1] ? Number.parseInt(match[1], 16) : Number(match?.[2]);
  if (match && code > 0 && code < 0x10ffff)
    return { decoded: String.fromCodePoint(code), length: match[0].length };
  const named = namedReferences[match?.[3] ?? ''];
  return match && named ? { decoded: named, length: match[0].length } : { decoded: '&', length: 1 };
}

function decodeReferences(value: string): string {
  let decoded = '';
  for (let index = 0; index < value.length; ) {
    const part =
      value.charAt(index) === '&'
        ? decodeReference(value, index)
        : { decoded: value.charAt(index), length: 1 };
    decoded += part.decoded;
    index += part.length;
  }
  return decoded;
}
