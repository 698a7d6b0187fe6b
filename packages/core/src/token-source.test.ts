import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { breakableStore } from '../tests/breakable-store.ts';
import { thrownBy } from '../tests/collect.ts';
import {
  CartieError,
  createStores,
  createTokenSource,
  type KeyValueStore,
  memoryStore,
  type TokenSourceOptions,
} from './index.ts';

const encryptionKey = randomBytes(32).toString('base64');

/** A provider that counts its tokens, and sources over one store as several processes would make them. */
function setUp(kv: KeyValueStore = memoryStore()) {
  const provider = {
    fetched: 0,
    delayMs: 5,
    expiresInMs: 3_600_000,
    failure: undefined as Error | undefined,
    async fetchToken() {
      provider.fetched += 1;
      const number = provider.fetched;
      await pause(provider.delayMs);
      if (provider.failure) throw provider.failure;
      return { value: `token-${number}`, expiresInMs: provider.expiresInMs };
    },
  };
  const stores = createStores(kv, { encryptionKey });
  const source = (options: Partial<TokenSourceOptions> = {}) =>
    createTokenSource({ name: 'crm', ...stores, fetchToken: provider.fetchToken, ...options });
  return { kv, provider, stores, source };
}

describe('createTokenSource', () => {
  test('fetches once for all who ask at once, and then gives the token without asking anybody', async () => {
    const kv = breakableStore(memoryStore());
    const { provider, source } = setUp(kv);
    const one = source();
    const given = await Promise.all(Array.from({ length: 50 }, () => one.get()));
    expect(new Set(given)).toEqual(new Set(['token-1']));
    const calls = { ...kv.calls };
    expect(await one.get()).toBe('token-1');
    expect(kv.calls).toEqual(calls);
    expect(provider.fetched).toBe(1);
  });

  test('fetches once for all processes', async () => {
    const { provider, source } = setUp();
    provider.delayMs = 50;
    const given = await Promise.all(Array.from({ length: 10 }, () => source().get()));
    expect(new Set(given)).toEqual(new Set(['token-1']));
    expect(provider.fetched).toBe(1);
  });

  test('takes the token that another process has stored', async () => {
    const { provider, source } = setUp();
    await source().get();
    expect(await source().get()).toBe('token-1');
    expect(provider.fetched).toBe(1);
  });

  test('fetches once for 50 refusals of one token, in several processes', async () => {
    const { provider, source } = setUp();
    const sources = [source(), source(), source()];
    for (const each of sources) expect(await each.get()).toBe('token-1');
    const given = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const mine = sources[index % 3] as ReturnType<typeof source>;
        await pause(index % 7);
        await mine.invalidate('token-1');
        return mine.get();
      }),
    );
    expect(new Set(given)).toEqual(new Set(['token-2']));
    expect(provider.fetched).toBe(2);
  });

  test('takes the token that another process stored just before it got the lease', async () => {
    const { provider, source, stores } = setUp();
    const other = source();
    const late = source({
      leases: {
        async acquire(name, options) {
          await other.get();
          return stores.leases.acquire(name, options);
        },
      },
    });
    expect(await late.get()).toBe('token-1');
    expect(provider.fetched).toBe(1);
  });

  test('gives no token that was refused while it was on its way', async () => {
    const { source, stores } = setUp();
    const other = source();
    const one = source({
      leases: {
        async acquire(name, options) {
          await other.get();
          const lease = await stores.leases.acquire(name, options);
          // The token has been read; it is refused before the lease is free again.
          const release = async () => {
            await one.invalidate('token-1');
            await lease?.release();
          };
          return lease && { ...lease, release };
        },
      },
    });
    expect(await one.get()).toBe('token-2');
  });

  test('keeps a newer token when an old one is refused late', async () => {
    const { provider, source } = setUp();
    const one = source();
    await one.get();
    await one.invalidate('token-1');
    await one.get();
    await one.invalidate('token-1');
    expect(await one.get()).toBe('token-2');
    expect(await source().get()).toBe('token-2');
    expect(provider.fetched).toBe(2);
  });

  test('gives a refused token no more though the store could not be told', async () => {
    const kv = breakableStore(memoryStore());
    const { source } = setUp(kv);
    const one = source();
    await one.get();
    kv.fault = 'down';
    await one.invalidate('token-1');
    kv.fault = undefined;
    expect(await one.get()).toBe('token-2');
  });

  test('takes a refused token that the provider gives again', async () => {
    const { source } = setUp();
    const one = source({ fetchToken: async () => ({ value: 'always', expiresInMs: 60_000 }) });
    await one.get();
    await one.invalidate('always');
    expect(await one.get()).toBe('always');
  });

  test('refreshes ahead of the end, but not in the first half of a life', async () => {
    const { provider, source } = setUp();
    provider.expiresInMs = 400;
    const one = source({ refreshBeforeMs: 60_000 });
    expect(await one.get()).toBe('token-1');
    expect(await one.get()).toBe('token-1');
    expect(await source({ refreshBeforeMs: 60_000 }).get()).toBe('token-1');
    await pause(220);
    expect(await one.get()).toBe('token-2');
  });

  test('uses a good token on where an early refresh fails, and does not try at each call', async () => {
    const { provider, source } = setUp();
    const failures: unknown[] = [];
    provider.expiresInMs = 600;
    const one = source({ onRefreshFailure: (error) => failures.push(error) });
    await one.get();
    await pause(320);
    provider.failure = new Error('provider is down');
    for (let count = 0; count < 5; count += 1) expect(await one.get()).toBe('token-1');
    expect(failures).toEqual([provider.failure]);
    await pause(300);
    expect(await thrownBy(one.get())).toBe(provider.failure);
  });

  test('lets only one process wait for an early refresh', async () => {
    const { provider, source } = setUp();
    provider.expiresInMs = 60_000;
    const [one, two] = [source(), source()];
    await one.get();
    await two.get();
    // In the second half of the token's life.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31_000 });
    try {
      provider.delayMs = 300;
      const order: string[] = [];
      const refreshed = one.get().then((token) => order.push(token));
      await vi.waitFor(() => expect(provider.fetched).toBe(2));
      order.push(await two.get());
      await refreshed;
      expect(order).toEqual(['token-1', 'token-2']);
    } finally {
      vi.useRealTimers();
    }
  });

  test('throws a failed refresh to all who wait and forgets it', async () => {
    const { provider, source } = setUp();
    const one = source();
    provider.failure = new CartieError('unauthorized', 'client_secret is wrong');
    const thrown = await Promise.all([1, 2, 3].map(() => thrownBy(one.get())));
    for (const error of thrown) expect(error).toBe(provider.failure);
    expect(provider.fetched).toBe(1);
    provider.failure = undefined;
    expect(await one.get()).toBe('token-2');
  });

  test('frees the lease when a refresh fails, so that another process can try at once', async () => {
    const { provider, source } = setUp();
    provider.failure = new Error('no');
    await thrownBy(source().get());
    provider.failure = undefined;
    const startedAt = performance.now();
    await source().get();
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  test('ends the wait of the caller who aborts and of nobody else', async () => {
    const { provider, source } = setUp();
    provider.delayMs = 50;
    const one = source();
    const controller = new AbortController();
    const impatient = thrownBy(one.get({ signal: controller.signal }));
    const patient = one.get();
    await pause(5);
    controller.abort('enough');
    expect(await impatient).toBe('enough');
    expect(await patient).toBe('token-1');
    expect(await thrownBy(one.get({ signal: AbortSignal.abort('before') }))).toBe('before');
  });

  test('finishes a refresh that nobody waits for any more', async () => {
    const { provider, source } = setUp();
    provider.delayMs = 20;
    const one = source();
    const controller = new AbortController();
    const impatient = thrownBy(one.get({ signal: controller.signal }));
    await pause(5);
    controller.abort('enough');
    await impatient;
    expect(await one.get()).toBe('token-1');
    expect(provider.fetched).toBe(1);
  });

  test('ends a refresh that hangs, and aborts its signal', async () => {
    const { stores, source } = setUp();
    let aborted = false;
    const one = source({
      timeoutMs: 40,
      fetchToken: (signal) => {
        signal.addEventListener('abort', () => {
          aborted = true;
        });
        return new Promise(() => {});
      },
    });
    expect(await thrownBy(one.get())).toMatchObject({
      code: 'timeout',
      retryable: true,
      outcome: 'not_executed',
    });
    expect(aborted).toBe(true);
    await expect.poll(() => stores.leases.acquire('token:crm')).toBeDefined();
  });

  test('refuses what is not a token', async () => {
    const { source } = setUp();
    for (const fetched of [
      undefined,
      {},
      { value: '', expiresInMs: 1 },
      { value: 'secret', expiresInMs: Number.NaN },
    ]) {
      const error = await thrownBy(source({ fetchToken: async () => fetched as never }).get());
      expect(error).toMatchObject({ code: 'invalid_response' });
      expect(inspect(error)).not.toContain('secret');
    }
  });

  test('refreshes for itself while the store is down, tells so, and shares again later', async () => {
    const kv = breakableStore(memoryStore());
    const { provider, source } = setUp(kv);
    const failures: CartieError[] = [];
    kv.fault = 'down';
    const one = source({
      onStoreFailure: (error) => {
        failures.push(error);
        throw new Error('a listener that throws');
      },
    });
    expect(await Promise.all([one.get(), one.get()])).toEqual(['token-1', 'token-1']);
    expect(await one.get()).toBe('token-1');
    expect(provider.fetched).toBe(1);
    expect(failures.length).toBeGreaterThan(0);
    for (const error of failures) {
      expect(error).toMatchObject({ code: 'storage_error' });
      expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/token-1|crm/);
    }
    await one.invalidate('token-1');
    kv.fault = undefined;
    expect(await one.get()).toBe('token-2');
    expect(await source().get()).toBe('token-2');
  });

  test('gives the token though it could not be stored', async () => {
    const kv = breakableStore(memoryStore());
    const { provider, source } = setUp(kv);
    const failures: CartieError[] = [];
    const one = source({
      onStoreFailure: (error) => failures.push(error),
      fetchToken: () => {
        kv.fault = 'down';
        return provider.fetchToken();
      },
    });
    expect(await one.get()).toBe('token-1');
    expect(failures).toHaveLength(1);
  });

  test('never hides or overwrites a stored token that cannot be decrypted', async () => {
    const { kv, provider, source } = setUp();
    await source().get();
    const before = await kv.get('token:crm');
    const other = createStores(kv, { encryptionKey: randomBytes(32).toString('base64') });
    const failures: CartieError[] = [];
    const one = source({ ...other, onStoreFailure: (error) => failures.push(error) });
    expect(await thrownBy(one.get())).toMatchObject({ code: 'storage_error', retryable: false });
    expect(await thrownBy(one.invalidate('token-1'))).toMatchObject({
      code: 'storage_error',
      retryable: false,
    });
    expect(await kv.get('token:crm')).toEqual(before);
    expect(provider.fetched).toBe(1);
  });

  test('works without leases, once for each process', async () => {
    const { provider, source } = setUp();
    const one = source({ leases: undefined });
    await Promise.all([one.get(), one.get()]);
    expect(provider.fetched).toBe(1);
  });

  test('refuses wrong options by their name', () => {
    expect(() => createTokenSource(undefined as never)).toThrow(
      expect.objectContaining({ code: 'invalid_config', field: 'name' }),
    );
    const { source } = setUp();
    const wrong = {
      name: '',
      tokens: {} as never,
      leases: {} as never,
      fetchToken: 'token' as never,
      refreshBeforeMs: -1,
      timeoutMs: Number.NaN,
    };
    for (const [field, value] of Object.entries(wrong)) {
      expect(() => source({ [field]: value })).toThrow(
        expect.objectContaining({ code: 'invalid_config', field }),
      );
    }
  });
});
