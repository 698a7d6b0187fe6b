import { setTimeout as sleep } from 'node:timers/promises';
import { CartieError, isCartieError, type OutboxMessage, type OutboxRow } from '@cartie/core';
import type { Broadcast, BroadcastMethod, BroadcastResult } from './broadcast.ts';
import { type TelegramFailureKind, telegramFailure } from './errors.ts';
import type { ChatId } from './limits.ts';
import { hasFiles } from './multipart.ts';
import { operationOf } from './operations.ts';

/** What a row of a broadcast holds: the whole call, so that later runs send the same. */
export interface BroadcastPayload {
  readonly chat_id: ChatId;
  readonly method: BroadcastMethod;
  readonly params: Readonly<Record<string, unknown>>;
}

/** A broadcast, whatever its method. */
type AnyBroadcast = Pick<Broadcast, 'id' | 'outbox' | 'to'> & {
  method?: BroadcastMethod | undefined;
  params: unknown;
};
type BroadcastOutbox = AnyBroadcast['outbox'];

/** @throws CartieError `invalid_input` that names the field */
export function checkBroadcast({ id, method = 'sendMessage', params, to }: AnyBroadcast): void {
  if (typeof id !== 'string' || id === '') throw invalid('id', 'a text that is not empty');
  if (operationOf(method, { chat_id: 1 }).rate !== 'message')
    throw invalid('method', 'one that sends a message');
  if (typeof to !== 'object' || to === null) throw invalid('to', 'a list or stream of chats');
  if (typeof params !== 'function') checkParams(params);
}

/** Puts a row for each chat into the outbox. One that is there already, of this run or an earlier one, stays as it is. */
export async function fill(
  topic: string,
  { outbox, to, method = 'sendMessage', params }: AnyBroadcast,
  signal: AbortSignal,
): Promise<void> {
  const waiting = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const rowOf = (chat_id: unknown): OutboxMessage => {
    if (!isChatId(chat_id)) throw invalid('to', 'a list of ids of chats or of @names');
    const own = typeof params === 'function' ? (params as (chat: ChatId) => unknown)(chat_id) : params;
    checkParams(own);
    const key = String(chat_id).trim().toLowerCase();
    return { topic, id: key, orderKey: key, payload: { chat_id, method, params: own } };
  };
  const add = async (row: OutboxMessage): Promise<void> => {
    try {
      await outbox.addNow(row);
    } catch (error) {
      failure ??= { error };
    }
  };
  try {
    for await (const chat_id of to as AsyncIterable<unknown>) {
      if (signal.aborted || failure !== undefined) break;
      const added = add(rowOf(chat_id)).finally(() => waiting.delete(added));
      waiting.add(added);
      // The outbox writes what comes at once in one transaction.
      if (waiting.size >= 256) await Promise.all(waiting);
    }
  } finally {
    await Promise.all(waiting);
  }
  if (failure !== undefined) throw failure.error;
}

/** Resolves when no row waits or is under way, in this process or another. */
export async function emptied(outbox: BroadcastOutbox, topic: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const startedAt = performance.now();
    const { queued, sending } = await outbox.counts(topic, { exact: true });
    if (queued + sending === 0) return;
    // A large outbox takes long to count: at most a tenth of the time is for that.
    const pauseMs = Math.max(10 * (performance.now() - startedAt), Math.min(1_000, 20 + queued));
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Gives up what was not sent. */
export async function discardRest(outbox: BroadcastOutbox, topic: string): Promise<void> {
  for (;;) {
    const rows = await outbox.list({ status: 'queued', topic, limit: 500 });
    if (rows.length === 0) return;
    await Promise.all(rows.map(({ id }) => outbox.discard(topic, id)));
  }
}

/** A row as the caller sees it. */
export function resultOf({ payload, status, result, reason }: OutboxRow<BroadcastPayload>): BroadcastResult {
  const kind =
    status !== 'sent' && typeof result === 'object' && result !== null && 'kind' in result
      ? (result.kind as TelegramFailureKind)
      : undefined;
  return {
    chat_id: payload.chat_id,
    status: status as BroadcastResult['status'],
    ...(kind !== undefined && { kind }),
    ...(reason !== undefined && { reason }),
  };
}

/** Is it the bot that Telegram refuses? Then it would refuse every further call too. */
export function isOfBot(error: unknown): boolean {
  if (!isCartieError(error)) return false;
  const kind = telegramFailure(error)?.kind;
  return error.code === 'unauthorized' || error.code === 'invalid_config' || kind === 'no_such_bot';
}

/** What a row gets that was taken up while the broadcast was being stopped. */
export function stoppedError(): CartieError {
  return new CartieError('overloaded', 'The broadcast was stopped', {
    service: 'telegram',
    operation: 'broadcast',
  });
}

function checkParams(params: unknown): asserts params is Readonly<Record<string, unknown>> {
  if (typeof params !== 'object' || params === null || Array.isArray(params)) {
    throw invalid('params', 'the parameters of the method, or a function that makes them');
  }
  if (hasFiles(params as Readonly<Record<string, unknown>>)) {
    throw invalid('params', 'plain JSON: upload the file once and give its file_id');
  }
}

function isChatId(value: unknown): value is ChatId {
  return typeof value === 'string' ? value.trim() !== '' : Number.isSafeInteger(value) && value !== 0;
}

function invalid(field: string, rule: string): CartieError {
  return new CartieError('invalid_input', `\`${field}\` must be ${rule}`, {
    service: 'telegram',
    operation: 'broadcast',
    field,
  });
}
