import { createHash } from 'node:crypto';
import {
  CartieError,
  createWebhookHandler,
  parseWith,
  type RequestHandler,
  verifyHmacSha256,
  type WebhookOptions,
} from '@cartie/core';
import { toUpdate, type ViberCallback, type ViberConversationStarted } from './callbacks.ts';
import { checkSize, createMessageChecker } from './check-message.ts';
import { service } from './invalid.ts';
import type { ViberLimits } from './limits.ts';
import { ownFields } from './options.ts';
import type { ViberMessage, ViberSender } from './types.ts';

/** Options of {@link createViberWebhook}. */
export interface ViberWebhookOptions
  extends Omit<WebhookOptions<ViberCallback>, 'service' | 'verify' | 'parse' | 'onGet' | 'respond'> {
  /** The bot's token, which Viber signs with. While it is being replaced give the new one and the old one. */
  authToken: string | readonly string[];
  /**
   * The bot's id, `pa:…`, as `getAccountInfo` tells it: part of every update's `source`, so that those of several bots
   * are not mixed up.
   * @default a hash of the (first) token
   */
  accountId?: string | undefined;
  /**
   * Gives the welcome message that travels in the answer to this very callback, or `undefined` for none. Runs once the
   * callback is taken, also when Viber repeats it: it must be synchronous and have no effects. A message that is not
   * valid is reported to `onError`, and no welcome is sent.
   */
  onConversationStarted?: ((callback: ViberConversationStarted) => ViberMessage | undefined) | undefined;
  /** Whose name the welcome message shows, where it does not say it itself. */
  sender?: ViberSender | undefined;
  /** Limits on which Viber's pages do not agree. */
  limits?: ViberLimits | undefined;
}

/**
 * The bot's webhook. The signature over the raw bytes is checked in constant time, from the header
 * `X-Viber-Content-Signature` or, without it, from `sig` in the query. Each callback goes to `onUpdate`; when that resolves Viber
 * gets its 200, else it calls again: after 10 s, 60 s, 5 min, 10 min, 15 min, up to ten times.
 *
 * ```ts
 * const webhook = createViberWebhook({
 *   authToken,
 *   onUpdate: (update) => inbox.accept(update),
 *   onConversationStarted: ({ user }) => ({ type: 'text', text: `Hello, ${user.name}!` }),
 * });
 * ```
 *
 * @throws CartieError `invalid_config` for a missing, wrong or unknown option
 * @see https://developers.viber.com/docs/api/rest-bot-api/#callbacks
 */
export function createViberWebhook(options: ViberWebhookOptions): RequestHandler {
  const { authToken, accountId, onConversationStarted, sender, limits, ...rest } =
    options ?? ({} as ViberWebhookOptions);
  const secrets: readonly string[] = Array.isArray(authToken) ? authToken : [authToken as string];
  const [first] = secrets;
  if (first === undefined || secrets.some((secret) => typeof secret !== 'string' || secret.trim() === '')) {
    throw invalidConfig('authToken', 'must be the bot’s token, or a list of tokens');
  }
  if (accountId !== undefined && (typeof accountId !== 'string' || accountId === '')) {
    throw invalidConfig('accountId', 'must be the bot’s id, as getAccountInfo() tells it');
  }
  if (onConversationStarted !== undefined && typeof onConversationStarted !== 'function') {
    throw invalidConfig('onConversationStarted', 'must be a function');
  }
  if (sender !== undefined) parseWith(ownFields.sender, sender, { service, at: 'sender' });
  parseWith(ownFields.limits, limits, { service, at: 'limits' });
  const check = createMessageChecker(sender, limits);
  const source = `viber:${accountId ?? createHash('sha256').update(first).digest('hex').slice(0, 16)}`;
  return createWebhookHandler<ViberCallback>({
    ...rest,
    service,
    verify: ({ bytes, headers, query }) =>
      verifyHmacSha256({
        bytes,
        secrets,
        signature: headers.get('x-viber-content-signature') ?? query.get('sig'),
      }),
    parse: (bytes) => [toUpdate(bytes, source)],
    respond: ([update]) => {
      if (onConversationStarted === undefined || update?.kind !== 'conversation_started') return undefined;
      const message = onConversationStarted(update.payload as ViberConversationStarted);
      if (message === undefined) return undefined;
      const welcome = check('onConversationStarted', message);
      checkSize('onConversationStarted', JSON.stringify(welcome));
      return welcome;
    },
  });
}

function invalidConfig(field: string, rule: string): CartieError {
  return new CartieError('invalid_config', `\`${field}\` ${rule}`, { service, field });
}
