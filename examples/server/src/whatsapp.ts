import type { HealthCheck, Limiter, RequestHandler } from '@cartie/core';
import { undiciFetch } from '@cartie/core/undici';
import { createWhatsAppClient, createWhatsAppWebhook } from '@cartie/whatsapp';
import { Agent, request } from 'undici';
import type { ChannelConnection } from './channels.ts';
import type { ReceiverParts } from './receiver-parts.ts';
import { createWebhookAnnouncer, type WebhookAnnouncer } from './webhook-announcer.ts';
import type { WhatsAppAccount, WhatsAppConfig } from './whatsapp-config.ts';
import { whatsAppSender } from './whatsapp-sender.ts';
import { createTemplateBook } from './whatsapp-templates.ts';

/** The path that Meta calls. */
export const whatsAppWebhookPath = '/webhooks/whatsapp';

/** Types that WhatsApp takes, and the most bytes of any: what an operator may attach. */
const acceptedFiles = {
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
export interface WhatsAppConnection extends ChannelConnection, WebhookAnnouncer {
  readonly health: HealthCheck;
  /** Serves {@link whatsAppWebhookPath}. */
  readonly webhook: RequestHandler;
  close(): Promise<void>;
}

/** What {@link connectWhatsApp} needs from the rest of the server. */
export interface WhatsAppParts extends ReceiverParts {
  /** The sandbox's number, its API and its page, where that is used. */
  readonly sandbox: (WhatsAppAccount & { readonly apiUrl: string; readonly pageUrl: string }) | undefined;
  /** Shares the rates with other processes. */
  readonly limiter: Limiter | undefined;
}

/** Creates the client and the webhook; `undefined` where WhatsApp is off. */
export function connectWhatsApp(
  config: WhatsAppConfig,
  parts: WhatsAppParts,
): WhatsAppConnection | undefined {
  const sandbox = config.mode === 'sandbox' ? parts.sandbox : undefined;
  const account = config.mode === 'live' ? config.account : sandbox;
  if (config.mode === 'off' || account === undefined) return undefined;
  const { phoneNumberId, businessAccountId, accessToken, appSecret, verifyToken } = account;
  const agent = new Agent({ connections: 64 });
  const client = createWhatsAppClient({
    phoneNumberId,
    businessAccountId,
    accessToken,
    appSecret,
    rates: { throughput: { limit: config.throughput, intervalMs: 1_000 } },
    baseUrl: sandbox?.apiUrl,
    limiter: parts.limiter,
    fetch: undiciFetch({ request, dispatcher: agent }),
    onEvent: parts.onEvent,
  });
  return {
    ...createWebhookAnnouncer({
      path: whatsAppWebhookPath,
      announce: (url, signal) =>
        client.account.subscribe({ override_callback_uri: url, verify_token: verifyToken }, { signal }),
      onError: (error) => parts.onFailure({ operation: 'subscribeApp', error }),
    }),
    channel: {
      id: 'whatsapp',
      name: 'WhatsApp',
      account: phoneNumberId,
      maxTextLength: 4_096,
      sandboxUrl: sandbox?.pageUrl,
      files: acceptedFiles,
      hasTemplates: true,
      windowMs: 24 * 60 * 60 * 1_000,
      fallbackTemplate: config.fallback?.name,
    },
    sender: whatsAppSender(client, config.fallback),
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
    close: () => agent.close(),
  };
}
