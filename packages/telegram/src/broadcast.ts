import type { Outbox, OutboxRow, SendResult } from '@cartie/core';
import {
  type BroadcastPayload,
  checkBroadcast,
  discardRest,
  emptied,
  fill,
  isOfBot,
  resultOf,
  stoppedError,
} from './broadcast-rows.ts';
import type { TelegramClient } from './client.ts';
import { type TelegramFailureKind, telegramFailure } from './errors.ts';
import type { ChatId } from './limits.ts';
import type { operations, TelegramMethod } from './operations.ts';
import type { TelegramParams } from './types.ts';

/** A method that sends a message to a chat. */
export type BroadcastMethod = {
  [Method in TelegramMethod]: (typeof operations)[Method]['rate'] extends 'message' ? Method : never;
}[TelegramMethod];

/** What a broadcast sends, and to whom. */
export interface Broadcast<Method extends BroadcastMethod = 'sendMessage'> {
  /**
   * Names the broadcast. With the same id it goes on where it stopped: who got it, or may have got it, gets it no more, for as
   * long as the outbox keeps its rows (`keepMs`, 8 days).
   */
  id: string;
  outbox: Pick<Outbox, 'addNow' | 'work' | 'counts' | 'list' | 'discard'>;
  /** The chats. One that is named twice gets one message. */
  to: Iterable<ChatId> | AsyncIterable<ChatId>;
  /** @default 'sendMessage' */
  method?: Method | undefined;
  /**
   * The method's parameters without `chat_id`, or a function that makes those of one chat. Plain JSON, stored with each row: to
   * send a file, upload it once and give its `file_id`.
   */
  params: BroadcastParams<Method> | ((chat: ChatId) => BroadcastParams<Method>);
}

/** The parameters of a broadcast's method. */
export type BroadcastParams<Method extends BroadcastMethod> = Omit<TelegramParams<Method>, 'chat_id'>;

/** How one chat's message ended. */
export interface BroadcastResult {
  chat_id: ChatId;
  /** `in_doubt`: it may have arrived. It is not sent again; an operator can (`outbox.resend`). */
  status: 'sent' | 'failed' | 'in_doubt';
  /** Why Telegram refused. */
  kind?: TelegramFailureKind | undefined;
  /** The code of the error, `expired`, `discarded` or `crashed`. */
  reason?: string | undefined;
}

/** Options of {@link broadcast}. */
export interface BroadcastOptions {
  /** Stops sending; its `reason` is thrown. What is left stays in the outbox until the next run with this id. */
  signal?: AbortSignal | undefined;
  /** Calls under way at once; the client's rates pace them. More for `paidBroadcast`. @default 30 */
  concurrency?: number | undefined;
  /** Told of each chat whose message ended in this process. Throwing is ignored. */
  onResult?: ((result: BroadcastResult) => void) | undefined;
}

/** How a broadcast ended, over all its runs. */
export interface BroadcastReport {
  /** Counted up to 100,000. */
  sent: number;
  /** At most 100,000. */
  failed: BroadcastResult[];
  inDoubt: BroadcastResult[];
  /** The chats of `failed` that cannot be reached at all: the user has blocked the bot or is gone. Take them off your list. */
  unreachable: ChatId[];
}

/** Chats that a message will not reach the next time either. */
const unreachable: ReadonlySet<TelegramFailureKind> = new Set([
  'blocked',
  'deactivated',
  'kicked',
  'never_started',
  'to_a_bot',
  'chat_not_found',
  'user_not_found',
]);

/** The message itself is at fault, so that nobody would get it. */
const faultsOfMessage: ReadonlySet<TelegramFailureKind | undefined> = new Set([
  'cannot_parse_entities',
  'too_long',
  'empty_message',
  'bad_button',
  'bad_file',
  'file_too_big',
  'no_such_method',
]);

/**
 * Sends a message to many chats through an outbox, at the pace that Telegram allows, and resolves when each has ended. A
 * process that dies in between sends to nobody twice: run it again with the same `id`, in this process or another, and it
 * goes on. Several may run it at the same time.
 *
 * ```ts
 * const { sent, unreachable } = await broadcast(telegram, { id: 'winter-tyres', outbox, to: subscribers(), params: { text } });
 * await unsubscribe(unreachable);
 * ```
 *
 * @throws CartieError `unauthorized` where Telegram does not take the token: the rest waits for the next run; the refusal
 *   of a message that is the same for all (`cannot_parse_entities`, `too_long`, …) if nobody could get it: the rest is
 *   discarded, use another id;
 *   `invalid_input`; or the signal's reason
 */
export async function broadcast<Method extends BroadcastMethod = 'sendMessage'>(
  client: Pick<TelegramClient, 'call'>,
  message: Broadcast<Method>,
  options: BroadcastOptions = {},
): Promise<BroadcastReport> {
  checkBroadcast(message);
  const { id, outbox } = message;
  const { signal, concurrency = 30, onResult } = options;
  signal?.throwIfAborted();
  const topic = `telegram.broadcast:${id}`;
  const stopped = new AbortController();
  const onAbort = (): void => stopped.abort(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  /** Is it at fault whoever gets it? A message that is made for each chat says nothing of the others. */
  const isOfMessage = (kind: TelegramFailureKind | undefined): boolean =>
    typeof message.params === 'function' ? kind === 'no_such_method' : faultsOfMessage.has(kind);
  let anySent = (await outbox.list({ status: 'sent', topic, limit: 1 })).length > 0;

  async function send(
    row: OutboxRow<BroadcastPayload>,
    context: { signal: AbortSignal },
  ): Promise<SendResult> {
    if (stopped.signal.aborted) return { error: stoppedError(), postponeMs: 1 };
    const { chat_id, method, params } = row.payload;
    try {
      const { data } = await client.call(method, { ...params, chat_id }, context);
      anySent = true;
      return { result: messageIdOf(data) };
    } catch (error) {
      if (isOfBot(error)) {
        stopped.abort(error);
        return { error, postponeMs: 1 };
      }
      const kind = telegramFailure(error)?.kind;
      if (isOfMessage(kind) && !anySent) stopped.abort(error);
      return { error, keep: kind && { kind } };
    }
  }

  const worker = await outbox.work(
    {
      [topic]: {
        batchSize: 1,
        concurrency,
        sendBatch: async (rows, context) => {
          const results: SendResult[] = [];
          for (const row of rows as readonly OutboxRow<BroadcastPayload>[])
            results.push(await send(row, context));
          return results;
        },
      },
    },
    {
      onChange: (row) => row.status === 'queued' || onResult?.(resultOf(row as OutboxRow<BroadcastPayload>)),
    },
  );
  try {
    await fill(topic, message, stopped.signal);
    await emptied(outbox, topic, stopped.signal);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    await worker[Symbol.asyncDispose]();
    if (isOfMessage(telegramFailure(stopped.signal.reason)?.kind)) await discardRest(outbox, topic);
  }
  stopped.signal.throwIfAborted();

  const { sent } = await outbox.counts(topic, { exact: true });
  const rows = async (status: 'failed' | 'in_doubt'): Promise<BroadcastResult[]> =>
    ((await outbox.list({ status, topic, limit: 100_000 })) as OutboxRow<BroadcastPayload>[]).map(resultOf);
  const failed = await rows('failed');
  const gone = failed.filter(({ kind }) => kind !== undefined && unreachable.has(kind));
  return { sent, failed, inDoubt: await rows('in_doubt'), unreachable: gone.map(({ chat_id }) => chat_id) };
}

function messageIdOf(data: unknown): { message_id: number } | undefined {
  const message: unknown = Array.isArray(data) ? data[0] : data;
  if (typeof message !== 'object' || message === null || !('message_id' in message)) return undefined;
  return typeof message.message_id === 'number' ? { message_id: message.message_id } : undefined;
}
