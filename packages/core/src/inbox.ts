import type { JobQueue } from './job-queue.ts';
import type { SqlDatabase, SqlTransaction } from './sql.ts';
import type { Update } from './webhook.ts';

/** Options of {@link createInbox}. */
export interface InboxOptions<Native> {
  database: SqlDatabase<Native>;
  /** Wakes workers of other processes at once; without it they find work by the sweep. */
  queue?: JobQueue | undefined;
  /** How long a processed id is remembered, per `source` prefix (the part before the first `:`). Milliseconds. @default 8 days */
  dedupMs?: number | Readonly<Record<string, number>> | undefined;
  /** How long the payload of a finished update is kept. Milliseconds. @default 24 hours */
  payloadMs?: number | undefined;
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
export interface InboxWorkOptions {
  /** Keys handled at the same time. @default 4, 1 where a transaction owns the only connection */
  concurrency?: number | undefined;
  /** Tries before a row is dead. @default 10 */
  attempts?: number | undefined;
  /** First pause after a failure; doubles each time, with jitter. Milliseconds. @default 1000 */
  backoffMs?: number | undefined;
  /** Longest pause. Milliseconds. @default 300000 */
  maxBackoffMs?: number | undefined;
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
  /** Stores updates in one transaction, grouped with concurrent callers. One answer per update, in order. */
  accept(update: Update): Promise<'added' | 'duplicate'>;
  accept(updates: readonly Update[]): Promise<('added' | 'duplicate')[]>;
  /** Starts a worker; dispose of it to stop: it takes no new rows and waits for those in hand. */
  work(handler: InboxHandler<Native>, options?: InboxWorkOptions): Promise<AsyncDisposable>;
  counts(): Promise<{ pending: number; dead: number; oldestPendingMs: number | undefined }>;
  dead(options?: { limit?: number | undefined }): Promise<DeadRow[]>;
  /** Puts a dead row at its key's end. `false` if there is no such dead row. */
  retry(seq: number): Promise<boolean>;
  /** Forgets a dead row's work (its id stays known). */
  discard(seq: number): Promise<boolean>;
}
