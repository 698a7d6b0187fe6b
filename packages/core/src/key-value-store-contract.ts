import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { ContractCheck } from './contract-check.ts';
import { isCartieError } from './errors.ts';
import type { KeyValueStore } from './key-value-store.ts';

/** Options of {@link keyValueStoreContract}. */
export interface KeyValueStoreContractOptions {
  /**
   * Gives the store to check. Called once for each check; it may give the same store each time, with other data in it:
   * a check uses keys of its own and removes them.
   */
  create: () => KeyValueStore | Promise<KeyValueStore>;
}

/**
 * What every {@link KeyValueStore} must do, as a list of named checks for any test runner:
 *
 * ```ts
 * for (const { name, check } of keyValueStoreContract({ create: () => myStore() })) test(name, check);
 * ```
 *
 * A check rejects with node's `AssertionError`. All together take a few seconds.
 */
export function keyValueStoreContract(options: KeyValueStoreContractOptions): readonly ContractCheck[] {
  return Object.entries(checks).map(([name, check]) => ({
    name,
    async check() {
      const store = await options.create();
      const prefix = `contract:${randomUUID()}:`;
      try {
        await check(store, prefix);
      } finally {
        for await (const key of store.list(prefix)) await store.delete(key);
      }
    },
  }));
}

const checks: Readonly<Record<string, (store: KeyValueStore, prefix: string) => Promise<void>>> = {
  async 'gives nothing for a key that was never written'(store, prefix) {
    assert.equal(await store.get(`${prefix}none`), undefined);
    assert.equal(await store.delete(`${prefix}none`), false);
  },

  async 'gives back what was written, with its version and no end'(store, prefix) {
    const version = await store.put(`${prefix}a`, 'one');
    const stored = await store.get(`${prefix}a`);
    assert.equal(stored?.value, 'one');
    assert.equal(stored.version, version);
    assert.equal(stored.expiresAt, undefined);
  },

  async 'keeps any text: empty, quotes, line ends, every script, and a megabyte'(store, prefix) {
    for (const value of [
      '',
      '"\'\\\r\n\t',
      'Привіт, світе 👋🏽 \u{10FFFF}',
      '%s $1 :x {}',
      'ї'.repeat(500_000),
    ]) {
      await store.put(`${prefix}text`, value);
      assert.equal((await store.get(`${prefix}text`))?.value, value);
    }
  },

  async 'tells apart keys that differ in case, in a trailing space, in Unicode form, and keys of 1,024 bytes'(
    store,
    prefix,
  ) {
    const long = `${prefix}${'k'.repeat(1_023 - prefix.length)}`;
    const keys = ['a', 'A', 'a ', ' a', 'é', 'e\u0301', 'ключ', '🔑'].map((key) => prefix + key);
    keys.push(`${long}1`, `${long}2`);
    for (const key of keys) await store.put(key, key);
    for (const key of keys) assert.equal((await store.get(key))?.value, key);
  },

  async 'refuses keys, values and ends that no store could keep'(store, prefix) {
    for (const key of ['', `${prefix}\0`, `${prefix}\uD800`, prefix + 'ї'.repeat(512)]) {
      await rejectsAsInvalid(store.put(key, 'value'));
      await rejectsAsInvalid(store.get(key));
      await rejectsAsInvalid(store.delete(key));
    }
    await rejectsAsInvalid(store.put(`${prefix}a`, 'nul \0'));
    await rejectsAsInvalid(store.put(`${prefix}a`, 'half \uDC00'));
    for (const ttlMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      await rejectsAsInvalid(store.put(`${prefix}a`, 'value', { ttlMs }));
    }
    assert.equal(await store.get(`${prefix}a`), undefined);
  },

  async 'writes over a value and gives it a greater version'(store, prefix) {
    const versions = [];
    for (let count = 0; count < 12; count += 1) versions.push(await store.put(`${prefix}a`, 'same'));
    assertGrows(versions);
  },

  async 'gives a greater version after a delete'(store, prefix) {
    const first = await store.put(`${prefix}a`, 'one');
    await store.delete(`${prefix}a`);
    const second = await store.put(`${prefix}a`, 'two', { ifVersion: 'absent' });
    await store.delete(`${prefix}a`);
    assertGrows([first, second, await store.put(`${prefix}a`, 'three')]);
  },

  async 'gives a greater version after an expiry'(store, prefix) {
    const first = await store.put(`${prefix}a`, 'one', { ttlMs: 20 });
    await untilGone(store, `${prefix}a`);
    const second = await store.put(`${prefix}a`, 'two', { ttlMs: 20, ifVersion: 'absent' });
    await untilGone(store, `${prefix}a`);
    assertGrows([first, second, await store.put(`${prefix}a`, 'three')]);
  },

  async 'writes under `absent` only where nothing is'(store, prefix) {
    const version = await store.put(`${prefix}a`, 'one', { ifVersion: 'absent' });
    assert.equal(typeof version, 'string');
    assert.equal(await store.put(`${prefix}a`, 'two', { ifVersion: 'absent' }), undefined);
    assert.deepEqual(await store.get(`${prefix}a`), { value: 'one', version });
  },

  async 'writes under a version only while it is the newest'(store, prefix) {
    const first = await store.put(`${prefix}a`, 'one');
    const second = await store.put(`${prefix}a`, 'two', { ifVersion: present(first) });
    assertGrows([first, second]);
    for (const stale of [present(first), '0', 'not a version']) {
      assert.equal(await store.put(`${prefix}a`, 'three', { ifVersion: stale }), undefined);
    }
    assert.equal(await store.put(`${prefix}none`, 'one', { ifVersion: present(second) }), undefined);
    assert.deepEqual(await store.get(`${prefix}a`), { value: 'two', version: second });
    assert.equal(await store.get(`${prefix}none`), undefined);
  },

  async 'does not take a version of a value that was deleted and written again'(store, prefix) {
    const first = present(await store.put(`${prefix}a`, 'one'));
    await store.delete(`${prefix}a`);
    await store.put(`${prefix}a`, 'one');
    assert.equal(await store.put(`${prefix}a`, 'two', { ifVersion: first }), undefined);
    assert.equal(await store.delete(`${prefix}a`, { ifVersion: first }), false);
    assert.equal((await store.get(`${prefix}a`))?.value, 'one');
  },

  async 'deletes once'(store, prefix) {
    await store.put(`${prefix}a`, 'one');
    assert.equal(await store.delete(`${prefix}a`), true);
    assert.equal(await store.delete(`${prefix}a`), false);
    assert.equal(await store.get(`${prefix}a`), undefined);
  },

  async 'deletes under a version only while it is the newest'(store, prefix) {
    const first = present(await store.put(`${prefix}a`, 'one'));
    const second = present(await store.put(`${prefix}a`, 'two'));
    assert.equal(await store.delete(`${prefix}a`, { ifVersion: first }), false);
    assert.equal((await store.get(`${prefix}a`))?.value, 'two');
    assert.equal(await store.delete(`${prefix}a`, { ifVersion: second }), true);
    assert.equal(await store.get(`${prefix}a`), undefined);
  },

  async 'hides an expired value from every method at once'(store, prefix) {
    const key = `${prefix}a`;
    const version = present(await store.put(key, 'one', { ttlMs: 300 }));
    assert.equal((await store.get(key))?.value, 'one');
    await untilGone(store, key);
    assert.deepEqual(await listed(store, prefix), []);
    assert.equal(await store.delete(key), false);
    assert.equal(await store.delete(key, { ifVersion: version }), false);
    assert.equal(await store.put(key, 'two', { ifVersion: version }), undefined);
    assert.equal(typeof (await store.put(key, 'three', { ifVersion: 'absent' })), 'string');
    assert.equal((await store.get(key))?.value, 'three');
  },

  async 'tells when a value ends, by a clock that stands still between two reads'(store, prefix) {
    await store.put(`${prefix}a`, 'one', { ttlMs: 60_000 });
    const first = await store.get(`${prefix}a`);
    await pause(30);
    const second = await store.get(`${prefix}a`);
    assert.equal(first?.expiresAt, second?.expiresAt);
    await store.put(`${prefix}b`, 'one', { ttlMs: 120_000 });
    const later = await store.get(`${prefix}b`);
    const apart = Number(later?.expiresAt) - Number(first?.expiresAt);
    assert.ok(apart >= 60_000 && apart < 70_000, 'the ends are as far apart as the ttls');
    const inHand = Number(first?.expiresAt) - Date.now();
    assert.ok(Math.abs(inHand - 60_000) < 3_600_000, 'the end is in milliseconds since 1970');
  },

  async 'moves the end with each write and removes it by a write without one'(store, prefix) {
    const key = `${prefix}a`;
    await store.put(key, 'one', { ttlMs: 60 });
    const version = present(await store.put(key, 'two', { ttlMs: 60_000 }));
    await store.put(`${prefix}b`, 'one', { ttlMs: 60 });
    await store.put(`${prefix}b`, 'two');
    await pause(90);
    assert.equal((await store.get(key))?.version, version);
    assert.deepEqual(await store.get(`${prefix}b`).then((stored) => [stored?.value, stored?.expiresAt]), [
      'two',
      undefined,
    ]);
  },

  async 'lists exactly the keys with a prefix, wildcards of every language taken literally'(store, prefix) {
    const odd = ['%', '_', '*', '[a]', '?', '\\', '^', '$', "'", '"', '(', '.', 'ї', '👋🏽', 'x', 'xx'];
    for (const name of odd) {
      await store.put(`${prefix}${name}`, '');
      await store.put(`${prefix}${name}:1`, '');
    }
    await store.put(`${prefix.slice(0, -1)};outside`, '');
    for (const name of odd) {
      const expected = odd
        .flatMap((other) => [other, `${other}:1`])
        .filter((other) => other.startsWith(name))
        .map((other) => prefix + other);
      assert.deepEqual(await listed(store, prefix + name), expected.sort());
    }
    assert.equal((await listed(store, prefix)).length, odd.length * 2);
    await store.delete(`${prefix.slice(0, -1)};outside`);
  },

  async 'lists thousands of keys, each once, also while the list is being deleted'(store, prefix) {
    const keys = Array.from({ length: 2_500 }, (_, index) => `${prefix}${index}`);
    for (let start = 0; start < keys.length; start += 100) {
      await Promise.all(keys.slice(start, start + 100).map((key) => store.put(key, '')));
    }
    assert.deepEqual(await listed(store, prefix), [...keys].sort());
    const seen = [];
    for await (const key of store.list(prefix)) {
      seen.push(key);
      await store.delete(key);
    }
    assert.deepEqual(seen.sort(), [...keys].sort());
    assert.deepEqual(await listed(store, prefix), []);
  },

  async 'has one winner of 20 parallel claims, in 200 rounds'(store, prefix) {
    for (let round = 0; round < 200; round += 1) {
      const key = `${prefix}${round % 4}`;
      const versions = await Promise.all(
        Array.from({ length: 20 }, (_, claimant) =>
          store.put(key, String(claimant), { ifVersion: 'absent', ttlMs: 60_000 }),
        ),
      );
      const winners = versions.filter((version) => version !== undefined);
      assert.equal(winners.length, 1, `round ${round}`);
      const winner = versions.findIndex((version) => version !== undefined);
      assert.equal((await store.get(key))?.value, String(winner));
      assert.equal(await store.delete(key, { ifVersion: present(winners[0]) }), true);
    }
  },

  async 'has one winner of 20 parallel claims of a value that has just expired'(store, prefix) {
    for (let round = 0; round < 10; round += 1) {
      await store.put(`${prefix}a`, 'old', { ttlMs: 5 });
      await untilGone(store, `${prefix}a`);
      const versions = await Promise.all(
        Array.from({ length: 20 }, () =>
          store.put(`${prefix}a`, 'new', { ifVersion: 'absent', ttlMs: 60_000 }),
        ),
      );
      assert.equal(versions.filter((version) => version !== undefined).length, 1);
      await store.delete(`${prefix}a`);
    }
  },

  async 'loses no update of 10 writers that compare and swap'(store, prefix) {
    const key = `${prefix}count`;
    await store.put(key, '0');
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        for (let added = 0; added < 10; ) {
          const stored = await store.get(key);
          assert.ok(stored);
          const next = String(Number(stored.value) + 1);
          if ((await store.put(key, next, { ifVersion: stored.version })) !== undefined) added += 1;
        }
      }),
    );
    assert.equal((await store.get(key))?.value, '100');
  },

  async 'has one winner of 20 parallel compare-and-deletes'(store, prefix) {
    for (let round = 0; round < 20; round += 1) {
      const version = present(await store.put(`${prefix}a`, 'one'));
      const deleted = await Promise.all(
        Array.from({ length: 20 }, () => store.delete(`${prefix}a`, { ifVersion: version })),
      );
      assert.equal(deleted.filter(Boolean).length, 1);
    }
  },

  async 'gives each owner of a claim a greater version than the owner before'(store, prefix) {
    const fences: (string | undefined)[] = [];
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        for (let owned = 0; owned < 10; ) {
          const fence = await store.put(`${prefix}a`, '', { ifVersion: 'absent', ttlMs: 60_000 });
          if (fence === undefined) continue;
          fences.push(fence); // nobody else owns it until the delete
          await store.delete(`${prefix}a`, { ifVersion: fence });
          owned += 1;
        }
      }),
    );
    assert.equal(fences.length, 100);
    assertGrows(fences);
  },
};

function present(version: string | undefined): string {
  assert.ok(version !== undefined, 'the write took place');
  return version;
}

function assertGrows(versions: readonly (string | undefined)[]): void {
  for (const [index, version] of versions.entries()) {
    assert.match(present(version), /^\d+$/, 'a version is a decimal integer');
    if (index > 0)
      assert.ok(BigInt(present(version)) > BigInt(present(versions[index - 1])), 'versions grow');
  }
}

async function rejectsAsInvalid(promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => isCartieError(error) && error.code === 'invalid_input');
}

async function listed(store: KeyValueStore, prefix: string): Promise<string[]> {
  const keys = [];
  for await (const key of store.list(prefix)) keys.push(key);
  return keys.sort();
}

async function untilGone(store: KeyValueStore, key: string): Promise<void> {
  const giveUpAt = Date.now() + 5_000;
  while ((await store.get(key)) !== undefined) {
    assert.ok(Date.now() < giveUpAt, 'a value ends when its ttl is over');
    await pause(2);
  }
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
