import { CartieError, type JobQueue, type KeyValueStore } from '@cartie/core';
import { bullmqQueue } from '@cartie/core/bullmq';
import { redisStore } from '@cartie/core/redis';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';

/** What several servers share in Redis. */
export interface SharedRedis {
  /** Leases, tokens, rate limits and the count of AUTO.RIA’s quota; sessions are always in the database. */
  readonly store: KeyValueStore;
  /** Wakes workers. What they work on is in the database: nothing is lost with Redis. */
  readonly wakeUps: JobQueue;
  close(): Promise<void>;
}

/**
 * Connects to the Redis of `REDIS_URL`. A `keyPrefix` in its query begins all keys.
 *
 * @param onError told whenever a connection fails later; it is made again by itself
 * @throws CartieError `storage_error` if it does not answer
 */
export async function connectRedis(url: string, onError: (error: unknown) => void): Promise<SharedRedis> {
  // A call that Redis cannot answer fails after a moment, so that who asks can say so.
  const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 3, connectTimeout: 5_000 });
  client.on('error', onError);
  try {
    await client.connect();
  } catch {
    client.disconnect();
    throw new CartieError('storage_error', 'Redis does not answer. Check REDIS_URL, or leave it empty.', {
      service: 'server',
      operation: 'redis',
    });
  }
  // BullMQ wants a client that waits for its connection however long it takes, and puts the prefix itself.
  const connection = client.duplicate({ keyPrefix: '', maxRetriesPerRequest: null, lazyConnect: false });
  connection.on('error', onError);
  const queue = bullmqQueue(
    { Queue, Worker },
    { connection, prefix: `${client.options.keyPrefix ?? ''}bull`, onError },
  );
  return {
    store: redisStore(client),
    wakeUps: queue,
    async close() {
      await queue[Symbol.asyncDispose]();
      connection.disconnect();
      client.disconnect();
    },
  };
}
