import { abortable } from './abortable.ts';
import { maxTimerMs, sleep } from './deadline.ts';
import { CartieError, isCartieError } from './errors.ts';
import { storeError } from './store-error.ts';
import type { Lease, LeaseStore, StoredToken, TokenStore } from './stores.ts';

/** What a provider's token endpoint gave. */
export interface FetchedToken {
  readonly value: string;
  /** How long it is good from now. Milliseconds. */
  readonly expiresInMs: number;
}

/** Options of {@link createTokenSource}. */
export interface TokenSourceOptions {
  /** The token's name in the store: one for each account at a provider. */
  name: string;
  /** `tokens` of `createStores`: keeps the token, encrypted, for all processes. */
  tokens: TokenStore;
  /** Lets one process refresh while the others wait for its token. Without it each process refreshes for itself. */
  leases?: LeaseStore | undefined;
  /** Asks the provider for a new token. What it throws is thrown to all who wait. */
  fetchToken: (signal: AbortSignal) => Promise<FetchedToken>;
  /**
   * A token is refreshed this long before it ends, but not in the first half of its life. If that refresh fails, the
   * token is used on and the refresh is tried again a little later. Milliseconds. @default 60000
   */
  refreshBeforeMs?: number | undefined;
  /** Limit of one refresh, waiting for another process included. Milliseconds. @default 30000 */
  timeoutMs?: number | undefined;
  /** Told when the store failed and this process refreshes for itself. What it throws is swallowed. */
  onStoreFailure?: ((error: CartieError) => void) | undefined;
  /** Told when an early refresh failed while the token is still good. What it throws is swallowed. */
  onRefreshFailure?: ((error: unknown) => void) | undefined;
}

/** Gives a token that is good, refreshed once for all callers and all processes. */
export interface TokenSource {
  /** The token. `signal` ends this caller's wait, not the refresh that others wait for. */
  get(options?: { signal?: AbortSignal | undefined }): Promise<string>;
  /** The provider refused this token (a 401): it is not given again. A newer token stays, so many refusals cost one refresh. */
  invalidate(rejectedToken: string): Promise<void>;
}

/**
 * Makes a {@link TokenSource}. With the store down it refreshes locally and tells `onStoreFailure`. A stored token that
 * cannot be decrypted is an error of every call: it is never overwritten.
 *
 * ```ts
 * const source = createTokenSource({ name: 'crm', tokens, leases, fetchToken });
 * const client = createCrmClient({ token: () => source.get() });
 * ```
 *
 * @throws CartieError `invalid_config` naming the option
 */
export function createTokenSource(options: TokenSourceOptions): TokenSource {
  const { name, tokens, leases, fetchToken, onStoreFailure, onRefreshFailure } = checked(options);
  const { refreshBeforeMs = 60_000, timeoutMs = 30_000 } = options;
  let current: StoredToken | undefined;
  let rejected: string | undefined;
  let nextRefreshAt = 0;
  let refreshing: Promise<string> | undefined;

  const isGood = (token: StoredToken | undefined): token is StoredToken =>
    token !== undefined && token.value !== rejected && token.expiresAt > Date.now();
  const isFresh = (token: StoredToken | undefined): token is StoredToken =>
    isGood(token) && (token.refreshAt ?? token.expiresAt - refreshBeforeMs) > Date.now();

  async function refreshInTime(): Promise<string> {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(tooLate()), Math.min(timeoutMs, maxTimerMs));
    try {
      do {
        current = await abortable(refresh(controller.signal), controller.signal);
      } while (current.value === rejected); // refused while it was on its way
    } catch (error) {
      if (!isGood(current) || isUnreadable(error)) throw error;
      nextRefreshAt = Date.now() + Math.min(5_000, (current.expiresAt - Date.now()) / 2);
      tell(onRefreshFailure, error);
    } finally {
      clearTimeout(timer);
    }
    return current.value;
  }

  /** The newest token of any process, or one fetched here under the lease. */
  async function refresh(signal: AbortSignal): Promise<StoredToken> {
    for (;;) {
      const stored = await ask(() => tokens.get(name), 'get');
      if (stored === 'failed') return fetchNew(signal);
      if (isGood(stored)) current = stored;
      if (isFresh(stored)) return stored;
      if (leases === undefined) return fetchNew(signal, save);

      const lease = await ask(() => leases.acquire(`token:${name}`, { ttlMs: leaseMs }), 'acquire');
      if (lease === 'failed') return fetchNew(signal, save);
      if (lease !== undefined) return refreshAsOwner(lease, signal);
      if (isGood(current)) {
        // Somebody else is at it and this token is still good: nobody has to wait.
        nextRefreshAt = Date.now() + Math.min(1_000, (current.expiresAt - Date.now()) / 2);
        return current;
      }
      await sleep(pollMs * (0.5 + Math.random()), signal);
    }
  }

  async function refreshAsOwner(lease: Lease, signal: AbortSignal): Promise<StoredToken> {
    try {
      // The owner before may have written a token since it was looked for.
      const stored = await ask(() => tokens.get(name), 'get');
      if (stored !== 'failed' && isFresh(stored)) return stored;
      return await fetchNew(signal, save);
    } finally {
      await lease.release();
    }
  }

  async function fetchNew(
    signal: AbortSignal,
    keep: (token: StoredToken) => Promise<unknown> = async () => undefined,
  ): Promise<StoredToken> {
    signal.throwIfAborted();
    const startedAt = Date.now();
    const fetched: unknown = await abortable(fetchToken(signal), signal);
    const token = readFetched(fetched, { startedAt, refreshBeforeMs });
    if (token.value === rejected) rejected = undefined; // the provider insists on it
    await keep(token);
    return token;
  }

  async function save(token: StoredToken): Promise<void> {
    await ask(() => tokens.put(name, token), 'put');
  }

  /** Asks the store; `failed` where this process must do without it. */
  async function ask<T>(work: () => Promise<T>, operation: string): Promise<T | 'failed'> {
    try {
      return await work();
    } catch (error) {
      const wrapped = storeError(error, { service: 'store', operation });
      if (isUnreadable(wrapped)) throw wrapped;
      tell(onStoreFailure, wrapped);
      return 'failed';
    }
  }

  return {
    async get({ signal } = {}) {
      signal?.throwIfAborted();
      if (isFresh(current) || (isGood(current) && nextRefreshAt > Date.now())) return current.value;
      if (refreshing === undefined) {
        refreshing = refreshInTime().finally(() => {
          refreshing = undefined;
        });
        refreshing.catch(() => {}); // everybody who waits may have gone
      }
      return abortable(refreshing, signal);
    },
    async invalidate(rejectedToken) {
      rejected = rejectedToken;
      await ask(() => tokens.invalidate(name, rejectedToken), 'invalidate');
    },
  };
}

// How soon another process takes over a refresh whose owner died.
const leaseMs = 10_000;
const pollMs = 100;

function checked(options: TokenSourceOptions): TokenSourceOptions {
  const { name, tokens, leases, fetchToken, refreshBeforeMs = 0, timeoutMs = 1 } = options ?? {};
  const problems = {
    name: typeof name === 'string' && name !== '' ? undefined : 'must be a string that is not empty',
    tokens: typeof tokens?.invalidate === 'function' ? undefined : 'must be `tokens` of createStores',
    leases:
      leases === undefined || typeof leases.acquire === 'function'
        ? undefined
        : 'must be `leases` of createStores',
    fetchToken: typeof fetchToken === 'function' ? undefined : 'must be a function',
    refreshBeforeMs: refreshBeforeMs >= 0 ? undefined : 'must be 0 or more',
    timeoutMs: timeoutMs > 0 ? undefined : 'must be more than 0',
  };
  for (const [field, problem] of Object.entries(problems)) {
    if (problem !== undefined) throw new CartieError('invalid_config', `${field} ${problem}`, { field });
  }
  return options;
}

function readFetched(
  fetched: unknown,
  { startedAt, refreshBeforeMs }: { startedAt: number; refreshBeforeMs: number },
): StoredToken {
  const { value, expiresInMs } = (fetched ?? {}) as { value?: unknown; expiresInMs?: unknown };
  if (typeof value !== 'string' || value === '' || typeof expiresInMs !== 'number' || !(expiresInMs > 0)) {
    throw new CartieError(
      'invalid_response',
      'fetchToken must give { value, expiresInMs }: a string and milliseconds',
      {
        operation: 'fetchToken',
        outcome: 'not_executed',
      },
    );
  }
  const lifeMs = Math.min(expiresInMs, longestLifeMs);
  return {
    value,
    expiresAt: startedAt + lifeMs,
    refreshAt: startedAt + Math.max(lifeMs - refreshBeforeMs, lifeMs / 2),
  };
}

const longestLifeMs = 10 * 365 * 86_400_000;

/** A value that cannot be decrypted, a missing table, a refused log-in: no outage, and hidden it would stay for ever. */
function isUnreadable(error: unknown): boolean {
  return isCartieError(error) && error.code === 'storage_error' && !error.retryable;
}

function tooLate(): CartieError {
  return new CartieError('timeout', 'The token could not be refreshed in time', {
    operation: 'fetchToken',
    outcome: 'not_executed',
  });
}

function tell<T>(listener: ((event: T) => void) | undefined, event: T): void {
  try {
    listener?.(event);
  } catch {
    // A listener never breaks a call.
  }
}
