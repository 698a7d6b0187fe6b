import { maxTimerMs } from './deadline.ts';
import { CartieError } from './errors.ts';
import { guardStore } from './guard-store.ts';
import type { KeyValueStore } from './key-value-store.ts';
import type { AcquireOptions, Limiter, LimitKey, Place, Places } from './limiter.ts';
import { checkLimit, tooLate, tooMany } from './limiter-refusals.ts';
import { readSharedRates } from './shared-rates.ts';
import { storeClock } from './store-clock.ts';

/** Options of {@link storeLimiter}. */
export interface StoreLimiterOptions {
  /** Limiters with the same name on the same store share their rates. @default 'default' */
  name?: string | undefined;
  /** A call that comes while this many wait in this process is refused with `overloaded`. @default 10000 */
  maxWaiting?: number | undefined;
}

interface Waiter {
  readonly lane: string;
  readonly limits: readonly LimitKey[];
  readonly place: Place | undefined;
  /** By this process's monotonic clock. */
  readonly latestAt: number;
  readonly settle: (refusal?: { reason: unknown }) => void;
}

/**
 * A limiter whose rates several processes share through a store. All keys of a limiter are one value, written by compare-and-swap:
 * so a call takes a place of every key or of none, and a crash leaves nothing to give back. In each process one loop asks
 * for all who wait, so that a write lets many go. Times are the store's. Made for limits up to about a thousand calls
 * per interval: the times of the last `limit` calls of each key are in that value.
 *
 * While the store fails, calls fail with `storage_error`: nobody goes unpaced.
 *
 * @throws CartieError `invalid_config` for what is no store
 */
export function storeLimiter(
  store: KeyValueStore,
  { name = 'default', maxWaiting = 10_000 }: StoreLimiterOptions = {},
): Limiter {
  if (typeof store?.get !== 'function' || typeof store.put !== 'function') {
    throw new CartieError('invalid_config', 'store must be a KeyValueStore, such as memoryStore()', {
      field: 'store',
    });
  }
  const guarded = guardStore(store);
  const clock = storeClock(guarded, `limiter-clock:${name}:`);
  const waiters = new Set<Waiter>();
  const pauses = new Set<Pause>();
  /** Places that calls wait for which are free to go otherwise. */
  const inLine = new Set<Places>();
  /** When a lane may have room at the earliest, by this process's clock: what the last look at the store told. */
  let lanes = new Map<string, number>();
  let isRunning = false;
  /** Something came that the last look did not see. */
  let isDue = false;
  let wake: (() => void) | undefined;

  async function run(): Promise<void> {
    while (waiters.size > 0 || pauses.size > 0) {
      isDue = false;
      const nextAt = await look();
      if (!isDue) await untilDue(nextAt);
    }
  }

  /** Lets go whoever may. Tells when to look again, by this process's clock. */
  async function look(): Promise<number> {
    const rates = await readSharedRates(guarded, `limiter:${name}`);
    const now = Math.ceil(await clock()); // whole milliseconds are shorter in JSON
    const local = performance.now();
    const newPauses = [...pauses];
    for (const { key, until } of newPauses) rates.pause(key, now + Math.max(0, Math.ceil(until - local)));

    const going: Waiter[] = [];
    lanes = new Map();
    for (const waiter of waiters) {
      const at = lanes.get(waiter.lane) ?? local + rates.roomAt(waiter.limits) - now;
      if (at <= local) {
        if (waiter.place?.take() === false) {
          lookWhenFree(waiter.place.of);
          continue;
        }
        rates.take(waiter.limits, now);
        going.push(waiter);
      } else {
        waiter.place?.free();
        lanes.set(waiter.lane, at);
        if (at > waiter.latestAt) waiter.settle({ reason: tooLate(at - local) });
      }
    }
    if (going.length > 0 || newPauses.length > 0) {
      if (!(await rates.save(now))) {
        for (const { place } of going) place?.free();
        return performance.now() + Math.random() * 10;
      }
      for (const waiter of going) waiter.settle();
      for (const pause of newPauses) pause.settle();
    }
    let nextAt = Number.POSITIVE_INFINITY;
    for (const at of lanes.values()) nextAt = Math.min(nextAt, at);
    return nextAt;
  }

  /** Whose turn it is takes the place at once, so that nobody else does before the store has answered. */
  function lookWhenFree(places: Places): void {
    if (inLine.has(places)) return;
    inLine.add(places);
    places.whenFree(() => {
      inLine.delete(places);
      const now = performance.now();
      for (const { lane, place } of waiters) {
        if (place?.of === places && (lanes.get(lane) ?? 0) <= now && place.take()) break;
      }
      start();
    });
  }

  async function untilDue(at: number): Promise<void> {
    if (waiters.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      wake = resolve;
      timer = setTimeout(resolve, Math.min(Math.max(0, Math.ceil(at - performance.now())), maxTimerMs));
    });
    clearTimeout(timer);
    wake = undefined;
  }

  function start(): void {
    isDue = true;
    wake?.();
    if (isRunning) return;
    isRunning = true;
    void run()
      .catch((error: unknown) => {
        for (const waiter of waiters) waiter.settle({ reason: error });
        for (const pause of pauses) pause.settle({ reason: error });
      })
      .finally(() => {
        isRunning = false;
        lanes.clear();
        if (waiters.size > 0 || pauses.size > 0) start();
      });
  }

  return {
    acquire(limits, { signal, maxWaitMs = Number.POSITIVE_INFINITY, place }: AcquireOptions = {}) {
      return new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        limits.forEach(checkLimit);
        if (limits.length === 0) return resolve();
        if (waiters.size >= maxWaiting) throw tooMany();
        const lane = limits.map(({ key }) => key).join('\0');
        const knownAt = lanes.get(lane) ?? 0;
        const now = performance.now();
        if (knownAt - now > maxWaitMs) throw tooLate(knownAt - now);

        const onAbort = (): void => waiter.settle({ reason: signal?.reason });
        const waiter: Waiter = {
          lane,
          limits,
          place,
          latestAt: now + maxWaitMs,
          settle(refusal) {
            if (!waiters.delete(waiter)) return;
            signal?.removeEventListener('abort', onAbort);
            if (waiters.size === 0) wake?.();
            if (refusal) reject(refusal.reason);
            else resolve();
          },
        };
        waiters.add(waiter);
        signal?.addEventListener('abort', onAbort, { once: true });
        // Who waits behind others of his lane is looked at with them.
        if (knownAt > now) return;
        if (place?.of.isFree === false) lookWhenFree(place.of);
        else start();
      });
    },
    pause(key, ms) {
      return new Promise((resolve, reject) => {
        const pause: Pause = {
          key,
          until: performance.now() + ms,
          settle(refusal) {
            pauses.delete(pause);
            if (refusal) reject(refusal.reason);
            else resolve();
          },
        };
        pauses.add(pause);
        start();
      });
    },
  };
}

interface Pause {
  readonly key: string;
  /** By this process's monotonic clock. */
  readonly until: number;
  readonly settle: (refusal?: { reason: unknown }) => void;
}
