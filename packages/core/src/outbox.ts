import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { createBatcher } from './batcher.ts';
import { cachedCount } from './cached-count.ts';
import { startCleaner } from './cleaner.ts';
import { disposeAll } from './dispose-all.ts';
import { CartieError } from './errors.ts';
import type { JobQueue } from './job-queue.ts';
import { nudge } from './nudges.ts';
import { parseOptions } from './options.ts';
import {
  cleanOutbox,
  confirmRow,
  countByStatus,
  discardMessage,
  getRow,
  hurryMessage,
  listRows,
  resendRow,
} from './outbox-operator.ts';
import { addMessage, outboxQueue, type StoredMessage, storeMessage } from './outbox-rows.ts';
import { startOutboxSender } from './outbox-sender.ts';
import { persist } from './persist.ts';
import type { SqlDatabase, SqlExecutor, SqlTransaction } from './sql.ts';
import { isCollision, isUnavailable } from './sql-error.ts';
import { storedText } from './stored-text.ts';
import { createWaker, type Waker, wakeQueue } from './waker.ts';
import {
  countSchema,
  databaseSchema,
  functionSchema,
  graceSchema,
  jobQueueSchema,
  keptSchema,
  timingsSchema,
  type WorkTimings,
  withDefaults,
} from './work-options.ts';

/** Options of {@link createOutbox}. */
export interface OutboxOptions<Native> {
  /** Of `pgDatabase`, `pgliteDatabase` or `kyselyDatabase`, with the tables of `migratePostgres`. */
  database: SqlDatabase<Native>;
  /** Wakes senders of other processes at once; without it they find work by the sweep. */
  queue?: JobQueue | undefined;
  /** How long settled rows are kept. Milliseconds. @default 8 days */
  keepMs?: number | undefined;
  /** How often senders tell that they live and look for work. For tests. */
  timings?: WorkTimings | undefined;
}

/**
 * `queued` → `sending` (committed, fenced) → `sent`, `failed` (refused or expired) or `in_doubt` (the provider may
 * have acted; a person or a status decides); back to `queued` where it was certainly not executed or is idempotent.
 */
export type OutboxStatus = 'queued' | 'sending' | 'sent' | 'failed' | 'in_doubt';

/** A call to make. */
export interface OutboxMessage<T = unknown> {
  /** Which sender makes the call: `telegram.send`. */
  topic: string;
  /** Messages of a topic with the same key go in order and one at a time: a chat. Any characters, any length. */
  orderKey: string;
  /** Plain JSON, at most 16 MiB. */
  payload: T;
  /** With `topic` unique: the same id added again is a duplicate. @default a random id */
  id?: string | undefined;
  /** May the call be repeated when its outcome is unknown? @default false */
  idempotent?: boolean | undefined;
  /** Not sent after this: it fails as `expired`. Epoch milliseconds. */
  expiresAt?: number | undefined;
  /** Not before this many milliseconds. @default 0 */
  delayMs?: number | undefined;
}

/** A message in the outbox. */
export interface OutboxRow<T = unknown> {
  readonly seq: number;
  readonly topic: string;
  readonly id: string;
  readonly orderKey: string;
  readonly payload: T;
  readonly idempotent: boolean;
  readonly status: OutboxStatus;
  /** Attempts begun. */
  readonly attempts: number;
  /**
   * The last error's code; `expired`, `discarded`; `crashed` where the process died during the call; `sender_error` for an
   * error that is no `CartieError`, whose text is not kept because it may hold personal data.
   */
  readonly reason: string | undefined;
  /** What the sender returned: the provider's message id. */
  readonly result: unknown;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly settledAt: number | undefined;
}

/** How one row of a batch ended. */
export type SendResult =
  | { readonly result: unknown }
  | {
      readonly error: unknown;
      /** What the next attempt finds as `row.result`, and a person where there is none: plain JSON. */
      readonly keep?: unknown;
      /**
       * Puts the row off by this many milliseconds without using an attempt, though the error would use one: the provider
       * is away, and the row is not to blame. Not for a row that is not idempotent and whose outcome is unknown.
       */
      readonly postponeMs?: number | undefined;
    };

/** Makes the calls of a topic. */
export interface Sender<T = unknown> {
  /** Sends one message and returns what to keep (the provider's message id). Throws a `CartieError` to fail. */
  send?: (row: OutboxRow<T>, context: { signal: AbortSignal }) => Promise<unknown>;
  /** Sends several at once; one result each, in order. Give this or `send`. */
  sendBatch?: (
    rows: readonly OutboxRow<T>[],
    context: { signal: AbortSignal },
  ) => Promise<readonly SendResult[]>;
  /** Most rows of one batch. @default 100 */
  batchSize?: number | undefined;
  /** Calls under way at once in this process. @default 10 */
  concurrency?: number | undefined;
  /** Tries before a row fails; postponements (`rate_limited`, `circuit_open`, `overloaded`) don't count. @default 10 */
  attempts?: number | undefined;
  /** First pause after a failure; doubles each time, with jitter. Milliseconds. @default 1000 */
  backoffMs?: number | undefined;
  /** Longest pause. Milliseconds. @default 300000 */
  maxBackoffMs?: number | undefined;
}

/** How senders run. */
export interface OutboxWorkOptions<Native> {
  /**
   * Runs in the transaction that settles the row (sent, failed, in_doubt, or queued again): the app's own state follows.
   * If it throws, the settling is tried again; after some tries the row is settled without it, because the call was made.
   */
  onSettled?: ((row: OutboxRow, trx: SqlTransaction<Native>) => Promise<void>) | undefined;
  /** Told after that commit, for live views. */
  onChange?: ((row: OutboxRow) => void) | undefined;
  /**
   * How long a stop waits for the calls under way before it aborts their signals. It ends at most 5 seconds later, even if
   * the database stays away or a call ignores its signal. Milliseconds. @default 30000
   */
  graceMs?: number | undefined;
  /**
   * Told of each failed attempt, with the error as the sender threw it, of each failure of `onSettled`, and of each row
   * whose end could not be recorded until the stop was over.
   */
  onFailure?: ((failure: { row: OutboxRow; error: unknown }) => void) | undefined;
}

/** How rows are counted. */
export interface CountOptions {
  /** Asks the database anew, however long that takes; else a count that took long may be ten times as old. @default false */
  exact?: boolean | undefined;
}

/** Calls that are made once, in order per key, and survive crashes; what is in doubt is shown, not repeated. */
export interface Outbox<Native = unknown> {
  /**
   * Adds a message in the app's own transaction. Senders start at once after its commit where `database.transaction` began
   * it; in one that the app began itself (`kyselyTransaction(trx)`) they find it within a second.
   * Throws `invalid_input` for a message that cannot be stored.
   */
  add(trx: SqlTransaction, message: OutboxMessage): Promise<'added' | 'duplicate'>;
  /**
   * Adds a message in a transaction of its own, which it shares with whatever is added at the same time: for an app that
   * has nothing else to write. Resolves when it is committed. Throws as `add` does, and `storage_error`.
   */
  addNow(message: OutboxMessage): Promise<'added' | 'duplicate'>;
  /**
   * Starts senders, one per topic; dispose of it to stop: it begins no call and waits for those under way, for `graceMs` and
   * 5 seconds at most. A row that is `sending` still becomes `in_doubt`, or is sent again if it is idempotent, as after a
   * crash.
   */
  work(
    senders: Readonly<Record<string, Sender<never>>>,
    options?: OutboxWorkOptions<Native>,
  ): Promise<AsyncDisposable>;
  /**
   * Of all topics, or of one. `sent` and `failed` are counted up to 100,000. Exact; where counting takes long, at most ten
   * times as old as that.
   */
  counts(topic?: string, options?: CountOptions): Promise<Record<OutboxStatus, number>>;
  /** The newest first, of all topics or of one. @param options.limit default 100 */
  list(options: {
    status: OutboxStatus;
    limit?: number | undefined;
    topic?: string | undefined;
  }): Promise<OutboxRow[]>;
  get(topic: string, id: string): Promise<OutboxRow | undefined>;
  /** «It arrived»: an `in_doubt` row becomes `sent`. `false` if it was not in doubt. */
  confirm(topic: string, id: string, result?: unknown, trx?: SqlTransaction): Promise<boolean>;
  /** «Send again»: an `in_doubt` or `failed` row is queued at its key's end, without its expiry. */
  resend(topic: string, id: string, trx?: SqlTransaction): Promise<boolean>;
  /** A message that only waits for its `delayMs` goes when those before it allow. `false` if it waits for none. */
  hurry(topic: string, id: string): Promise<boolean>;
  /** Gives up an `in_doubt` or `queued` row: it becomes `failed` with the reason `discarded`. */
  discard(topic: string, id: string, trx?: SqlTransaction): Promise<boolean>;
}

const dayMs = 86_400_000;

const optionsSchema = z.strictObject({
  database: databaseSchema,
  queue: jobQueueSchema.optional(),
  keepMs: keptSchema.optional(),
  timings: timingsSchema.optional(),
});

const senderSchema = z
  .strictObject({
    send: functionSchema.optional(),
    sendBatch: functionSchema.optional(),
    batchSize: countSchema.optional(),
    concurrency: countSchema.optional(),
    attempts: countSchema.optional(),
    backoffMs: keptSchema.optional(),
    maxBackoffMs: keptSchema.optional(),
  })
  .refine(
    (sender) => (sender.send === undefined) !== (sender.sendBatch === undefined),
    'must have either send or sendBatch',
  );

const workSchema = z.strictObject({
  senders: z.record(z.string(), senderSchema),
  graceMs: graceSchema.optional(),
  onSettled: functionSchema.optional(),
  onChange: functionSchema.optional(),
  onFailure: functionSchema.optional(),
});

/**
 * An outbox in the tables of `migratePostgres`.
 *
 * @throws CartieError `invalid_config` for options that make no sense
 */
export function createOutbox<Native>(options: OutboxOptions<Native>): Outbox<Native> {
  parseOptions('outbox', optionsSchema, options);
  const { database, keepMs = 8 * dayMs } = options;
  const timings = withDefaults(options.timings);
  const wakers = new Map<string, Waker>();
  const woken = new WeakMap<SqlExecutor, Set<string>>();

  /** @param topic in its stored form */
  function wake(topic: string): void {
    const queue = outboxQueue(topic);
    nudge(database, queue);
    const waker = wakers.get(topic) ?? createWaker(options.queue, wakeQueue(queue));
    wakers.set(topic, waker);
    waker.wake();
  }

  /** Once for each topic, however many messages a transaction adds. */
  function wakeAfter(trx: SqlTransaction, topic: string): void {
    const topics = woken.get(trx) ?? new Set();
    woken.set(trx, topics);
    if (topics.has(topic)) return;
    topics.add(topic);
    trx.afterCommit?.(() => wake(topic));
  }

  async function add(trx: SqlTransaction, { topic, parameters }: StoredMessage): Promise<Added> {
    const added = await trx.query(addMessage, parameters);
    if (added.length === 0) return 'duplicate';
    wakeAfter(trx, topic);
    return 'added';
  }

  const countAll = cachedCount(() => countByStatus(database));
  const counters = new Map<string, () => ReturnType<Outbox['counts']>>();

  function countOf(topic: string): () => ReturnType<Outbox['counts']> {
    const counter = counters.get(topic) ?? cachedCount(() => countByStatus(database, topic));
    counters.set(topic, counter);
    return counter;
  }

  const adder = createBatcher<StoredMessage, Added>({
    maxWeight: 256,
    splits: (error) => !isUnavailable(error) && !isCollision(error),
    run: (messages) =>
      persist(() =>
        database.transaction(async (trx) => {
          const added: Added[] = [];
          for (const message of messages) added.push(await add(trx, message));
          return added;
        }),
      ),
  });

  return {
    add: async (trx, message) => add(trx, stored(message)),

    async addNow(message) {
      database.assertOutsideTransaction?.();
      return await adder.add(stored(message));
    },

    async work(senders, workOptions = {}) {
      parseOptions('outbox', workSchema, { senders, ...workOptions });
      const parts: AsyncDisposable[] = [];
      try {
        for (const [name, sender] of Object.entries(senders)) {
          const topic = storedText(name);
          const running = await startOutboxSender({
            database,
            topic,
            sender: sender as Sender,
            terms: {
              concurrency: sender.concurrency ?? 10,
              batchSize: sender.sendBatch ? (sender.batchSize ?? 100) : 1,
              attempts: sender.attempts ?? 10,
              backoffMs: sender.backoffMs ?? 1_000,
              maxBackoffMs: sender.maxBackoffMs ?? 300_000,
            },
            timings,
            options: workOptions,
          });
          parts.push(running);
          const alarm = await options.queue?.work(wakeQueue(outboxQueue(topic)), async () => running.nudge());
          if (alarm) parts.push(alarm);
        }
      } catch (error) {
        await disposeAll(parts)[Symbol.asyncDispose]();
        throw error;
      }
      parts.push(startCleaner(timings.cleanMs, () => cleanOutbox(database, keepMs)));
      return disposeAll(parts, { together: true });
    },

    async counts(topic, { exact = false } = {}) {
      const stored = topic === undefined ? undefined : storedText(topic);
      if (exact) return await countByStatus(database, stored);
      return await (stored === undefined ? countAll() : countOf(stored)());
    },
    list: ({ status, limit = 100, topic }) =>
      listRows(database, status, limit, topic === undefined ? undefined : storedText(topic)),
    get: (topic, id) => getRow(database, storedText(topic), storedText(id)),
    confirm: (topic, id, result, trx = undefined) =>
      confirmRow(trx ?? database, storedText(topic), storedText(id), result),
    async resend(topic, id, trx) {
      const resent = await resendRow(trx ?? database, storedText(topic), storedText(id));
      if (!resent) return false;
      if (trx) wakeAfter(trx, storedText(topic));
      else wake(storedText(topic));
      return true;
    },
    async hurry(topic, id) {
      const hurried = await hurryMessage(database, storedText(topic), storedText(id));
      if (hurried) wake(storedText(topic));
      return hurried;
    },
    discard: (topic, id, trx) => discardMessage(trx ?? database, storedText(topic), storedText(id)),
  };
}

type Added = 'added' | 'duplicate';

/** Checks a message and brings it into the form in which it is stored. */
function stored(message: OutboxMessage): StoredMessage {
  const fault = faultOf(message);
  if (fault === undefined) return storeMessage(message, randomUUID);
  const [field, rule] = fault;
  throw new CartieError('invalid_input', `${field} must be ${rule}`, {
    service: 'outbox',
    operation: 'add',
    field,
  });
}

function faultOf(message: OutboxMessage): [field: string, rule: string] | undefined {
  const { topic, orderKey, id, expiresAt, delayMs } = message;
  if (typeof topic !== 'string') return ['topic', 'a string'];
  if (typeof orderKey !== 'string') return ['orderKey', 'a string'];
  if (id !== undefined && typeof id !== 'string') return ['id', 'a string'];
  if (expiresAt !== undefined && !(Math.abs(expiresAt) <= 8.64e15))
    return ['expiresAt', 'epoch milliseconds'];
  if (delayMs !== undefined && !(delayMs >= 0 && delayMs <= 3.2e12))
    return ['delayMs', 'milliseconds, 0 or more'];
  return undefined;
}
