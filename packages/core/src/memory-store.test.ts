import { describe, expect, test } from 'vitest';
import { memoryStore } from './memory-store.ts';
import { keyValueStoreContract } from './testing.ts';

describe('memoryStore', () => {
  for (const { name, check } of keyValueStoreContract({ create: () => memoryStore() })) test(name, check);

  test('forgets expired values by later writes, without a read of them', async () => {
    const store = memoryStore();
    const before = process.memoryUsage().heapUsed;
    for (let count = 0; count < 200; count += 1) {
      await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          store.put(`${count}:${index}`, Buffer.alloc(10_000, String(index)).toString(), { ttlMs: 1 }),
        ),
      );
    }
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100_000_000);
  });

  test('hands out copies: changing one changes nothing in the store', async () => {
    const store = memoryStore();
    await store.put('a', 'one');
    const stored = await store.get('a');
    if (stored) stored.value = 'changed';
    expect((await store.get('a'))?.value).toBe('one');
  });
});
