import type { EncryptedValues } from './encrypted-values.ts';
import type { SessionStore } from './stores.ts';

/** The session store over encrypted values. */
export function createSessionStore(values: EncryptedValues): SessionStore {
  return {
    get: (name) => values.get(name),
    put: (name, value, options) => values.put(name, value, { ifVersion: options?.ifVersion }),
    delete: (name) => values.delete(name),
    list: () => values.list(),
  };
}
