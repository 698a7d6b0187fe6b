import { type Breaker, cachedHealth, type HealthCheck, type HealthReport, isCartieError } from '@cartie/core';
import type { PhoneNumber } from './phone-number.ts';

/** Builds `health()`: is the token valid, and how does the number stand? One request in 2 minutes, since they are counted. */
export function createHealth(number: PhoneNumber, breaker: Breaker | undefined): HealthCheck {
  return cachedHealth(
    async ({ signal } = {}): Promise<HealthReport> => {
      const common = () => ({ circuit: breaker?.state, checkedAt: Date.now() });
      const startedAt = performance.now();
      try {
        const info = await number.info({ signal, retries: 0 });
        const { status = 'UNKNOWN', quality_rating: quality = 'UNKNOWN' } = info;
        const detail = faultOf(status, quality);
        return {
          status: detail === undefined ? 'ok' : 'degraded',
          ...(detail !== undefined && { detail }),
          latencyMs: Math.round(performance.now() - startedAt),
          facts: {
            numberStatus: status,
            quality,
            name: info.verified_name ?? null,
            throughput: info.throughput?.level ?? null,
            messagingLimit: info.whatsapp_business_manager_messaging_limit ?? null,
            token: 'valid',
          },
          ...common(),
        };
      } catch (error) {
        if (!isCartieError(error)) throw error;
        const isRefused = error.code === 'unauthorized' || error.code === 'forbidden';
        return {
          // Being asked to slow down is no outage.
          status: error.code === 'rate_limited' || error.code === 'overloaded' ? 'degraded' : 'down',
          detail: `${error.message}.`,
          ...(isRefused && { facts: { token: 'refused' } }),
          ...common(),
        };
      }
    },
    { ttlMs: 120_000 },
  );
}

function faultOf(status: string, quality: string): string | undefined {
  if (!['CONNECTED', 'UNKNOWN'].includes(status))
    return `The number is ${status.toLowerCase()}, not connected.`;
  if (quality === 'RED') return 'The quality of the number is low: customers block or report its messages.';
  return undefined;
}
