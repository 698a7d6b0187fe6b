import { CartieError } from '@cartie/core';
import type { MessageEntity, ParseMode } from '@grammyjs/types';
import { inOrder } from './entities.ts';
import { type FormattedText, isParseMode, parseMarkup } from './markup.ts';

/** Telegram's limits of a text, counted after its markup is read. UTF-16 units. */
export const textLimits = { message: 4096, caption: 1024 } as const;

/** Options of {@link splitText}. */
export interface SplitOptions {
  /** Most UTF-16 units of a part: 4096 for a message, 1024 for a caption. @default 4096 */
  limit?: number | undefined;
  /** What is special about parts of the text. */
  entities?: readonly MessageEntity[] | undefined;
  /** Reads the text's markup first; the parts then come without markup and with entities. */
  parseMode?: ParseMode | undefined;
}

/**
 * Splits a text into parts that Telegram takes as one message each. It is cut between paragraphs where that leaves no
 * part too short, else between lines, else between words, else between characters as a reader sees them (an emoji
 * stays whole). No entity is cut that fits into one part; a longer one goes on in the next part. Only spaces and line
 * ends at the cuts are lost. A text of nothing but spaces has no parts.
 *
 * ```ts
 * for (const { text, entities } of splitText(html, { parseMode: 'HTML' })) {
 *   await telegram.sendMessage({ chat_id, text, entities });
 * }
 * ```
 *
 * @throws CartieError `invalid_input` if the markup cannot be read, with the field `text`; for a wrong option, with its name
 */
export function splitText(text: string, options: SplitOptions = {}): FormattedText[] {
  const { limit = textLimits.message, parseMode } = options;
  if (!(Number.isInteger(limit) && limit > 0))
    throw invalid('`limit` must be a whole number, more than 0', 'limit');
  if (typeof text !== 'string') throw invalid('`text` must be a string', 'text');
  if (parseMode !== undefined && !isParseMode(parseMode)) {
    throw invalid('`parseMode` must be HTML, MarkdownV2 or Markdown', 'parseMode');
  }
  const whole =
    parseMode === undefined
      ? { text, entities: inOrder(options.entities ?? []) }
      : parseMarkup(text, parseMode);
  if (whole === undefined) throw invalid(`\`text\` is no ${parseMode} that Telegram takes`, 'text');

  const parts: FormattedText[] = [];
  let start = 0;
  while (start < whole.text.length) {
    const cut = cutOf(whole, start, limit);
    const part = partOf(whole, start, cut.end);
    if (part.text.trim() !== '') parts.push(part);
    start = cut.next;
  }
  return parts;
}

interface Cut {
  /** The part ends before this. */
  readonly end: number;
  /** The next part begins here. */
  readonly next: number;
}

// From the best place to cut to the worst.
const separators = ['paragraph', 'line', 'word'] as const;

interface Gap extends Cut {
  readonly separates: (typeof separators)[number];
}

/** Where a stretch of text can be cut so that only spaces and line ends are lost. */
function gapsOf(window: string, offset: number): Gap[] {
  return Array.from(window.matchAll(/\s+/g), ({ index, 0: space }) => {
    const lineEnds = space.split('\n').length - 1;
    return {
      end: offset + index,
      // Spaces after the last line end are an indent and stay.
      next: offset + index + (lineEnds === 0 ? space.length : space.lastIndexOf('\n') + 1),
      separates: lineEnds === 0 ? 'word' : lineEnds === 1 ? 'line' : 'paragraph',
    };
  });
}

function cutOf({ text, entities }: FormattedText, start: number, limit: number): Cut {
  if (text.length - start <= limit) return { end: text.length, next: text.length };
  const last = start + limit;
  const inside = insideEntities(entities, start, limit);
  // A little more than fits, so that what stands at the end is seen as a whole.
  const window = text.slice(start, last + 64);
  const characters = graphemes.segment(window);
  const isBoundary = (at: number): boolean =>
    at >= text.length ||
    at - start >= window.length ||
    characters.containing(at - start)?.index === at - start;

  const gaps = gapsOf(text.slice(start, last + 1), start).filter(
    ({ end, next }) => end > start && !inside[end - start] && isBoundary(end) && isBoundary(next),
  );
  // The second half first: a part should not be short for a better cut.
  for (const from of [start + Math.floor(limit / 2), start]) {
    for (const kind of separators) {
      const gap = gaps.findLast(({ end, separates }) => separates === kind && end >= from);
      if (gap !== undefined) return gap;
    }
  }
  for (const isCutAllowed of [
    (at: number) => !inside[at - start] && isBoundary(at),
    isBoundary,
    // One character of more than `limit` units: a pair of surrogates is kept together at least.
    (at: number) => !isLowSurrogate(text.charCodeAt(at)),
  ]) {
    for (let at = last; at > start; at--) {
      if (isCutAllowed(at)) return { end: at, next: at };
    }
  }
  return { end: last, next: last };
}

/** 1 where a cut would go through an entity that fits into one part. */
function insideEntities(entities: readonly MessageEntity[], start: number, limit: number): Uint8Array {
  const inside = new Uint8Array(limit + 1);
  for (const { offset, length } of entities) {
    if (length > limit) continue;
    const from = Math.max(offset + 1 - start, 0);
    const to = Math.min(offset + length - start, limit + 1);
    if (from < to) inside.fill(1, from, to);
  }
  return inside;
}

function partOf({ text, entities }: FormattedText, start: number, end: number): FormattedText {
  const part = text.slice(start, end).trimEnd();
  return {
    text: part,
    entities: inOrder(
      entities.map((entity) => {
        const from = Math.max(entity.offset, start);
        const to = Math.min(entity.offset + entity.length, start + part.length);
        return { ...entity, offset: from - start, length: to - from };
      }),
    ),
  };
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

function invalid(message: string, field: string): CartieError {
  return new CartieError('invalid_input', message, { service: 'telegram', operation: 'splitText', field });
}
