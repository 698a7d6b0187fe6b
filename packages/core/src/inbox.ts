import { z } from 'zod';
import { createBatcher } from './batcher.ts';
import { cachedCount } from './cached-count.ts';
import { startCleaner } from './cleaner.ts';
import { disposeAll } from './dispose-all.ts';
import { acceptUpdates, type StoredUpdate, storeUpdate } from './inbox-accept.ts';
import { buriedRows, cleanInbox, countRows, discardRow, retryRow } from './inbox-operator.ts';
import { inboxQueue } from './inbox-rows.ts';
import { rowsFrom, takeAlong, type WaitingRow } from './inbox-together.ts';
import { startInboxWorker } from './inbox-worker.ts';
import type { JobQueue } from './job-queue.ts';
import { nudge } from './nudges.ts';
import { parseOptions } from './options.ts';
import { persist } from './persist.ts';
import type { SqlDatabase, SqlTransaction } from './sql.ts';
import { isCollision, isUnavailable } from './sql-error.ts';
import { createWaker, wakeQueue } from './waker.ts';
import type { Update } from './webhook.ts';
import {
  countSchema,
  databaseSchema,
  defaultGraceMs,
  functionSchema,
  graceSchema,
  jobQueueSchema,
  keptSchema,
  timingsSchema,
  type WorkTimings,
  withDefaults,
} from './work-options.ts';

/** Options of {@link createInbox}. */
export interface InboxOptions<Native> {
  /** Of `pgDatabase`, `pgliteDatabase` or `kyselyDatabase`, with the tables of `migratePostgres`. */
  database: SqlDatabase<Native>;
  /** Wakes workers of other processes at once; without it they find work by the sweep. */
  queue?: JobQueue | undefined;
  /**
   * How long the id of a handled update is remembered: for all, or per `source` prefix (the part before the first `:`).
   * Milliseconds. @default 25 hours for `telegram`, whose ids may start anew, 8 days for all others
   */
  dedupMs?: number | Readonly<Record<string, number>> | undefined;
  /** How long the payload of a finished update is kept. Milliseconds. @default 24 hours */
  payloadMs?: number | undefined;
  /** How long a dead update is kept with its payload, for somebody to retry it. Milliseconds. @default 30 days */
  deadMs?: number | undefined;
  /** How often workers tell that they live and look for work. For tests. */
  timings?: WorkTimings | undefined;
}

/** An update in the inbox. */
export interface InboxRow<T = unknown> extends Update<T> {
  /** Grows in the order of arrival. */
  readonly seq: number;
  /** 1 at the first try. */
  readonly attempt: number;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
}

/**
 * Handles one update inside one transaction: what it writes through `trx` and the row's completion commit together or
 * not at all. No network in here: put calls into the outbox. A thrown `rate_limited`, `circuit_open` or `overloaded`
 * postpones the row without using an attempt; anything else is tried again after a backoff.
 */
export type InboxHandler<Native> = (row: InboxRow, trx: SqlTransaction<Native>) => Promise<void>;

/** How a worker runs. */
export interface InboxWorkOptions<Native = unknown> {
  /**
   * Handles several rows of their first try at once, in their order, in one transaction: for handlers that can do the
   * same with fewer statements. What it throws undoes all of them, and each row goes to the handler then.
   */
  handleGroup?: ((rows: readonly InboxRow[], trx: SqlTransaction<Native>) => Promise<void>) | undefined;
  /** Keys handled at the same time. @default 4, 1 where a transaction owns the only connection */
  concurrency?: number | undefined;
  /** Tries before a row is dead. @default 10 */
  attempts?: number | undefined;
  /** First pause after a failure; doubles each time, with jitter. Milliseconds. @default 1000 */
  backoffMs?: number | undefined;
  /** Longest pause. Milliseconds. @default 300000 */
  maxBackoffMs?: number | undefined;
  /**
   * How long a stop waits for the rows in hand, and then 5 seconds at most for the database. What has not ended by then is
   * handled again, by another worker. Milliseconds. @default 30000
   */
  graceMs?: number | undefined;
  /** Told after the commit, for live views. Throwing is ignored. */
  onHandled?: ((row: InboxRow) => void) | undefined;
  /** Told of each failure, after it is recorded. */
  onFailure?:
    | ((failure: { row: InboxRow; error: unknown; next: 'retry' | 'postponed' | 'dead' }) => void)
    | undefined;
}

/** A row that failed for good, for an operator. */
export interface DeadRow {
  readonly seq: number;
  readonly source: string;
  readonly kind: string;
  readonly orderKey: string;
  readonly attempts: number;
  /** The error's code, `expired`, or `handler_error`. */
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
  readonly failedAt: number;
}

/** Updates stored durably before they are acknowledged, handled once, in order per key. */
export interface Inbox<Native = unknown> {
  /**
   * Stores updates in one transaction, grouped with concurrent callers. One answer per update, in order. Texts may hold
   * any characters and any length; a payload is JSON of at most 16 MiB. Throws `invalid_input` where an update cannot be
   * stored, `storage_error` where the database fails: then ask the provider to send it again.
   */
  accept(update: Update): Promise<'added' | 'duplicate'>;
  accept(updates: readonly Update[]): Promise<('added' | 'duplicate')[]>;
  /** Starts a worker; dispose of it to stop: it takes no new rows and waits for those in hand, for `graceMs` and 5 seconds at most. */
  work(handler: InboxHandler<Native>, options?: InboxWorkOptions<Native>): Promise<AsyncDisposable>;
  /**
   * For a handler that looks further than its own row: the rows of the same key that wait, from `row` on, in order. Inside
   * the handler's transaction.
   * @param limit default 100
   */
  rowsFrom(trx: SqlTransaction, row: InboxRow, limit?: number): Promise<WaitingRow[]>;
  /**
   * Marks later rows of the same key as handled together with `row`, if the handler's transaction commits. The handler
   * still gets each in its turn and finds it in `rowsFrom` with `takenBy`: then there is nothing to do. Throws `invalid_input` for
   * rows that do not wait after `row`.
   */
  takeAlong(trx: SqlTransaction, row: InboxRow, seqs: readonly number[]): Promise<void>;
  /** Exact; where counting takes long (a large backlog), at most ten times as old as that. */
  counts(): Promise<{ pending: number; dead: number; oldestPendingMs: number | undefined }>;
  dead(options?: { limit?: number | undefined }): Promise<DeadRow[]>;
  /** Puts a dead row at its key's end. `false` if there is no such dead row. */
  retry(seq: number): Promise<boolean>;
  /** Forgets a dead row's work (its id stays known). */
  discard(seq: number): Promise<boolean>;
}

const dayMs = 86_400_000;
const defaultDedupMs = 8 * dayMs;
const dedupMsBySource: Readonly<Record<string, number>> = { telegram: 25 * 3_600_000 };
const maxBatch = 256;
// A place in a batch for each 16 KiB: 256 places are at most about 4 MiB in one statement.
const bytesPerPlace = 16_384;

const optionsSchema = z.strictObject({
  database: databaseSchema,
  queue: jobQueueSchema.optional(),
  dedupMs: z.union([keptSchema, z.record(z.string(), keptSchema)]).optional(),
  payloadMs: keptSchema.optional(),
  deadMs: keptSchema.optional(),
  timings: timingsSchema.optional(),
});

const workSchema = z.strictObject({
  handler: functionSchema,
  handleGroup: functionSchema.optional(),
  concurrency: countSchema.optional(),
  attempts: countSchema.optional(),
  backoffMs: keptSchema.optional(),
  maxBackoffMs: keptSchema.optional(),
  graceMs: graceSchema.optional(),
  onHandled: functionSchema.optional(),
  onFailure: functionSchema.optional(),
});

/**
 * An inbox in the tables of `migratePostgres`.
 *
 * @throws CartieError `invalid_config` for options that make no sense
 */
export function createInbox<Native>(options: InboxOptions<Native>): Inbox<Native> {
  parseOptions('inbox', optionsSchema, options);
  const { database } = options;
  const timings = withDefaults(options.timings);
  const waker = createWaker(options.queue, wakeQueue(inboxQueue));
  const batcher = createBatcher({
    maxWeight: maxBatch,
    weigh: weightOf,
    splits: (error) => !isUnavailable(error) && !isCollision(error),
    async run(calls: readonly (readonly StoredUpdate[])[]) {
      const answers = await persist(() => acceptUpdates(database, calls.flat()));
      nudge(database, inboxQueue);
      waker.wake();
      let next = 0;
      return calls.map(({ length }) => {
        next += length;
        return answers.slice(next - length, next);
      });
    },
  });

  async function acceptAll(updates: readonly Update[]): Promise<('added' | 'duplicate')[]> {
    // Joined with others' updates in a batch, the wait for itself would be everybody's.
    database.assertOutsideTransaction?.();
    const stored = updates.map((update, index) =>
      storeUpdate(update, updates.length === 1 ? '' : `updates[${index}].`),
    );
    return stored.length === 0 ? [] : await batcher.add(stored);
  }

  function accept(update: Update): Promise<'added' | 'duplicate'>;
  function accept(updates: readonly Update[]): Promise<('added' | 'duplicate')[]>;
  async function accept(input: Update | readonly Update[]): Promise<unknown> {
    if (Array.isArray(input)) return await acceptAll(input as readonly Update[]);
    return (await acceptAll([input as Update]))[0];
  }

  const dedupMs = (source: string): number => keptMs(options.dedupMs, source);

  return {
    accept,
    async work(handler, workOptions = {}) {
      parseOptions('inbox', workSchema, { handler, ...workOptions });
      const worker = await startInboxWorker({
        database,
        handler,
        handleGroup: workOptions.handleGroup,
        terms: {
          concurrency: workOptions.concurrency ?? (database.singleConnection ? 1 : 4),
          attempts: workOptions.attempts ?? 10,
          backoffMs: workOptions.backoffMs ?? 1_000,
          maxBackoffMs: workOptions.maxBackoffMs ?? 300_000,
        },
        timings,
        payloadMs: options.payloadMs ?? dayMs,
        keepDeadMs: options.deadMs ?? 30 * dayMs,
        graceMs: workOptions.graceMs ?? defaultGraceMs,
        dedupMs,
        onHandled: workOptions.onHandled,
        onFailure: workOptions.onFailure,
      });
      const cleaner = startCleaner(timings.cleanMs, () => cleanInbox(database));
      try {
        const alarm = await options.queue?.work(wakeQueue(inboxQueue), async () => worker.nudge());
        return disposeAll([alarm, cleaner, worker], { together: true });
      } catch (error) {
        await disposeAll([cleaner, worker])[Symbol.asyncDispose]();
        throw error;
      }
    },
    rowsFrom: (trx, row, limit = 100) => rowsFrom(trx, row, limit),
    takeAlong: (trx, row, seqs) => takeAlong(trx, row, seqs),
    counts: cachedCount(() => countRows(database)),
    dead: async ({ limit = 100 } = {}) => await buriedRows(database, limit),
    async retry(seq) {
      const retried = await retryRow(database, seq);
      if (retried) nudge(database, inboxQueue);
      return retried;
    },
    discard: async (seq) => await discardRow(database, seq, dedupMs),
  };
}

function weightOf(updates: readonly StoredUpdate[]): number {
  return updates.reduce((weight, { payload }) => weight + 1 + Math.floor(payload.length / bytesPerPlace), 0);
}

function keptMs(configured: InboxOptions<unknown>['dedupMs'], source: string): number {
  if (typeof configured === 'number') return configured;
  const prefix = source.split(':', 1)[0] ?? '';
  return configured?.[prefix] ?? dedupMsBySource[prefix] ?? defaultDedupMs;
}
