import { CartieError } from './errors.ts';
import type { KeyValueStore } from './key-value-store.ts';
import type { LimitKey } from './limiter.ts';
import { isIdle, newRate, pass, type RateState, roomAt } from './rate.ts';

/** The rates of all keys of one limiter, as read from the store. Times are the store's. */
export interface SharedRates {
  /** When the next call may go under all of these; not after now if there is room. */
  roomAt(limits: readonly LimitKey[]): number;
  /** Takes a place of each. */
  take(limits: readonly LimitKey[], now: number): void;
  pause(key: string, until: number): void;
  /** Writes what was taken; `false` if another process was first and nothing was. */
  save(now: number): Promise<boolean>;
}

/** Reads the rates under `key`. They are one value, so that one compare-and-swap takes a place of every key or of none. */
export async function readSharedRates(store: KeyValueStore, key: string): Promise<SharedRates> {
  const stored = await store.get(key);
  const rates = new Map(stored === undefined ? [] : parse(stored.value));

  const rateOf = (name: string): SharedRate => {
    let rate = rates.get(name);
    if (rate === undefined) {
      rate = { ...newRate(), limit: 0, intervalMs: 0 };
      rates.set(name, rate);
    }
    return rate;
  };

  return {
    roomAt: (limits) => Math.max(...limits.map((limit) => roomAt(rates.get(limit.key) ?? newRate(), limit))),
    take(limits, now) {
      for (const limit of limits) {
        const rate = rateOf(limit.key);
        rate.limit = Math.max(rate.limit, limit.limit);
        rate.intervalMs = Math.max(rate.intervalMs, limit.intervalMs);
        pass(rate, limit, now);
      }
    },
    pause(name, until) {
      const rate = rateOf(name);
      rate.pausedUntil = Math.max(rate.pausedUntil, until);
    },
    async save(now) {
      let restAt = now;
      for (const [name, rate] of rates) {
        if (isIdle(rate, rate.intervalMs, now)) {
          rates.delete(name);
          continue;
        }
        const counts = rate.passed.findIndex((at) => at + rate.intervalMs > now);
        rate.passed.splice(0, Math.max(counts, rate.passed.length - rate.limit));
        const newest = rate.passed.at(-1) ?? 0;
        restAt = Math.max(restAt, rate.pausedUntil, rate.evenAt, newest + rate.intervalMs);
      }
      const version = await store.put(key, JSON.stringify([...rates]), {
        ifVersion: stored?.version ?? 'absent',
        ttlMs: restAt - now + 60_000,
      });
      return version !== undefined;
    },
  };
}

interface SharedRate extends RateState {
  /** The largest limit and the longest interval asked for: what is past both no longer counts. */
  limit: number;
  intervalMs: number;
}

function parse(value: string): [string, SharedRate][] {
  try {
    return JSON.parse(value) as [string, SharedRate][];
  } catch {
    throw new CartieError(
      'storage_error',
      "A limiter's key holds something else: give the limiter another name",
      {
        service: 'store',
        operation: 'acquire',
        retryable: false,
        outcome: 'not_executed',
      },
    );
  }
}
