import { createServer, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshRedis, hasRedis, type TestRedis } from '../../../tests/support/redis.ts';
import { collect, thrownBy } from '../tests/collect.ts';
import { redisStore } from './redis.ts';
import { keyValueStoreContract } from './testing.ts';

describe.skipIf(!hasRedis)('redisStore', () => {
  let redis: TestRedis;
  let nodeRedis: ReturnType<typeof createClient>;
  let prefixed: Redis;

  beforeAll(async () => {
    redis = await freshRedis();
    nodeRedis = createClient({ url: redis.url });
    await nodeRedis.connect();
    prefixed = new Redis(redis.url, { keyPrefix: `outer*[${redis.prefix}` });
  });

  afterAll(async () => {
    nodeRedis?.destroy();
    prefixed?.disconnect();
    await redis?.[Symbol.asyncDispose]();
  });

  describe('with ioredis', () => {
    const create = () => redisStore(redis.client, { prefix: `${redis.prefix}a:` });
    for (const { name, check } of keyValueStoreContract({ create })) test(name, check);
  });

  describe('with node-redis', () => {
    const create = () => redisStore(nodeRedis, { prefix: `${redis.prefix}b:` });
    for (const { name, check } of keyValueStoreContract({ create })) test(name, check);
  });

  describe("with ioredis' own keyPrefix", () => {
    const create = () => redisStore(prefixed, { prefix: 'c:' });
    for (const { name, check } of keyValueStoreContract({ create })) test(name, check);
  });

  test('keeps stores with different prefixes apart', async () => {
    const one = redisStore(redis.client, { prefix: `${redis.prefix}one:` });
    const two = redisStore(redis.client, { prefix: `${redis.prefix}two:` });
    await one.put('key', 'one');
    expect(await two.get('key')).toBeUndefined();
    expect(await collect(two.list(''))).toEqual([]);
    expect(await collect(one.list(''))).toEqual(['key']);
  });

  test('reads what the other client wrote', async () => {
    const prefix = `${redis.prefix}both:`;
    const version = await redisStore(nodeRedis, { prefix }).put('ключ', 'значення', { ttlMs: 60_000 });
    expect(await redisStore(redis.client, { prefix }).get('ключ')).toMatchObject({
      value: 'значення',
      version,
    });
  });

  test('works after Redis forgot its scripts', async () => {
    const store = redisStore(redis.client, { prefix: `${redis.prefix}flush:` });
    await store.put('key', 'one');
    await redis.client.script('FLUSH');
    const version = await store.put('key', 'two');
    await redis.client.script('FLUSH');
    expect(await store.delete('key', { ifVersion: version })).toBe(true);
  });

  test('gives greater versions after Redis lost the last one, as in a crash', async () => {
    const prefix = `${redis.prefix}crash:`;
    const store = redisStore(redis.client, { prefix });
    const before = await store.put('key', 'one');
    await redis.client.del(`${prefix}version`, `${prefix}value:key`);
    const after = await store.put('key', 'one');
    expect(BigInt(after ?? 0)).toBeGreaterThan(BigInt(before ?? 0));
  });

  test('gives greater versions after the clock went back', async () => {
    const prefix = `${redis.prefix}clock:`;
    const ahead = (Date.now() + 3_600_000) * 1_000;
    await redis.client.set(`${prefix}version`, ahead);
    const store = redisStore(redis.client, { prefix });
    expect([await store.put('a', ''), await store.put('b', '')]).toEqual([
      String(ahead + 1),
      String(ahead + 2),
    ]);
  });

  test('leaves no expired value in Redis', async () => {
    const prefix = `${redis.prefix}ttl:`;
    await redisStore(redis.client, { prefix }).put('key', 'one', { ttlMs: 60_000 });
    expect(await redis.client.pttl(`${prefix}value:key`)).toBeGreaterThan(50_000);
  });

  test('tells neither key nor value when Redis refuses', async () => {
    const prefix = `${redis.prefix}broken:`;
    const store = redisStore(redis.client, { prefix });
    await redis.client.set(`${prefix}value:secret-key`, 'not a hash');
    for (const work of [
      () => store.get('secret-key'),
      () => store.put('secret-key', 'secret-value'),
      () => store.delete('secret-key', { ifVersion: '1' }),
    ]) {
      const error = await thrownBy(work());
      expect(error).toMatchObject({
        code: 'storage_error',
        retryable: false,
        provider: { code: 'WRONGTYPE' },
      });
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('secret-');
    }
  });
});

describe('redisStore without a Redis', () => {
  test('fails in time where a client would wait for its connection for ever', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const client = new Redis({ host: '127.0.0.1', port, lazyConnect: true });
    client.on('error', () => {});
    const store = redisStore(client, { timeoutMs: 50 });
    await expect(store.put('a', 'one')).rejects.toMatchObject({
      code: 'storage_error',
      retryable: true,
      outcome: 'unknown',
    });
    await expect(collect(store.list(''))).rejects.toMatchObject({
      code: 'storage_error',
      operation: 'list',
    });
    client.disconnect();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  });

  test('refuses something that is no client, and an empty prefix', () => {
    for (const client of [{}, undefined, 'redis://127.0.0.1']) {
      expect(() => redisStore(client as never)).toThrow(
        expect.objectContaining({ code: 'invalid_config', field: 'client' }),
      );
    }
    expect(() => redisStore({ sendCommand: async () => null }, { prefix: '' })).toThrow(
      expect.objectContaining({ code: 'invalid_config', field: 'prefix' }),
    );
  });
});
