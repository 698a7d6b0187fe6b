import { randomBytes } from 'node:crypto';
import { authKeyId } from '../crypto/message-key.ts';
import type { Account } from '../world/types.ts';
import type { Session } from './session.ts';

/** A key of the protocol, and the authorization that hangs on it. */
export interface AuthKey {
  /** 16 hexadecimal digits. */
  readonly id: string;
  readonly bytes: Buffer;
  readonly dcId: number;
  salt: bigint;
  /** 0 until `initConnection`. */
  layer: number;
  account: Account | undefined;
  /** What the next call is answered once its authorization was ended from outside. */
  endedWith: string | undefined;
  /** The account that has still to give its password. */
  awaitsPassword: Account | undefined;
  /** For a temporary key: the one it was bound to. */
  permanent: AuthKey | undefined;
  /** Epoch milliseconds, for a temporary key. */
  expiresAt: number | undefined;
  device: string;
  readonly createdAt: number;
  readonly sessions: Map<bigint, Session>;
}

/** All keys of all DCs. */
export interface AuthKeys {
  add(dcId: number, bytes: Buffer, options?: { salt?: bigint; expiresAt?: number | undefined }): AuthKey;
  /** Undefined also for one that has expired. */
  find(dcId: number, id: string): AuthKey | undefined;
  remove(key: AuthKey): void;
  /** Gives the key's authorization to the account. */
  authorize(key: AuthKey, account: Account): void;
  /** Those authorized for the account, temporary ones included. */
  of(accountId: number): AuthKey[];
  all(): AuthKey[];
  /** Accounts that the key is or was authorized for. */
  accountsOf(keyId: string): ReadonlySet<number>;
  clear(): void;
  snapshot(): readonly SavedAuthKey[];
  restore(saved: readonly SavedAuthKey[], accounts: ReadonlyMap<number, Account>): void;
}

/** A key without its sessions: clients begin new ones. Accounts and keys are named by their id. */
export interface SavedAuthKey extends Omit<AuthKey, 'account' | 'awaitsPassword' | 'permanent' | 'sessions'> {
  readonly accountId: number | undefined;
  readonly awaitsPasswordOf: number | undefined;
  readonly permanentId: string | undefined;
}

/** The key that carries the authorization: itself, or what a temporary one is bound to. */
export function authorityOf(key: AuthKey): AuthKey {
  return key.permanent ?? key;
}

/** Creates {@link AuthKeys}. */
export function createAuthKeys(): AuthKeys {
  const keys = new Map<string, AuthKey>();
  const owners = new Map<string, Set<number>>();
  const nameOf = (dcId: number, id: string): string => `${dcId} ${id}`;
  return {
    add(dcId, bytes, { salt = randomBytes(8).readBigInt64LE(), expiresAt } = {}) {
      const key: AuthKey = {
        id: authKeyId(bytes).toString('hex'),
        bytes,
        dcId,
        salt,
        layer: 0,
        account: undefined,
        endedWith: undefined,
        awaitsPassword: undefined,
        permanent: undefined,
        expiresAt,
        device: '',
        createdAt: Date.now(),
        sessions: new Map(),
      };
      keys.set(nameOf(dcId, key.id), key);
      return key;
    },
    find(dcId, id) {
      const key = keys.get(nameOf(dcId, id));
      if (key?.expiresAt !== undefined && key.expiresAt <= Date.now()) return undefined;
      return key;
    },
    remove(key) {
      keys.delete(nameOf(key.dcId, key.id));
    },
    authorize(key, account) {
      const authority = authorityOf(key);
      authority.account = account;
      authority.awaitsPassword = undefined;
      authority.endedWith = undefined;
      for (const { id } of [key, authority]) owners.set(id, (owners.get(id) ?? new Set()).add(account.id));
    },
    of: (accountId) => [...keys.values()].filter((key) => authorityOf(key).account?.id === accountId),
    all: () => [...keys.values()],
    accountsOf: (keyId) => owners.get(keyId) ?? new Set(),
    clear() {
      keys.clear();
      owners.clear();
    },
    snapshot: () =>
      [...keys.values()].map(({ account, awaitsPassword, permanent, sessions: _, ...key }) => ({
        ...key,
        accountId: account?.id,
        awaitsPasswordOf: awaitsPassword?.id,
        permanentId: permanent?.id,
      })),
    restore(saved, accounts) {
      const accountOf = (id: number | undefined): Account | undefined =>
        id === undefined ? undefined : accounts.get(id);
      for (const { accountId, awaitsPasswordOf, permanentId: _, ...key } of saved) {
        const account = accountOf(accountId);
        keys.set(nameOf(key.dcId, key.id), {
          ...key,
          account,
          awaitsPassword: accountOf(awaitsPasswordOf),
          permanent: undefined,
          sessions: new Map(),
        });
        if (account !== undefined) owners.set(key.id, new Set([account.id]));
      }
      for (const { dcId, id, permanentId } of saved) {
        const key = keys.get(nameOf(dcId, id));
        if (key !== undefined && permanentId !== undefined)
          key.permanent = keys.get(nameOf(dcId, permanentId));
      }
    },
  };
}
