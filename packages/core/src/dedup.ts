import { randomUUID } from 'node:crypto';
import { holdKey } from './held-key.ts';
import type { KeyValueStore } from './key-value-store.ts';
import type { DedupStore } from './stores.ts';

/** Claims on events, under `dedup:` of a store. */
export function createDedupStore(store: KeyValueStore): DedupStore {
  return {
    async claim(key, { leaseMs = 30_000 } = {}) {
      const owner = randomUUID();
      for (;;) {
        const held = await holdKey(store, {
          key: `dedup:${key}`,
          value: `busy:${owner}`,
          ttlMs: leaseMs,
          ttlField: 'leaseMs',
          what: 'The claim',
        });
        if (held !== undefined) {
          const { signal, release } = held;
          return { signal, release, commit: (ttlMs) => held.replace(`done:${owner}`, ttlMs) };
        }
        const stored = await store.get(`dedup:${key}`);
        if (stored?.value.startsWith('done:')) return 'done';
        if (stored !== undefined) return 'busy';
        // It ended between the two calls: claim again.
      }
    },
  };
}
