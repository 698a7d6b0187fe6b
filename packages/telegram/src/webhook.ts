import {
  CartieError,
  createWebhookHandler,
  type RequestHandler,
  safeEqual,
  type Update,
  type WebhookOptions,
} from '@cartie/core';
import type { Update as TelegramUpdate } from '@grammyjs/types';
import { toUpdate } from './updates.ts';
import { replyOf, type TelegramReply } from './webhook-reply.ts';

/** Options of {@link createTelegramWebhook}. */
export interface TelegramWebhookOptions
  extends Omit<WebhookOptions<TelegramUpdate>, 'service' | 'verify' | 'parse' | 'onGet' | 'respond'> {
  /**
   * What `setWebhook` was given as `secret_token`: 1 to 256 letters, digits, `_` and `-`. While it is being replaced
   * give the new one and the old one.
   */
  secretToken: string | readonly string[];
  /** The bot's id, the number before the colon of its token: updates of different bots must not be mixed up. */
  botId: number | string;
  /** How long `dedup` remembers an update: longer than Telegram repeats it, and ids may restart after an idle week. Milliseconds. @default 25 hours */
  dedupMs?: number | undefined;
  /**
   * Gives a call that travels in the answer to this very update, or `undefined` for none: it saves a request, but nobody
   * hears how it went. Only for methods that may fail unseen and are not paced (`answerCallbackQuery`, `sendChatAction`,
   * `deleteMessage`, …); messages go through the client or an outbox. Runs once the update is taken, also when Telegram
   * repeats it, whose first answer it has not read then: it must be synchronous and have no effects. A call that may not
   * travel so is reported to `onError`, and the answer is an empty 200.
   * @see https://core.telegram.org/bots/api#making-requests-when-getting-updates
   */
  reply?: ((update: Update<TelegramUpdate>) => TelegramReply | undefined) | undefined;
}

/**
 * The bot's webhook. Telegram signs nothing: the secret in the header is the only proof that a request is from
 * Telegram, so it is required, and compared in constant time. Each update goes to `onUpdate` with its kind, its
 * `orderKey` (updates of one chat stay in order) and its expiry; when that resolves Telegram gets its 200, else it
 * sends the update again, for 24 hours (callback queries 150 s, inline queries 30 s).
 *
 * ```ts
 * const webhook = createTelegramWebhook({ secretToken, botId, onUpdate: (update) => inbox.accept(update) });
 * app.post('/webhooks/telegram', toNodeListener(webhook));
 * ```
 *
 * @throws CartieError `invalid_config` for a missing, wrong or unknown option
 * @see https://core.telegram.org/bots/api#setwebhook
 */
export function createTelegramWebhook(options: TelegramWebhookOptions): RequestHandler {
  const { secretToken, botId, reply, ...rest } = options ?? {};
  const secrets: readonly string[] = Array.isArray(secretToken) ? [...secretToken] : [secretToken as string];
  if (secrets.length === 0) throw invalidSecret();
  for (const secret of secrets) checkSecretToken(secret);
  if (!/^\d{1,20}$/.test(String(botId))) throw invalidBotId();
  if (reply !== undefined && typeof reply !== 'function') throw invalidReply();
  const source = `telegram:${botId}`;
  return createWebhookHandler<TelegramUpdate>({
    ...rest,
    dedupMs: rest.dedupMs ?? 25 * 60 * 60 * 1000,
    service: 'telegram',
    verify: ({ headers }) => {
      const given = headers.get('x-telegram-bot-api-secret-token');
      // All are compared, so that the time does not tell which one it was.
      return secrets.map((secret) => safeEqual(secret, given)).includes(true);
    },
    parse: (bytes) => [toUpdate(JSON.parse(utf8.decode(bytes)), source)],
    ...(reply !== undefined && {
      respond: ([update]) => (update === undefined ? undefined : replyOf(reply(update))),
    }),
  });
}

/** @throws CartieError `invalid_config` for what Telegram does not take as a `secret_token` */
export function checkSecretToken(secret: unknown): void {
  if (typeof secret !== 'string' || !/^[\w-]{1,256}$/.test(secret)) throw invalidSecret();
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function invalidSecret(): CartieError {
  return new CartieError(
    'invalid_config',
    '`secretToken` must be 1 to 256 characters of A-Z, a-z, 0-9, _ and -, or a list of such secrets',
    { service: 'telegram', field: 'secretToken' },
  );
}

function invalidBotId(): CartieError {
  return new CartieError('invalid_config', '`botId` must be the number before the colon of the bot’s token', {
    service: 'telegram',
    field: 'botId',
  });
}

function invalidReply(): CartieError {
  return new CartieError('invalid_config', '`reply` must be a function', {
    service: 'telegram',
    field: 'reply',
  });
}
