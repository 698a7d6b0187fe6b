import type { Encryption } from './encryption.ts';
import { CartieError } from './errors.ts';
import type { KeyValueStore } from './key-value-store.ts';

/** A value that was decrypted, and the version it had. */
export interface DecryptedValue {
  readonly value: string;
  readonly version: string;
}

/** A store whose values are encrypted. What cannot be decrypted is never overwritten or deleted: every method throws then. */
export interface EncryptedValues {
  get(name: string): Promise<DecryptedValue | undefined>;
  put(
    name: string,
    value: string,
    options?: { ifVersion?: string | 'absent' | undefined; ttlMs?: number | undefined },
  ): Promise<string | undefined>;
  /** Deletes the value if `matches` holds for it. */
  delete(name: string, matches?: (value: string) => boolean): Promise<boolean>;
  list(): AsyncIterable<string>;
}

/** The values under `<namespace>:` of a store, encrypted. */
export function encryptedValues(
  store: KeyValueStore,
  encryption: Encryption,
  namespace: string,
): EncryptedValues {
  const prefix = `${namespace}:`;

  async function get(name: string): Promise<DecryptedValue | undefined> {
    const stored = await store.get(prefix + name);
    if (stored === undefined) return undefined;
    return {
      value: encryption.decrypt(stored.value, { namespace, key: name }),
      version: stored.version,
    };
  }

  return {
    get,
    async put(name, value, { ifVersion, ttlMs } = {}) {
      for (let attempt = 0; attempt < attempts; attempt += 1) {
        // Read first: what is overwritten must be something that can be decrypted.
        const before = await get(name);
        const found = before?.version ?? 'absent';
        if (ifVersion !== undefined && ifVersion !== found) return undefined;
        const sealed = encryption.encrypt(value, { namespace, key: name });
        const version = await store.put(prefix + name, sealed, { ifVersion: found, ttlMs });
        if (version !== undefined || ifVersion !== undefined) return version;
      }
      throw contended(namespace, 'put');
    },
    async delete(name, matches = () => true) {
      for (let attempt = 0; attempt < attempts; attempt += 1) {
        const before = await get(name);
        if (before === undefined || !matches(before.value)) return false;
        if (await store.delete(prefix + name, { ifVersion: before.version })) return true;
      }
      throw contended(namespace, 'delete');
    },
    async *list() {
      for await (const key of store.list(prefix)) yield key.slice(prefix.length);
    },
  };
}

// Each lost race means that somebody else's write succeeded; losing this many in a row is not contention of real use.
const attempts = 20;

function contended(namespace: string, operation: string): CartieError {
  return new CartieError(
    'storage_error',
    `A stored value of ${namespace} changed ${attempts} times meanwhile`,
    {
      service: 'store',
      operation,
      outcome: 'not_executed',
    },
  );
}
