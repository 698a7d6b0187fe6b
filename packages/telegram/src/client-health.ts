import {
  type Breaker,
  type CallOptions,
  cachedHealth,
  type HealthCheck,
  type HealthReport,
  isCartieError,
} from '@cartie/core';
import type { UserFromGetMe, WebhookInfo } from '@grammyjs/types';
import type { Call } from './call.ts';

/** A webhook whose last failure is older than this is well again. Milliseconds. */
const recentMs = 5 * 60_000;

/** Builds `health()`: does Telegram know the bot, and does the webhook work? */
export function createHealth(call: Call, breaker: Breaker | undefined): HealthCheck {
  return cachedHealth(async ({ signal } = {}): Promise<HealthReport> => {
    const common = () => ({ circuit: breaker?.state, checkedAt: Date.now() });
    try {
      return { ...(await ask(call, { signal, retries: 0 })), ...common() };
    } catch (error) {
      if (!isCartieError(error)) throw error;
      // Being asked to slow down is no outage.
      const status = error.code === 'rate_limited' || error.code === 'overloaded' ? 'degraded' : 'down';
      return { status, detail: error.message, ...common() };
    }
  });
}

async function ask(
  call: Call,
  options: CallOptions,
): Promise<Pick<HealthReport, 'status' | 'detail' | 'latencyMs' | 'facts'>> {
  const startedAt = performance.now();
  const me = (await call('getMe', {}, options)).data as UserFromGetMe;
  const latencyMs = Math.round(performance.now() - startedAt);
  const webhook = (await call('getWebhookInfo', {}, options)).data as WebhookInfo;
  const waiting = webhook.pending_update_count;
  const failedAt = webhook.url ? (webhook.last_error_date ?? 0) * 1000 : 0;
  const facts = {
    bot: me.username,
    webhook: Boolean(webhook.url),
    pendingUpdates: waiting,
    ...(failedAt > 0 && { lastWebhookErrorAt: failedAt }),
  };
  if (Date.now() - failedAt > recentMs) return { status: 'ok', latencyMs, facts };
  const detail = `Telegram could not deliver to the webhook; updates that wait: ${waiting}.`;
  return { status: 'degraded', latencyMs, facts, detail };
}
