/** A claim on an event that a webhook is handling: renewed by itself until it is committed or released. */
export interface DedupClaim {
  /** The event is done: it is a duplicate for `ttlMs` from now. Throws `conflict` if the claim was lost. */
  commit(ttlMs: number): Promise<void>;
  /** Gives it back: the next delivery handles it. */
  release(): Promise<void>;
}

/** For webhooks without a queue: each event is handled once. */
export interface DedupStore {
  /** `done`: handled before. `busy`: somebody is at it now. */
  claim(key: string, options?: { leaseMs?: number | undefined }): Promise<DedupClaim | 'done' | 'busy'>;
}

/** The right to be the only one at something, for a time. */
export interface Lease extends AsyncDisposable {
  readonly name: string;
  /** Grows with each owner of this name, over expiry and release too: give it to what you protect. */
  readonly fence: string;
  /** Aborts when the lease is lost or released, at the latest when it would have expired by this process's clock. */
  readonly signal: AbortSignal;
  release(): Promise<void>;
}

/** Leases: one owner at a time across processes. Kept alive by itself until released. */
export interface LeaseStore {
  /** `undefined` if somebody else has it. @param options.ttlMs how long after the owner's death it is free. @default 30000 */
  acquire(name: string, options?: { ttlMs?: number | undefined }): Promise<Lease | undefined>;
}

/** A token and when it ends. */
export interface StoredToken {
  readonly value: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** Access tokens, encrypted. */
export interface TokenStore {
  get(name: string): Promise<StoredToken | undefined>;
  put(name: string, token: StoredToken): Promise<void>;
  /** Removes the token only if it is still `rejectedValue`. */
  invalidate(name: string, rejectedValue: string): Promise<boolean>;
}

/** A session and its version. */
export interface StoredSession {
  readonly value: string;
  readonly version: string;
}

/** Long-lived sessions (accounts, cursors), encrypted. */
export interface SessionStore {
  get(name: string): Promise<StoredSession | undefined>;
  /** The new version, or `undefined` if `ifVersion` did not hold. */
  put(
    name: string,
    value: string,
    options?: { ifVersion?: string | 'absent' | undefined },
  ): Promise<string | undefined>;
  delete(name: string): Promise<boolean>;
  list(): AsyncIterable<string>;
}
