import type { SessionStore } from '@cartie/core';
import { cursorPrefix } from './account-store.ts';
import { invalid } from './errors.ts';

/** Keeps how far a reading of history came. */
export interface HistoryCursor {
  /** The id before which it goes on. */
  read(): Promise<number | undefined>;
  write(id: number): Promise<void>;
  clear(): Promise<void>;
}

/** The cursor of this name, kept with the account's sessions. @throws CartieError `invalid_input` */
export function createCursor(
  sessions: SessionStore,
  account: string,
  { chatId, name }: { chatId: bigint; name: string },
): HistoryCursor {
  if (typeof name !== 'string' || !/^[\w.-]{1,64}$/.test(name)) {
    throw invalid('cursor', 'must be 1 to 64 letters, digits, `.`, `_` or `-`', 'history');
  }
  const key = `${cursorPrefix(account)}${chatId}:${name}`;
  let written: number | undefined;
  return {
    async read() {
      const stored = await sessions.get(key);
      return stored === undefined ? undefined : Number(stored.value);
    },
    async write(id) {
      if (id === written) return;
      await sessions.put(key, String(id));
      written = id;
    },
    async clear() {
      await sessions.delete(key);
    },
  };
}
