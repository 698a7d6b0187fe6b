import {
  type Caller,
  type CallOptions,
  CartieError,
  checkCallOptions,
  createCaller,
  isCartieError,
  memoryLimiter,
} from '@cartie/core';
import { classify, telegramFailure } from './errors.ts';
import { type ChatId, chatFirstLimiter, createChatBook, limitsOf } from './limits.ts';
import { createForm, fileLimits, hasFiles, isReplayable } from './multipart.ts';
import { isIdempotent, operationOf } from './operations.ts';
import type { TelegramClientOptions } from './options.ts';
import type { TokenReader } from './token.ts';
import type { TelegramAnswer } from './types.ts';

/** Parameters of any method. */
export type AnyParams = Readonly<Record<string, unknown>>;

/** Calls one method of the Bot API, whichever. */
export type Call = (
  method: string,
  params?: AnyParams,
  options?: CallOptions,
) => Promise<TelegramAnswer<unknown>>;

/** What the methods of a client are made of. */
export interface CallPath {
  call: Call;
  caller: Caller;
}

/** An upload or download may be as slow as this. Bytes per millisecond (100 kB/s). */
export const slowestTransfer = 100;

/** The client's own defaults. Milliseconds. */
export const defaults = { timeoutMs: 15_000, deadlineMs: 30_000, maxConcurrent: 40 } as const;

/** Where bots talk to. */
export const telegramOrigin = 'https://api.telegram.org';

/** Builds the way that every call goes: paced by its chat, as JSON or as a form, once more where the group has moved. */
export function createCallPath(options: TelegramClientOptions, token: TokenReader): CallPath {
  const chats = createChatBook();
  const timeoutMs = options.timeoutMs ?? defaults.timeoutMs;
  const deadlineMs = options.deadlineMs ?? defaults.deadlineMs;
  const maxUploadBytes =
    options.maxUploadBytes ?? (options.localServer ? fileLimits.localUpload : fileLimits.upload);
  const caller = createCaller({
    service: 'telegram',
    baseUrl: telegramOrigin,
    options: {
      ...options,
      limiter: chatFirstLimiter(options.limiter ?? memoryLimiter(), options.rates?.overall?.intervalMs),
    },
    defaults,
    classify: (answer) => classify(answer, token.secrets()),
    secrets: token.secrets,
  });

  const send = async (
    method: string,
    params: AnyParams,
    callOptions: CallOptions,
  ): Promise<TelegramAnswer<unknown>> => {
    const operation = operationOf(method, params);
    const chat = chatIdOf(params.chat_id);
    const paid =
      operation.rate === 'message' &&
      operation.payable !== false &&
      (params.allow_paid_broadcast ?? options.paidBroadcast) === true;
    const body = paid ? { ...params, allow_paid_broadcast: true } : params;
    const form = hasFiles(body) ? await createForm(method, body, maxUploadBytes) : undefined;
    const pollMs =
      operation.timeout === 'long_poll' ? Math.max(0, Number(params.timeout) || 0) * 1000 : undefined;
    const transferMs = form === undefined ? 0 : (form.size ?? maxUploadBytes) / slowestTransfer;
    try {
      const result = await caller.call(
        {
          operation: method,
          idempotent: callOptions.idempotent ?? isIdempotent(operation, params),
          timeoutMs: pollMs === undefined ? timeoutMs + transferMs : pollMs + pollGraceMs,
          deadlineMs: deadlineMs + (pollMs ?? transferMs),
          limits: limitsOf({
            bot: await token.botId({
              deadlineMs: callOptions.deadlineMs ?? deadlineMs,
              signal: callOptions.signal,
            }),
            method,
            operation,
            chat: chat === undefined ? undefined : chats.key(chat),
            paid,
            messages: messagesOf(params),
            rates: options.rates ?? {},
          }),
          replayable: form?.replayable ?? true,
          detached: pollMs !== undefined,
          build: async () => ({
            method: 'POST',
            path: `/bot${await token.read()}${options.testEnvironment ? '/test' : ''}/${method}`,
            ...(form === undefined ? { json: body } : { headers: form.headers, body: form.body() }),
          }),
        },
        callOptions,
      );
      const data = (result.data.json as { result: unknown }).result;
      if (chat !== undefined) chats.learn(chat, data);
      return { data, status: result.status, requestId: result.requestId, attempts: result.attempts };
    } catch (error) {
      // The server saw the form break off, so it has done nothing; and what broke is the file, not the network.
      throw form?.failure() ?? error;
    } finally {
      form?.close();
    }
  };

  return {
    caller,
    call: async (method, params = {}, callOptions = {}) => {
      checkCall(method, params);
      checkCallOptions('telegram', method, callOptions);
      const startedAt = performance.now();
      const current = withChats(params, chats.current);
      try {
        return await send(method, current, callOptions);
      } catch (error) {
        const to = telegramFailure(error)?.migrateToChatId;
        const from = chatIdOf(current.chat_id);
        if (to === undefined || from === undefined) throw error;
        chats.migrated(from, to);
        notify(options.onMigrated, { from, to });
        if (!isReplayable(params)) throw error;
        // An upload's own time begins anew with it, unless the caller said how long all may take.
        const limitMs = callOptions.deadlineMs ?? (hasFiles(params) ? undefined : deadlineMs);
        const leftMs = limitMs === undefined ? undefined : limitMs - (performance.now() - startedAt);
        if (leftMs !== undefined && leftMs <= 0) throw error;
        const answer = await send(
          method,
          { ...current, chat_id: to },
          { ...callOptions, deadlineMs: leftMs },
        );
        return { ...answer, attempts: answer.attempts + (isCartieError(error) ? error.attempts : 0) };
      }
    },
  };
}

// Telegram answers a long poll a little after its time, and the network takes its own.
const pollGraceMs = 10_000;

function checkCall(method: unknown, params: unknown): void {
  if (typeof method !== 'string' || !/^[A-Za-z]{1,64}$/.test(method)) {
    throw new CartieError('invalid_input', 'The method must be a name of letters, like sendMessage', {
      service: 'telegram',
    });
  }
  if (typeof params !== 'object' || params === null || Array.isArray(params)) {
    throw new CartieError('invalid_input', 'The parameters must be an object', {
      service: 'telegram',
      operation: method,
    });
  }
}

// An album, or several messages forwarded at once.
function messagesOf({ media, message_ids }: AnyParams): number {
  const items = Array.isArray(media) ? media : message_ids;
  return Array.isArray(items) ? Math.max(1, items.length) : 1;
}

function chatIdOf(value: unknown): ChatId | undefined {
  return typeof value === 'number' || (typeof value === 'string' && value !== '') ? value : undefined;
}

function withChats(params: AnyParams, current: (chat: ChatId) => ChatId): AnyParams {
  const changes: Record<string, ChatId> = {};
  for (const name of ['chat_id', 'from_chat_id']) {
    const chat = chatIdOf(params[name]);
    const now = chat === undefined ? undefined : current(chat);
    if (now !== undefined && now !== chat) changes[name] = now;
  }
  return Object.keys(changes).length === 0 ? params : { ...params, ...changes };
}

function notify<T>(listener: ((event: T) => void) | undefined, event: T): void {
  try {
    listener?.(event);
  } catch {
    // Watching a call never breaks it.
  }
}
