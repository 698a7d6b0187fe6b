import { type Breaker, cachedHealth, type HealthCheck, type HealthReport } from '@cartie/core';
import { newestVersion, versionNotice } from './api-version.ts';
import type { EventResult } from './types.ts';

/** What the client's sends have shown. */
export interface Watch {
  /** Takes note of what became of events. */
  note(results: readonly EventResult[]): void;
  readonly health: HealthCheck;
}

/** Options of {@link createWatch}. */
export interface WatchOptions {
  readonly breaker: Breaker | undefined;
  readonly apiVersion: string | undefined;
  readonly otherVersion: () => string | undefined;
}

/**
 * Builds `health()` from what sends have shown: there is no call that tells more without costing quota or showing up as
 * an event.
 */
export function createWatch({ breaker, apiVersion = newestVersion, otherVersion }: WatchOptions): Watch {
  const counts = { accepted: 0, invalid: 0, rejected: 0, unknown: 0, unsent: 0 };
  let last: EventResult | undefined;
  let lastAt = 0;

  const status = (): Pick<HealthReport, 'status' | 'detail'> => {
    if (last === undefined) return { status: 'unknown', detail: 'No event was sent yet.' };
    if (last.status === 'unsent' || last.status === 'unknown') {
      return { status: breaker?.state === 'closed' ? 'degraded' : 'down', detail: `${last.error.message}.` };
    }
    const other = otherVersion();
    if (other !== undefined) {
      return {
        status: 'degraded',
        detail: `Meta answers by ${other.slice(0, 10)} instead of ${apiVersion}: set \`apiVersion\` to a version that lives.`,
      };
    }
    const notice = versionNotice(apiVersion, Date.now());
    return notice === undefined ? { status: 'ok' } : { status: 'degraded', detail: notice };
  };

  return {
    note(results) {
      for (const result of results) {
        counts[result.status] += 1;
        if (result.status === 'invalid') continue;
        last = result;
        lastAt = Date.now();
      }
    },
    health: cachedHealth(
      async () => ({
        ...status(),
        circuit: breaker?.state,
        checkedAt: Date.now(),
        facts: { ...counts, ...(last && { lastSentAt: lastAt }) },
      }),
      { ttlMs: 1 },
    ),
  };
}
