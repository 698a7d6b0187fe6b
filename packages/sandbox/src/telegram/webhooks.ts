import type { ProviderContext } from '../provider.ts';
import { apiFailure, badRequest, tooManyRequests } from './api-failure.ts';
import { createDelivery, type DeliveryAttempt, deliveryRules } from './delivery.ts';
import type { Params } from './params.ts';
import type { Bot } from './state.ts';
import { createDirectSender, createHttpSender } from './webhook-sender.ts';

/** The webhooks of all bots. */
export interface Webhooks {
  /** setWebhook; an empty URL removes. */
  set(bot: Bot, params: Params): string;
  remove(bot: Bot, params: Params): string;
  info(bot: Bot): Record<string, unknown>;
  active(bot: Bot): boolean;
  clear(): void;
}

interface Webhook {
  readonly url: string;
  readonly secretToken: string | undefined;
  readonly maxConnections: number;
  readonly ipAddress: string | undefined;
  readonly hasCertificate: boolean;
  readonly stop: () => void;
  lastError?: { at: number; message: string };
}

/** What happens around webhooks. */
export interface WebhookEvents {
  attempted(bot: Bot, attempt: DeliveryAttempt): void;
  /** The webhook answered with a method to execute. */
  replied(bot: Bot, body: string): void;
  /** A webhook is about to be set: waiting polls end. */
  setting(bot: Bot): void;
}

const largestCertificate = 3 << 20;

/** Creates {@link Webhooks}. */
export function createWebhooks(context: ProviderContext, events: WebhookEvents): Webhooks {
  const { clock } = context;
  const webhooks = new Map<number, Webhook>();
  const nextSetAt = new Map<number, number>();

  function start(bot: Bot, params: Params, url: string): Webhook {
    const secretToken = params.text('secret_token') || undefined;
    const maxConnections = maxConnectionsOf(params);
    const target = {
      url,
      secretToken,
      maxConnections,
      timeoutMs: clock.scaled(deliveryRules.readTimeout * 1_000),
    };
    const delivery = createDelivery({
      sender: context.webhookFetch
        ? createDirectSender(target, context.webhookFetch)
        : createHttpSender(target),
      maxConnections,
      queue: bot.updates,
      clock,
      events: {
        attempted: (attempt) => events.attempted(bot, attempt),
        replied: (body) => events.replied(bot, body),
        failed(message) {
          webhook.lastError = { at: clock.seconds(), message };
        },
        gone: () => stop(bot),
      },
    });
    const webhook: Webhook = {
      url,
      secretToken,
      maxConnections,
      ipAddress: params.text('ip_address') || undefined,
      hasCertificate: certificateOf(params) !== undefined,
      stop() {
        forget();
        delivery.stop();
      },
    };
    for (const update of bot.updates.pending()) delivery.add(update);
    const forget = bot.updates.onAdd(delivery.add);
    return webhook;
  }

  function stop(bot: Bot): void {
    webhooks.get(bot.id)?.stop();
    webhooks.delete(bot.id);
  }

  function remove(bot: Bot, params: Params): string {
    const existed = webhooks.has(bot.id);
    stop(bot);
    if (params.boolean('drop_pending_updates')) bot.updates.clear();
    return existed ? 'Webhook was deleted' : 'Webhook is already deleted';
  }

  return {
    active: (bot) => webhooks.has(bot.id),
    remove,
    set(bot, params) {
      const given = params.text('url').trim();
      if (given === '') return remove(bot, params);
      const url = given.includes('://') ? given : `https://${given}`;
      if (clock.now() < (nextSetAt.get(bot.id) ?? 0)) throw tooManyRequests(1);
      nextSetAt.set(bot.id, clock.now() + clock.scaled(1_000));
      checkTarget(url, params);
      const current = webhooks.get(bot.id);
      const allowed = params.array('allowed_updates');
      if (current && !params.boolean('drop_pending_updates') && isSame(current, url, params)) {
        if (allowed) bot.updates.allow(allowed.map(String));
        return 'Webhook is already set';
      }
      if (allowed) bot.updates.allow(allowed.map(String));
      events.setting(bot);
      stop(bot);
      if (params.boolean('drop_pending_updates')) bot.updates.clear();
      webhooks.set(bot.id, start(bot, params, url));
      return 'Webhook was set';
    },
    info(bot) {
      const webhook = webhooks.get(bot.id);
      const allowed = bot.updates.allowed();
      return {
        url: webhook?.url ?? '',
        has_custom_certificate: webhook?.hasCertificate ?? false,
        pending_update_count: bot.updates.pending().length,
        ...(webhook && {
          ...(webhook.ipAddress && { ip_address: webhook.ipAddress }),
          ...(webhook.lastError && {
            last_error_date: webhook.lastError.at,
            last_error_message: webhook.lastError.message,
          }),
          max_connections: webhook.maxConnections,
        }),
        ...(allowed && { allowed_updates: allowed }),
      };
    },
    clear() {
      for (const webhook of webhooks.values()) webhook.stop();
      webhooks.clear();
      nextSetAt.clear();
    },
  };
}

function maxConnectionsOf(params: Params): number {
  return Math.min(Math.max(params.integer('max_connections', 40), 1), 100);
}

function certificateOf(params: Params): { bytes: Uint8Array } | undefined {
  return params.upload(params.values.certificate, 'certificate');
}

function isSame(webhook: Webhook, url: string, params: Params): boolean {
  return (
    webhook.url === url &&
    !webhook.hasCertificate &&
    certificateOf(params) === undefined &&
    webhook.maxConnections === maxConnectionsOf(params) &&
    webhook.secretToken === (params.text('secret_token') || undefined) &&
    webhook.ipAddress === (params.text('ip_address') || undefined)
  );
}

function checkTarget(url: string, params: Params): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !/^https?:$/.test(parsed.protocol)) throw badRequest('invalid webhook URL specified');
  const secret = params.text('secret_token');
  if (secret.length > 256) throw badRequest('secret token is too long');
  if (!/^[A-Za-z0-9_-]*$/.test(secret)) throw badRequest('secret token contains unallowed characters');
  const certificate = certificateOf(params);
  if (certificate && certificate.bytes.length > largestCertificate) {
    throw badRequest(`certificate size is too big (${certificate.bytes.length} bytes)`);
  }
  // Here the sandbox differs from Telegram: on this machine any port and plain HTTP will do.
  if (isLoopback(parsed.hostname)) return;
  if (parsed.protocol === 'http:') {
    throw badRequest('bad webhook: An HTTPS URL must be provided for webhook');
  }
  if (!['', '443', '80', '88', '8443'].includes(parsed.port)) {
    throw badRequest('bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443');
  }
  if (isReserved(parsed.hostname)) {
    throw apiFailure(400, `Bad Request: bad webhook: IP address ${parsed.hostname} is reserved`);
  }
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127\./.test(hostname)
  );
}

function isReserved(hostname: string): boolean {
  return /^(0\.|10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.)/.test(hostname);
}
