import { guardStore } from './guard-store.ts';
import type { KeyValueStore, StoredValue } from './key-value-store.ts';

/** A store in this process's memory, for one process and for tests: it is empty after a restart. */
export function memoryStore(): KeyValueStore {
  const entries = new Map<string, StoredValue>();
  let lastVersion = 0;
  let sweep = entries.entries();

  function find(key: string): StoredValue | undefined {
    const entry = entries.get(key);
    if (entry !== undefined && isExpired(entry)) {
      entries.delete(key);
      return undefined;
    }
    return entry;
  }

  // Each write looks at two more entries, so expired ones cannot pile up and no write takes long.
  function sweepSome(): void {
    for (let looked = 0; looked < 2; looked += 1) {
      const next = sweep.next();
      if (next.done) {
        sweep = entries.entries();
        return;
      }
      const [key, entry] = next.value;
      if (isExpired(entry)) entries.delete(key);
    }
  }

  return guardStore(
    {
      async get(key) {
        const entry = find(key);
        return entry && { ...entry };
      },
      async put(key, value, { ifVersion, ttlMs } = {}) {
        const before = find(key);
        if (ifVersion !== undefined && ifVersion !== (before?.version ?? 'absent')) return undefined;
        lastVersion += 1;
        const version = String(lastVersion);
        entries.set(key, {
          value,
          version,
          ...(ttlMs === undefined ? {} : { expiresAt: Date.now() + Math.ceil(ttlMs) }),
        });
        sweepSome();
        return version;
      },
      async delete(key, { ifVersion } = {}) {
        const before = find(key);
        if (before === undefined || (ifVersion !== undefined && ifVersion !== before.version)) return false;
        return entries.delete(key);
      },
      async *list(prefix) {
        for (const key of [...entries.keys()]) {
          if (key.startsWith(prefix) && find(key) !== undefined) yield key;
        }
      },
    },
    { service: 'memory' },
  );
}

function isExpired({ expiresAt }: StoredValue): boolean {
  return expiresAt !== undefined && expiresAt <= Date.now();
}
