import { randomUUID } from 'node:crypto';
import { CartieError } from './errors.ts';
import type { KeyValueStore } from './key-value-store.ts';

/** Tells the store's time. Epoch milliseconds. */
export type StoreClock = () => Promise<number>;

/**
 * The store's clock as this process sees it, so that processes on machines whose clocks differ mean the same moment. It
 * is asked once a minute, by when a short-lived value ends; between that this process's monotonic clock goes on.
 */
export function storeClock(store: KeyValueStore, prefix: string): StoreClock {
  let ahead = 0;
  let askAgainAt = Number.NEGATIVE_INFINITY;

  return async () => {
    if (performance.now() >= askAgainAt) {
      const key = `${prefix}${randomUUID()}`;
      const ttlMs = 60_000;
      const before = performance.now();
      await store.put(key, '', { ttlMs });
      const after = performance.now();
      const expiresAt = (await store.get(key))?.expiresAt;
      if (expiresAt === undefined) throw withoutEnd();
      ahead = expiresAt - ttlMs - (before + after) / 2;
      askAgainAt = after + 60_000;
    }
    return performance.now() + ahead;
  };
}

function withoutEnd(): CartieError {
  return new CartieError(
    'storage_error',
    'The store does not tell when a value ends: `expiresAt` is missing',
    {
      service: 'store',
      operation: 'get',
      retryable: false,
      outcome: 'not_executed',
    },
  );
}
