import { spawnSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { breakableStore } from '../tests/breakable-store.ts';
import { createStores, type Lease, memoryStore } from './index.ts';

async function taken(promise: Promise<Lease | undefined>): Promise<Lease> {
  const lease = await promise;
  if (lease === undefined) throw new Error('the lease was not given');
  return lease;
}

describe('leases', () => {
  test('have one owner at a time', async () => {
    const { leases } = createStores(memoryStore());
    const asked = await Promise.all(Array.from({ length: 20 }, () => leases.acquire('poller')));
    const [owner, ...others] = asked.filter((lease) => lease !== undefined);
    expect(others).toEqual([]);
    expect(await leases.acquire('other')).toBeDefined();
    await owner?.release();
    expect(await leases.acquire('poller')).toBeDefined();
  });

  test('are kept far beyond their ttl and freed at once by release', async () => {
    const { leases } = createStores(memoryStore());
    const lease = await taken(leases.acquire('a', { ttlMs: 60 }));
    await pause(250);
    expect(lease.signal.aborted).toBe(false);
    expect(await leases.acquire('a')).toBeUndefined();
    await lease.release();
    await lease.release();
    expect(lease.signal.reason).toMatchObject({ code: 'conflict' });
    expect(await leases.acquire('a')).toBeDefined();
  });

  test('tell for how long they are surely owned, and that falls while the store is down', async () => {
    const kv = breakableStore(memoryStore());
    const { leases } = createStores(kv);
    const lease = await taken(leases.acquire('a', { ttlMs: 600 }));
    expect(lease.remainingMs()).toBeLessThanOrEqual(600);
    await pause(900);
    // Renewed meanwhile: it would have been over else.
    expect(lease.remainingMs()).toBeGreaterThan(0);
    kv.fault = 'down';
    const before = lease.remainingMs();
    await expect.poll(() => lease.remainingMs(), { interval: 5 }).toBeLessThan(before);
    await expect.poll(() => lease.remainingMs(), { interval: 5 }).toBe(0);
    kv.fault = undefined;
    const other = await taken(leases.acquire('b'));
    await other.release();
    expect(other.remainingMs()).toBe(0);
  });

  test('are released at the end of `await using`', async () => {
    const { leases } = createStores(memoryStore());
    {
      await using lease = await leases.acquire('a');
      expect(lease).toBeDefined();
    }
    expect(await leases.acquire('a')).toBeDefined();
  });

  test('have a fence that grows over release, loss and expiry', async () => {
    const kv = breakableStore(memoryStore());
    const { leases } = createStores(kv);
    const fences: bigint[] = [];
    for (let round = 0; round < 3; round += 1) {
      const released = await taken(leases.acquire('a'));
      fences.push(BigInt(released.fence));
      await released.release();

      const expired = await taken(leases.acquire('a', { ttlMs: 40 }));
      fences.push(BigInt(expired.fence));
      kv.fault = 'down';
      await expect.poll(() => expired.signal.aborted).toBe(true);
      kv.fault = undefined;
      await expect.poll(() => kv.get('lease:a')).toBeUndefined();
    }
    expect(fences).toEqual([...fences].sort((a, b) => (a < b ? -1 : 1)));
    expect(new Set(fences).size).toBe(fences.length);
  });

  test('are lost when somebody removed them: the signal aborts and the new owner is left alone', async () => {
    const kv = memoryStore();
    const { leases } = createStores(kv);
    const first = await taken(leases.acquire('a', { ttlMs: 90 }));
    await kv.delete('lease:a');
    const second = await taken(leases.acquire('a'));
    await expect.poll(() => first.signal.aborted).toBe(true);
    expect(first.signal.reason).toMatchObject({ code: 'conflict' });
    await first.release();
    expect(second.signal.aborted).toBe(false);
    expect(await leases.acquire('a')).toBeUndefined();
  });

  test('outlive a store that is down for less than their ttl', async () => {
    const kv = breakableStore(memoryStore());
    const { leases } = createStores(kv);
    const lease = await taken(leases.acquire('a', { ttlMs: 300 }));
    kv.fault = 'down';
    await pause(200);
    kv.fault = undefined;
    await pause(300);
    expect(lease.signal.aborted).toBe(false);
    expect(await leases.acquire('a')).toBeUndefined();
    await lease.release();
  });

  test('outlive renewals whose answers were lost', async () => {
    const kv = breakableStore(memoryStore());
    const { leases } = createStores(kv);
    const lease = await taken(leases.acquire('a', { ttlMs: 300 }));
    const renewed = kv.calls.put;
    kv.fault = 'answer_lost';
    await expect.poll(() => kv.calls.put).toBeGreaterThan(renewed);
    kv.fault = undefined;
    await pause(400);
    expect(lease.signal.aborted).toBe(false);
    await lease.release();
    expect(await leases.acquire('a')).toBeDefined();
  });

  for (const fault of ['down', 'silent'] as const) {
    test(`abort by this process's clock when the store stays ${fault}`, async () => {
      const kv = breakableStore(memoryStore());
      const lease = await taken(createStores(kv).leases.acquire('a', { ttlMs: 100 }));
      kv.fault = fault;
      const startedAt = performance.now();
      await expect.poll(() => lease.signal.aborted, { interval: 5 }).toBe(true);
      expect(performance.now() - startedAt).toBeLessThan(2_000);
      expect(lease.signal.reason).toMatchObject({ code: 'conflict', message: 'The lease was lost' });
    });
  }

  test('are released without an error though the store is down, and end by their ttl', async () => {
    const kv = breakableStore(memoryStore());
    const { leases } = createStores(kv);
    const lease = await taken(leases.acquire('a', { ttlMs: 60 }));
    kv.fault = 'down';
    await lease.release();
    kv.fault = undefined;
    expect(await leases.acquire('a')).toBeUndefined();
    await expect.poll(() => leases.acquire('a')).toBeDefined();
  });

  test('are never renewed once they are released, also while a renewal is under way', async () => {
    const kv = memoryStore();
    let puts = 0;
    const slow: typeof kv = {
      ...kv,
      put: async (key, value, options) => {
        puts += 1;
        await pause(20);
        return kv.put(key, value, options);
      },
    };
    const { leases } = createStores(slow);
    for (let round = 0; round < 5; round += 1) {
      const lease = await taken(leases.acquire('a', { ttlMs: 90 }));
      await pause(32 + round * 4);
      await lease.release();
      expect(await kv.get('lease:a')).toBeUndefined();
    }
    const before = puts;
    await pause(120);
    expect(puts).toBe(before);
  });

  test('let a process end that forgot to release them', () => {
    const program = `
      import { createStores, memoryStore } from '@cartie/core';
      const { leases, dedup } = createStores(memoryStore());
      await leases.acquire('a');
      await dedup.claim('b');
      console.log('held');`;
    const { stdout, status } = spawnSync(
      process.execPath,
      ['--conditions=@cartie/source', '--input-type=module', '--eval', program],
      { cwd: import.meta.dirname, encoding: 'utf8', timeout: 15_000 },
    );
    expect({ stdout, status }).toEqual({ stdout: 'held\n', status: 0 });
  });

  test('refuse a ttl that no clock keeps', async () => {
    const { leases } = createStores(memoryStore());
    for (const ttlMs of [0, 9, Number.NaN, 90_000_000]) {
      await expect(leases.acquire('a', { ttlMs })).rejects.toMatchObject({
        code: 'invalid_input',
        field: 'ttlMs',
      });
    }
  });
});
