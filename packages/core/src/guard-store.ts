import { CartieError } from './errors.ts';
import type { KeyValueStore } from './key-value-store.ts';
import { storeError } from './store-error.ts';

const hundredYearsMs = 100 * 365 * 86_400_000;
const guarded = new WeakSet<KeyValueStore>();

/**
 * The store with checked input, errors that hold no values, and calls that end within `timeoutMs` whatever the driver
 * does. Guarding a store twice changes nothing.
 */
export function guardStore(
  store: KeyValueStore,
  { service = 'store', timeoutMs = 5_000 }: { service?: string; timeoutMs?: number } = {},
): KeyValueStore {
  if (guarded.has(store)) return store;

  async function run<T>(operation: string, reads: boolean, work: () => Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(tooLate(service, operation, reads)), timeoutMs);
    });
    try {
      return await Promise.race([work(), late]);
    } catch (error) {
      throw storeError(error, { service, operation, reads });
    } finally {
      clearTimeout(timer);
    }
  }

  const guard: KeyValueStore = {
    async get(key) {
      checkText('key', key);
      return run('get', true, () => store.get(key));
    },
    async put(key, value, options) {
      checkText('key', key);
      checkText('value', value);
      checkTtl(options?.ttlMs);
      return run('put', false, () => store.put(key, value, options));
    },
    async delete(key, options) {
      checkText('key', key);
      return run('delete', false, () => store.delete(key, options));
    },
    async *list(prefix) {
      checkText('prefix', prefix);
      const keys = store.list(prefix)[Symbol.asyncIterator]();
      try {
        for (;;) {
          const next = await run('list', true, () => keys.next());
          if (next.done) return;
          yield next.value;
        }
      } finally {
        // Not awaited: after a driver that never answers this would never end either.
        void keys.return?.()?.catch(() => {});
      }
    },
  };
  guarded.add(guard);
  return guard;
}

function tooLate(service: string, operation: string, reads: boolean): CartieError {
  return new CartieError('storage_error', `${service} did not answer in time`, {
    service,
    operation,
    outcome: reads ? 'not_executed' : 'unknown',
  });
}

function checkText(field: 'key' | 'value' | 'prefix', text: unknown): void {
  if (typeof text !== 'string') throw invalidInput(field, 'must be a string');
  if (text.includes('\0')) throw invalidInput(field, 'must not contain U+0000');
  if (/\p{Surrogate}/u.test(text)) throw invalidInput(field, 'must not contain half a surrogate pair');
  if (field === 'key' && (text === '' || Buffer.byteLength(text) > 1_024)) {
    throw invalidInput(field, 'must have 1 to 1,024 bytes');
  }
}

function checkTtl(ttlMs: number | undefined): void {
  if (ttlMs !== undefined && !(ttlMs > 0 && ttlMs <= hundredYearsMs)) {
    throw invalidInput('ttlMs', 'must be a positive number of milliseconds, at most 100 years');
  }
}

function invalidInput(field: string, rule: string): CartieError {
  return new CartieError('invalid_input', `${field} ${rule}`, { field });
}
