import type { EncryptedValues } from './encrypted-values.ts';
import { CartieError } from './errors.ts';
import type { StoredToken, TokenStore } from './stores.ts';

/** The token store over encrypted values. A token is removed when it ends. */
export function createTokenStore(values: EncryptedValues): TokenStore {
  return {
    async get(name) {
      const stored = await values.get(name);
      return stored && readToken(stored.value);
    },
    async put(name, token) {
      if (typeof token.value !== 'string' || token.value === '')
        throw invalidToken('value', 'must be a string that is not empty');
      if (!Number.isFinite(token.expiresAt)) throw invalidToken('expiresAt', 'must be epoch milliseconds');
      const { value, expiresAt, refreshAt } = token;
      await values.put(name, JSON.stringify({ value, expiresAt, refreshAt }), {
        ttlMs: Math.max(1, expiresAt - Date.now()),
      });
    },
    invalidate(name, rejectedValue) {
      return values.delete(name, (stored) => readToken(stored).value === rejectedValue);
    },
  };
}

function readToken(stored: string): StoredToken {
  return JSON.parse(stored) as StoredToken; // authenticated: only `put` above can have written it
}

function invalidToken(field: string, rule: string): CartieError {
  return new CartieError('invalid_input', `${field} of a token ${rule}`, { field });
}
