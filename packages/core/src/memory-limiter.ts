import { maxTimerMs } from './deadline.ts';
import { CartieError } from './errors.ts';
import type { AcquireOptions, Limiter, LimitKey } from './limiter.ts';
import { createPriorityQueue, type PriorityQueue } from './priority-queue.ts';
import { isIdle, newRate, pass, type RateState, roomAt } from './rate.ts';
import { createLane, dropAborted, firstOf, type Lane, type Waiter } from './waiting-lane.ts';

/** Options of {@link memoryLimiter}. */
export interface MemoryLimiterOptions {
  /** A call that comes while this many wait is refused with `overloaded`. @default 10000 */
  maxWaiting?: number | undefined;
}

/** A {@link Limiter} and how full it is. */
export interface MemoryLimiter extends Limiter {
  /** Calls that wait now. */
  readonly waiting: number;
  /** Keys that are remembered now; those at rest are forgotten as others come. */
  readonly keys: number;
}

interface Bucket {
  readonly rate: RateState;
  intervalMs: number;
  /** Lanes that wait for this key above all others, by the turn of their first waiter. */
  readonly parked: PriorityQueue<{ readonly turn: number; readonly lane: Lane }>;
  /** When it is looked at next; `Infinity` while nothing is parked. */
  wakeAt: number;
}

/**
 * A limiter for one process. On each key calls go in the order they came, but a call that waits for its chat lets
 * calls of other chats pass.
 *
 * A lane waits at the one key that frees last and moves on when that key has room, so that a call costs O(log n)
 * however many wait. There is one timer, for the key that wakes first.
 */
export function memoryLimiter({ maxWaiting = 10_000 }: MemoryLimiterOptions = {}): MemoryLimiter {
  const buckets = new Map<string, Bucket>();
  const lanes = new Map<string, Lane>();
  const wakeUps = createPriorityQueue<{ readonly at: number; readonly bucket: Bucket }>(({ at }) => at);
  let sweep = buckets.entries();
  let turns = 0;
  let waiting = 0;
  let timer: NodeJS.Timeout | undefined;
  let timerAt = Number.POSITIVE_INFINITY;

  const bucketOf = (key: string): Bucket => {
    let bucket = buckets.get(key);
    if (!bucket) {
      const parked = createPriorityQueue<{ turn: number; lane: Lane }>(({ turn }) => turn);
      bucket = { rate: newRate(), intervalMs: 0, parked, wakeAt: Number.POSITIVE_INFINITY };
      buckets.set(key, bucket);
    }
    return bucket;
  };

  /** When all of these have room, and the key that frees last. */
  const bindingOf = (limits: readonly LimitKey[]): { at: number; bucket: Bucket | undefined } => {
    let at = Number.NEGATIVE_INFINITY;
    let bucket: Bucket | undefined;
    for (const limit of limits) {
      const candidate = bucketOf(limit.key);
      const candidateAt = roomAt(candidate.rate, limit);
      if (candidateAt > at) [at, bucket] = [candidateAt, candidate];
    }
    return { at, bucket };
  };

  const take = (limits: readonly LimitKey[], now: number): void => {
    for (const limit of limits) {
      const bucket = bucketOf(limit.key);
      bucket.intervalMs = Math.max(bucket.intervalMs, limit.intervalMs);
      pass(bucket.rate, limit, now);
    }
  };

  /** Puts a lane where its first waiter waits; `here` if that one has room now. */
  const park = (lane: Lane, here: Bucket, now: number): void => {
    for (let waiter = firstOf(lane); waiter; waiter = firstOf(lane)) {
      const { at, bucket = here } = bindingOf(waiter.limits);
      if (at <= waiter.latestAt) {
        const place = at <= now ? here : bucket;
        place.parked.push({ turn: waiter.turn, lane });
        wake(place, at);
        return;
      }
      waiter.settle({ reason: tooLate(at - now) });
    }
    lanes.delete(lane.id);
  };

  const wake = (bucket: Bucket, at: number): void => {
    if (at >= bucket.wakeAt) return;
    bucket.wakeAt = at;
    wakeUps.push({ at, bucket });
  };

  /** Lets those go whose turn it is at this key, while it has room. */
  const serve = (bucket: Bucket, now: number): void => {
    bucket.wakeAt = Number.POSITIVE_INFINITY;
    for (let next = bucket.parked.peek(); next; next = bucket.parked.peek()) {
      const waiter = firstOf(next.lane);
      if (waiter?.turn === next.turn) {
        const binding = bindingOf(waiter.limits);
        if (binding.at <= now) {
          take(waiter.limits, now);
          waiter.settle();
        } else if (binding.bucket === bucket && binding.at <= waiter.latestAt) {
          wake(bucket, binding.at);
          return;
        }
      }
      bucket.parked.pop();
      park(next.lane, bucket, now);
    }
  };

  /** Serves every key whose time has come. */
  const serveDue = (now: number): void => {
    for (let next = wakeUps.peek(); next && next.at <= now; next = wakeUps.peek()) {
      wakeUps.pop();
      if (next.at === next.bucket.wakeAt) serve(next.bucket, now);
    }
  };

  const arm = (): void => {
    const at = waiting > 0 ? (wakeUps.peek()?.at ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
    if (at === timerAt) return;
    clearTimeout(timer);
    timerAt = at;
    if (at === Number.POSITIVE_INFINITY) return;
    const delay = Math.min(Math.max(1, Math.ceil(at - performance.now())), maxTimerMs);
    timer = setTimeout(() => {
      timerAt = Number.POSITIVE_INFINITY;
      serveDue(performance.now());
      arm();
    }, delay);
  };

  /** Forgets keys at rest, a few at a time, so that no call pays for all of them. */
  const forgetIdle = (now: number, count: number): void => {
    for (let i = 0; i < count; i++) {
      const next = sweep.next();
      if (next.done) {
        sweep = buckets.entries();
        return;
      }
      const [key, bucket] = next.value;
      if (bucket.parked.size === 0 && isIdle(bucket.rate, bucket.intervalMs, now)) buckets.delete(key);
    }
  };

  const enqueue = (
    lane: Lane,
    limits: readonly LimitKey[],
    latestAt: number,
    signal?: AbortSignal,
  ): Promise<void> =>
    new Promise((resolve, reject) => {
      const onAbort = (): void => {
        waiter.settle({ reason: signal?.reason });
        dropAborted(lane);
        arm();
      };
      const waiter: Waiter = {
        turn: turns++,
        limits,
        latestAt,
        isSettled: false,
        settle: (refusal) => {
          waiter.isSettled = true;
          waiting--;
          signal?.removeEventListener('abort', onAbort);
          if (refusal) reject(refusal.reason);
          else resolve();
        },
      };
      waiting++;
      signal?.addEventListener('abort', onAbort, { once: true });
      lane.waiters.push(waiter);
    });

  return {
    get waiting() {
      return waiting;
    },
    get keys() {
      return buckets.size;
    },
    acquire: async (limits, { signal, maxWaitMs = Number.POSITIVE_INFINITY }: AcquireOptions = {}) => {
      signal?.throwIfAborted();
      limits.forEach(checkLimit);
      const now = performance.now();
      serveDue(now);
      forgetIdle(now, 2 * limits.length + 1);
      const id = limits.map(({ key }) => key).join('\0');
      const { at, bucket } = bindingOf(limits);
      let lane = lanes.get(id);
      if (!bucket || (at <= now && !lane)) {
        take(limits, now);
        arm();
        return;
      }
      if (at - now > maxWaitMs) throw tooLate(at - now);
      if (waiting >= maxWaiting)
        throw new CartieError('overloaded', 'Too many calls wait for this limiter already');
      if (lane) {
        const place = enqueue(lane, limits, now + maxWaitMs, signal);
        arm();
        return place;
      }
      lane = createLane(id);
      lanes.set(id, lane);
      const place = enqueue(lane, limits, now + maxWaitMs, signal);
      park(lane, bucket, now);
      arm();
      return place;
    },
    pause: async (key, ms) => {
      const now = performance.now();
      const bucket = bucketOf(key);
      const until = Math.max(bucket.rate.pausedUntil, now + ms);
      bucket.rate.pausedUntil = until;
      const parked: Lane[] = [];
      for (let next = bucket.parked.pop(); next; next = bucket.parked.pop()) parked.push(next.lane);
      for (const lane of parked) {
        // Those whose time is up before the pause ends learn it now, not at their deadline.
        for (const waiter of lane.waiters) {
          if (!waiter.isSettled && waiter.latestAt < until) waiter.settle({ reason: tooLate(until - now) });
        }
        park(lane, bucket, now);
      }
      arm();
    },
  };
}

function checkLimit({ limit, intervalMs, burst }: LimitKey): void {
  if (Number.isInteger(limit) && limit >= 1 && intervalMs > 0 && (burst === undefined || burst >= 1)) return;
  throw new CartieError(
    'invalid_input',
    'A limit needs a whole `limit` and a `burst` of at least 1 and an `intervalMs` above 0',
  );
}

function tooLate(retryAfterMs: number): CartieError {
  return new CartieError('rate_limited', 'No place under this rate comes free in time', {
    retryAfterMs: Math.ceil(retryAfterMs),
  });
}
