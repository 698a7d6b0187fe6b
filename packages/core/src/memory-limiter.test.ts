import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type LimitKey, type MemoryLimiter, memoryLimiter } from './index.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const all: LimitKey = { key: 'all', limit: 30, intervalMs: 1_000 };
const chat = (id: number): LimitKey => ({ key: `chat:${id}`, limit: 1, intervalMs: 1_000 });

/** Notes when each call goes, as `name@milliseconds from the start`. */
function recorder(limiter: MemoryLimiter) {
  const startedAt = performance.now();
  const went: string[] = [];
  const times: number[] = [];
  const go = (name: string, keys: readonly LimitKey[], options?: Parameters<MemoryLimiter['acquire']>[1]) =>
    limiter.acquire(keys, options).then(() => {
      const at = Math.round(performance.now() - startedAt);
      times.push(at);
      went.push(`${name}@${at}`);
    });
  return { go, went, times };
}

/** The most calls in any window of this length. */
function mostWithin(times: readonly number[], windowMs: number): number {
  return Math.max(...times.map((start) => times.filter((at) => at >= start && at < start + windowMs).length));
}

describe('a rate', () => {
  test('lets at most `limit` calls through in any interval, and all of them in the end', async () => {
    const { go, times } = recorder(memoryLimiter());
    for (let i = 0; i < 300; i++) void go('', [all]);
    await vi.advanceTimersByTimeAsync(9_100);
    expect(times).toHaveLength(300);
    expect(mostWithin(times, 1_000)).toBe(30);
  });

  test('is not exceeded after a pause either', async () => {
    const { go, times } = recorder(memoryLimiter());
    for (let i = 0; i < 20; i++) void go('', [all]);
    await vi.advanceTimersByTimeAsync(700);
    for (let i = 0; i < 60; i++) void go('', [all]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(times).toHaveLength(80);
    expect(mostWithin(times, 1_000)).toBe(30);
  });

  test('is spread evenly with a small `burst`', async () => {
    const { go, times } = recorder(memoryLimiter());
    const even = { key: 'even', limit: 10, intervalMs: 1_000, burst: 2 };
    for (let i = 0; i < 6; i++) void go('', [even]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(times).toEqual([0, 0, 100, 200, 300, 400]);
  });

  test('of one key does not slow another', async () => {
    const { go, times } = recorder(memoryLimiter());
    for (let id = 0; id < 50; id++) void go('', [chat(id)]);
    await vi.advanceTimersByTimeAsync(0);
    expect(times).toHaveLength(50);
  });

  test.each([{ limit: 0 }, { intervalMs: 0 }, { burst: 0 }, { limit: Number.NaN }, { limit: 2.5 }])(
    'must make sense: %o',
    async (fault) => {
      await expect(memoryLimiter().acquire([{ ...all, ...fault }])).rejects.toMatchObject({
        code: 'invalid_input',
      });
    },
  );
});

describe('calls that name several keys', () => {
  test('take all of them or none: a waiting chat holds no global place', async () => {
    const { go, went } = recorder(memoryLimiter());
    const two: LimitKey = { key: 'all', limit: 2, intervalMs: 1_000 };
    void go('a1', [two, chat(1)]);
    void go('a2', [two, chat(1)]);
    void go('a3', [two, chat(1)]);
    void go('b1', [two, chat(2)]);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(went).toEqual(['a1@0', 'b1@0', 'a2@1000', 'a3@2000']);
  });

  test('do not block other chats, whatever the order of arrival', async () => {
    const { go, went } = recorder(memoryLimiter());
    for (let i = 0; i < 100; i++) void go('busy', [all, chat(1)]);
    for (let id = 2; id < 12; id++) void go('quiet', [all, chat(id)]);
    await vi.advanceTimersByTimeAsync(0);
    expect(went.filter((line) => line === 'quiet@0')).toHaveLength(10);
    expect(went.filter((line) => line === 'busy@0')).toHaveLength(1);
  });

  test('go in the order of arrival on each key', async () => {
    const { go, went } = recorder(memoryLimiter());
    const one: LimitKey = { key: 'all', limit: 1, intervalMs: 100 };
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) void go(name, [one, chat(name.charCodeAt(0))]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(went).toEqual(['a@0', 'b@100', 'c@200', 'd@300', 'e@400', 'f@500']);
  });

  test('keep their turn when a newcomer finds room a moment before the timer', async () => {
    const { go, went } = recorder(memoryLimiter());
    const one: LimitKey = { key: 'all', limit: 1, intervalMs: 100 };
    void go('first', [one]);
    void go('second', [one, chat(1)]);
    await vi.advanceTimersByTimeAsync(50);
    // The timer is late, as it is when the process is busy.
    const realNow = performance.now();
    const now = vi.spyOn(performance, 'now').mockReturnValue(realNow + 60);
    void go('third', [one]);
    now.mockRestore();
    await vi.advanceTimersByTimeAsync(400);
    expect(went.map((line) => line.split('@')[0])).toEqual(['first', 'second', 'third']);
  });

  test('work with three keys: overall, chat and group a minute', async () => {
    const { go, times } = recorder(memoryLimiter());
    const group: LimitKey = { key: 'group:1', limit: 20, intervalMs: 60_000 };
    for (let i = 0; i < 30; i++) void go('', [all, chat(1), group]);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(times).toHaveLength(30);
    expect(times[19]).toBe(19_000);
    expect(times[20]).toBe(60_000);
    expect(mostWithin(times, 60_000)).toBe(20);
  });
});

describe('a pause', () => {
  test('lets nobody through on its key until it is over', async () => {
    const limiter = memoryLimiter();
    const { go, went } = recorder(limiter);
    await limiter.pause('chat:1', 5_000);
    void go('paused', [all, chat(1)]);
    void go('free', [all, chat(2)]);
    await vi.advanceTimersByTimeAsync(4_999);
    expect(went).toEqual(['free@0']);
    await vi.advanceTimersByTimeAsync(1);
    expect(went).toEqual(['free@0', 'paused@5000']);
  });

  test('holds those who wait already', async () => {
    const limiter = memoryLimiter();
    const { go, went } = recorder(limiter);
    for (let i = 0; i < 31; i++) void go(`${i}`, [all]);
    await vi.advanceTimersByTimeAsync(500);
    await limiter.pause('all', 3_000);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(went.at(-1)).toBe('30@3500');
  });

  test('is not shortened by another one', async () => {
    const limiter = memoryLimiter();
    const { go, went } = recorder(limiter);
    await limiter.pause('all', 3_000);
    await limiter.pause('all', 1_000);
    void go('call', [all]);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(went).toEqual(['call@3000']);
  });

  test('of many days is kept', async () => {
    const limiter = memoryLimiter();
    const { go, went } = recorder(limiter);
    await limiter.pause('all', 30 * 86_400_000);
    void go('call', [all]);
    await vi.advanceTimersByTimeAsync(30 * 86_400_000 - 1);
    expect(went).toEqual([]);
    await vi.advanceTimersByTimeAsync(2);
    expect(went).toHaveLength(1);
  });
});

describe('a call that cannot get its place in time', () => {
  test('is told at once, with the time when there is one', async () => {
    const limiter = memoryLimiter();
    await limiter.pause('all', 60_000);
    await expect(limiter.acquire([all], { maxWaitMs: 30_000 })).rejects.toMatchObject({
      code: 'rate_limited',
      retryAfterMs: 60_000,
      outcome: 'not_executed',
    });
  });

  test('is told when a pause begins while it waits', async () => {
    const limiter = memoryLimiter();
    for (let i = 0; i < 30; i++) await limiter.acquire([all]);
    const patient = vi.fn();
    void limiter.acquire([all]).then(patient);
    const hasty = limiter.acquire([all], { maxWaitMs: 30_000 }).catch((error: unknown) => error);
    await limiter.pause('all', 60_000);
    expect(await hasty).toMatchObject({ code: 'rate_limited', retryAfterMs: 60_000 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(patient).toHaveBeenCalledOnce();
  });
});

describe('waiting', () => {
  test('ends at once by abort, with its reason, and leaves no listener and no place', async () => {
    const limiter = memoryLimiter();
    const { go, went } = recorder(limiter);
    await limiter.acquire([chat(1)]);
    const controller = new AbortController();
    const aborted = limiter
      .acquire([chat(1)], { signal: controller.signal })
      .catch((error: unknown) => error);
    void go('next', [chat(1)]);
    controller.abort('stop');
    expect(await aborted).toBe('stop');
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    expect(limiter.waiting).toBe(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(went).toEqual(['next@1000']);
  });

  test('is refused for an aborted signal, even where there is room', async () => {
    await expect(memoryLimiter().acquire([all], { signal: AbortSignal.abort('before') })).rejects.toBe(
      'before',
    );
  });

  test('is refused when too many wait', async () => {
    const limiter = memoryLimiter({ maxWaiting: 2 });
    await limiter.acquire([chat(1)]);
    for (let i = 0; i < 2; i++) void limiter.acquire([chat(1)]);
    await expect(limiter.acquire([chat(1)])).rejects.toMatchObject({
      code: 'overloaded',
      outcome: 'not_executed',
    });
    // Whoever need not wait is served all the same.
    await limiter.acquire([chat(2)]);
  });

  test('leaves no timer when nobody waits', async () => {
    const limiter = memoryLimiter();
    await limiter.acquire([chat(1)]);
    const controller = new AbortController();
    const waiting = limiter.acquire([chat(1)], { signal: controller.signal }).catch(() => undefined);
    expect(vi.getTimerCount()).toBe(1);
    controller.abort();
    await waiting;
    expect(vi.getTimerCount()).toBe(0);
  });

  test('of 10,000 calls over 1,000 chats is served in order, on time, and without going through all of them', async () => {
    const limiter = memoryLimiter({ maxWaiting: 20_000 });
    const wide: LimitKey = { key: 'all', limit: 100, intervalMs: 1_000 };
    const turns = new Map<number, number[]>();
    const times: number[] = [];
    // Each look at a call's keys reads this property: it counts the work.
    let looks = 0;
    for (let i = 0; i < 10_000; i++) {
      const id = i % 1_000;
      const keys = [wide, chat(id)];
      const counted = new Proxy(keys, {
        get: (target, name) => {
          if (name === Symbol.iterator) looks++;
          return Reflect.get(target, name, target) as unknown;
        },
      });
      void limiter.acquire(counted).then(() => {
        times.push(Math.round(performance.now()));
        turns.set(id, [...(turns.get(id) ?? []), i]);
      });
    }
    await vi.advanceTimersByTimeAsync(100_000);
    expect(times).toHaveLength(10_000);
    expect(mostWithin(times.slice(0, 2_000), 1_000)).toBe(100);
    for (const order of turns.values()) expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(looks).toBeLessThan(10 * 10_000);
  });
});

test('keys at rest are forgotten: memory follows the chats in use, not all there ever were', async () => {
  const limiter = memoryLimiter();
  for (let id = 0; id < 20_000; id++) {
    await limiter.acquire([{ ...all, limit: 1e6 }, chat(id)]);
    if (id % 100 === 99) await vi.advanceTimersByTimeAsync(100);
  }
  expect(limiter.keys).toBeLessThan(3_000);
});
