import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { cachedCount } from './cached-count.ts';
import { CartieError, isCartieError } from './errors.ts';
import { storedFailure } from './failure-plan.ts';
import { type CheckedJob, checkJob, type Job, type TransactionalJobQueue } from './job-queue.ts';
import { parseOptions } from './options.ts';
import type { SqlExecutor } from './sql.ts';
import { sqlError } from './sql-error.ts';
import { storedText } from './stored-text.ts';
import { countSchema, keptSchema } from './work-options.ts';

/** How pg-boss runs SQL. */
export interface PgBossDatabase {
  executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** What is used of a job of pg-boss. */
export interface PgBossJob {
  id: string;
  data: object;
  retryCount: number;
  signal: AbortSignal;
}

/** What is used of a `PgBoss` of pg-boss 12. */
export interface PgBossLike {
  send(name: string, data: object, options: object): Promise<string | null>;
  work(name: string, options: object, handler: (jobs: PgBossJob[]) => Promise<void>): Promise<string>;
  offWork(name: string, options: { id: string; wait: boolean }): Promise<void>;
  /** Lets a worker look for jobs at once. */
  notifyWorker(workerId: string): void;
  createQueue(name: string, options: object): Promise<void>;
  getDb(): PgBossDatabase;
}

/** Options of {@link pgBossQueue}. */
export interface PgBossQueueOptions {
  /** Tries before a job is failed. @default 10 */
  attempts?: number | undefined;
  /** First pause after a failure; doubles each time. Whole seconds, at least one. Milliseconds. @default 1000 */
  backoffMs?: number | undefined;
  /** Longest pause. Milliseconds. @default 300000 */
  maxBackoffMs?: number | undefined;
  /**
   * A job whose worker is silent for this long goes to another, as soon as pg-boss looks for such workers (its option
   * `superviseIntervalSeconds`, 60 by default). At least 10 s. Milliseconds. @default 20000
   */
  silentMs?: number | undefined;
  /** How often a worker looks for jobs that it was not notified of: delayed ones, retries. At least 0.5 s. Milliseconds. @default 1000 */
  pollMs?: number | undefined;
  /** pg-boss's schema, where it is not the default. @default 'pgboss' */
  schema?: string | undefined;
}

/** What is stored as a job's data: pg-boss itself takes objects only, and knows no expiry before the start. */
interface Envelope {
  readonly data?: unknown;
  readonly id?: string;
  readonly expiresAt?: number;
}

const optionsSchema = z.strictObject({
  attempts: countSchema.optional(),
  backoffMs: z.number().min(1_000).optional(),
  maxBackoffMs: keptSchema.optional(),
  silentMs: z.number().min(10_000).optional(),
  pollMs: z.number().min(500).optional(),
  schema: z
    .string()
    .regex(/^[A-Za-z_]\w{0,49}$/)
    .optional(),
});

// Of a finished job nothing is needed but its traces for a while.
const keepFinishedSeconds = 86_400;

/**
 * A queue over a started pg-boss 12. Construct pg-boss with `useListenNotify: true` to start jobs within milliseconds,
 * and on PGlite with `backend: 'pglite'`. Its queues are created on first use, with policy `short`.
 *
 * ```ts
 * const boss = await new PgBoss({ db: fromPglite(pglite), backend: 'pglite', useListenNotify: true }).start();
 * const queue = pgBossQueue(boss);
 * ```
 *
 * On PGlite never await `send` inside a transaction: it would wait for itself. Use `queue.within(trx).send`.
 */
export function pgBossQueue(boss: PgBossLike, options: PgBossQueueOptions = {}): TransactionalJobQueue {
  parseOptions('queue', optionsSchema, options);
  const { attempts = 10, backoffMs = 1_000, maxBackoffMs = 300_000, silentMs = 20_000 } = options;
  const { pollMs = 1_000, schema = 'pgboss' } = options;
  const ready = new Map<string, Promise<void>>();
  const created = new Set<string>();
  const counters = new Map<string, () => Promise<{ waiting: number; active: number; failed: number }>>();

  async function prepare(queue: string): Promise<void> {
    const known = ready.get(queue);
    if (known) return await known;
    const creation = guarded('createQueue', () =>
      boss.createQueue(queue, {
        policy: 'short',
        notify: true,
        retryLimit: attempts - 1,
        retryDelay: Math.round(backoffMs / 1_000),
        retryBackoff: true,
        retryDelayMax: Math.ceil(maxBackoffMs / 1_000),
        heartbeatSeconds: Math.round(silentMs / 1_000),
        deleteAfterSeconds: keepFinishedSeconds,
      }),
    );
    ready.set(queue, creation);
    try {
      await creation;
      created.add(queue);
    } catch (error) {
      ready.delete(queue);
      throw error;
    }
  }

  async function sendBy(queue: string, job: CheckedJob, db?: PgBossDatabase): Promise<'added' | 'duplicate'> {
    const data: Envelope = {
      data: JSON.parse(job.text),
      ...(job.id === undefined ? {} : { id: job.id }),
      ...(job.expiresAt === undefined ? {} : { expiresAt: job.expiresAt }),
    };
    const sent = await guarded('send', () =>
      boss.send(queue, asJsonb(data), {
        // Policy `short` allows one waiting job of a key; without an id each job is a key of its own.
        singletonKey: job.id === undefined ? randomUUID() : storedText(job.id),
        ...(job.delayMs > 0 ? { startAfter: new Date(Date.now() + job.delayMs) } : {}),
        ...(db === undefined ? {} : { db }),
      }),
    );
    return sent === null ? 'duplicate' : 'added';
  }

  async function startWorker<T>(
    queue: string,
    handler: (job: Job<T>) => Promise<void>,
    stopping: AbortSignal,
  ): Promise<string> {
    let id: string | undefined;
    const workOptions = {
      batchSize: 1,
      pollingIntervalSeconds: pollMs / 1_000,
      // By default 30 s: on a queue with notifications delayed jobs and retries would wait that long.
      notifyPollingIntervalSeconds: pollMs / 1_000,
    };
    id = await guarded('work', () =>
      boss.work(queue, workOptions, async (jobs) => {
        try {
          for (const job of jobs) await handle(job, handler, stopping);
        } finally {
          // Where one job waited another may: without this a worker takes one each polling interval.
          if (id !== undefined) boss.notifyWorker(id);
        }
      }),
    );
    return id;
  }

  return {
    async send(queue, data, sendOptions) {
      const job = checkJob(queue, data, sendOptions);
      await prepare(queue);
      return await sendBy(queue, job);
    },

    within(trx) {
      return {
        async send(queue, data, sendOptions) {
          const job = checkJob(queue, data, sendOptions);
          if (!created.has(queue)) throw notPrepared();
          return await sendBy(queue, job, executorOf(trx));
        },
      };
    },

    async work<T>(
      queue: string,
      handler: (job: Job<T>) => Promise<void>,
      { concurrency = 1 }: { concurrency?: number | undefined } = {},
    ) {
      await prepare(queue);
      const stop = new AbortController();
      const ids = await Promise.all(
        Array.from({ length: concurrency }, () => startWorker(queue, handler, stop.signal)),
      );
      return {
        async [Symbol.asyncDispose]() {
          stop.abort();
          await guarded('offWork', () =>
            Promise.all(ids.map((id) => boss.offWork(queue, { id, wait: true }))),
          );
        },
      };
    },

    async counts(queue) {
      await prepare(queue);
      const count =
        counters.get(queue) ?? cachedCount(() => guarded('counts', () => countJobs(boss, schema, queue)));
      counters.set(queue, count);
      return await count();
    },
  };
}

async function handle<T>(
  job: PgBossJob,
  handler: (job: Job<T>) => Promise<void>,
  stopping: AbortSignal,
): Promise<void> {
  const envelope = fromJsonb(job.data);
  if (envelope.expiresAt !== undefined && envelope.expiresAt <= Date.now()) return;
  try {
    await handler({
      id: envelope.id ?? job.id,
      data: envelope.data as T,
      attempt: job.retryCount + 1,
      signal: AbortSignal.any([job.signal, stopping]),
    });
  } catch (error) {
    throw storedFailure(error);
  }
}

async function countJobs(
  boss: PgBossLike,
  schema: string,
  queue: string,
): Promise<{ waiting: number; active: number; failed: number }> {
  const { rows } = await boss.getDb().executeSql(
    `select count(*) filter (where state in ('created', 'retry'))::text as waiting,
      count(*) filter (where state = 'active')::text as active, count(*) filter (where state = 'failed')::text as failed
    from ${schema}.job where name = $1 and state in ('created', 'retry', 'active', 'failed')`,
    [queue],
  );
  const row = rows[0] as { waiting: string; active: string; failed: string } | undefined;
  return { waiting: Number(row?.waiting), active: Number(row?.active), failed: Number(row?.failed) };
}

function executorOf(trx: SqlExecutor): PgBossDatabase {
  return { executeSql: async (text, values) => ({ rows: [...(await trx.query(text, values))] }) };
}

function notPrepared(): CartieError {
  return new CartieError(
    'invalid_config',
    'the queue is not known yet, and looking it up inside a transaction could wait for the transaction itself: call send or ' +
      'work on this queue once outside, at the start',
    { service: 'queue', operation: 'send', field: 'queue' },
  );
}

async function guarded<T>(operation: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw isCartieError(error) ? error : sqlError(error, operation);
  }
}

// pg-boss stores data as jsonb, which cannot hold U+0000 nor half a surrogate pair: such data travels as a text.
function asJsonb(envelope: Envelope): object {
  const text = JSON.stringify(envelope);
  return /\\u0000|\\ud[89a-f]/.test(text) ? { text } : envelope;
}

function fromJsonb(stored: object): Envelope {
  const { text } = stored as { text?: unknown };
  return typeof text === 'string' ? (JSON.parse(text) as Envelope) : stored;
}
