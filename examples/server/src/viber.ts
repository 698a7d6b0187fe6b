import { createHash } from 'node:crypto';
import type { HealthCheck, KeyValueStore, Limiter, RequestHandler } from '@cartie/core';
import { undiciFetch } from '@cartie/core/undici';
import { createViberClient, createViberWebhook } from '@cartie/viber';
import { Agent, request } from 'undici';
import type { ChannelConnection } from './channels.ts';
import { viberSender } from './outgoing.ts';
import type { ReceiverParts } from './receiver-parts.ts';
import type { ViberConfig } from './viber-config.ts';
import { createWebhookAnnouncer, type WebhookAnnouncer } from './webhook-announcer.ts';

/** The path that Viber calls. */
export const viberWebhookPath = '/webhooks/viber';

/** Viber, connected to the inbox. */
export interface ViberConnection extends ChannelConnection, WebhookAnnouncer {
  readonly health: HealthCheck;
  /** Serves {@link viberWebhookPath}. */
  readonly webhook: RequestHandler;
  close(): Promise<void>;
}

/** What {@link connectViber} needs from the rest of the server. */
export interface ViberParts extends ReceiverParts {
  /** The sandbox's API and page, where that is used. */
  readonly sandbox: { readonly apiUrl: string; readonly pageUrl: string } | undefined;
  readonly store: KeyValueStore;
  /** Shares the pace with other processes. */
  readonly limiter: Limiter | undefined;
}

/** Creates the client and the webhook; `undefined` where Viber is off. */
export function connectViber(config: ViberConfig, parts: ViberParts): ViberConnection | undefined {
  if (config.mode === 'off') return undefined;
  const { authToken, senderName } = config;
  const sandbox = config.mode === 'sandbox' ? parts.sandbox : undefined;
  const agent = new Agent({ connections: 32 });
  const client = createViberClient({
    authToken,
    sender: { name: senderName },
    baseUrl: sandbox?.apiUrl,
    store: parts.store,
    limiter: parts.limiter,
    fetch: undiciFetch({ request, dispatcher: agent }),
    onEvent: parts.onEvent,
  });
  // Known without asking Viber, which may be down while the server starts.
  const account = createHash('sha256').update(authToken).digest('hex').slice(0, 16);
  return {
    ...createWebhookAnnouncer({
      path: viberWebhookPath,
      announce: (url, signal) => client.setWebhook({ url, send_name: true }, { signal }),
      onError: (error) => parts.onFailure({ operation: 'setWebhook', error }),
    }),
    channel: {
      id: 'viber',
      name: 'Viber',
      account,
      maxTextLength: 7_000,
      sandboxUrl: sandbox?.pageUrl,
    },
    sender: viberSender(client),
    health: client.health,
    webhook: createViberWebhook({
      authToken,
      accountId: account,
      // The check of `setWebhook` is answered, and tells nothing.
      onUpdate: async (update) => (update.kind === 'webhook' ? undefined : parts.accept(update)),
      onEvent: parts.onEvent,
      onError: (error) => parts.onFailure({ operation: 'webhook', error }),
    }),
    close: () => agent.close(),
  };
}
