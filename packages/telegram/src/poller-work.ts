import type { Update } from '@cartie/core';
import { pause } from './pause.ts';

/** How a batch of updates is handled. */
export interface BatchOptions<T> {
  concurrency: number;
  /** Ends the batch: nothing more is begun, what is in hand is waited for. */
  signal: AbortSignal;
  handle: (update: Update<T>) => Promise<unknown>;
  onFailure: (error: unknown) => void;
  /** The pause after a failure, by the number of failures of this update. Milliseconds. */
  backoffMs: (failures: number) => number;
}

/**
 * Handles updates: those of one `orderKey` in order, different keys at the same time. One that fails is tried again
 * until it has expired. Gives the ids that are done with. Never rejects.
 */
export async function handleInOrder<T>(
  updates: readonly Update<T>[],
  { concurrency, signal, handle, onFailure, backoffMs }: BatchOptions<T>,
): Promise<Set<string>> {
  const done = new Set<string>();
  const byKey = new Map<string, Update<T>[]>();
  for (const update of updates) {
    const inOrder = byKey.get(update.orderKey);
    if (inOrder === undefined) byKey.set(update.orderKey, [update]);
    else inOrder.push(update);
  }
  const keys = byKey.values();

  const handleOne = async (update: Update<T>): Promise<boolean> => {
    for (let failures = 1; ; failures++) {
      if (signal.aborted) return false;
      try {
        await handle(update);
        return true;
      } catch (error) {
        if (signal.aborted) return false;
        onFailure(error);
        // Telegram has forgotten it by now, too.
        if (Date.now() >= (update.expiresAt ?? Number.POSITIVE_INFINITY)) return true;
        await pause(backoffMs(failures), signal);
      }
    }
  };
  // All workers take from one iterator, so each key has one worker.
  const work = async (): Promise<void> => {
    for (const inOrder of keys) {
      for (const update of inOrder) {
        if (!(await handleOne(update))) break;
        done.add(update.id);
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return done;
}
