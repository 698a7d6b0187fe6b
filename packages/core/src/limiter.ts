/** One rate that a call must fit into: at most `limit` calls in any `intervalMs`. */
export interface LimitKey {
  /** Names the bucket: `global`, `chat:42`. Calls that name the same key share its rate. */
  key: string;
  limit: number;
  /** Milliseconds. */
  intervalMs: number;
  /** How many calls may go at once; the rest of `limit` is spread evenly over `intervalMs`. @default limit */
  burst?: number | undefined;
}

/** How a call waits for its places. */
export interface AcquireOptions {
  signal?: AbortSignal | undefined;
  /**
   * A limiter that knows that no place comes within this time says so at once, by `rate_limited` with `retryAfterMs`.
   * Milliseconds.
   */
  maxWaitMs?: number | undefined;
}

/** Paces calls. */
export interface Limiter {
  /**
   * Waits until all keys have room, then takes one place of each; takes none while it waits, so that a waiting chat
   * never holds a global place. Throws `overloaded` when too many wait, or the signal's reason.
   */
  acquire(keys: readonly LimitKey[], options?: AcquireOptions): Promise<void>;
  /** Lets nobody through on this key for `ms` milliseconds: the provider said so. */
  pause(key: string, ms: number): Promise<void>;
}
