import { CartieError } from './errors.ts';
import type { SqlExecutor } from './sql.ts';
import { payloadText } from './stored-text.ts';

/** A job in the hands of a worker. */
export interface Job<T> {
  readonly id: string;
  readonly data: T;
  /** 1 for the first try. */
  readonly attempt: number;
  /** Aborts when the worker is told to stop or has lost the job. */
  readonly signal: AbortSignal;
}

/** When and under which id a job is sent. */
export interface SendOptions {
  /** Any string of 1 to 512 bytes. While a job with this id waits for its first try, another `send` of it is ignored. */
  id?: string | undefined;
  /** Milliseconds. @default 0 */
  delayMs?: number | undefined;
  /** Epoch milliseconds: not started after this. */
  expiresAt?: number | undefined;
}

/** A thin port over a queue engine: wakes workers, delays. No order and no long-term dedup: those are the inbox's. */
export interface JobQueue {
  /**
   * Keeps a job. `data` is plain JSON. Throws `invalid_input` for an id over 512 bytes or data that is no JSON,
   * `storage_error` where the engine fails.
   */
  send<T>(queue: string, data: T, options?: SendOptions): Promise<'added' | 'duplicate'>;
  /**
   * Starts a worker. A job whose handler throws is tried again after a pause, until its attempts are used up; then it counts
   * as failed. Dispose of it to stop: it takes no new job, aborts the signals of those in hand and waits for them.
   */
  work<T>(
    queue: string,
    handler: (job: Job<T>) => Promise<void>,
    options?: { /** Jobs at the same time in this worker. @default 1 */ concurrency?: number | undefined },
  ): Promise<AsyncDisposable>;
  /** `waiting` includes jobs that are delayed or to be tried again. */
  counts(queue: string): Promise<{ waiting: number; active: number; failed: number }>;
}

/** A queue engine that lives in the same database as the app's data. */
export interface TransactionalJobQueue extends JobQueue {
  /** The queue, bound to a transaction: what is sent exists if it commits. Send to or work on the queue once before. */
  within(trx: SqlExecutor): Pick<JobQueue, 'send'>;
}

/** A job as it is handed to an engine. */
export interface CheckedJob {
  /** `undefined`: none was given. */
  readonly id: string | undefined;
  /** JSON text. */
  readonly text: string;
  readonly delayMs: number;
  readonly expiresAt: number | undefined;
}

/**
 * Checks what was given to {@link JobQueue.send}; for adapters.
 *
 * @throws CartieError `invalid_input` that names the field
 */
export function checkJob(queue: string, data: unknown, options: SendOptions = {}): CheckedJob {
  const { id, delayMs = 0, expiresAt } = options;
  const refuse = (field: string, rule: string): CartieError =>
    new CartieError('invalid_input', `${field} must be ${rule}`, {
      service: 'queue',
      operation: 'send',
      field,
    });
  if (typeof queue !== 'string' || queue === '') throw refuse('queue', 'a name');
  if (id !== undefined && (typeof id !== 'string' || id === '' || Buffer.byteLength(id) > 512)) {
    throw refuse('id', 'a string of 1 to 512 bytes');
  }
  if (!(delayMs >= 0 && delayMs <= 3.2e12)) throw refuse('delayMs', 'milliseconds, 0 or more');
  if (expiresAt !== undefined && !(Math.abs(expiresAt) <= 8.64e15))
    throw refuse('expiresAt', 'epoch milliseconds');
  const text = payloadText(data, { service: 'queue', operation: 'send', field: 'data' });
  return { id, text, delayMs, expiresAt };
}
