import { randomInt } from 'node:crypto';
import { type CallOptions, CartieError } from '@cartie/core';
import type { Message } from '@grammyjs/types';
import type { Call } from './call.ts';
import { createDraftPreview } from './draft-preview.ts';
import type { SendText } from './send-text.ts';
import type { TelegramParams } from './types.ts';

/** Parameters of `streamText`: those of `sendMessage` but the text, and those of the drafts. */
export type StreamTextParams = Omit<TelegramParams<'sendMessage'>, 'text' | 'entities'> &
  Partial<Pick<TelegramParams<'sendMessageDraft'>, 'draft_id' | 'can_stop' | 'keep_on_stop'>>;

/** Options of `streamText`. */
export interface StreamTextOptions extends CallOptions {
  /** Drafts are shown no faster than this. Milliseconds. @default 1000 */
  intervalMs?: number | undefined;
}

/** Shows a text while it is being written, then sends it. */
export type StreamText = (
  params: StreamTextParams,
  pieces: AsyncIterable<string> | Iterable<string>,
  options?: StreamTextOptions,
) => Promise<Message.TextMessage[]>;

/** Builds `streamText`. */
export function createStreamText(call: Call, sendText: SendText): StreamText {
  return async (params, pieces, { intervalMs = 1_000, ...options } = {}) => {
    check(params, pieces, intervalMs);
    const { draft_id = randomInt(1, 2 ** 31), can_stop, keep_on_stop, ...message } = params;
    const { chat_id, message_thread_id, parse_mode } = message;
    const { signal } = options;
    signal?.throwIfAborted();
    const preview = createDraftPreview(call, {
      params: { chat_id, message_thread_id, draft_id, can_stop, keep_on_stop },
      parseMode: parse_mode,
      intervalMs,
      signal,
    });
    let text = '';
    try {
      // Drafts are for private chats, whose ids are positive.
      const shows = Number(chat_id) > 0;
      if (shows) preview.show('');
      for await (const piece of untilAborted(typeof pieces === 'string' ? [pieces] : pieces, signal)) {
        text += piece;
        if (shows) preview.show(text);
      }
    } finally {
      await preview.stop();
    }
    return text.trim() === '' ? [] : await sendText({ ...message, text }, options);
  };
}

/** The pieces, until the signal aborts: a source that hangs must not hold up the abort. */
async function* untilAborted(
  pieces: AsyncIterable<string> | Iterable<string>,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  const source = Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]();
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal?.reason);
  });
  aborted.catch(() => undefined);
  signal?.addEventListener('abort', abort, { once: true });
  let done = false;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const next = await Promise.race([source.next(), aborted]);
      if (next.done) {
        done = true;
        return;
      }
      if (typeof next.value !== 'string') throw invalid('`pieces` must give texts', 'pieces');
      yield next.value;
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    // A source that waits for something answers this only then, so nobody waits for it.
    if (!done) void Promise.resolve(source.return?.()).catch(() => undefined);
  }
}

function check(params: StreamTextParams, pieces: unknown, intervalMs: number): void {
  if (typeof params !== 'object' || params === null) throw invalid('`params` must be an object', 'params');
  const { draft_id } = params;
  const isText = typeof pieces === 'string';
  const isIterable = typeof pieces === 'object' && pieces !== null;
  if (!isText && !(isIterable && (Symbol.asyncIterator in pieces || Symbol.iterator in pieces))) {
    throw invalid('`pieces` must be texts one after another: a list, or what a model gives', 'pieces');
  }
  if (!(intervalMs > 0 && intervalMs <= 30_000)) {
    throw invalid('`intervalMs` must be milliseconds, more than 0 and at most 30000', 'intervalMs');
  }
  if (draft_id !== undefined && !(Number.isSafeInteger(draft_id) && draft_id !== 0)) {
    throw invalid('`draft_id` must be a whole number other than 0', 'draft_id');
  }
}

function invalid(message: string, field: string): CartieError {
  return new CartieError('invalid_input', message, { service: 'telegram', operation: 'streamText', field });
}
