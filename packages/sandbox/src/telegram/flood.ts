import { tooManyRequests } from './api-failure.ts';

/**
 * Limits of messages: the published ones (1/s in a chat with short bursts, 20/min in a group, 30/s overall, 1000/s paid), with bursts
 * as measured by bot authors. `burst` messages may come at once; then one per `seconds / count`.
 * https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
 */
export const floodLimits = {
  chat: { count: 1, seconds: 1, burst: 5 },
  group: { count: 20, seconds: 60, burst: 20 },
  groupEdits: { count: 20, seconds: 60, burst: 20 },
  // Not published; measured by others as 20 in 5 s and 40 in 30 s for one chat.
  drafts: { count: 40, seconds: 30, burst: 20 },
  overall: { count: 30, seconds: 1, burst: 40 },
  paid: { count: 1_000, seconds: 1, burst: 1_000 },
} as const satisfies Record<string, FloodLimit>;

/** So many in so long, and how many of them at once. */
export interface FloodLimit {
  readonly count: number;
  readonly seconds: number;
  readonly burst: number;
}

/** Which limit an action counts against, and for whom. */
export interface FloodKey {
  readonly limit: keyof typeof floodLimits;
  readonly key: string;
  /** Messages that it counts as. @default 1 */
  readonly weight?: number;
}

/** Telegram's flood control. */
export interface Flood {
  /** Counts against every key, or throws a 429 and counts nothing. */
  check(keys: readonly FloodKey[]): void;
  clear(): void;
}

interface Bucket {
  /** Epoch milliseconds when it is full again. */
  fullAt: number;
  /** Answers 429 until then, however empty it is meanwhile. */
  blockedUntil: number;
}

/** Creates {@link Flood}. `scale` shortens the windows; with 0 there are no limits. */
export function createFlood(now: () => number, scale: number): Flood {
  const buckets = new Map<string, Bucket>();

  function sweep(at: number): void {
    for (const [key, bucket] of buckets)
      if (bucket.fullAt <= at && bucket.blockedUntil <= at) buckets.delete(key);
  }

  return {
    check(keys) {
      if (scale === 0) return;
      const at = now();
      if (buckets.size > 10_000) sweep(at);
      let wait = 0;
      const taken: { bucket: Bucket; fullAt: number }[] = [];
      for (const { limit, key, weight = 1 } of keys) {
        const { count, seconds, burst } = floodLimits[limit];
        const interval = (seconds * 1_000 * scale) / count;
        const name = `${limit}:${key}`;
        let bucket = buckets.get(name);
        if (!bucket) {
          bucket = { fullAt: at, blockedUntil: 0 };
          buckets.set(name, bucket);
        }
        const fullAt = Math.max(bucket.fullAt, at) + interval * weight;
        const missing = fullAt - at - interval * Math.max(burst, weight);
        // Half a millisecond: sums of intervals are not exact.
        const blocked = bucket.blockedUntil - at;
        if (blocked > 0) wait = Math.max(wait, blocked);
        else if (missing > 0.5) {
          bucket.blockedUntil = at + missing;
          wait = Math.max(wait, missing);
        }
        taken.push({ bucket, fullAt });
      }
      if (wait > 0) throw tooManyRequests(Math.max(1, Math.ceil(wait / 1_000)));
      for (const { bucket, fullAt } of taken) bucket.fullAt = fullAt;
    },
    clear: () => buckets.clear(),
  };
}
