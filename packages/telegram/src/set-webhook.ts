import { createHmac } from 'node:crypto';
import { type CallOptions, CartieError, type KeyValueStore, safeEqual } from '@cartie/core';
import type { WebhookInfo } from '@grammyjs/types';
import type { Call } from './call.ts';
import type { TokenReader } from './token.ts';
import type { InputFile } from './types.ts';
import { allowedUpdates, sameKinds, type WantedKinds } from './updates.ts';
import { checkSecretToken } from './webhook.ts';

/** What the webhook should be. */
export interface WebhookSettings {
  /** Where Telegram sends updates: https, on port 443, 80, 88 or 8443. */
  url: string;
  /** What Telegram proves itself with; the first `secretToken` of `createTelegramWebhook`. */
  secretToken: string;
  /**
   * What to be told. Telegram leaves `chat_member`, `message_reaction` and `message_reaction_count` out of its default
   * set. @default 'default'
   */
  kinds?: WantedKinds | undefined;
  /** Connections that Telegram opens at once, 1 to 100. @default 40 */
  maxConnections?: number | undefined;
  /** Send to this address instead of looking the host up. */
  ipAddress?: string | undefined;
  /** The certificate, where it is signed by nobody that Telegram knows. Sets the webhook at each call: it cannot be compared. */
  certificate?: InputFile | undefined;
  /** Remembers which secret is set (as a keyed hash) over restarts. Without it each process sets the webhook once. */
  store?: Pick<KeyValueStore, 'get' | 'put'> | undefined;
}

/** Sets the webhook if it is not already as wanted. */
export type SyncWebhook = (settings: WebhookSettings, options?: CallOptions) => Promise<'set' | 'unchanged'>;

/**
 * Builds `syncWebhook`. Telegram tells everything about a webhook but its secret, so a keyed hash of the secret that
 * was set last is kept: in this client, and in `store`.
 */
export function createSyncWebhook(call: Call, token: TokenReader): SyncWebhook {
  let lastSet: string | undefined;
  return async (settings, options) => {
    check(settings);
    const { url, secretToken, maxConnections = 40, ipAddress, certificate, store } = settings;
    const kinds = allowedUpdates(settings.kinds);
    const info = (await call('getWebhookInfo', {}, options)).data as WebhookInfo;
    const mark = createHmac('sha256', await token.read())
      .update(`${url}\n${secretToken}`)
      .digest('base64url');
    const markKey = `telegram:${await token.botId()}:webhook`;
    const known = store === undefined ? lastSet : (await store.get(markKey))?.value;
    const unchanged =
      certificate === undefined &&
      safeEqual(known, mark) &&
      info.url === url &&
      (info.max_connections ?? 40) === maxConnections &&
      (ipAddress === undefined || info.ip_address === ipAddress) &&
      sameKinds(info.allowed_updates, kinds);
    if (unchanged) return 'unchanged';
    await call(
      'setWebhook',
      {
        url,
        secret_token: secretToken,
        allowed_updates: kinds,
        max_connections: maxConnections,
        ip_address: ipAddress,
        certificate,
      },
      options,
    );
    lastSet = mark;
    await store?.put(markKey, mark);
    return 'set';
  };
}

function check(settings: WebhookSettings): void {
  const { url, secretToken, maxConnections } = settings ?? {};
  if (typeof url !== 'string' || !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw invalid('`url` must be an absolute https URL', 'url');
  }
  checkSecretToken(secretToken);
  if (
    maxConnections !== undefined &&
    !(Number.isInteger(maxConnections) && maxConnections >= 1 && maxConnections <= 100)
  ) {
    throw invalid('`maxConnections` must be a whole number from 1 to 100', 'maxConnections');
  }
}

function invalid(message: string, field: string): CartieError {
  return new CartieError('invalid_config', message, { service: 'telegram', operation: 'syncWebhook', field });
}
