import {
  type ClientEvent,
  type HealthCheck,
  isCartieError,
  type LeaseStore,
  type Limiter,
  type RequestHandler,
  type TokenStore,
} from '@cartie/core';
import { undiciFetch } from '@cartie/core/undici';
import { createSendPulseClient, createSendPulseWebhook, type SendPulseClient } from '@cartie/sendpulse';
import type { Logger } from 'pino';
import { Agent, request } from 'undici';
import { createMailingBook, type MailingBook } from './mailing-book.ts';
import type { ReceiverParts } from './receiver-parts.ts';
import type { SendPulseConfig, SendPulseCredentials } from './sendpulse-config.ts';
import { createWebhookAnnouncer, type WebhookAnnouncer } from './webhook-announcer.ts';

/** SendPulse, connected to the inbox and the outbox. */
export interface SendPulseConnection extends WebhookAnnouncer {
  readonly client: SendPulseClient;
  /** `down` with the fact `problem: 'unauthorized'` while SendPulse does not take the credentials. */
  readonly health: HealthCheck;
  /** Does SendPulse refuse the credentials now? */
  readonly isUnauthorized: () => boolean;
  readonly book: MailingBook;
  /** The path that SendPulse calls; ends with the secret. */
  readonly webhookPath: string;
  readonly webhook: RequestHandler;
  close(): Promise<void>;
}

/** What {@link connectSendPulse} needs from the rest of the server. */
export interface SendPulseParts extends ReceiverParts {
  /** The sandbox's account, where that is used. */
  readonly sandbox: { readonly apiUrl: string; readonly credentials: SendPulseCredentials } | undefined;
  readonly tokens: TokenStore;
  readonly leases: LeaseStore;
  /** Shares the pace with other processes. */
  readonly limiter: Limiter | undefined;
  readonly log: Logger;
}

/** Events after which a person cannot be written to, or has come back. */
const watchedEvents = ['unsubscribe', 'spam', 'hard_bounces'] as const;
const accountId = 'main';

/** Creates client and webhook; where SendPulse is off, says so once in the log and gives `undefined`. */
export function connectSendPulse(
  config: SendPulseConfig,
  parts: SendPulseParts,
): SendPulseConnection | undefined {
  const account = config.mode === 'live' ? config : parts.sandbox;
  if (config.mode === 'off' || account === undefined) {
    parts.log.warn(
      'SendPulse is not configured: leads and contacts are not synced. Set SENDPULSE_CLIENT_ID and SENDPULSE_CLIENT_SECRET',
    );
    return undefined;
  }
  const access = watchAccess(parts.log);
  const agent = new Agent({ connections: 16 });
  const common = {
    baseUrl: 'apiUrl' in account ? account.apiUrl : undefined,
    limiter: parts.limiter,
    fetch: undiciFetch({ request, dispatcher: agent }),
    onEvent(event: ClientEvent): void {
      parts.onEvent(event);
      access.listener(event);
    },
  };
  const { credentials } = account;
  const client = createSendPulseClient(
    'apiKey' in credentials
      ? { ...common, ...credentials }
      : { ...common, ...credentials, tokens: parts.tokens, leases: parts.leases },
  );

  async function announce(url: string, signal: AbortSignal): Promise<void> {
    const known = await client.webhooks.list({}, { signal });
    const missing = watchedEvents.filter(
      (action) => !known.some((one) => one.url === url && one.action === action),
    );
    if (missing.length > 0) await client.webhooks.create({ url, actions: missing }, { signal });
  }

  const webhookPath = `/webhooks/sendpulse/${config.webhookSecret}`;
  return {
    ...createWebhookAnnouncer({
      path: webhookPath,
      announce,
      onError(error) {
        // That the credentials are refused was said already.
        if (isCartieError(error) && error.code === 'unauthorized') return;
        parts.onFailure({ operation: 'webhooks.create', error });
      },
    }),
    client,
    isUnauthorized: access.isUnauthorized,
    async health(options) {
      const report = await client.health(options);
      if (report.status !== 'down' || !access.isUnauthorized()) return report;
      return { ...report, facts: { ...report.facts, problem: 'unauthorized' } };
    },
    book: createMailingBook(client, config.addressBookId),
    webhookPath,
    webhook: createSendPulseWebhook({
      secret: config.webhookSecret,
      accountId,
      onUpdate: (update) => parts.accept(update),
      onEvent: parts.onEvent,
      onError: (error) => parts.onFailure({ operation: 'webhook', error }),
    }),
    close: () => agent.close(),
  };
}

/**
 * Says once that the credentials are refused, however many calls learn of it, and once that they are taken again: a token
 * alone does not tell so, since it may be refused like the one before.
 */
function watchAccess(log: Logger): { listener: (event: ClientEvent) => void; isUnauthorized: () => boolean } {
  let isUnauthorized = false;
  return {
    isUnauthorized: () => isUnauthorized,
    listener(event) {
      if (event.type !== 'call_finished') return;
      if (event.code === 'unauthorized' && !isUnauthorized) {
        isUnauthorized = true;
        log.error('SendPulse does not take the credentials: leads and contacts wait until it does');
      } else if (event.code === 'ok' && event.operation !== 'oauth.accessToken' && isUnauthorized) {
        isUnauthorized = false;
        log.info('SendPulse takes the credentials again');
      }
    },
  };
}
