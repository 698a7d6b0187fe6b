import type { LimitKey, Places } from './limiter.ts';
import { createPriorityQueue, type PriorityQueue } from './priority-queue.ts';
import { isIdle, newRate, pass, type RateState, roomAt } from './rate.ts';
import type { Lane } from './waiting-lane.ts';

/** One key's rate in this process, and who waits for it. */
export interface Bucket {
  readonly rate: RateState;
  intervalMs: number;
  /** Lanes that wait for this key above all others, those of each client apart. */
  readonly parked: Map<Places | undefined, Parked>;
  /** When it is looked at next; `Infinity` while nothing waits for a time. */
  wakeAt: number;
}

/** Lanes of one client that wait at one {@link Bucket}. */
export interface Parked {
  readonly places: Places | undefined;
  /** By the turn of their first waiter. */
  readonly lanes: PriorityQueue<{ readonly turn: number; readonly lane: Lane }>;
  /** They are served once their client has a place free. */
  isInLine: boolean;
}

/** The {@link Bucket}s of one limiter. */
export interface Buckets {
  readonly size: number;
  of(key: string): Bucket;
  /** When all of these have room, and the key that frees last. */
  bindingOf(limits: readonly LimitKey[]): { at: number; bucket: Bucket | undefined };
  /** Notes that a call goes now. */
  take(limits: readonly LimitKey[], now: number): void;
  /** Forgets keys at rest, a few at a time, so that no call pays for all of them. */
  forgetIdle(now: number, count: number): void;
}

/** Makes {@link Buckets}. */
export function createBuckets(): Buckets {
  const buckets = new Map<string, Bucket>();
  let sweep = buckets.entries();

  const of = (key: string): Bucket => {
    let bucket = buckets.get(key);
    if (!bucket) {
      bucket = { rate: newRate(), intervalMs: 0, parked: new Map(), wakeAt: Number.POSITIVE_INFINITY };
      buckets.set(key, bucket);
    }
    return bucket;
  };

  return {
    get size() {
      return buckets.size;
    },
    of,
    bindingOf: (limits) => {
      let at = Number.NEGATIVE_INFINITY;
      let bucket: Bucket | undefined;
      for (const limit of limits) {
        const candidate = of(limit.key);
        const candidateAt = roomAt(candidate.rate, limit);
        if (candidateAt > at) [at, bucket] = [candidateAt, candidate];
      }
      return { at, bucket };
    },
    take: (limits, now) => {
      for (const limit of limits) {
        const bucket = of(limit.key);
        bucket.intervalMs = Math.max(bucket.intervalMs, limit.intervalMs);
        pass(bucket.rate, limit, now);
      }
    },
    forgetIdle: (now, count) => {
      for (let i = 0; i < count; i++) {
        const next = sweep.next();
        if (next.done) {
          sweep = buckets.entries();
          return;
        }
        const [key, bucket] = next.value;
        if (bucket.parked.size === 0 && isIdle(bucket.rate, bucket.intervalMs, now)) buckets.delete(key);
      }
    },
  };
}

/** The lanes of these places at this bucket. */
export function parkedAt(bucket: Bucket, places: Places | undefined): Parked {
  let parked = bucket.parked.get(places);
  if (!parked) {
    parked = { places, lanes: createPriorityQueue(({ turn }) => turn), isInLine: false };
    bucket.parked.set(places, parked);
  }
  return parked;
}

/** Takes out all lanes that wait at this bucket. */
export function unpark(bucket: Bucket): Lane[] {
  const lanes: Lane[] = [];
  for (const parked of bucket.parked.values()) {
    for (let next = parked.lanes.pop(); next; next = parked.lanes.pop()) lanes.push(next.lane);
  }
  bucket.parked.clear();
  return lanes;
}
