import { type CallOptions, CartieError, type HealthCheck, parseClientOptions } from '@cartie/core';
import { createCallPath } from './call.ts';
import { createHealth } from './client-health.ts';
import { createDownload, type DownloadFile } from './download.ts';
import { operations, type TelegramMethod } from './operations.ts';
import { ownFields, type TelegramClientOptions } from './options.ts';
import { createSendText, type SendText } from './send-text.ts';
import { createSyncWebhook, type SyncWebhook } from './set-webhook.ts';
import { createStreamText, type StreamText } from './stream-text.ts';
import { createTokenReader } from './token.ts';
import type { TelegramAnswer, TelegramArguments, TelegramMethods, TelegramResult } from './types.ts';

/** A bot: every method of the Bot API, each `(params, options?)`, and what the Bot API has no method for. */
export interface TelegramClient extends TelegramMethods {
  /**
   * Any method, also one that is newer than this package, under the same policies. Of an unknown method nothing is
   * known to be safe: it is repeated only as far as `options.idempotent` allows.
   */
  call<Method extends TelegramMethod>(
    method: Method,
    ...args: TelegramArguments<Method>
  ): Promise<TelegramAnswer<TelegramResult<Method>>>;
  call<Result = unknown>(
    method: string,
    params?: Readonly<Record<string, unknown>>,
    options?: CallOptions,
  ): Promise<TelegramAnswer<Result>>;
  /**
   * Fetches a file by its `file_id`, or as `getFile` gave it. There is no way to get its URL: it holds the token.
   * @see https://core.telegram.org/bots/api#getfile
   */
  downloadFile: DownloadFile;
  /**
   * Sends a text of any length: split where it is longer than a message may be, without markup where Telegram cannot
   * read the markup. `reply_parameters` go with the first message, `reply_markup` with the last. If it fails after the
   * first message, the error's `outcome` is `unknown`. Where every message must arrive, split first (`splitText`) and
   * put each part into an outbox.
   */
  sendText: SendText;
  /**
   * Shows a text in a private chat while it is being written (a model's answer), then sends it as `sendText` does. Drafts
   * are paced, and one that fails is left out: only the message counts, and it is sent once the pieces have ended.
   * Where they fail nothing is sent. In other chats there is only the message. No pieces give no message.
   *
   * With `can_stop` the reader gets a button, and you an update `stopped_message_generation` with the `draft_id`: end the
   * pieces then to send what there is, or abort the signal.
   * @see https://core.telegram.org/bots/api#sendmessagedraft
   */
  streamText: StreamText;
  /**
   * Sets the webhook if it is not as wanted already, and computes its `allowed_updates`. Can be called at each start.
   * @see https://core.telegram.org/bots/api#setwebhook
   */
  syncWebhook: SyncWebhook;
  /** getMe and getWebhookInfo: `down` if Telegram does not take the token or does not answer. Cached for 30 s, never throws. */
  health: HealthCheck;
  /** The bot's id, from the token. Asks nobody. */
  botId(): Promise<string>;
}

/**
 * A client of the Bot API that paces itself, repeats only what is safe, and keeps its token to itself.
 *
 * ```ts
 * const telegram = createTelegramClient({ token });
 * await telegram.sendMessage({ chat_id, text: 'Your car is ready' });
 * ```
 *
 * @throws CartieError `invalid_config` for a missing, wrong or unknown option
 * @see https://core.telegram.org/bots/api
 */
export function createTelegramClient(options: TelegramClientOptions): TelegramClient {
  const parsed = parseClientOptions('telegram', options, ownFields);
  if (parsed.localServer !== undefined && parsed.baseUrl === undefined) throw noBaseUrl();
  const token = createTokenReader(parsed.token);
  const { call, caller } = createCallPath(parsed, token);

  const sendText = createSendText(call);
  const methods = Object.fromEntries(
    Object.keys(operations).map((method) => [
      method,
      async (params?: Readonly<Record<string, unknown>>, callOptions?: CallOptions) =>
        (await call(method, params, callOptions)).data,
    ]),
  );
  // The table has exactly the methods of the types, so the cast only puts each name to its own types.
  return Object.freeze({
    ...(methods as unknown as TelegramMethods),
    call: call as TelegramClient['call'],
    downloadFile: createDownload(parsed, token, call, caller.breaker),
    sendText,
    streamText: createStreamText(call, sendText),
    syncWebhook: createSyncWebhook(call, token),
    health: createHealth(call, caller.breaker),
    botId: () => token.botId({ deadlineMs: parsed.deadlineMs }),
  });
}

function noBaseUrl(): CartieError {
  return new CartieError('invalid_config', '`baseUrl` must be the address of your `localServer`', {
    service: 'telegram',
    field: 'baseUrl',
  });
}
