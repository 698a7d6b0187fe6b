import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { BullmqClasses, BullmqConnected, BullmqQueueObject } from './bullmq-classes.ts';
import { type JobEnvelope, startBullmqWorker } from './bullmq-worker.ts';
import { CartieError } from './errors.ts';
import { checkJob, type Job, type JobQueue } from './job-queue.ts';
import { parseOptions } from './options.ts';
import { storeError } from './store-error.ts';
import { storedText } from './stored-text.ts';
import { countSchema, functionSchema, keptSchema } from './work-options.ts';

/** Options of {@link bullmqQueue}. */
export interface BullmqQueueOptions {
  /**
   * A client of `ioredis` made with `maxRetriesPerRequest: null` and without `keyPrefix`, a client of `redis`, or the options that
   * BullMQ takes: `{ host, port, … }`. A client stays yours: close it after the queue.
   */
  connection: object;
  /** Begins every key in Redis. @default 'bull', as everywhere in BullMQ */
  prefix?: string | undefined;
  /** Tries before a job is failed. @default 10 */
  attempts?: number | undefined;
  /** First pause after a failure; doubles each time, with jitter. Milliseconds. @default 1000 */
  backoffMs?: number | undefined;
  /** Longest pause. Milliseconds. @default 300000 */
  maxBackoffMs?: number | undefined;
  /** A job whose worker is silent for this long goes to another, a quarter of it later at most. Milliseconds. @default 20000 */
  silentMs?: number | undefined;
  /** Limit of `send`, `counts` and of closing, also while the client waits for its connection. Milliseconds. @default 5000 */
  timeoutMs?: number | undefined;
  /** Told what fails in the background, such as a connection: it is made again by itself. Only `storage_error`. */
  onError?: ((error: CartieError) => void) | undefined;
}

/** A queue that holds connections to Redis: dispose of it after its workers. */
export interface BullmqQueue extends JobQueue, AsyncDisposable {}

const optionsSchema = z.strictObject({
  connection: z.custom<object>(
    (value) => typeof value === 'object' && value !== null,
    'must be a client or the options of one',
  ),
  prefix: z.string().min(1).optional(),
  attempts: countSchema.optional(),
  backoffMs: keptSchema.optional(),
  maxBackoffMs: keptSchema.optional(),
  silentMs: z.number().min(1_000).max(3_600_000).optional(),
  timeoutMs: z.number().positive().max(3_600_000).optional(),
  onError: functionSchema.optional(),
});

// Of a failed job nothing is needed but its traces for a while.
const keepFailedSeconds = 86_400;

/**
 * A queue over BullMQ 6, for those who run Redis 6.2 or newer already; made with `maxmemory-policy noeviction`, and with an
 * append-only file where jobs shall outlive a restart of Redis.
 *
 * ```ts
 * import { Queue, Worker } from 'bullmq';
 * import { Redis } from 'ioredis';
 *
 * const connection = new Redis('redis://127.0.0.1:6379', { maxRetriesPerRequest: null });
 * await using queue = bullmqQueue({ Queue, Worker }, { connection });
 * ```
 *
 * Nothing of it is in a transaction with a database: keep what must not be lost in an inbox or outbox and let jobs only wake.
 * Of a handler's error only the code is kept in Redis.
 *
 * @throws CartieError `invalid_config`
 */
export function bullmqQueue(classes: BullmqClasses, options: BullmqQueueOptions): BullmqQueue {
  if (typeof classes?.Queue !== 'function' || typeof classes.Worker !== 'function') {
    throw new CartieError('invalid_config', 'classes must be { Queue, Worker } of `bullmq`', {
      field: 'classes',
    });
  }
  parseOptions('queue', optionsSchema, options);
  const { connection, prefix = 'bull', timeoutMs = 5_000 } = options;
  const terms = {
    attempts: options.attempts ?? 10,
    backoffMs: options.backoffMs ?? 1_000,
    maxBackoffMs: options.maxBackoffMs ?? 300_000,
  };
  const queues = new Map<string, BullmqQueueObject>();
  const onError = (error: Error): void => options.onError?.(redisError(error, 'connect'));

  /** Runs `work` in bounded time: commands of a client that has no connection wait for one. */
  async function bounded<T>(operation: string, work: () => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(tooLate(operation)), timeoutMs);
    });
    try {
      return await Promise.race([work(), late]);
    } catch (error) {
      throw redisError(error, operation);
    } finally {
      clearTimeout(timer);
    }
  }

  async function ready(name: string): Promise<BullmqQueueObject> {
    const queue = queues.get(name) ?? open();
    try {
      await queue.waitUntilReady();
      return queue;
    } catch (error) {
      // An object of BullMQ whose first connection broke half-way stays broken.
      if (queues.get(name) === queue) queues.delete(name);
      void queue.close().catch(() => undefined);
      throw error;
    }

    function open(): BullmqQueueObject {
      const opened = new classes.Queue(bullmqName(name), { connection, prefix });
      opened.on('error', onError);
      queues.set(name, opened);
      return opened;
    }
  }

  /** `false` where Redis does not answer in time. */
  async function close(opened: BullmqConnected): Promise<boolean> {
    try {
      await bounded('close', () => opened.close());
      return true;
    } catch {
      // By force, but only a connection that BullMQ made itself.
      if (!isClient(connection)) void opened.disconnect().catch(() => undefined);
      return false;
    }
  }

  return {
    async send(name, data, sendOptions) {
      const { id, text, delayMs, expiresAt } = checkJob(name, data, sendOptions);
      const jobId = randomUUID();
      const envelope: JobEnvelope = {
        data: JSON.parse(text),
        ...(id === undefined ? {} : { id }),
        ...(expiresAt === undefined ? {} : { expiresAt }),
      };
      const sent = await bounded('send', async () =>
        (await ready(name)).add('job', envelope, {
          jobId,
          // Redis gives the id of the job that waits already, where there is one.
          ...(id === undefined ? {} : { deduplication: { id: storedText(id) } }),
          delay: Math.ceil(delayMs),
          attempts: terms.attempts,
          backoff: { type: 'cartie' },
          removeOnComplete: true,
          removeOnFail: { age: keepFailedSeconds },
        }),
      );
      return sent.id === jobId ? 'added' : 'duplicate';
    },

    async work<T>(
      name: string,
      handler: (job: Job<T>) => Promise<void>,
      { concurrency = 1 }: { concurrency?: number | undefined } = {},
    ) {
      const worker = startBullmqWorker<T>(
        (handle, settings) =>
          new classes.Worker(bullmqName(name), handle, { connection, prefix, concurrency, ...settings }),
        { handler, terms, silentMs: options.silentMs ?? 20_000, onError, close },
      );
      try {
        await bounded('work', () => worker.ready());
        return worker;
      } catch (error) {
        await worker[Symbol.asyncDispose]();
        throw error;
      }
    },

    async counts(name) {
      const counts = await bounded('counts', async () =>
        (await ready(name)).getJobCounts('waiting', 'delayed', 'prioritized', 'active', 'failed'),
      );
      const { waiting = 0, delayed = 0, prioritized = 0, active = 0, failed = 0 } = counts;
      return { waiting: waiting + delayed + prioritized, active, failed };
    },

    async [Symbol.asyncDispose]() {
      const opened = [...queues.values()];
      queues.clear();
      await Promise.all(opened.map(close));
    },
  };
}

/** A queue's name for BullMQ, which builds keys of it with `:`. Different names stay different. */
function bullmqName(name: string): string {
  return storedText(name).replaceAll(/[%:]/g, (character) => (character === '%' ? '%25' : '%3A'));
}

function isClient(connection: object): boolean {
  return 'duplicate' in connection && typeof connection.duplicate === 'function';
}

function redisError(error: unknown, operation: string): CartieError {
  return storeError(error, { service: 'redis', operation });
}

function tooLate(operation: string): CartieError {
  return new CartieError('storage_error', 'redis did not answer in time', {
    service: 'redis',
    operation,
    outcome: 'unknown',
  });
}
