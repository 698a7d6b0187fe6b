import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { describe, expect, test, vi } from 'vitest';
import { freshPostgres, hasPostgres } from '../../../tests/support/postgres.ts';
import { freshRedis, hasRedis } from '../../../tests/support/redis.ts';
import { hasRedisServer, startRedisServer } from '../../../tests/support/redis-server.ts';
import { bullmqQueue } from '../src/bullmq.ts';
import type { JobQueue } from '../src/index.ts';
import {
  createInbox,
  type InboxOptions,
  migratePostgres,
  pgDatabase,
  type SqlDatabase,
} from '../src/postgres.ts';

const neverMs = 3_600_000;

/** Two databases objects: as in two processes, neither knows what the other wrote. */
async function openTwo(): Promise<{ here: SqlDatabase; there: SqlDatabase } & AsyncDisposable> {
  const postgres = await freshPostgres();
  const here = pgDatabase(postgres.pool);
  await migratePostgres(here);
  return { here, there: { ...here }, [Symbol.asyncDispose]: () => postgres[Symbol.asyncDispose]() };
}

/** What a worker on `database` has handled. */
async function startWorker(options: InboxOptions<unknown>): Promise<{ handled: string[] } & AsyncDisposable> {
  const handled: string[] = [];
  const worker = await createInbox(options).work(async () => undefined, {
    onHandled: ({ id }) => void handled.push(id),
  });
  return { handled, [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose]() };
}

const update = (id: string) => ({ source: 'telegram:1', id, kind: 'message', orderKey: id, payload: {} });

describe.skipIf(!hasPostgres || !hasRedis)('wake-ups by BullMQ', () => {
  test('tell another process of an update that it would not look for by itself', async () => {
    await using databases = await openTwo();
    await using redis = await freshRedis();
    const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
    const queue = bullmqQueue({ Queue, Worker }, { connection, prefix: redis.prefix });
    const timings = { pollMs: neverMs };
    const writer = createInbox({ database: databases.here, queue, timings });
    {
      await using worker = await startWorker({ database: databases.there, queue, timings });
      for (let n = 0; n < 5; n += 1) {
        await writer.accept(update(`${n}`));
        await vi.waitFor(() => expect(worker.handled).toHaveLength(n + 1), { timeout: 15_000 });
      }
    }
    await queue[Symbol.asyncDispose]();
    connection.disconnect();
  }, 60_000);
});

describe.skipIf(!hasPostgres)('a wake-up that is lost', () => {
  test('is found by the sweep', async () => {
    await using databases = await openTwo();
    const lossy: JobQueue = {
      send: async () => 'added',
      work: async () => ({ [Symbol.asyncDispose]: async () => undefined }),
      counts: async () => ({ waiting: 0, active: 0, failed: 0 }),
    };
    await using worker = await startWorker({
      database: databases.there,
      queue: lossy,
      timings: { pollMs: 200 },
    });
    await createInbox({ database: databases.here, queue: lossy }).accept(update('lost'));
    await vi.waitFor(() => expect(worker.handled).toEqual(['lost']), { timeout: 15_000 });
  }, 30_000);

  describe.skipIf(!hasRedisServer)('with Redis', () => {
    test('is found while Redis is away, and wake-ups come again when it is back', async () => {
      await using databases = await openTwo();
      await using server = await startRedisServer();
      const connection = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 100 });
      connection.on('error', () => undefined);
      const queue = bullmqQueue({ Queue, Worker }, { connection, timeoutMs: 500 });
      const writer = createInbox({ database: databases.here, queue });
      {
        await using sweeping = await startWorker({
          database: databases.there,
          queue,
          timings: { pollMs: 200 },
        });
        await server.kill();
        const started = performance.now();
        await writer.accept(Array.from({ length: 20 }, (_, n) => update(`${n}`)));
        // The webhook's answer does not wait for Redis.
        expect(performance.now() - started).toBeLessThan(10_000);
        await vi.waitFor(() => expect(sweeping.handled).toHaveLength(20), { timeout: 15_000 });
      }
      await server.start();
      await using woken = await startWorker({
        database: databases.there,
        queue,
        timings: { pollMs: neverMs },
      });
      await vi.waitFor(
        async () => {
          // The waker may still wait for its last call to a Redis that was away.
          await writer.accept(update(`after ${performance.now()}`));
          expect(woken.handled.length).toBeGreaterThan(0);
        },
        { timeout: 30_000, interval: 500 },
      );
      await woken[Symbol.asyncDispose]();
      await queue[Symbol.asyncDispose]();
      connection.disconnect();
    }, 90_000);
  });
});
