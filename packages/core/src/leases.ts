import { randomUUID } from 'node:crypto';
import { holdKey } from './held-key.ts';
import type { KeyValueStore } from './key-value-store.ts';
import type { LeaseStore } from './stores.ts';

/** Leases under `lease:` of a store. */
export function createLeaseStore(store: KeyValueStore): LeaseStore {
  return {
    async acquire(name, { ttlMs = 30_000 } = {}) {
      const held = await holdKey(store, {
        key: `lease:${name}`,
        value: randomUUID(),
        ttlMs,
        ttlField: 'ttlMs',
        what: 'The lease',
      });
      if (held === undefined) return undefined;
      const { fence, signal, remainingMs, release } = held;
      return { name, fence, signal, remainingMs, release, [Symbol.asyncDispose]: release };
    },
  };
}
