import { createDedupStore } from './dedup.ts';
import { encryptedValues } from './encrypted-values.ts';
import { createEncryption, type EncryptionKeys } from './encryption.ts';
import { CartieError } from './errors.ts';
import { guardStore } from './guard-store.ts';
import type { KeyValueStore } from './key-value-store.ts';
import { createLeaseStore } from './leases.ts';
import { createSessionStore } from './sessions.ts';
import { createTokenStore } from './tokens.ts';

/** What can be kept without a key. */
export interface PlainStores {
  readonly dedup: DedupStore;
  readonly leases: LeaseStore;
}

/** Everything that is kept in a {@link KeyValueStore}. */
export interface Stores extends PlainStores {
  readonly tokens: TokenStore;
  readonly sessions: SessionStore;
}

/** Options of {@link createStores}. */
export interface StoresOptions {
  /**
   * Encrypts tokens and sessions by AES-256-GCM: 32 bytes in base64 (`openssl rand -base64 32`). To rotate, put the new
   * key first: `[current, ...old]`. Names are not encrypted.
   */
  encryptionKey: EncryptionKeys;
}

/**
 * The stores over one {@link KeyValueStore}. Tokens and sessions are always encrypted, so without options there are only
 * `dedup` and `leases`. What cannot be decrypted is never overwritten or deleted: such a call throws `storage_error`,
 * not retryable, that names the missing key's id.
 *
 * @throws CartieError `invalid_config` naming the key that is missing or is not 32 bytes in base64
 */
export function createStores(store: KeyValueStore, options: StoresOptions): Stores;
export function createStores(store: KeyValueStore): PlainStores;
export function createStores(store: KeyValueStore, options?: StoresOptions): PlainStores | Stores {
  if (typeof store?.put !== 'function') {
    throw new CartieError('invalid_config', 'store must be a KeyValueStore, such as memoryStore()', {
      field: 'store',
    });
  }
  const guarded = guardStore(store);
  const plain = { dedup: createDedupStore(guarded), leases: createLeaseStore(guarded) };
  if (options === undefined) return plain;
  const encryption = createEncryption(options.encryptionKey);
  return {
    ...plain,
    tokens: createTokenStore(encryptedValues(guarded, encryption, 'token')),
    sessions: createSessionStore(encryptedValues(guarded, encryption, 'session')),
  };
}

/** A claim on an event that a webhook is handling: renewed by itself until it is committed or released. */
export interface DedupClaim {
  /** Aborts when the claim is lost or ended: somebody else may handle the event then. */
  readonly signal: AbortSignal;
  /**
   * The event is done: it is a duplicate for `ttlMs` from now. Throws `conflict` if the claim was lost. After
   * `storage_error` it can be called again until the lease ends.
   */
  commit(ttlMs: number): Promise<void>;
  /** Gives it back: the next delivery handles it. Never throws: where the store fails, the claim ends by its lease. */
  release(): Promise<void>;
}

/** For webhooks without a queue: each event is handled once. */
export interface DedupStore {
  /**
   * `done`: handled before. `busy`: somebody is at it now.
   * @param options.leaseMs how long after the claimant's death the event is free again, 10 ms to 24 hours. @default 30000
   */
  claim(key: string, options?: { leaseMs?: number | undefined }): Promise<DedupClaim | 'done' | 'busy'>;
}

/** The right to be the only one at something, for a time. */
export interface Lease extends AsyncDisposable {
  readonly name: string;
  /** Grows with each owner of this name, over expiry and release too: give it to what you protect. */
  readonly fence: string;
  /** Aborts when the lease is lost or released, at the latest when it would have expired by this process's clock. */
  readonly signal: AbortSignal;
  /**
   * For how long it is surely ours if no renewal succeeds any more, by this process's clocks; 0 once it is lost or released.
   * Asked right before an act that must not come late: a process that was stopped learns here that its time has passed,
   * before any timer or `signal` tells it. Milliseconds.
   */
  remainingMs(): number;
  /** Frees it at once. Never throws: where the store fails, the lease ends by its ttl. */
  release(): Promise<void>;
}

/** Leases: one owner at a time across processes. Kept alive by itself until released. */
export interface LeaseStore {
  /**
   * `undefined` if somebody else has it.
   * @param options.ttlMs how long after the owner's death it is free, 10 ms to 24 hours. @default 30000
   */
  acquire(name: string, options?: { ttlMs?: number | undefined }): Promise<Lease | undefined>;
}

/** A token and when it ends. */
export interface StoredToken {
  readonly value: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  /** When a new one should be fetched though this one is still good. Epoch milliseconds. */
  readonly refreshAt?: number | undefined;
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
