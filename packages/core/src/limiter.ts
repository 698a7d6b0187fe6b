/** One rate that a call must fit into: at most `limit` calls each `intervalMs`. */
export interface LimitKey {
  /** Names the bucket: `global`, `chat:42`. Calls that name the same key share its rate. */
  key: string;
  limit: number;
  /** Milliseconds. */
  intervalMs: number;
  /** How many calls may go at once after a pause. @default limit */
  burst?: number | undefined;
}

/** Paces calls. */
export interface Limiter {
  /**
   * Waits until all keys have room, then takes one place of each; takes none while it waits, so that a waiting chat
   * never holds a global place. Throws `overloaded` when too many wait, or the signal's reason.
   */
  acquire(keys: readonly LimitKey[], options?: { signal?: AbortSignal | undefined }): Promise<void>;
  /** Lets nobody through on this key for `ms` milliseconds: the provider said so. */
  pause(key: string, ms: number): Promise<void>;
}
