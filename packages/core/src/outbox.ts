import type { JobQueue } from './job-queue.ts';
import type { SqlDatabase, SqlTransaction } from './sql.ts';

/** Options of {@link createOutbox}. */
export interface OutboxOptions<Native> {
  database: SqlDatabase<Native>;
  /** Wakes senders of other processes at once; without it they find work by the sweep. */
  queue?: JobQueue | undefined;
  /** How long settled rows are kept. Milliseconds. @default 8 days */
  keepMs?: number | undefined;
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
  /** Messages with the same key go in order and one at a time: a chat. */
  orderKey: string;
  /** Plain JSON. */
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
  /** The last error's code, or `expired`. */
  readonly reason: string | undefined;
  /** What the sender returned: the provider's message id. */
  readonly result: unknown;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly settledAt: number | undefined;
}

/** How one row of a batch ended. */
export type SendResult = { readonly result: unknown } | { readonly error: unknown };

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
  backoffMs?: number | undefined;
  maxBackoffMs?: number | undefined;
}

/** How senders run. */
export interface OutboxWorkOptions<Native> {
  /** Runs in the transaction that settles the row (sent, failed, in_doubt, or queued again): the app's own state follows. */
  onSettled?: ((row: OutboxRow, trx: SqlTransaction<Native>) => Promise<void>) | undefined;
  /** Told after that commit, for live views. */
  onChange?: ((row: OutboxRow) => void) | undefined;
  /** Told of each failed attempt, with the error as the sender threw it. */
  onFailure?: ((failure: { row: OutboxRow; error: unknown }) => void) | undefined;
}

/** Calls that are made once, in order per key, and survive crashes; what is in doubt is shown, not repeated. */
export interface Outbox<Native = unknown> {
  /** Adds a message in the app's own transaction. */
  add(trx: SqlTransaction<Native>, message: OutboxMessage): Promise<'added' | 'duplicate'>;
  /** Starts senders, one per topic; dispose of it to stop: it begins no call and waits for those under way. */
  work(
    senders: Readonly<Record<string, Sender<never>>>,
    options?: OutboxWorkOptions<Native>,
  ): Promise<AsyncDisposable>;
  counts(): Promise<Record<OutboxStatus, number>>;
  list(options: { status: OutboxStatus; limit?: number | undefined }): Promise<OutboxRow[]>;
  get(topic: string, id: string): Promise<OutboxRow | undefined>;
  /** «It arrived»: an `in_doubt` row becomes `sent`. `false` if it was not in doubt. */
  confirm(topic: string, id: string, result?: unknown): Promise<boolean>;
  /** «Send again»: an `in_doubt` or `failed` row is queued at its key's end. */
  resend(topic: string, id: string): Promise<boolean>;
  /** Gives up an `in_doubt` or `queued` row: it becomes `failed` with the reason `discarded`. */
  discard(topic: string, id: string): Promise<boolean>;
}
