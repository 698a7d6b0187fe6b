import type { MessageEntity } from '@grammyjs/types';
import { type EntityKind, inOrder, type PlainKind, special } from './entities.ts';
import { addressAt, codeAt, isEscape } from './markdown-parts.ts';
import type { FormattedText } from './markup.ts';

/**
 * Reads Telegram's MarkdownV2; `undefined` if Telegram would refuse it.
 * @see https://core.telegram.org/bots/api#markdownv2-style
 */
export function parseMarkdownV2(source: string): FormattedText | undefined {
  const reading: Reading = { source, at: 0, atLineStart: true, text: '', entities: [], open: [] };
  while (reading.at < source.length) {
    let outcome: Outcome = 'not_mine';
    for (const step of steps) {
      outcome = step(reading);
      if (outcome !== 'not_mine') break;
    }
    if (outcome !== 'done') return undefined;
  }
  if (reading.open.at(-1)?.mark === 'quote') endQuote(reading, 'blockquote');
  return reading.open.length > 0 ? undefined : { text: reading.text, entities: inOrder(reading.entities) };
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
  /** A `quote` ends with its lines. */
  readonly mark: (typeof marks)[number][0] | '[' | '![' | 'quote';
  readonly start: number;
}

interface Reading {
  readonly source: string;
  at: number;
  atLineStart: boolean;
  text: string;
  readonly entities: MessageEntity[];
  readonly open: OpenMark[];
}

type Outcome = 'done' | 'not_mine' | 'refused';

/** Each looks at what stands at `at`; the first that knows it moves on. */
const steps: readonly ((reading: Reading) => Outcome)[] = [
  readLineStart,
  readLineEnd,
  readEscape,
  readCode,
  readQuoteEnd,
  readMark,
  readLinkStart,
  readLinkEnd,
  readCharacter,
];

function readLineStart(reading: Reading): Outcome {
  if (!reading.atLineStart) return 'not_mine';
  reading.atLineStart = false;
  const isQuoting = reading.open.some(({ mark }) => mark === 'quote');
  // An empty bold in front of a quote tells it from the quote before.
  const isSeparated = reading.source.startsWith('**>', reading.at);
  const isQuote = isSeparated || reading.source.charAt(reading.at) === '>';
  if (isQuote) reading.at += isSeparated ? 3 : 1;
  if (isQuoting && isQuote && !isSeparated) return 'done';
  if (isQuoting && !endQuote(reading, 'blockquote')) return 'refused';
  if (!isQuote) return 'not_mine';
  reading.open.push({ mark: 'quote', start: reading.text.length });
  return 'done';
}

function readLineEnd(reading: Reading): Outcome {
  if (reading.source.charAt(reading.at) !== '\n') return 'not_mine';
  reading.atLineStart = true;
  return write(reading, '\n', 1);
}

function readEscape(reading: Reading): Outcome {
  if (!isEscape(reading.source, reading.at)) return 'not_mine';
  return write(reading, reading.source.charAt(reading.at + 1), 2);
}

function readCode(reading: Reading): Outcome {
  const code = codeAt(reading.source, reading.at, 'MarkdownV2');
  if (code === undefined) return 'not_mine';
  if (code === null) return 'refused';
  const start = reading.text.length;
  write(reading, code.text, code.end - reading.at);
  return add(reading, code.kind, start);
}

function readQuoteEnd(reading: Reading): Outcome {
  const { source, at, open } = reading;
  const isEnd = open.at(-1)?.mark === 'quote' && /^\|\|(?:\n|$)/.test(source.slice(at, at + 3));
  if (!isEnd) return 'not_mine';
  endQuote(reading, 'expandable_blockquote');
  return write(reading, '', 2);
}

function readMark(reading: Reading): Outcome {
  const { source, at, open, text } = reading;
  const found = marks.find(([mark]) => source.startsWith(mark, at));
  if (found === undefined) return 'not_mine';
  const [mark, type] = found;
  const last = open.at(-1);
  if (last?.mark === mark) {
    open.pop();
    add(reading, { type }, last.start);
  } else if (open.some((other) => other.mark === mark)) {
    return 'refused';
  } else {
    open.push({ mark, start: text.length });
  }
  return write(reading, '', mark.length);
}

function readLinkStart(reading: Reading): Outcome {
  const mark = (['[', '!['] as const).find((start) => reading.source.startsWith(start, reading.at));
  if (mark === undefined) return 'not_mine';
  reading.open.push({ mark, start: reading.text.length });
  return write(reading, '', mark.length);
}

function readLinkEnd(reading: Reading): Outcome {
  const { source, at, open, text } = reading;
  const last = open.at(-1);
  if (source.charAt(at) !== ']' || (last?.mark !== '[' && last?.mark !== '![')) return 'not_mine';
  open.pop();
  const address = addressAt(source, at + 1, 'MarkdownV2');
  const kind: EntityKind | undefined =
    last.mark === '['
      ? { type: 'text_link', url: address?.url || text.slice(last.start) }
      : special(address?.url ?? '');
  if (kind === undefined) return 'refused';
  add(reading, kind, last.start);
  return write(reading, '', (address?.end ?? at + 1) - at);
}

function readCharacter(reading: Reading): Outcome {
  const char = reading.source.charAt(reading.at);
  return '_*[]()~`>#+-=|{}.!'.includes(char) ? 'refused' : write(reading, char, 1);
}

function write(reading: Reading, text: string, read: number): Outcome {
  reading.text += text;
  reading.at += read;
  return 'done';
}

function add(reading: Reading, kind: EntityKind, start: number): Outcome {
  const length = reading.text.length - start;
  reading.entities.push({ ...kind, offset: start, length } as MessageEntity);
  return 'done';
}

/** `false` where another mark is still open inside the quote. */
function endQuote(reading: Reading, type: 'blockquote' | 'expandable_blockquote'): boolean {
  const last = reading.open.pop();
  if (last?.mark !== 'quote') return false;
  add(reading, { type }, last.start);
  return true;
}
