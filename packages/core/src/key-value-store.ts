/** What a {@link KeyValueStore} holds under a key. */
export interface StoredValue {
  value: string;
  /**
   * A decimal integer that grows with each write of this key and never comes back, not even after a delete or an
   * expiry. Compare by `BigInt(version)`.
   */
  version: string;
  /** Epoch milliseconds of the store's clock. */
  expiresAt?: number | undefined;
}

/**
 * The one small storage port: leases, tokens, sessions, shared limits and dedup are built on it. Time is the store's
 * clock, and an expired value is gone for every method at once. Every method throws `storage_error` if the store
 * fails, and `invalid_input` for a key that is not 1 to 1,024 bytes of text, for text with U+0000 or half a surrogate
 * pair, and for a `ttlMs` that is not positive or is over 100 years.
 *
 * Test an adapter of your own with `keyValueStoreContract` from `@cartie/core/testing`.
 */
export interface KeyValueStore {
  get(key: string): Promise<StoredValue | undefined>;
  /**
   * Writes and gives the new version, or `undefined` if `ifVersion` did not hold (another writer was first).
   * Without `ttlMs` the value stays until it is deleted, also where the one before had an end. Milliseconds.
   */
  put(
    key: string,
    value: string,
    options?: { ifVersion?: string | 'absent' | undefined; ttlMs?: number | undefined },
  ): Promise<string | undefined>;
  /** `true` if this call removed the value. */
  delete(key: string, options?: { ifVersion?: string | undefined }): Promise<boolean>;
  /**
   * The keys that begin with `prefix`, each once, expired ones left out. No order is promised; a key written or deleted
   * meanwhile may be in it or not.
   */
  list(prefix: string): AsyncIterable<string>;
}
