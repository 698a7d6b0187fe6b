import { isCartieError, type Limiter } from '@cartie/core';
import type { Calls } from './calls.ts';
import { failed, invalid } from './errors.ts';
import type { HistoryCursor } from './history-cursor.ts';
import { historyKey, MAX_HISTORY_LIMIT } from './limits.ts';
import { toMessage } from './messages.ts';
import type { Peers } from './peers.ts';
import { type TlObject, type TlValue, tlNumber, tlObject, tlObjects } from './tl.ts';
import type { MtprotoMessage } from './types.ts';

/** Options of `history()`. */
export interface HistoryOptions {
  /** Most messages. All of a long history must be asked for: `Infinity`. @default 100 */
  limit?: number | undefined;
  /** Only messages with a greater id. */
  minId?: number | undefined;
  /** Only messages with a smaller id. */
  maxId?: number | undefined;
  /** Only messages of this time or later: a date, or epoch milliseconds. */
  since?: Date | number | undefined;
  /** Keeps under this name how far the reading came: the next one with the same name goes on there. Gone when the end was reached. */
  cursor?: string | undefined;
  /** Ends it; its `reason` is thrown. */
  signal?: AbortSignal | undefined;
}

/** What reading history needs of the account. */
export interface HistoryContext {
  readonly account: string;
  readonly calls: Calls;
  readonly peers: Peers;
  readonly limiter: Limiter;
  readonly rate: { limit: number; intervalMs: number };
  self(): bigint | undefined;
  cursor(chatId: bigint, name: string): HistoryCursor;
}

/** The messages of a chat, newest first. A page is fetched when its first message is asked for. */
export async function* readHistory(
  chatId: bigint,
  options: HistoryOptions,
  context: HistoryContext,
): AsyncGenerator<MtprotoMessage, void, undefined> {
  const { minId = 0, signal } = options;
  const limit = checkedLimit(options.limit);
  const since = options.since === undefined ? 0 : Number(options.since);
  if (!Number.isFinite(since)) throw invalid('since', 'must be a date or epoch milliseconds', 'history');
  const cursor = options.cursor === undefined ? undefined : context.cursor(chatId, options.cursor);
  let before = (await cursor?.read()) ?? options.maxId ?? 0;
  let left = limit;
  let isComplete = false;
  try {
    while (left > 0) {
      const page = await fetchPage(context, chatId, {
        offsetId: before,
        minId,
        limit: Math.min(left, MAX_HISTORY_LIMIT),
        signal,
      });
      for (const raw of page) {
        const message = toMessage(raw, context.self());
        const id = tlNumber(raw.id) ?? 0;
        if (message !== undefined && message.date < since) {
          isComplete = true;
          return;
        }
        signal?.throwIfAborted();
        if (message !== undefined) {
          yield message;
          left -= 1;
        }
        before = id;
      }
      if (page.length === 0) {
        isComplete = true;
        return;
      }
      if (left > 0) await cursor?.write(before);
    }
  } finally {
    if (isComplete) await cursor?.clear();
    else if (before !== 0) await cursor?.write(before);
  }
}

/** Pages of the messages that are newer than `afterId`, oldest first. */
export async function* readNewer(
  chatId: bigint,
  { afterId, signal }: { afterId: number; signal: AbortSignal },
  context: HistoryContext,
): AsyncGenerator<readonly TlObject[], void, undefined> {
  let after = afterId;
  for (;;) {
    const page = await fetchPage(context, chatId, {
      // The hundred messages above: those before the one after `after`, moved up by a page.
      offsetId: after + 1,
      addOffset: -MAX_HISTORY_LIMIT,
      minId: after,
      limit: MAX_HISTORY_LIMIT,
      signal,
    });
    if (page.length === 0) return;
    const oldestFirst = [...page].reverse();
    yield oldestFirst;
    after = tlNumber(page[0]?.id) ?? after;
  }
}

interface PageOptions {
  offsetId: number;
  addOffset?: number;
  minId: number;
  limit: number;
  signal: AbortSignal | undefined;
}

async function fetchPage(
  context: HistoryContext,
  chatId: bigint,
  options: PageOptions,
): Promise<readonly TlObject[]> {
  try {
    return await ask(context, chatId, options);
  } catch (error) {
    if (!isUnreadable(error) || options.limit === 1) throw error;
    return fetchAround(context, chatId, options);
  }
}

/** One request, at the pace of its chat. */
async function ask(
  context: HistoryContext,
  chatId: bigint,
  options: PageOptions,
): Promise<readonly TlObject[]> {
  const key = historyKey(chatId, context.rate);
  const { signal } = options;
  for (;;) {
    await context.limiter.acquire([key], { signal });
    try {
      const request = pageRequest(context.peers.inputPeer(chatId), options);
      return messagesIn(await context.calls.call(request, { signal }), context);
    } catch (error) {
      if (!isCartieError(error) || error.code !== 'rate_limited' || error.retryAfterMs === undefined)
        throw error;
      // However long Telegram asks to wait: history is patient, and the event told about it.
      await context.limiter.pause(key.key, error.retryAfterMs);
    }
  }
}

/** A page one of whose messages the schema does not know: all others of it, found in ever smaller pieces. */
async function fetchAround(
  context: HistoryContext,
  chatId: bigint,
  options: PageOptions,
): Promise<readonly TlObject[]> {
  const found: TlObject[] = [];
  const { addOffset = 0, limit } = options;
  const pieces = halves(addOffset, limit);
  for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) {
    const [offset, size] = piece;
    try {
      found.push(...(await ask(context, chatId, { ...options, addOffset: offset, limit: size })));
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      if (size > 1) pieces.unshift(...halves(offset, size));
    }
  }
  if (found.length === 0)
    throw failed('invalid_response', 'No message of this page can be read by this version', {
      operation: 'history',
      retryable: false,
    });
  return found;
}

function halves(offset: number, size: number): [offset: number, size: number][] {
  const half = Math.ceil(size / 2);
  return [
    [offset, half],
    [offset + half, size - half],
  ];
}

function isUnreadable(error: unknown): boolean {
  return isCartieError(error) && error.code === 'invalid_response';
}

function pageRequest(peer: TlObject, { offsetId, addOffset = 0, minId, limit }: PageOptions): TlObject {
  return {
    _: 'messages.getHistory',
    peer,
    offsetId,
    offsetDate: 0,
    addOffset,
    limit,
    maxId: 0,
    minId,
    hash: 0n,
  };
}

function messagesIn(answer: TlValue, { peers }: HistoryContext): readonly TlObject[] {
  const object = tlObject(answer);
  if (object === undefined)
    throw failed('invalid_response', 'A page of history makes no sense', {
      operation: 'history',
      retryable: false,
    });
  peers.learn(object);
  return tlObjects(object.messages);
}

function checkedLimit(limit = MAX_HISTORY_LIMIT): number {
  if (limit === Number.POSITIVE_INFINITY || (Number.isInteger(limit) && limit >= 1)) return limit;
  throw invalid('limit', 'must be a whole number, 1 or more, or Infinity', 'history');
}
