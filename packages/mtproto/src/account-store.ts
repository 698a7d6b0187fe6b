import type { SessionStore } from '@cartie/core';
import type { Datacenter } from './engine.ts';
import { failed } from './errors.ts';
import type { MtprotoStateReason } from './types.ts';

/** A login under way: what the next step needs, so that a restart does not lose it. */
export interface StoredLogin {
  readonly phone?: string | undefined;
  readonly codeHash?: string | undefined;
  readonly via?: string | undefined;
  readonly codeLength?: number | undefined;
  readonly nextVia?: string | undefined;
  readonly resendAt?: number | undefined;
  readonly step: 'code' | 'password' | 'qr';
}

/** An account as it is kept. */
export interface AccountRecord {
  readonly datacenter: Datacenter;
  /** The application that it is logged in with, where that is not the hub's. */
  readonly app?: { readonly apiId: number; readonly apiHash: string } | undefined;
  /** Base64. */
  readonly authKey?: string | undefined;
  /** Keys for other data centres, where files are: base64, by number. */
  readonly otherKeys?: Readonly<Record<string, string>> | undefined;
  /** Who is logged in. */
  readonly user?: StoredUser | undefined;
  readonly login?: StoredLogin | undefined;
  /** Why it has to log in again. */
  readonly lost?: MtprotoStateReason | undefined;
}

/** A user, with his id as text. */
export interface StoredUser {
  readonly id: string;
  readonly firstName: string;
  readonly lastName?: string | undefined;
  readonly username?: string | undefined;
}

/** How far the updates of one chat, or of all private chats and groups together, have been handled. */
export interface StoredPosition {
  readonly pts: number;
  /** What was handled beyond `pts`. */
  readonly done: readonly string[];
  /** The newest message that was handled. */
  readonly lastId: number;
}

/** All positions of an account. */
export interface StoredPositions {
  readonly common?: (StoredPosition & { readonly qts: number; readonly date: number }) | undefined;
  /** By the channel's unmarked id. */
  readonly channels: Readonly<Record<string, StoredPosition & { readonly accessHash: string }>>;
}

/** What is kept of one account, over a {@link SessionStore}. */
export interface AccountStore {
  readAccount(): Promise<AccountRecord | undefined>;
  /**
   * Changes it. A writer with an older fence than the last one is refused.
   * @throws CartieError `conflict`
   */
  changeAccount(
    fence: string,
    change: (record: AccountRecord | undefined) => AccountRecord,
  ): Promise<AccountRecord>;
  readPositions(): Promise<StoredPositions | undefined>;
  /** @throws CartieError `conflict`; `not_found` once the account was removed */
  writePositions(fence: string, positions: StoredPositions): Promise<void>;
  /** From now on older fences are refused. @throws CartieError `conflict` */
  claim(fence: string): Promise<void>;
  remove(): Promise<boolean>;
}

const accountPrefix = 'mtproto:account:';
const positionsPrefix = 'mtproto:positions:';

/** The prefix of the names under which an account's history cursors are kept. */
export function cursorPrefix(account: string): string {
  return `mtproto:cursor:${account}:`;
}

/** The names of all accounts in the store. */
export async function* accountNames(sessions: SessionStore): AsyncGenerator<string> {
  for await (const name of sessions.list()) {
    if (name.startsWith(accountPrefix)) yield name.slice(accountPrefix.length);
  }
}

/** The store of one account. */
export function createAccountStore(sessions: SessionStore, account: string): AccountStore {
  const fenced = <T>(name: string): FencedValue<T> => fencedValue<T>(sessions, name);
  const record = fenced<AccountRecord>(accountPrefix + account);
  const positions = fenced<StoredPositions>(positionsPrefix + account);
  return {
    readAccount: record.read,
    changeAccount: (fence, change) => record.change(fence, change),
    readPositions: positions.read,
    async writePositions(fence, value) {
      await positions.change(fence, (known) => {
        if (known === undefined) throw removed();
        return value;
      });
    },
    async claim(fence) {
      await record.change(fence, (value) => {
        if (value === undefined) throw removed();
        return value;
      });
      await positions.change(fence, (value) => value ?? { channels: {} });
    },
    async remove() {
      const isRemoved = await sessions.delete(accountPrefix + account);
      await sessions.delete(positionsPrefix + account);
      for await (const name of sessions.list()) {
        if (name.startsWith(cursorPrefix(account))) await sessions.delete(name);
      }
      return isRemoved;
    },
  };
}

interface FencedValue<T> {
  read(): Promise<T | undefined>;
  change(fence: string, change: (value: T | undefined) => T): Promise<T>;
}

interface Fenced<T> {
  readonly version: 1;
  readonly fence: string;
  readonly value: T;
}

function fencedValue<T>(sessions: SessionStore, name: string): FencedValue<T> {
  // Saves a read where this process was the last to write, which with a lease it always is.
  let last: { readonly version: string; readonly stored: Fenced<T> } | undefined;

  async function load(): Promise<typeof last> {
    const stored = await sessions.get(name);
    return stored && { version: stored.version, stored: parse<T>(stored.value) };
  }

  return {
    async read() {
      last = await load();
      return last?.stored.value;
    },
    async change(fence, change) {
      for (let attempt = 0; attempt < 5; attempt += 1) {
        last ??= await load();
        if (last !== undefined && BigInt(last.stored.fence) > BigInt(fence)) throw outdated();
        const value = change(last?.stored.value);
        const stored: Fenced<T> = { version: 1, fence, value };
        const version = await sessions.put(name, JSON.stringify(stored), {
          ifVersion: last?.version ?? 'absent',
        });
        if (version !== undefined) {
          last = { version, stored };
          return value;
        }
        last = undefined;
      }
      throw outdated();
    },
  };
}

function parse<T>(text: string): Fenced<T> {
  try {
    const stored = JSON.parse(text) as Fenced<T>;
    if (stored.version === 1 && typeof stored.fence === 'string') return stored;
  } catch {
    // Not ours, or of a version to come.
  }
  throw failed('storage_error', 'A stored session is not of a format that this version knows', {
    retryable: false,
  });
}

function outdated(): Error {
  return failed('conflict', 'Another process has taken this account over');
}

function removed(): Error {
  return failed('not_found', 'The account was removed');
}
