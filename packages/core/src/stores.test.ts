import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { breakableStore } from '../tests/breakable-store.ts';
import { collect, thrownBy } from '../tests/collect.ts';
import { createStores, memoryStore } from './index.ts';

const newKey = (): string => randomBytes(32).toString('base64');
const hour = 3_600_000;

describe('encrypted stores', () => {
  test('keep neither a token nor a session in the clear', async () => {
    const kv = memoryStore();
    const { tokens, sessions } = createStores(kv, { encryptionKey: newKey() });
    await tokens.put('crm', { value: 'plain-token', expiresAt: Date.now() + hour });
    await sessions.put('account', 'plain-session');
    for await (const key of kv.list('')) {
      const stored = await kv.get(key);
      expect(stored?.value).toMatch(/^v1\.[0-9a-f]{16}\./);
      expect(Buffer.from(stored?.value.split('.')[3] ?? '', 'base64url').toString('latin1')).not.toContain(
        'plain',
      );
    }
    expect(await tokens.get('crm')).toMatchObject({ value: 'plain-token' });
    expect(await sessions.get('account')).toMatchObject({ value: 'plain-session' });
  });

  test('encrypt the same value differently each time', async () => {
    const kv = memoryStore();
    const { sessions } = createStores(kv, { encryptionKey: newKey() });
    const seen = new Set<string | undefined>();
    for (let count = 0; count < 50; count += 1) {
      await sessions.put('a', 'same');
      seen.add((await kv.get('session:a'))?.value);
    }
    expect(seen.size).toBe(50);
  });

  test('read the old key and write the new one after a rotation', async () => {
    const kv = memoryStore();
    const [old, current] = [newKey(), newKey()];
    await createStores(kv, { encryptionKey: old }).sessions.put('a', 'one');
    const rotated = createStores(kv, { encryptionKey: [current, old] });
    expect(await rotated.sessions.get('a')).toMatchObject({ value: 'one' });
    await rotated.sessions.put('a', 'two');
    expect(await createStores(kv, { encryptionKey: current }).sessions.get('a')).toMatchObject({
      value: 'two',
    });
  });

  test('take a key in the URL-safe alphabet, with or without padding, as the same key', async () => {
    const kv = memoryStore();
    const bytes = Buffer.alloc(32, 0xfb);
    await createStores(kv, { encryptionKey: bytes.toString('base64') }).sessions.put('a', 'one');
    const other = createStores(kv, { encryptionKey: bytes.toString('base64url') });
    expect(await other.sessions.get('a')).toMatchObject({ value: 'one' });
  });

  test('refuse a wrong key by its place, without repeating it', () => {
    const wrong = [
      ['', 'encryptionKey'],
      ['short-secret', 'encryptionKey'],
      [`${randomBytes(31).toString('base64')}`, 'encryptionKey'],
      [`${randomBytes(33).toString('base64')}`, 'encryptionKey'],
      [undefined, 'encryptionKey'],
      [[], 'encryptionKey'],
      [[newKey(), 'short-secret'], 'encryptionKey[1]'],
    ] as const;
    for (const [encryptionKey, field] of wrong) {
      let thrown: unknown;
      try {
        createStores(memoryStore(), { encryptionKey: encryptionKey as string });
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toMatchObject({ code: 'invalid_config', field });
      expect(inspect(thrown)).not.toContain('short-secret');
    }
  });

  test('without options there are neither tokens nor sessions', () => {
    expect(Object.keys(createStores(memoryStore())).sort()).toEqual(['dedup', 'leases']);
  });

  describe('with a value that cannot be decrypted', () => {
    const cases = {
      'of a lost key': async (kv) => {
        await createStores(kv, { encryptionKey: newKey() }).sessions.put('a', 'precious');
      },
      'that was altered': async (kv, key) => {
        await createStores(kv, { encryptionKey: key }).sessions.put('a', 'precious');
        const value = (await kv.get('session:a'))?.value ?? '';
        const at = value.length - 8;
        await kv.put('session:a', value.slice(0, at) + (value[at] === 'A' ? 'B' : 'A') + value.slice(at + 1));
      },
      'that was copied from another name': async (kv, key) => {
        await createStores(kv, { encryptionKey: key }).sessions.put('b', 'precious');
        await kv.put('session:a', (await kv.get('session:b'))?.value ?? '');
      },
      'that was copied from a token': async (kv, key) => {
        const { tokens } = createStores(kv, { encryptionKey: key });
        await tokens.put('a', { value: 'precious', expiresAt: Date.now() + hour });
        await kv.put('session:a', (await kv.get('token:a'))?.value ?? '');
      },
      'that is not encrypted': async (kv) => {
        await kv.put('session:a', 'precious');
      },
      'with a shortened tag': async (kv, key) => {
        await createStores(kv, { encryptionKey: key }).sessions.put('a', '');
        const value = (await kv.get('session:a'))?.value ?? '';
        await kv.put('session:a', value.slice(0, -6));
      },
    } as const satisfies Record<string, (kv: ReturnType<typeof memoryStore>, key: string) => Promise<void>>;

    for (const [name, arrange] of Object.entries(cases)) {
      test(`${name}: every method fails and leaves it as it is`, async () => {
        const kv = memoryStore();
        const key = newKey();
        await arrange(kv, key);
        const before = await kv.get('session:a');
        const { sessions } = createStores(kv, { encryptionKey: key });
        for (const work of [
          sessions.get('a'),
          sessions.put('a', 'new'),
          sessions.put('a', 'new', { ifVersion: before?.version }),
          sessions.delete('a'),
        ]) {
          const error = await thrownBy(work);
          expect(error).toMatchObject({ code: 'storage_error', retryable: false, outcome: 'not_executed' });
          expect(inspect(error)).not.toContain('precious');
        }
        expect(await kv.get('session:a')).toEqual(before);
        expect(await collect(sessions.list())).toContain('a');
      });
    }

    test('the error names the id of the missing key', async () => {
      const kv = memoryStore();
      await createStores(kv, { encryptionKey: newKey() }).tokens.put('a', {
        value: 't',
        expiresAt: Date.now() + hour,
      });
      const keyId = (await kv.get('token:a'))?.value.split('.')[1];
      const { tokens } = createStores(kv, { encryptionKey: newKey() });
      await expect(tokens.get('a')).rejects.toThrow(`lacks the key with the id ${keyId}`);
      await expect(tokens.put('a', { value: 'new', expiresAt: Date.now() + hour })).rejects.toThrow(keyId);
      await expect(tokens.invalidate('a', 't')).rejects.toThrow(keyId);
    });
  });
});

describe('tokens', () => {
  const stores = () => createStores(memoryStore(), { encryptionKey: newKey() });

  test('are gone when they end', async () => {
    const { tokens } = stores();
    await tokens.put('a', { value: 't', expiresAt: Date.now() + 30 });
    expect(await tokens.get('a')).toBeDefined();
    await expect.poll(() => tokens.get('a')).toBeUndefined();
  });

  test('are invalidated only while they are the rejected one, and once', async () => {
    const { tokens } = stores();
    const expiresAt = Date.now() + hour;
    await tokens.put('a', { value: 'first', expiresAt });
    await tokens.put('a', { value: 'second', expiresAt });
    expect(await tokens.invalidate('a', 'first')).toBe(false);
    const invalidated = await Promise.all(Array.from({ length: 50 }, () => tokens.invalidate('a', 'second')));
    expect(invalidated.filter(Boolean)).toHaveLength(1);
    expect(await tokens.get('a')).toBeUndefined();
  });

  test('are refused without a value or an end', async () => {
    const { tokens } = stores();
    await expect(tokens.put('a', { value: '', expiresAt: 1 })).rejects.toMatchObject({
      code: 'invalid_input',
      field: 'value',
    });
    await expect(tokens.put('a', { value: 't', expiresAt: Number.NaN })).rejects.toMatchObject({
      code: 'invalid_input',
      field: 'expiresAt',
    });
  });
});

describe('sessions', () => {
  test('are written under a version by one of two who read the same', async () => {
    const { sessions } = createStores(memoryStore(), { encryptionKey: newKey() });
    const first = await sessions.put('a', 'one', { ifVersion: 'absent' });
    expect(await sessions.put('a', 'two', { ifVersion: 'absent' })).toBeUndefined();
    const written = await Promise.all(
      ['x', 'y'].map((value) => sessions.put('a', value, { ifVersion: first })),
    );
    expect(written.filter((version) => version !== undefined)).toHaveLength(1);
    expect(await sessions.delete('a')).toBe(true);
    expect(await sessions.delete('a')).toBe(false);
    expect(await sessions.get('a')).toBeUndefined();
  });

  test('are all written in the end by 10 who write at once', async () => {
    const { sessions } = createStores(memoryStore(), { encryptionKey: newKey() });
    const versions = await Promise.all(
      Array.from({ length: 10 }, (_, index) => sessions.put('a', String(index))),
    );
    expect(new Set(versions).size).toBe(10);
  });

  test('are listed by name, apart from what else is in the store', async () => {
    const kv = memoryStore();
    const { sessions, tokens } = createStores(kv, { encryptionKey: newKey() });
    await sessions.put('a:1', 'x');
    await tokens.put('b', { value: 't', expiresAt: Date.now() + hour });
    await kv.put('sessions', 'x');
    expect(await collect(sessions.list())).toEqual(['a:1']);
  });
});

describe('stores over a store that is broken', () => {
  const canaries = ['canary-name', 'canary-value', 'canary@example.com'];

  for (const fault of ['down', 'answer_lost'] as const) {
    test(`tell no value when it is ${fault}`, async () => {
      const kv = breakableStore(memoryStore());
      const stores = createStores(kv, { encryptionKey: newKey() });
      await stores.sessions.put('canary-name', 'canary@example.com');
      kv.fault = fault;
      for (const work of [
        stores.sessions.get('canary-name'),
        stores.sessions.put('canary-name', 'canary-value'),
        stores.sessions.delete('canary-name'),
        collect(stores.sessions.list()),
        stores.tokens.put('canary-name', { value: 'canary-value', expiresAt: Date.now() + hour }),
        stores.tokens.invalidate('canary-name', 'canary-value'),
        stores.leases.acquire('canary-name'),
        stores.dedup.claim('canary-name'),
      ]) {
        const error = await thrownBy(work);
        expect(error).toMatchObject({ code: 'storage_error', retryable: true });
        const text = inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error);
        for (const canary of canaries) expect(text).not.toContain(canary);
      }
    });
  }
});
