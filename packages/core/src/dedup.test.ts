import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { breakableStore } from '../tests/breakable-store.ts';
import { createStores, type DedupClaim, memoryStore } from './index.ts';

const hour = 3_600_000;

async function claimed(promise: Promise<DedupClaim | 'done' | 'busy'>): Promise<DedupClaim> {
  const claim = await promise;
  if (typeof claim === 'string') throw new Error(`the claim was not given: ${claim}`);
  return claim;
}

describe('dedup', () => {
  test('gives an event to one of many, and to nobody once it is done', async () => {
    const { dedup } = createStores(memoryStore());
    const answers = await Promise.all(Array.from({ length: 20 }, () => dedup.claim('update:1')));
    const claims = answers.filter((answer) => typeof answer !== 'string');
    expect(claims).toHaveLength(1);
    expect(answers.filter((answer) => answer === 'busy')).toHaveLength(19);
    await claims[0]?.commit(hour);
    expect(await dedup.claim('update:1')).toBe('done');
    expect(await dedup.claim('update:2')).not.toBeTypeOf('string');
  });

  test('holds a claim far beyond its lease while the handler works', async () => {
    const { dedup } = createStores(memoryStore());
    const claim = await claimed(dedup.claim('a', { leaseMs: 600 }));
    await pause(1_500);
    expect(await dedup.claim('a')).toBe('busy');
    expect(claim.signal.aborted).toBe(false);
    await claim.commit(hour);
    expect(await dedup.claim('a')).toBe('done');
  });

  test('gives a released event again at once', async () => {
    const { dedup } = createStores(memoryStore());
    await (await claimed(dedup.claim('a'))).release();
    await (await claimed(dedup.claim('a'))).commit(hour);
  });

  test('forgets a done event after its ttl', async () => {
    const { dedup } = createStores(memoryStore());
    await (await claimed(dedup.claim('a'))).commit(400);
    expect(await dedup.claim('a')).toBe('done');
    await expect.poll(() => dedup.claim('a'), { timeout: 10_000 }).not.toBeTypeOf('string');
  });

  test('raises `conflict` on a claim that was lost, and leaves the other one alone', async () => {
    const kv = memoryStore();
    const { dedup } = createStores(kv);
    const lost = await claimed(dedup.claim('a'));
    await kv.delete('dedup:a');
    const other = await claimed(dedup.claim('a'));
    await expect(lost.commit(hour)).rejects.toMatchObject({ code: 'conflict', retryable: false });
    await lost.release();
    expect(await dedup.claim('a')).toBe('busy');
    await other.commit(hour);
    await expect(lost.commit(hour)).rejects.toMatchObject({ code: 'conflict' });
    expect(await dedup.claim('a')).toBe('done');
  });

  test('raises `conflict` where the claim ran out while the store was down', async () => {
    const kv = breakableStore(memoryStore());
    const { dedup } = createStores(kv);
    const claim = await claimed(dedup.claim('a', { leaseMs: 50 }));
    kv.fault = 'down';
    await expect.poll(() => claim.signal.aborted).toBe(true);
    kv.fault = undefined;
    await expect.poll(() => kv.get('dedup:a')).toBeUndefined();
    await expect(claim.commit(hour)).rejects.toMatchObject({ code: 'conflict' });
  });

  test('can commit again after the store failed', async () => {
    const kv = breakableStore(memoryStore());
    const { dedup } = createStores(kv);
    const claim = await claimed(dedup.claim('a'));
    kv.fault = 'down';
    await expect(claim.commit(hour)).rejects.toMatchObject({ code: 'storage_error' });
    kv.fault = undefined;
    await claim.commit(hour);
    expect(await dedup.claim('a')).toBe('done');
  });

  test('takes a commit whose answer was lost as committed when it is made again', async () => {
    const kv = breakableStore(memoryStore());
    const { dedup } = createStores(kv);
    const claim = await claimed(dedup.claim('a'));
    kv.fault = 'answer_lost';
    await expect(claim.commit(hour)).rejects.toMatchObject({ code: 'storage_error' });
    kv.fault = undefined;
    await claim.commit(hour);
    await claim.release();
    expect(await dedup.claim('a')).toBe('done');
  });

  test('is never undone by a release after the commit', async () => {
    const { dedup } = createStores(memoryStore());
    const claim = await claimed(dedup.claim('a'));
    await claim.commit(hour);
    await claim.release();
    expect(await dedup.claim('a')).toBe('done');
  });

  test('refuses a lease that no clock keeps', async () => {
    const { dedup } = createStores(memoryStore());
    await expect(dedup.claim('a', { leaseMs: 1 })).rejects.toMatchObject({
      code: 'invalid_input',
      field: 'leaseMs',
    });
  });
});
