import { type Breaker, cachedHealth, type HealthCheck, type HealthReport, isCartieError } from '@cartie/core';
import type { ViberAccountInfo } from './types.ts';

/** Builds `health()`: does Viber know the bot, and is a webhook set? Without one Viber lets a bot send nothing. */
export function createHealth(
  getAccountInfo: (options: {
    signal?: AbortSignal | undefined;
    retries: number;
  }) => Promise<ViberAccountInfo>,
  breaker: Breaker | undefined,
): HealthCheck {
  return cachedHealth(async ({ signal } = {}): Promise<HealthReport> => {
    const common = () => ({ circuit: breaker?.state, checkedAt: Date.now() });
    const startedAt = performance.now();
    try {
      const account = await getAccountInfo({ signal, retries: 0 });
      const webhook = Boolean(account.webhook);
      return {
        status: webhook ? 'ok' : 'degraded',
        ...(!webhook && {
          detail: 'No webhook is set: Viber refuses to send until setWebhook() was called.',
        }),
        latencyMs: Math.round(performance.now() - startedAt),
        facts: {
          account: account.name,
          webhook,
          ...(account.subscribers_count !== undefined && { subscribers: account.subscribers_count }),
        },
        ...common(),
      };
    } catch (error) {
      if (!isCartieError(error)) throw error;
      // Being asked to slow down is no outage.
      const status = error.code === 'rate_limited' || error.code === 'overloaded' ? 'degraded' : 'down';
      return { status, detail: error.message, ...common() };
    }
  });
}
