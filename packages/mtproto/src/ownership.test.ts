import { createStores, type LeaseStore, memoryStore } from '@cartie/core';
import { describe, expect, it } from 'vitest';
import { encryptionKey, startScene, thrown, until } from '../tests/support.ts';

const leaseMs = 60_000;

/** Leases whose rest is what the test says. */
function leasesWith(remaining: { ms: number }, real: LeaseStore): LeaseStore {
  return {
    async acquire(name, options) {
      const lease = await real.acquire(name, options);
      return lease && { ...lease, remainingMs: () => remaining.ms };
    },
  };
}

describe('the owner of an account', () => {
  it('writes no byte once two thirds of its lease have passed, and destroys the socket', async () => {
    const kv = memoryStore();
    const remaining = { ms: leaseMs };
    const leases = leasesWith(remaining, createStores(kv, { encryptionKey }).leases);
    // Its timers look too late to notice: only the check before each write does.
    await using scene = await startScene({ kv, leases, leaseMs });
    const { dc, account } = scene;
    await account.me();
    const before = dc.connections.bytesReceived();
    remaining.ms = leaseMs / 3;
    expect(await thrown(account.me({ deadlineMs: 300 }))).toMatchObject({ code: 'timeout' });
    await until(() => dc.connections.open === 0);
    expect(dc.connections.bytesReceived()).toBe(before);
    await until(() => account.state.reason === 'lease');
    expect(dc.connections.total).toBe(1);

    remaining.ms = leaseMs;
    account.retry();
    await account.ready();
    expect(dc.connections.total).toBe(2);
  });

  it('also ends a connection on which nobody writes', async () => {
    const kv = memoryStore();
    const remaining = { ms: 3_000 };
    const leases = leasesWith(remaining, createStores(kv, { encryptionKey }).leases);
    await using scene = await startScene({ kv, leases, leaseMs: 3_000 });
    const { dc, account } = scene;
    const before = dc.connections.bytesReceived();
    remaining.ms = 1_000;
    // Long before a ping would notice.
    await until(() => dc.connections.open === 0, 15_000);
    expect(dc.connections.bytesReceived()).toBe(before);
    await until(() => account.state.name === 'waiting');
  });
});
