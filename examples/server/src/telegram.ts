import { createHmac } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type {
  EventListener,
  HealthCheck,
  HealthReport,
  KeyValueStore,
  LeaseStore,
  Limiter,
  RequestHandler,
  Update,
} from '@cartie/core';
import { undiciFetch } from '@cartie/core/undici';
import {
  createTelegramClient,
  createTelegramPoller,
  createTelegramWebhook,
  type TelegramClient,
} from '@cartie/telegram';
import { Agent, request } from 'undici';
import type { TelegramConfig } from './config.ts';

/** The path that Telegram calls. */
export const telegramWebhookPath = '/webhooks/telegram';

/** Telegram, connected to the inbox. */
export interface TelegramConnection {
  readonly client: TelegramClient;
  readonly botId: string;
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
export interface TelegramParts {
  /** The sandbox's Bot API, where that is used. */
  readonly baseUrl: string | undefined;
  /** Stores an update; resolves when it can be acknowledged. */
  readonly accept: (update: Update) => Promise<unknown>;
  readonly store: KeyValueStore;
  readonly leases: LeaseStore;
  /** Shares the limits of a name with other processes. */
  readonly limiter: (name: string) => Limiter | undefined;
  readonly onEvent: EventListener;
  /** Told what a background task of this module met. */
  readonly onFailure: (failure: { operation: string; error: unknown }) => void;
}

const longestPauseMs = 60_000;

/** Creates the client, and the webhook or the poller. */
export async function connectTelegram(
  config: TelegramConfig,
  parts: TelegramParts,
): Promise<TelegramConnection> {
  const agent = new Agent({ connections: 64 });
  const client = createTelegramClient({
    token: config.token,
    baseUrl: parts.baseUrl,
    fetch: undiciFetch({ request, dispatcher: agent }),
    // Telegram's limits are a bot's.
    limiter: parts.limiter(`telegram:${config.token.split(':')[0]}`),
    onEvent: parts.onEvent,
  });
  const botId = await client.botId();
  const stopping = new AbortController();
  const common = { client, botId, close: () => agent.close() };

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

  const secretToken = config.webhookSecret ?? derivedSecret(config.token);
  let announcing = Promise.resolve();
  const announce = async (url: string): Promise<void> => {
    for (let pauseMs = 1_000; !stopping.signal.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        await client.syncWebhook({ url, secretToken, store: parts.store }, { signal: stopping.signal });
        return;
      } catch (error) {
        if (stopping.signal.aborted) return;
        parts.onFailure({ operation: 'syncWebhook', error });
        await setTimeout(pauseMs, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
  };
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
    // Telegram may be down while the server starts: updates wait there, and this is tried again until it works.
    async receive(publicUrl) {
      announcing = announce(publicUrl + telegramWebhookPath);
    },
    async stop() {
      stopping.abort();
      await announcing;
    },
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

/** The same in every process and after every restart, so that nothing has to be kept. */
function derivedSecret(token: string): string {
  return createHmac('sha256', token).update('cartie-telegram-webhook-secret').digest('base64url');
}
