import { createStores, memoryStore } from '@cartie/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { encryptionKey } from '../tests/support.ts';
import { sessionLimiter } from './session-limiter.ts';

const limits = [{ key: 'chat', limit: 2, intervalMs: 60_000 }];
const at = 1_800_000_000_000;
const soon = { maxWaitMs: 1_000 };

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: at }));
afterEach(() => void vi.useRealTimers());

describe('the pace of a history, kept with the sessions', () => {
  it('holds over processes, also where their clocks differ', async () => {
    const { sessions } = createStores(memoryStore(), { encryptionKey });
    const [ahead, behind] = [sessionLimiter(sessions), sessionLimiter(sessions)];
    await ahead.acquire(limits, soon);
    vi.setSystemTime(at - 500);
    await behind.acquire(limits, soon);
    for (const limiter of [behind, ahead]) {
      await expect(limiter.acquire(limits, soon)).rejects.toMatchObject({ code: 'rate_limited' });
    }
    vi.setSystemTime(at + 59_000);
    await expect(behind.acquire(limits, { maxWaitMs: 10 })).rejects.toMatchObject({ retryAfterMs: 500 });
    vi.setSystemTime(at + 60_000);
    await behind.acquire(limits, soon);
  });

  it('forgives a clock that was set far ahead by mistake', async () => {
    const { sessions } = createStores(memoryStore(), { encryptionKey });
    const limiter = sessionLimiter(sessions);
    vi.setSystemTime(at + 86_400_000);
    for (const _time of [1, 2]) await limiter.acquire(limits, soon);
    vi.setSystemTime(at);
    await limiter.acquire(limits, soon);
  });

  it('is paused for all', async () => {
    const { sessions } = createStores(memoryStore(), { encryptionKey });
    await sessionLimiter(sessions).pause('chat', 5_000);
    await expect(sessionLimiter(sessions).acquire(limits, soon)).rejects.toMatchObject({
      code: 'rate_limited',
      retryAfterMs: 5_000,
    });
  });

  it('waits no longer than its caller', async () => {
    const { sessions } = createStores(memoryStore(), { encryptionKey });
    const limiter = sessionLimiter(sessions);
    await limiter.pause('chat', 5_000);
    const ending = new AbortController();
    const waiting = limiter.acquire(limits, { signal: ending.signal });
    ending.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });
});
