import type { KeyValueStore } from '@cartie/core';

/** How a store fails: at once, never answering, or doing the work and then failing to say so. */
export type StoreFault = 'down' | 'silent' | 'answer_lost';

/** A store that fails on demand, with errors that quote everything they were given, as drivers' errors do. */
export interface BreakableStore extends KeyValueStore {
  fault: StoreFault | undefined;
  /** How often each method was called. */
  readonly calls: { get: number; put: number; delete: number; list: number };
}

/** Wraps `store`. */
export function breakableStore(store: KeyValueStore): BreakableStore {
  async function run<T>(
    name: 'get' | 'put' | 'delete',
    given: readonly unknown[],
    work: () => Promise<T>,
  ): Promise<T> {
    breakable.calls[name] += 1;
    const failure = Object.assign(new Error(`${name} failed: ${JSON.stringify(given)}`), {
      detail: given,
      parameters: given,
    });
    if (breakable.fault === 'down') throw failure;
    if (breakable.fault === 'silent') return new Promise<never>(() => {});
    const result = await work();
    if (breakable.fault === 'answer_lost') throw failure;
    return result;
  }

  const breakable: BreakableStore = {
    fault: undefined,
    calls: { get: 0, put: 0, delete: 0, list: 0 },
    get: (key) => run('get', [key], () => store.get(key)),
    put: (key, value, options) => run('put', [key, value, options], () => store.put(key, value, options)),
    delete: (key, options) => run('delete', [key, options], () => store.delete(key, options)),
    async *list(prefix) {
      breakable.calls.list += 1;
      if (breakable.fault !== undefined) throw new Error(`list failed: ${prefix}`);
      yield* store.list(prefix);
    },
  };
  return breakable;
}
