import { CartieError } from '@cartie/core';
import { hasFiles } from './multipart.ts';
import { isIdempotent, operationOf, type operations, type TelegramMethod } from './operations.ts';
import type { TelegramParams } from './types.ts';

type Rows = typeof operations;

/** Methods that may travel in a webhook's answer: a second run does no harm, nobody waits for a result, none is paced. */
export type ReplyMethod = Exclude<
  {
    [Method in TelegramMethod]: Rows[Method] extends { idempotent: true; rate: 'none' } ? Method : never;
  }[TelegramMethod],
  `get${string}` | 'setWebhook' | 'deleteWebhook' | 'close' | 'logOut' | 'uploadStickerFile'
>;

/** A call in a webhook's answer: the method and its parameters. */
export type TelegramReply = {
  [Method in ReplyMethod]: { method: Method } & TelegramParams<Method>;
}[ReplyMethod];

/**
 * Checks a call that is to travel in a webhook's answer.
 * @throws CartieError `invalid_input` for one that must not
 */
export function replyOf(reply: TelegramReply | undefined): object | undefined {
  if (reply === undefined) return undefined;
  if (typeof reply !== 'object' || reply === null || reply instanceof Promise) {
    // Nobody waits for it, so nobody else would see how it ends.
    if (reply instanceof Promise) reply.catch(() => undefined);
    throw invalid('`reply` must give a call at once, not a promise: it travels in the answer', 'reply');
  }
  const { method, ...params } = reply as { method?: unknown } & Record<string, unknown>;
  const operation = typeof method === 'string' ? operationOf(method, params) : undefined;
  if (operation === undefined || refused.test(String(method))) {
    throw invalid('`method` must be a method that Telegram takes in the answer of a webhook', 'method');
  }
  if (!isIdempotent(operation, params) || operation.rate !== 'none') {
    throw invalid(
      '`method` must be one that may fail unseen and is not paced; send messages through the client or an outbox',
      'method',
    );
  }
  if (hasFiles(params)) throw invalid('A file cannot travel in the answer of a webhook', 'reply');
  return reply;
}

const refused = /^(get|setwebhook$|deletewebhook$|close$|logout$|uploadstickerfile$)/i;

function invalid(message: string, field: string): CartieError {
  return new CartieError('invalid_input', message, { service: 'telegram', operation: 'reply', field });
}
