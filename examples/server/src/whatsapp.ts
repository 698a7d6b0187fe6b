import { setTimeout } from 'node:timers/promises';
import type { EventListener, HealthCheck, Limiter, RequestHandler, Update } from '@cartie/core';
import { undiciFetch } from '@cartie/core/undici';
import { createWhatsAppClient, createWhatsAppWebhook, type WhatsAppClient } from '@cartie/whatsapp';
import { Agent, request } from 'undici';
import type { ChannelFiles } from './message-files.ts';
import type { WhatsAppAccount, WhatsAppConfig } from './whatsapp-config.ts';
import { createTemplateBook, type TemplateBook } from './whatsapp-templates.ts';

/** The path that Meta calls. */
export const whatsAppWebhookPath = '/webhooks/whatsapp';

/** Types that WhatsApp takes, and the most bytes of any: what an operator may attach. */
export const whatsAppFiles = {
  accept: [
    'image/jpeg',
    'image/png',
    'image/webp',
    'audio/aac',
    'audio/amr',
    'audio/mpeg',
    'audio/mp4',
    'audio/ogg',
    'video/mp4',
    'video/3gpp',
    'application/pdf',
    'text/plain',
    'application/msword',
    'application/vnd.ms-excel',
    'application/vnd.ms-powerpoint',
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  ],
  maxBytes: 16 * 1024 * 1024,
} as const;

/** WhatsApp, connected to the inbox. */
export interface WhatsAppConnection {
  readonly client: WhatsAppClient;
  /** The id of the number: tells its conversations from another's. */
  readonly account: string;
  readonly health: HealthCheck;
  /** Serves {@link whatsAppWebhookPath}. */
  readonly webhook: RequestHandler;
  readonly files: ChannelFiles;
  readonly templates: TemplateBook;
  /** Has the account's webhooks sent to this address, again and again until Meta does so. Does not wait for that. */
  receive(publicUrl: string): void;
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** What {@link connectWhatsApp} needs from the rest of the server. */
export interface WhatsAppParts {
  /** The sandbox's number and its API, where that is used. */
  readonly sandbox: (WhatsAppAccount & { readonly apiUrl: string }) | undefined;
  /** Stores an update; resolves when it can be acknowledged. */
  readonly accept: (update: Update) => Promise<unknown>;
  /** Shares the rates with other processes. */
  readonly limiter: Limiter | undefined;
  readonly onEvent: EventListener;
  /** Told what a background task of this module met. */
  readonly onFailure: (failure: { operation: string; error: unknown }) => void;
}

const longestPauseMs = 60_000;

/** Creates the client and the webhook; `undefined` where WhatsApp is off. */
export function connectWhatsApp(
  config: WhatsAppConfig,
  parts: WhatsAppParts,
): WhatsAppConnection | undefined {
  const account = config.mode === 'live' ? config.account : parts.sandbox;
  if (config.mode === 'off' || account === undefined) return undefined;
  const { phoneNumberId, businessAccountId, accessToken, appSecret, verifyToken } = account;
  const agent = new Agent({ connections: 64 });
  const client = createWhatsAppClient({
    phoneNumberId,
    businessAccountId,
    accessToken,
    appSecret,
    rates: { throughput: { limit: config.throughput, intervalMs: 1_000 } },
    baseUrl: config.mode === 'sandbox' ? parts.sandbox?.apiUrl : undefined,
    limiter: parts.limiter,
    fetch: undiciFetch({ request, dispatcher: agent }),
    onEvent: parts.onEvent,
  });
  const stopping = new AbortController();
  const { signal } = stopping;
  let announcing = Promise.resolve();

  async function announce(url: string): Promise<void> {
    for (let pauseMs = 1_000; !signal.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        await client.account.subscribe({ override_callback_uri: url, verify_token: verifyToken }, { signal });
        return;
      } catch (error) {
        if (signal.aborted) return;
        parts.onFailure({ operation: 'subscribeApp', error });
        await setTimeout(pauseMs, undefined, { signal }).catch(() => {});
      }
    }
  }

  return {
    client,
    account: phoneNumberId,
    health: client.health,
    webhook: createWhatsAppWebhook({
      verifyToken,
      appSecret,
      onUpdate: parts.accept,
      onEvent: parts.onEvent,
      onError: (error) => parts.onFailure({ operation: 'webhook', error }),
    }),
    files: {
      async upload({ bytes, type, name }, options) {
        const { id } = await client.media.upload(bytes, { type, name, signal: options.signal });
        return { id, type, name };
      },
      async download({ id, type, sha256 }, options) {
        const file = { id, mime_type: type, sha256 };
        const { bytes } = await client.media.download(file, {
          maxBytes: options.maxBytes,
          signal: options.signal,
        });
        return bytes;
      },
    },
    templates: createTemplateBook(client),
    receive(publicUrl) {
      announcing = announce(publicUrl + whatsAppWebhookPath);
    },
    async stop() {
      stopping.abort();
      await announcing;
    },
    close: () => agent.close(),
  };
}
