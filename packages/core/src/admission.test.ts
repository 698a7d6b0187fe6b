import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type Caller,
  type CallPlan,
  type ClientOptions,
  createCaller,
  type Limiter,
  type LimitKey,
  memoryLimiter,
  memoryStore,
  storeLimiter,
} from './index.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const all: LimitKey = { key: 'all', limit: 30, intervalMs: 1_000 };
const chat = (id: number): LimitKey => ({ key: `chat:${id}`, limit: 1, intervalMs: 1_000 });

/** A provider that hangs while it is told to, and notes when each request left and for whom. */
function startProvider() {
  const startedAt = performance.now();
  const held: (() => void)[] = [];
  const left: { name: string; at: number }[] = [];
  let isHanging = false;
  const fetch: typeof globalThis.fetch = async (url) => {
    left.push({
      name: new URL(String(url)).pathname.slice(1),
      at: Math.round(performance.now() - startedAt),
    });
    if (isHanging) await new Promise<void>((resolve) => held.push(resolve));
    return new Response('{}');
  };
  return {
    fetch,
    left,
    hang: () => {
      isHanging = true;
    },
    answer: () => {
      isHanging = false;
      for (const go of held.splice(0)) go();
    },
  };
}

type Provider = ReturnType<typeof startProvider>;

function callerOf(provider: Provider, options: ClientOptions): Caller {
  return createCaller({
    service: 'shop',
    baseUrl: 'https://shop.invalid',
    options: { fetch: provider.fetch, retries: 0, timeoutMs: 100_000, deadlineMs: 200_000, ...options },
    classify: () => undefined,
  });
}

function planOf(name: string, limits: readonly LimitKey[]): CallPlan {
  return {
    operation: 'send',
    idempotent: false,
    limits,
    build: () => ({ method: 'POST', path: `/${name}` }),
  };
}

/** The most requests in any window of this length. */
function mostWithin(left: Provider['left'], windowMs: number): number {
  return Math.max(
    ...left.map(({ at }) => left.filter((other) => other.at >= at && other.at < at + windowMs).length),
  );
}

/** Lets pass what is ready, the store's answers included. */
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(20);

const limiters: readonly [string, () => Limiter][] = [
  ['memoryLimiter', memoryLimiter],
  ['storeLimiter', () => storeLimiter(memoryStore())],
];

describe.each(limiters)('admission by %s and `maxConcurrent` at once', (_name, makeLimiter) => {
  test('keeps the rate after the provider hung: what waited does not leave in a burst', async () => {
    const provider = startProvider();
    const caller = callerOf(provider, { limiter: makeLimiter(), maxConcurrent: 40 });
    provider.hang();
    const calls = Array.from({ length: 200 }, (_, id) => caller.call(planOf(`${id}`, [all, chat(id)])));
    await vi.advanceTimersByTimeAsync(9_000);
    expect(provider.left).toHaveLength(40);
    provider.answer();
    await vi.advanceTimersByTimeAsync(9_000);
    await Promise.all(calls);
    expect(provider.left).toHaveLength(200);
    // The clocks of a shared limiter are whole milliseconds.
    expect(mostWithin(provider.left, 990)).toBeLessThanOrEqual(30);
  });

  test('uses up no rate for a call that waits for a place', async () => {
    const limiter = makeLimiter();
    const [stuck, healthy] = [startProvider(), startProvider()];
    const two = { ...all, limit: 2 };
    const first = callerOf(stuck, { limiter, maxConcurrent: 1 });
    const second = callerOf(healthy, { limiter, maxConcurrent: 1 });
    stuck.hang();
    const calls = [1, 2, 3].map((id) => first.call(planOf(`${id}`, [two])));
    await settle();
    await second.call(planOf('other', [two]));
    expect(stuck.left).toHaveLength(1);
    expect(healthy.left[0]?.at).toBeLessThan(100);
    stuck.answer();
    await vi.advanceTimersByTimeAsync(3_000);
    await Promise.all(calls);
  });

  test('holds no place for a call that waits for its chat', async () => {
    const provider = startProvider();
    const caller = callerOf(provider, { limiter: makeLimiter(), maxConcurrent: 2 });
    const busy = Array.from({ length: 10 }, () => caller.call(planOf('busy', [all, chat(1)])));
    const quiet = [2, 3, 4, 5].map((id) => caller.call(planOf('quiet', [all, chat(id)])));
    const free = caller.call(planOf('free', []));
    await settle();
    await Promise.all([...quiet, free]);
    expect(provider.left.filter(({ name }) => name === 'busy')).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(10_000);
    await Promise.all(busy);
  });

  test('keeps the order of a chat, and serves calls with and without a rate in turn', async () => {
    const provider = startProvider();
    const caller = callerOf(provider, { limiter: makeLimiter(), maxConcurrent: 1 });
    const fast = { key: 'chat:1', limit: 100, intervalMs: 1_000 };
    provider.hang();
    const calls = [caller.call(planOf('first', []))];
    await settle();
    for (let i = 0; i < 5; i++) {
      calls.push(caller.call(planOf(`paced${i}`, [fast])), caller.call(planOf(`unpaced${i}`, [])));
    }
    await settle();
    provider.answer();
    await vi.advanceTimersByTimeAsync(1_000);
    await Promise.all(calls);
    const order = provider.left.map(({ name }) => name);
    expect(order.filter((name) => name.startsWith('paced'))).toEqual([0, 1, 2, 3, 4].map((i) => `paced${i}`));
    expect(order.indexOf('paced0')).toBeLessThan(order.indexOf('unpaced4'));
  });

  test.each(['deadline', 'abort'])('ends both waits by %s, and leaves nothing behind', async (how) => {
    const provider = startProvider();
    const caller = callerOf(provider, { limiter: makeLimiter(), maxConcurrent: 3 });
    const rates = [{ ...all, limit: 1_000 }];
    provider.hang();
    const stuck = [1, 2, 3].map(() => caller.call(planOf('stuck', rates)));
    await settle();
    const controller = new AbortController();
    const options = how === 'abort' ? { signal: controller.signal } : { deadlineMs: 500 };
    const waiting = Array.from({ length: 20 }, () =>
      caller.call(planOf('waiting', rates), options).catch((error: unknown) => error),
    );
    await settle();
    controller.abort('stop');
    await vi.advanceTimersByTimeAsync(600);
    const ends = await Promise.all(waiting);
    if (how === 'abort') expect(new Set(ends)).toEqual(new Set(['stop']));
    else for (const end of ends) expect(end).toMatchObject({ code: 'timeout', outcome: 'not_executed' });
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    provider.answer();
    await settle();
    await Promise.all(stuck);
    expect(vi.getTimerCount()).toBe(0);
    // All three places are there again, no more and no fewer.
    provider.hang();
    const after = Array.from({ length: 4 }, () => caller.call(planOf('after', rates)));
    await settle();
    expect(provider.left.filter(({ name }) => name === 'after')).toHaveLength(3);
    expect(provider.left.filter(({ name }) => name === 'waiting')).toHaveLength(0);
    provider.answer();
    await settle();
    await Promise.all(after);
  });

  test('lets a pause of the provider pass before a call that has waited for a place', async () => {
    const provider = startProvider();
    const limiter = makeLimiter();
    const caller = callerOf(provider, { limiter, maxConcurrent: 1 });
    provider.hang();
    const calls = [1, 2].map((id) => caller.call(planOf(`${id}`, [all])));
    await settle();
    const pausing = limiter.pause('all', 5_000);
    await settle();
    await pausing;
    provider.answer();
    await vi.advanceTimersByTimeAsync(6_000);
    await Promise.all(calls);
    expect(provider.left[1]?.at).toBeGreaterThanOrEqual(5_000);
  });

  test("keeps the rate when those who waited for another call's probe may go", async () => {
    const provider = startProvider();
    let isDown = true;
    const caller = callerOf(provider, {
      limiter: makeLimiter(),
      maxConcurrent: 40,
      breaker: { openMs: 10_000 },
      fetch: async (url, init) => {
        if (isDown) throw new TypeError('fetch failed');
        return provider.fetch(url, init);
      },
    });
    for (let i = 0; i < 5; i++) {
      const call = caller.call(planOf('down', [])).catch(() => undefined);
      await settle();
      await call;
    }
    expect(caller.breaker?.state).toBe('open');
    isDown = false;
    await vi.advanceTimersByTimeAsync(10_000);
    provider.hang();
    const calls = Array.from({ length: 100 }, (_, id) => caller.call(planOf('send', [all, chat(id)])));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(provider.left).toHaveLength(1);
    provider.answer();
    await vi.advanceTimersByTimeAsync(10_000);
    await Promise.all(calls);
    expect(provider.left).toHaveLength(100);
    expect(mostWithin(provider.left, 990)).toBeLessThanOrEqual(30);
  });
});

test('a limiter that knows nothing of places still leaves no more than `maxConcurrent` at once', async () => {
  const provider = startProvider();
  const limiter: Limiter = { acquire: async () => undefined, pause: async () => undefined };
  const caller = callerOf(provider, { limiter, maxConcurrent: 2 });
  provider.hang();
  const calls = Array.from({ length: 5 }, () => caller.call(planOf('send', [all])));
  await settle();
  expect(provider.left).toHaveLength(2);
  provider.answer();
  await settle();
  await Promise.all(calls);
  expect(provider.left).toHaveLength(5);
});

test('clients that share a limiter do not wait for each other’s places', async () => {
  const limiter = memoryLimiter();
  const [stuck, healthy] = [startProvider(), startProvider()];
  const [first, second] = [callerOf(stuck, { limiter }), callerOf(healthy, { limiter })];
  stuck.hang();
  const calls = Array.from({ length: 1_000 }, (_, id) => first.call(planOf('stuck', [all, chat(id)])));
  await vi.advanceTimersByTimeAsync(2_000);
  await Promise.all(
    Array.from({ length: 20 }, (_, id) => second.call(planOf('ok', [all, chat(2_000 + id)]))),
  );
  expect(stuck.left).toHaveLength(10);
  expect(healthy.left).toHaveLength(20);
  stuck.answer();
  await vi.advanceTimersByTimeAsync(40_000);
  await Promise.all(calls);
  expect(
    mostWithin(
      [...stuck.left, ...healthy.left].toSorted((a, b) => a.at - b.at),
      1_000,
    ),
  ).toBe(30);
});

test('10,000 calls over as many chats that wait for a place are served without going through all of them', async () => {
  const provider = startProvider();
  const caller = callerOf(provider, {
    limiter: memoryLimiter({ maxWaiting: 20_000 }),
    maxConcurrent: 10,
  });
  const wide = { ...all, limit: 1_000 };
  // Each look at a call's keys reads this property: it counts the work.
  let looks = 0;
  provider.hang();
  const calls = Array.from({ length: 10_000 }, (_, id) => {
    const keys = new Proxy([wide, chat(id)], {
      get: (target, name) => {
        if (name === Symbol.iterator) looks++;
        return Reflect.get(target, name, target) as unknown;
      },
    });
    return caller.call(planOf('send', keys));
  });
  await vi.advanceTimersByTimeAsync(2_000);
  provider.answer();
  await vi.advanceTimersByTimeAsync(11_000);
  await Promise.all(calls);
  expect(mostWithin(provider.left.slice(0, 3_000), 1_000)).toBeLessThanOrEqual(1_000);
  expect(looks).toBeLessThan(10 * 10_000);
}, 60_000);
