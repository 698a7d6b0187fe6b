import type {
  HealthCheck,
  HealthReport,
  KeyValueStore,
  LeaseStore,
  Limiter,
  RequestHandler,
} from '@cartie/core';
import { undiciFetch } from '@cartie/core/undici';
import { createTelegramClient, createTelegramPoller, createTelegramWebhook } from '@cartie/telegram';
import { Agent, request } from 'undici';
import type { ChannelConnection } from './channels.ts';
import { derivedSecret } from './derived-secret.ts';
import { telegramSender } from './outgoing.ts';
import type { ReceiverParts } from './receiver-parts.ts';
import type { TelegramConfig } from './telegram-config.ts';
import { createWebhookAnnouncer } from './webhook-announcer.ts';

/** The path that Telegram calls. */
export const telegramWebhookPath = '/webhooks/telegram';

/** Telegram, connected to the inbox. */
export interface TelegramConnection extends ChannelConnection {
  readonly health: HealthCheck;
  /** Serves {@link telegramWebhookPath}; `undefined` where the server asks for updates itself. */
  readonly webhook: RequestHandler | undefined;
  /** Begins to receive: tells Telegram the webhook's address, or starts to poll. Does not wait for Telegram. */
  receive(publicUrl: string): Promise<void>;
  /** Takes no new updates. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** What {@link connectTelegram} needs from the rest of the server. */
export interface TelegramParts extends ReceiverParts {
  /** The sandbox's Bot API and page, where that is used. */
  readonly sandbox: { readonly apiUrl: string; readonly pageUrl: string } | undefined;
  readonly store: KeyValueStore;
  readonly leases: LeaseStore;
  /** Shares the limits of a name with other processes. */
  readonly limiter: (name: string) => Limiter | undefined;
}

/** Creates the client, and the webhook or the poller. */
export async function connectTelegram(
  config: TelegramConfig,
  parts: TelegramParts,
): Promise<TelegramConnection> {
  const onSandbox = config.mode === 'sandbox';
  const agent = new Agent({ connections: 64 });
  const client = createTelegramClient({
    token: config.token,
    baseUrl: onSandbox ? parts.sandbox?.apiUrl : config.apiUrl,
    fetch: undiciFetch({ request, dispatcher: agent }),
    // Telegram's limits are a bot's.
    limiter: parts.limiter(`telegram:${config.token.split(':')[0]}`),
    onEvent: parts.onEvent,
  });
  const botId = await client.botId();
  const common = {
    channel: {
      id: 'telegram',
      name: 'Telegram',
      account: botId,
      maxTextLength: 4_096,
      sandboxUrl: onSandbox ? parts.sandbox?.pageUrl : undefined,
    },
    sender: telegramSender(client),
    close: () => agent.close(),
  } as const;

  if (config.mode === 'polling') {
    const poller = createTelegramPoller({
      client,
      store: parts.store,
      leases: parts.leases,
      onUpdate: parts.accept,
      onError: (error) => parts.onFailure({ operation: 'getUpdates', error }),
    });
    return {
      ...common,
      health: async (options) => worse(await client.health(options), await poller.health(options)),
      webhook: undefined,
      async receive() {
        // Telegram gives updates to a webhook or to a poller. What waits there stays there.
        await client.deleteWebhook().catch((error) => parts.onFailure({ operation: 'deleteWebhook', error }));
        poller.start();
      },
      stop: () => poller.stop(),
    };
  }

  const secretToken = config.webhookSecret ?? derivedSecret(config.token, 'cartie-telegram-webhook-secret');
  const announcer = createWebhookAnnouncer({
    path: telegramWebhookPath,
    announce: (url, signal) => client.syncWebhook({ url, secretToken, store: parts.store }, { signal }),
    onError: (error) => parts.onFailure({ operation: 'syncWebhook', error }),
  });
  return {
    ...common,
    health: client.health,
    webhook: createTelegramWebhook({
      secretToken,
      botId,
      onUpdate: parts.accept,
      onEvent: parts.onEvent,
      onError: (error) => parts.onFailure({ operation: 'webhook', error }),
    }),
    receive: async (publicUrl) => announcer.receive(publicUrl),
    stop: () => announcer.stop(),
  };
}

/** The client and the poller are one integration: it is as well as the worse of them. */
function worse(client: HealthReport, poller: HealthReport): HealthReport {
  const isWorse = (poller.status === 'down' || poller.status === 'degraded') && client.status !== 'down';
  return {
    ...client,
    ...(isWorse && { status: poller.status, detail: poller.detail }),
    facts: { ...client.facts, ...poller.facts },
  };
}
