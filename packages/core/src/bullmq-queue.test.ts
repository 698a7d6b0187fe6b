import { setTimeout as sleep } from 'node:timers/promises';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshRedis, hasRedis, type TestRedis } from '../../../tests/support/redis.ts';
import { hasRedisServer, startRedisServer } from '../../../tests/support/redis-server.ts';
import { startQueueProcess } from '../tests/start-queue-process.ts';
import { type BullmqQueue, bullmqQueue } from './bullmq.ts';
import type { CartieError } from './errors.ts';
import { jobQueueContract } from './testing.ts';

describe.skipIf(!hasRedis)('bullmqQueue', () => {
  let redis: TestRedis;
  let connection: Redis;
  const closing: (() => unknown)[] = [];

  beforeAll(async () => {
    redis = await freshRedis();
    connection = new Redis(redis.url, { maxRetriesPerRequest: null });
    closing.push(() => connection.disconnect());
  });

  afterAll(async () => {
    for (const close of closing.reverse()) await close();
    await redis?.[Symbol.asyncDispose]();
  });

  describe('over ioredis', () => {
    let queue: BullmqQueue;
    const silentMs = 2_000;
    beforeAll(() => {
      const terms = { attempts: 2, backoffMs: 50, silentMs };
      queue = bullmqQueue({ Queue, Worker }, { connection, prefix: redis.prefix, ...terms });
      closing.push(() => queue[Symbol.asyncDispose]());
    });

    const checks = jobQueueContract({
      create: () => queue,
      startWorker: (name) =>
        startQueueProcess({ engine: 'bullmq', url: redis.url, prefix: redis.prefix, queue: name, silentMs }),
    });
    for (const { name, check } of checks) test(name, check, 90_000);

    test('takes any name of a queue, and keeps those apart that differ in what Redis keys are built with', async () => {
      for (const name of ['a:b', 'a%3Ab', 'черга', 'x'.repeat(600)]) {
        expect(await queue.send(name, name)).toBe('added');
        expect((await queue.counts(name)).waiting).toBe(1);
      }
    });

    test('keeps nothing of a job that is done, and of a failed one no word of its error', async () => {
      await queue.send('failing', {});
      const worker = await queue.work('failing', async () => {
        throw new Error('cannot write to olena@example.com');
      });
      await expect.poll(async () => (await queue.counts('failing')).failed, { timeout: 10_000 }).toBe(1);
      await worker[Symbol.asyncDispose]();
      const keys = await redis.client.keys(`${redis.prefix}:failing:*`);
      const texts = await Promise.all(
        keys.map(async (key) => {
          const type = await redis.client.type(key);
          return type === 'hash' ? JSON.stringify(await redis.client.hgetall(key)) : '';
        }),
      );
      expect(texts.join()).toContain('handler_error');
      expect(texts.join()).not.toContain('olena');

      await queue.send('done', {}, { id: 'one' });
      await using _ = await queue.work('done', async () => undefined);
      await expect
        .poll(async () => await redis.client.keys(`${redis.prefix}:done:de:*`), { timeout: 10_000 })
        .toEqual([]);
      await expect.poll(() => queue.counts('done')).toEqual({ waiting: 0, active: 0, failed: 0 });
    });
  });

  describe('over node-redis', () => {
    let queue: BullmqQueue;
    beforeAll(async () => {
      const client = createClient({ url: redis.url });
      client.on('error', () => undefined);
      // BullMQ listens once for each queue and each worker.
      client.setMaxListeners(200);
      await client.connect();
      queue = bullmqQueue(
        { Queue, Worker },
        { connection: client, prefix: `${redis.prefix}node`, attempts: 2, backoffMs: 50 },
      );
      closing.push(async () => {
        await queue[Symbol.asyncDispose]();
        client.destroy();
      });
    });
    for (const { name, check } of jobQueueContract({ create: () => queue })) test(name, check, 30_000);
  });

  test('makes and ends its own connections from options, as BullMQ takes them', async () => {
    const { hostname, port } = new URL(redis.url);
    const own = bullmqQueue(
      { Queue, Worker },
      { connection: { host: hostname, port: Number(port) }, prefix: `${redis.prefix}own` },
    );
    const seen: unknown[] = [];
    const worker = await own.work('jobs', async ({ data }) => void seen.push(data));
    await own.send('jobs', 'one');
    await expect.poll(() => seen, { timeout: 10_000 }).toEqual(['one']);
    await worker[Symbol.asyncDispose]();
    await own[Symbol.asyncDispose]();
  });
});

describe.skipIf(!hasRedisServer)('bullmqQueue on a Redis that is killed', () => {
  test('keeps what it took, says in time what it could not take, and goes on by itself', async () => {
    await using server = await startRedisServer();
    const connection = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 100 });
    connection.on('error', () => undefined);
    const failures: CartieError[] = [];
    const queue = bullmqQueue(
      { Queue, Worker },
      { connection, timeoutMs: 300, silentMs: 2_000, onError: (error) => failures.push(error) },
    );
    const seen = new Set<unknown>();
    await using worker = await queue.work('jobs', async ({ data }) => {
      seen.add(data);
      await sleep(5);
    });
    const taken: number[] = [];
    const send = async (n: number): Promise<void> => {
      const sentAt = performance.now();
      try {
        await queue.send('jobs', n);
        taken.push(n);
      } catch (error) {
        expect(error).toMatchObject({ code: 'storage_error', outcome: 'unknown', retryable: true });
        expect(performance.now() - sentAt).toBeLessThan(5_000);
      }
    };
    for (let n = 0; n < 100; n += 1) await send(n);
    await server.kill();
    for (let n = 100; n < 105; n += 1) await send(n);
    expect(taken).toHaveLength(100);
    await expect(queue.counts('jobs')).rejects.toMatchObject({ code: 'storage_error' });
    await server.start();
    await expect.poll(() => queue.send('jobs', 200).catch(() => 'down'), { timeout: 20_000 }).toBe('added');
    taken.push(200);
    await expect.poll(() => taken.filter((n) => !seen.has(n)), { timeout: 30_000 }).toEqual([]);
    await expect.poll(async () => (await queue.counts('jobs')).active, { timeout: 20_000 }).toBe(0);
    expect(failures.every(({ code }) => code === 'storage_error')).toBe(true);
    expect(failures.length).toBeGreaterThan(0);
    await worker[Symbol.asyncDispose]();
    await queue[Symbol.asyncDispose]();
    connection.disconnect();
  }, 90_000);

  test('stops in bounded time, and after the handlers in hand', async () => {
    await using server = await startRedisServer();
    const connection = new Redis(server.url, { maxRetriesPerRequest: null });
    connection.on('error', () => undefined);
    const queue = bullmqQueue({ Queue, Worker }, { connection, timeoutMs: 200 });
    const steps: string[] = [];
    const worker = await queue.work('jobs', async ({ signal }) => {
      steps.push('started');
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      await sleep(500);
      steps.push('ended');
    });
    await queue.send('jobs', {});
    await expect.poll(() => steps).toEqual(['started']);
    await server.kill();
    await worker[Symbol.asyncDispose]();
    expect(steps).toEqual(['started', 'ended']);
    await queue[Symbol.asyncDispose]();
    connection.disconnect();
  }, 30_000);
});

describe('bullmqQueue without a Redis', () => {
  test('names what is wrong with its options', () => {
    const connection = {};
    expect(() => bullmqQueue({} as never, { connection })).toThrow(
      expect.objectContaining({ code: 'invalid_config', field: 'classes' }),
    );
    expect(() => bullmqQueue({ Queue, Worker }, { connection, prefx: 'a' } as never)).toThrow(
      'did you mean `prefix`',
    );
    expect(() => bullmqQueue({ Queue, Worker }, { connection, silentMs: 10 })).toThrow(
      expect.objectContaining({ code: 'invalid_config', field: 'silentMs' }),
    );
  });
});
