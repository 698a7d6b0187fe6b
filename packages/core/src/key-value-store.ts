/** What a {@link KeyValueStore} holds under a key. */
export interface StoredValue {
  value: string;
  /** Changes with each write and never comes back for this key, not even after a delete or an expiry. */
  version: string;
  /** Epoch milliseconds of the store's clock. */
  expiresAt?: number | undefined;
}

/** The one small storage port: leases, tokens, sessions, shared limits and dedup are built on it. Time is the store's clock. */
export interface KeyValueStore {
  get(key: string): Promise<StoredValue | undefined>;
  /** Writes and gives the new version, or `undefined` if `ifVersion` did not hold (another writer was first). */
  put(
    key: string,
    value: string,
    options?: { ifVersion?: string | 'absent' | undefined; ttlMs?: number | undefined },
  ): Promise<string | undefined>;
  /** `true` if this call removed the value. */
  delete(key: string, options?: { ifVersion?: string | undefined }): Promise<boolean>;
  /** The keys that begin with `prefix`, expired ones left out. No order is promised. */
  list(prefix: string): AsyncIterable<string>;
}
