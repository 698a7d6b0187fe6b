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
  /** Any string up to 512 bytes. While a job with this id waits, another `send` of it is ignored. */
  id?: string | undefined;
  /** Milliseconds. @default 0 */
  delayMs?: number | undefined;
  /** Epoch milliseconds: not started after this. */
  expiresAt?: number | undefined;
}

/** A thin port over a queue engine: wakes workers, delays. No order and no long-term dedup: those are the inbox's. */
export interface JobQueue {
  send<T>(queue: string, data: T, options?: SendOptions): Promise<'added' | 'duplicate'>;
  /** Starts a worker; dispose of it to stop: it takes no new job and waits for the jobs in hand. */
  work<T>(
    queue: string,
    handler: (job: Job<T>) => Promise<void>,
    options?: { concurrency?: number | undefined },
  ): Promise<AsyncDisposable>;
  counts(queue: string): Promise<{ waiting: number; active: number; failed: number }>;
}
