import { cachedHealth, type HealthCheck, type HealthReport, isCartieError } from '@cartie/core';
import type { CallPath } from './call.ts';
import type { AutoRiaQuota } from './quota-ledger.ts';

/** Builds `health()` out of what the last call said and what is left of the quota: a real call would spend it. */
export function createHealth(path: CallPath): HealthCheck {
  return cachedHealth(
    async (): Promise<HealthReport> => {
      const common = { circuit: path.caller.breaker?.state, checkedAt: Date.now() };
      let quota: AutoRiaQuota | undefined;
      try {
        quota = await path.quota();
      } catch (error) {
        if (!isCartieError(error)) throw error;
        return { status: 'down', detail: error.message, ...common };
      }
      const facts = quota && {
        leftThisHour: quota.hour.remaining,
        leftThisMonth: quota.month.remaining,
      };
      return { ...judge(path, quota), ...(facts && { facts }), ...common };
    },
    // Nothing is asked, so what is cached need not be old.
    { ttlMs: 1_000 },
  );
}

function judge(path: CallPath, quota: AutoRiaQuota | undefined): Pick<HealthReport, 'status' | 'detail'> {
  const error = path.lastCall()?.error;
  if (error?.code === 'unauthorized' || error?.code === 'invalid_config') {
    return { status: 'down', detail: error.message };
  }
  if (path.caller.breaker?.state === 'open') {
    return { status: 'down', detail: 'AUTO.RIA does not answer: the circuit is open.' };
  }
  if (quota !== undefined && quota.retryAfterMs > 0) {
    const minutes = Math.ceil(quota.retryAfterMs / 60_000);
    return {
      status: 'degraded',
      detail: `The quota is used up; the next call can be made in ${minutes} min.`,
    };
  }
  if (path.lastCall() === undefined) {
    return { status: 'unknown', detail: 'Nothing was asked yet, and asking costs a call of the quota.' };
  }
  const troubles = ['upstream_error', 'connection_failed', 'timeout', 'invalid_response', 'storage_error'];
  return error !== undefined && troubles.includes(error.code)
    ? { status: 'degraded', detail: error.message }
    : { status: 'ok' };
}
