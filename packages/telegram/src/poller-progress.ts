import type { KeyValueStore } from '@cartie/core';
import { z } from 'zod';

/** How far a bot's updates are handled. */
export interface PollerProgress {
  /** Everything before it may be forgotten by Telegram; `undefined` where Telegram knows already. */
  offset(): number | undefined;
  /** Telegram has taken the offset. */
  confirmed(): void;
  isDone(id: number): boolean;
  /** Notes which updates of a batch are done, and writes it down. */
  advance(batch: readonly number[], done: ReadonlySet<string>): Promise<void>;
}

// The ids of a bot may begin anew at random after a week without updates; an old offset would then hide new updates.
const lifetimeMs = 6 * 24 * 60 * 60 * 1000;

const schema = z.object({ offset: z.number().int(), done: z.array(z.number().int()), savedAt: z.number() });

/** Reads the progress under `key`. */
export async function createPollerProgress(
  store: Pick<KeyValueStore, 'get' | 'put'>,
  key: string,
): Promise<PollerProgress> {
  const stored = await store.get(key);
  const saved = parse(stored?.value);
  let version = stored?.version ?? 'absent';
  let offset = saved?.offset;
  // Updates behind the offset that are done: one before them is not.
  let done = new Set(saved?.done);

  return {
    offset: () => offset,
    confirmed: () => {
      offset = undefined;
    },
    isDone: (id) => done.has(id),
    advance: async (batch, handled) => {
      const unfinished = batch.find((id) => !done.has(id) && !handled.has(String(id)));
      const last = batch.at(-1);
      if (last === undefined) return;
      const next = unfinished ?? last + 1;
      done = new Set(batch.filter((id) => id > next && (done.has(id) || handled.has(String(id)))));
      offset = next;
      const value = JSON.stringify({ offset, done: [...done], savedAt: Date.now() });
      // Another process that took over has its own version: then ours is not written.
      const written = await store.put(key, value, { ifVersion: version });
      if (written !== undefined) version = written;
    },
  };
}

function parse(value: string | undefined): z.infer<typeof schema> | undefined {
  if (value === undefined) return undefined;
  try {
    const saved = schema.parse(JSON.parse(value));
    return Date.now() - saved.savedAt < lifetimeMs ? saved : undefined;
  } catch {
    // Not ours, or of another version: Telegram still knows what it has not delivered.
    return undefined;
  }
}
