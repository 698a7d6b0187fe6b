import { maxTimerMs } from './deadline.ts';
import type { AcquireOptions, Limiter, LimitKey, Places } from './limiter.ts';
import { checkLimit, tooLate, tooMany } from './limiter-refusals.ts';
import { createPriorityQueue } from './priority-queue.ts';
import { type Bucket, createBuckets, type Parked, parkedAt, unpark } from './rate-buckets.ts';
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

/**
 * A limiter for one process. On each key calls go in the order they came, but a call that waits for its chat lets
 * calls of other chats pass.
 *
 * A lane waits at the one key that frees last and moves on when that key has room, so that a call costs O(log n)
 * however many wait. There is one timer, for the key that wakes first.
 */
export function memoryLimiter({ maxWaiting = 10_000 }: MemoryLimiterOptions = {}): MemoryLimiter {
  const buckets = createBuckets();
  const lanes = new WeakMap<Places, Map<string, Lane>>();
  const lanesWithoutPlaces = new Map<string, Lane>();
  const wakeUps = createPriorityQueue<{ readonly at: number; readonly bucket: Bucket }>(({ at }) => at);
  let turns = 0;
  let waiting = 0;
  let timer: NodeJS.Timeout | undefined;
  let timerAt = Number.POSITIVE_INFINITY;

  const lanesOf = (places: Places | undefined): Map<string, Lane> => {
    const own = places ? lanes.get(places) : lanesWithoutPlaces;
    if (own || !places) return own ?? lanesWithoutPlaces;
    const made = new Map<string, Lane>();
    lanes.set(places, made);
    return made;
  };

  /** Puts a lane where its first waiter waits; `here` if that one has room now. */
  const park = (lane: Lane, here: Bucket, now: number): void => {
    for (let waiter = firstOf(lane); waiter; waiter = firstOf(lane)) {
      const { at, bucket = here } = buckets.bindingOf(waiter.limits);
      if (at <= waiter.latestAt) {
        const isDue = at <= now;
        const parked = parkedAt(isDue ? here : bucket, lane.places);
        parked.lanes.push({ turn: waiter.turn, lane });
        if (!isDue) wake(bucket, at);
        else if (lane.places?.isFree === false) serveWhenFree(here, parked);
        else wake(here, at);
        return;
      }
      waiter.settle({ reason: tooLate(at - now) });
    }
    lanesOf(lane.places).delete(lane.id);
  };

  const serveWhenFree = (bucket: Bucket, parked: Parked): void => {
    if (parked.isInLine) return;
    parked.isInLine = true;
    parked.places?.whenFree(() => {
      parked.isInLine = false;
      serve(bucket, performance.now());
      arm();
    });
  };

  /** The lane whose turn is next at this key, among those whose client has a place free. */
  const nextAt = (bucket: Bucket): { turn: number; lane: Lane } | undefined => {
    let next: { turn: number; lane: Lane } | undefined;
    for (const parked of bucket.parked.values()) {
      const head = parked.lanes.peek();
      if (!head) bucket.parked.delete(parked.places);
      else if (parked.places?.isFree === false) serveWhenFree(bucket, parked);
      else if (!next || head.turn < next.turn) next = head;
    }
    return next;
  };

  const wake = (bucket: Bucket, at: number): void => {
    if (at >= bucket.wakeAt) return;
    bucket.wakeAt = at;
    wakeUps.push({ at, bucket });
  };

  /** Lets those go whose turn it is at this key, while it has room. */
  const serve = (bucket: Bucket, now: number): void => {
    bucket.wakeAt = Number.POSITIVE_INFINITY;
    for (let next = nextAt(bucket); next; next = nextAt(bucket)) {
      const waiter = firstOf(next.lane);
      if (waiter?.turn === next.turn) {
        const binding = buckets.bindingOf(waiter.limits);
        if (binding.at <= now) {
          waiter.place?.take();
          buckets.take(waiter.limits, now);
          waiter.settle();
        } else if (binding.bucket === bucket && binding.at <= waiter.latestAt) {
          wake(bucket, binding.at);
          return;
        }
      }
      parkedAt(bucket, next.lane.places).lanes.pop();
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

  const enqueue = (
    lane: Lane,
    limits: readonly LimitKey[],
    latestAt: number,
    { signal, place }: AcquireOptions,
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
        place,
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
    acquire: async (limits, options = {}) => {
      const { signal, maxWaitMs = Number.POSITIVE_INFINITY, place } = options;
      signal?.throwIfAborted();
      limits.forEach(checkLimit);
      const now = performance.now();
      serveDue(now);
      buckets.forgetIdle(now, 2 * limits.length + 1);
      const id = limits.map(({ key }) => key).join('\0');
      const { at, bucket } = buckets.bindingOf(limits);
      const known = lanesOf(place?.of).get(id);
      if (!bucket || (at <= now && !known && place?.of.isFree !== false)) {
        place?.take();
        buckets.take(limits, now);
        arm();
        return;
      }
      if (at - now > maxWaitMs) throw tooLate(at - now);
      if (waiting >= maxWaiting) throw tooMany();
      const lane = known ?? createLane(id, place?.of);
      const turn = enqueue(lane, limits, now + maxWaitMs, options);
      if (!known) {
        lanesOf(lane.places).set(id, lane);
        park(lane, bucket, now);
      }
      arm();
      return turn;
    },
    pause: async (key, ms) => {
      const now = performance.now();
      const bucket = buckets.of(key);
      const until = Math.max(bucket.rate.pausedUntil, now + ms);
      bucket.rate.pausedUntil = until;
      for (const lane of unpark(bucket)) {
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
