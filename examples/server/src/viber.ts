import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type {
  EventListener,
  HealthCheck,
  KeyValueStore,
  Limiter,
  RequestHandler,
  Update,
} from '@cartie/core';
import { undiciFetch } from '@cartie/core/undici';
import { createViberClient, createViberWebhook, type ViberClient } from '@cartie/viber';
import { Agent, request } from 'undici';
import type { ViberConfig } from './config.ts';

/** The path that Viber calls. */
export const viberWebhookPath = '/webhooks/viber';

/** Viber, connected to the inbox. */
export interface ViberConnection {
  readonly client: ViberClient;
  /** Tells this bot's conversations from another's. */
  readonly account: string;
  readonly health: HealthCheck;
  /** Serves {@link viberWebhookPath}. */
  readonly webhook: RequestHandler;
  /** Tells Viber the webhook's address, again and again until it takes it. Does not wait for that. */
  receive(publicUrl: string): void;
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** What {@link connectViber} needs from the rest of the server. */
export interface ViberParts {
  /** The sandbox's API, where that is used. */
  readonly baseUrl: string | undefined;
  /** Stores a callback; resolves when it can be acknowledged. */
  readonly accept: (update: Update) => Promise<unknown>;
  readonly store: KeyValueStore;
  /** Shares the pace with other processes. */
  readonly limiter: Limiter | undefined;
  readonly onEvent: EventListener;
  /** Told what a background task of this module met. */
  readonly onFailure: (failure: { operation: string; error: unknown }) => void;
}

const longestPauseMs = 60_000;

/** Creates the client and the webhook; `undefined` where Viber is off. */
export function connectViber(config: ViberConfig, parts: ViberParts): ViberConnection | undefined {
  if (config.mode === 'off') return undefined;
  const { authToken, senderName } = config;
  const agent = new Agent({ connections: 32 });
  const client = createViberClient({
    authToken,
    sender: { name: senderName },
    baseUrl: parts.baseUrl,
    store: parts.store,
    limiter: parts.limiter,
    fetch: undiciFetch({ request, dispatcher: agent }),
    onEvent: parts.onEvent,
  });
  // Known without asking Viber, which may be down while the server starts.
  const account = createHash('sha256').update(authToken).digest('hex').slice(0, 16);
  const stopping = new AbortController();
  let announcing = Promise.resolve();

  async function announce(url: string): Promise<void> {
    for (let pauseMs = 1_000; !stopping.signal.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        await client.setWebhook({ url, send_name: true }, { signal: stopping.signal });
        return;
      } catch (error) {
        if (stopping.signal.aborted) return;
        parts.onFailure({ operation: 'setWebhook', error });
        await setTimeout(pauseMs, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
  }

  return {
    client,
    account,
    health: client.health,
    webhook: createViberWebhook({
      authToken,
      accountId: account,
      // The check of `setWebhook` is answered, and tells nothing.
      onUpdate: async (update) => (update.kind === 'webhook' ? undefined : parts.accept(update)),
      onEvent: parts.onEvent,
      onError: (error) => parts.onFailure({ operation: 'webhook', error }),
    }),
    receive(publicUrl) {
      announcing = announce(publicUrl + viberWebhookPath);
    },
    async stop() {
      stopping.abort();
      await announcing;
    },
    close: () => agent.close(),
  };
}
