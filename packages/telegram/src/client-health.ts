import {
  type Breaker,
  type CallOptions,
  cachedHealth,
  type HealthCheck,
  type HealthReport,
} from '@cartie/core';
import type { UserFromGetMe, WebhookInfo } from '@grammyjs/types';
import type { Call } from './call.ts';

/** A webhook whose last failure is older than this is well again. Milliseconds. */
const recentMs = 5 * 60_000;

/** Builds `health()`: does Telegram know the bot, and does the webhook work? */
export function createHealth(call: Call, breaker: Breaker | undefined): HealthCheck {
  return cachedHealth(async ({ signal } = {}): Promise<HealthReport> => {
    const options: CallOptions = { signal, retries: 0 };
    const startedAt = performance.now();
    const report = (status: HealthReport['status'], rest: Partial<HealthReport>): HealthReport => ({
      status,
      circuit: breaker?.state,
      checkedAt: Date.now(),
      ...rest,
    });
    const me = (await call('getMe', {}, options)).data as UserFromGetMe;
    const latencyMs = Math.round(performance.now() - startedAt);
    const webhook = (await call('getWebhookInfo', {}, options)).data as WebhookInfo;
    const facts: NonNullable<HealthReport['facts']> = {
      bot: me.username,
      webhook: Boolean(webhook.url),
      pendingUpdates: webhook.pending_update_count,
    };
    const failedAt = (webhook.last_error_date ?? 0) * 1000;
    if (!webhook.url || failedAt === 0) return report('ok', { latencyMs, facts });
    facts.lastWebhookErrorAt = failedAt;
    if (Date.now() - failedAt > recentMs) return report('ok', { latencyMs, facts });
    return report('degraded', {
      latencyMs,
      facts,
      detail: `Telegram could not deliver to the webhook; ${webhook.pending_update_count} updates wait.`,
    });
  });
}
