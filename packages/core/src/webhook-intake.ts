import type { Update, WebhookRate } from './webhook.ts';
import { defaultRetryAfterMs, type Refusal } from './webhook-refusal.ts';

/** Lets updates in while there is room. */
export interface Intake {
  /** Takes room for all updates of a request or for none. */
  enter(updates: readonly Update[]): Refusal | undefined;
  /** Gives the room back once the work has really ended. */
  leave(count: number): void;
}

/** Bounds the updates in flight and, with `rate`, the updates of each source over time. */
export function createIntake(maxInFlight: number, rate: WebhookRate | undefined): Intake {
  let inFlight = 0;
  const buckets = new Map<string, Bucket>();

  const waitMs = (updates: readonly Update[], rate: WebhookRate): number => {
    const now = performance.now();
    const counts = new Map<string, number>();
    for (const { source } of updates) counts.set(source, (counts.get(source) ?? 0) + 1);
    let wait = 0;
    for (const source of counts.keys()) {
      const bucket = refill(buckets, source, rate, now);
      if (bucket.tokens < 1) wait = Math.max(wait, ((1 - bucket.tokens) * rate.intervalMs) / rate.limit);
    }
    if (wait > 0) return wait;
    // A batch larger than what is left goes through and is paid off later, else it could never be delivered.
    for (const [source, count] of counts) refill(buckets, source, rate, now).tokens -= count;
    return 0;
  };

  return {
    enter(updates) {
      // The same for a batch larger than the whole bound: it enters alone.
      if (inFlight > 0 && inFlight + updates.length > maxInFlight) return overloaded(1_000);
      if (rate !== undefined) {
        const wait = waitMs(updates, rate);
        if (wait > 0) return overloaded(wait);
      }
      inFlight += updates.length;
      return undefined;
    },
    leave(count) {
      inFlight -= count;
    },
  };
}

interface Bucket {
  tokens: number;
  at: number;
}

// Sources are known to be authentic here, so there are as many buckets as tenants.
function refill(buckets: Map<string, Bucket>, source: string, rate: WebhookRate, now: number): Bucket {
  let bucket = buckets.get(source);
  if (bucket === undefined) {
    bucket = { tokens: rate.limit, at: now };
    buckets.set(source, bucket);
    return bucket;
  }
  bucket.tokens = Math.min(rate.limit, bucket.tokens + ((now - bucket.at) * rate.limit) / rate.intervalMs);
  bucket.at = now;
  return bucket;
}

function overloaded(retryAfterMs: number = defaultRetryAfterMs): Refusal {
  return {
    status: 503,
    code: 'overloaded',
    message: 'Too many updates at once; send again later.',
    retryAfterMs,
  };
}
