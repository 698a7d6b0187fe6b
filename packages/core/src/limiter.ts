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
  /** Ends the wait; its reason is thrown. */
  signal?: AbortSignal | undefined;
  /**
   * A limiter that knows that no place comes within this time says so at once, by `rate_limited` with `retryAfterMs`.
   * Milliseconds.
   */
  maxWaitMs?: number | undefined;
  /**
   * What the call needs beside its rates to go at once. A limiter that takes it in the moment in which it takes the
   * rates keeps them true after the provider hung: a call that waits for a place has used up no rate by then, and a
   * call that waits for a rate holds no place. Who leaves it alone is served all the same: the call then waits for its
   * place once it is through.
   */
  place?: Place | undefined;
}

/** One call's claim on one of its client's `maxConcurrent` places. */
export interface Place {
  /** Which places: those of a client are the same for all its calls. */
  readonly of: Places;
  /** Takes one. `false` if there is none to take, or the call has ended. */
  take(): boolean;
  /** Gives it back, if it was taken. */
  free(): void;
}

/** The places of one client. */
export interface Places {
  readonly isFree: boolean;
  /** Calls `go` once when a place is free, in order with all others who wait for one; it may take it or not. */
  whenFree(go: () => void): void;
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
