import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { breakableStore } from '../tests/breakable-store.ts';
import { thrownBy } from '../tests/collect.ts';
import { type KeyValueStore, type Limiter, memoryStore, storeLimiter } from './index.ts';

const perSecond = (key: string, limit: number) => ({ key, limit, intervalMs: 1_000 });

/** Goes `count` times and tells when, in milliseconds. */
async function timesOf(count: number, acquire: (index: number) => Promise<void>): Promise<number[]> {
  const times: number[] = [];
  await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      await acquire(index);
      times.push(performance.now());
    }),
  );
  return times.sort((a, b) => a - b);
}

/** How many went in the fullest `windowMs`. */
function fullest(times: readonly number[], windowMs: number): number {
  return Math.max(...times.map((start) => times.filter((at) => at >= start && at < start + windowMs).length));
}

describe('storeLimiter', () => {
  test.each([undefined, {}, 'store'])('refuses %j: it is no store', (store) => {
    expect(() => storeLimiter(store as never)).toThrow(
      expect.objectContaining({ code: 'invalid_config', field: 'store' }),
    );
  });

  test('lets no more than the limit through in any interval, for several limiters on one store', async () => {
    const store = memoryStore();
    const limiters = [storeLimiter(store), storeLimiter(store), storeLimiter(store)];
    const limit = { key: 'global', limit: 5, intervalMs: 200 };
    const times = await timesOf(30, (index) => (limiters[index % 3] as Limiter).acquire([limit]));
    // The clocks of the three differ by how long the store took to answer them.
    expect(fullest(times, 190)).toBeLessThanOrEqual(5);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(4.8 * 200);
  });

  test('takes no place of a free key while another key is full', async () => {
    const limiter = storeLimiter(memoryStore());
    const chat = (id: number) => perSecond(`chat:${id}`, 1);
    const global = perSecond('global', 3);
    await limiter.acquire([chat(1), global]);
    const waiting = [1, 2, 3].map(() => {
      const controller = new AbortController();
      return {
        controller,
        done: thrownBy(limiter.acquire([chat(1), global], { signal: controller.signal })),
      };
    });
    await limiter.acquire([chat(2), global], { maxWaitMs: 500 });
    await limiter.acquire([chat(3), global], { maxWaitMs: 500 });
    expect(await thrownBy(limiter.acquire([chat(4), global], { maxWaitMs: 500 }))).toMatchObject({
      code: 'rate_limited',
    });
    for (const { controller } of waiting) controller.abort('enough');
    for (const { done } of waiting) expect(await done).toBe('enough');
  });

  test('keeps the order of those who wait for the same keys', async () => {
    const limiter = storeLimiter(memoryStore());
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 10 }, async (_, index) => {
        await limiter.acquire([{ key: 'a', limit: 2, intervalMs: 30 }]);
        order.push(index);
      }),
    );
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });

  test('spreads calls where a burst is given', async () => {
    const limiter = storeLimiter(memoryStore());
    const limit = { key: 'a', limit: 10, intervalMs: 400, burst: 1 };
    const times = await timesOf(6, () => limiter.acquire([limit]));
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(25);
  });

  test('holds everybody on a paused key, in every process, and nobody else', async () => {
    const store = memoryStore();
    const [one, two] = [storeLimiter(store), storeLimiter(store)];
    await two.acquire([perSecond('a', 100)]);
    const startedAt = performance.now();
    await one.pause('a', 300);
    const order: string[] = [];
    const held = two.acquire([perSecond('a', 100)]).then(() => order.push('a'));
    await two.acquire([perSecond('b', 100)]);
    order.push('b');
    await held;
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(295);
    expect(order).toEqual(['b', 'a']);
  });

  test('holds those who wait already when a pause comes', async () => {
    const limiter = storeLimiter(memoryStore());
    const limit = { key: 'a', limit: 1, intervalMs: 50 };
    await limiter.acquire([limit]);
    const startedAt = performance.now();
    const waiting = limiter.acquire([limit]);
    await limiter.pause('a', 200);
    await waiting;
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(195);
  });

  test('ends a wait at once on abort, by the reason, and gives the place to the next', async () => {
    const limiter = storeLimiter(memoryStore());
    const limit = { key: 'a', limit: 1, intervalMs: 1_000 };
    await limiter.acquire([limit]);
    const controller = new AbortController();
    const aborted = thrownBy(limiter.acquire([limit], { signal: controller.signal }));
    const order: string[] = [];
    const next = limiter.acquire([limit]).then(() => order.push('next'));
    await pause(10);
    controller.abort('changed my mind');
    expect(await aborted).toBe('changed my mind');
    order.push('aborted');
    await next;
    expect(order).toEqual(['aborted', 'next']);
    expect(await thrownBy(limiter.acquire([limit], { signal: AbortSignal.abort('before') }))).toBe('before');
  });

  test('refuses at once what would wait too long, and tells how long', async () => {
    const limiter = storeLimiter(memoryStore());
    const limit = { key: 'a', limit: 1, intervalMs: 60_000 };
    await limiter.acquire([limit]);
    for (let count = 0; count < 3; count += 1) {
      const error = await thrownBy(limiter.acquire([limit], { maxWaitMs: 1_000 }));
      expect(error).toMatchObject({ code: 'rate_limited', retryable: true });
      expect((error as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(50_000);
    }
  });

  test('refuses by `overloaded` when too many wait', async () => {
    const limiter = storeLimiter(memoryStore(), { maxWaiting: 3 });
    const limit = { key: 'a', limit: 1, intervalMs: 60_000 };
    await limiter.acquire([limit]);
    const controller = new AbortController();
    const waiting = [1, 2, 3].map(() => thrownBy(limiter.acquire([limit], { signal: controller.signal })));
    expect(await thrownBy(limiter.acquire([limit]))).toMatchObject({ code: 'overloaded' });
    controller.abort('done');
    expect(await Promise.all(waiting)).toEqual(['done', 'done', 'done']);
  });

  test('keeps limiters with different names apart', async () => {
    const store = memoryStore();
    const limit = { key: 'a', limit: 1, intervalMs: 60_000 };
    await storeLimiter(store, { name: 'one' }).acquire([limit]);
    await storeLimiter(store, { name: 'two' }).acquire([limit], { maxWaitMs: 0 });
  });

  test('asks the store little when many call at once', async () => {
    const store = breakableStore(memoryStore());
    const limiter = storeLimiter(store);
    await Promise.all(Array.from({ length: 500 }, () => limiter.acquire([perSecond('a', 1_000)])));
    expect(store.calls.put).toBeLessThan(10);
  });

  test('asks the store nothing while calls wait that cannot go', async () => {
    const store = breakableStore(memoryStore());
    const limiter = storeLimiter(store);
    const limit = { key: 'a', limit: 1, intervalMs: 60_000 };
    const controller = new AbortController();
    await limiter.acquire([limit]);
    const waiting = [thrownBy(limiter.acquire([limit], { signal: controller.signal }))];
    await pause(10);
    const before = { ...store.calls };
    for (let count = 0; count < 100; count += 1) {
      waiting.push(thrownBy(limiter.acquire([limit], { signal: controller.signal })));
      await Promise.resolve();
    }
    await pause(20);
    expect(store.calls).toEqual(before);
    controller.abort('done');
    await Promise.all(waiting);
  });

  test('forgets keys at rest, in the store too', async () => {
    const store = memoryStore();
    const limiter = storeLimiter(store);
    for (let chat = 0; chat < 50; chat += 1)
      await limiter.acquire([{ key: `chat:${chat}`, limit: 1, intervalMs: 5 }]);
    await pause(10);
    await limiter.acquire([perSecond('last', 1)]);
    const value = (await store.get('limiter:default'))?.value ?? '';
    expect(value).toContain('last');
    expect(value).not.toContain('chat:');
  });

  test('tells the time by the store, whatever the clocks of the processes say', async () => {
    const store = memoryStore();
    // A process whose machine is ten minutes ahead of the store's: it sees ends that are ten minutes off its own clock.
    const ahead: KeyValueStore = {
      ...store,
      get: async (key) => {
        const stored = await store.get(key);
        return stored?.expiresAt === undefined
          ? stored
          : { ...stored, expiresAt: stored.expiresAt + 600_000 };
      },
    };
    const limiter = storeLimiter(ahead);
    await limiter.acquire([perSecond('a', 1)]);
    const [[, rate] = ['', { passed: [0] }]] = JSON.parse(
      (await store.get('limiter:default'))?.value ?? '[]',
    ) as [string, { passed: number[] }][];
    expect((rate.passed[0] ?? 0) - Date.now()).toBeGreaterThan(590_000);
  });

  test('fails those who wait while the store is down, and works again after it', async () => {
    const store = breakableStore(memoryStore());
    const limiter = storeLimiter(store);
    store.fault = 'down';
    const failed = await Promise.all(
      [1, 2, 3].map(() => thrownBy(limiter.acquire([perSecond('chat:canary', 5)]))),
    );
    for (const error of failed) {
      expect(error).toMatchObject({ code: 'storage_error', retryable: true });
      expect(String((error as Error).stack)).not.toContain('canary');
    }
    expect(await thrownBy(limiter.pause('chat:canary', 100))).toMatchObject({ code: 'storage_error' });
    store.fault = undefined;
    await limiter.acquire([perSecond('chat:canary', 5)]);
  });

  test('refuses to write over a value that is not its own', async () => {
    const store = memoryStore();
    await store.put('limiter:default', 'precious');
    expect(await thrownBy(storeLimiter(store).acquire([perSecond('a', 1)]))).toMatchObject({
      code: 'storage_error',
      retryable: false,
    });
    expect((await store.get('limiter:default'))?.value).toBe('precious');
  });

  test('refuses a limit that lets nobody through', async () => {
    const limiter = storeLimiter(memoryStore());
    for (const wrong of [{ limit: 0 }, { limit: 1.5 }, { intervalMs: 0 }, { burst: 0 }]) {
      const limit = { ...perSecond('a', 1), ...wrong };
      expect(await thrownBy(limiter.acquire([limit]))).toMatchObject({ code: 'invalid_input' });
    }
  });
});
