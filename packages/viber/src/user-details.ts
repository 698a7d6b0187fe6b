import { createHash } from 'node:crypto';
import { CartieError, type KeyValueStore } from '@cartie/core';
import { service } from './invalid.ts';
import { userDetailsRate } from './limits.ts';

/** Counts how often a user's details were asked for. */
export interface UserDetailsQuota {
  /**
   * Takes one of the user's two places, and gives it back if `work` certainly did not reach Viber.
   * Throws `rate_limited` with `retryAfterMs` if there is none: Viber would refuse too.
   */
  take<T>(account: string, userId: string, work: () => Promise<T>): Promise<T>;
}

/** Creates a {@link UserDetailsQuota}: each place is one row of the store, which frees it by its own clock. */
export function createUserDetailsQuota(store: KeyValueStore): UserDetailsQuota {
  return {
    async take(account, userId, work) {
      const user = createHash('sha256').update(userId).digest('base64url').slice(0, 22);
      const keys = Array.from(
        { length: userDetailsRate.limit },
        (_, place) => `viber:user-details:${account}:${user}:${place}`,
      );
      for (const key of keys) {
        const version = await store.put(key, '1', { ifVersion: 'absent', ttlMs: userDetailsRate.intervalMs });
        if (version === undefined) continue;
        try {
          return await work();
        } catch (error) {
          if (neverSent(error)) await store.delete(key, { ifVersion: version }).catch(() => false);
          throw error;
        }
      }
      throw exhausted(await freeIn(store, keys));
    },
  };
}

// A refusal of Viber's own was counted by it, or may have been.
function neverSent(error: unknown): boolean {
  if (!(error instanceof Error) || !('outcome' in error)) return true;
  const { outcome, provider } = error as CartieError;
  return outcome === 'not_executed' && provider === undefined;
}

async function freeIn(store: KeyValueStore, keys: readonly string[]): Promise<number> {
  const ends = await Promise.all(keys.map(async (key) => (await store.get(key))?.expiresAt ?? 0));
  return Math.max(1, Math.min(...ends) - Date.now());
}

function exhausted(retryAfterMs: number): CartieError {
  return new CartieError(
    'rate_limited',
    'The details of this user were asked for twice within 12 hours; Viber gives them no third time',
    { service, operation: 'getUserDetails', field: 'id', retryAfterMs },
  );
}
