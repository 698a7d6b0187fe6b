import { CartieError } from '@cartie/core';
import { service } from './invalid.ts';

/** Lets calls of one key go one after another, in the order they came; calls of other keys go at the same time. */
export interface Turns {
  /**
   * Runs `work` when all earlier ones of this key have ended, however they ended, and tells it how long it has waited. Throws the
   * signal's reason, or `timeout` (not executed) after `deadlineMs`.
   */
  run<T>(
    key: string,
    work: (waitedMs: number) => Promise<T>,
    limits: { signal: AbortSignal | undefined; deadlineMs: number; operation: string },
  ): Promise<T>;
}

/** Creates {@link Turns}. A key is forgotten when nobody waits for it. */
export function createTurns(): Turns {
  const last = new Map<string, Promise<void>>();
  return {
    async run(key, work, limits) {
      const before = last.get(key);
      let end = (): void => undefined;
      const own = new Promise<void>((resolve) => {
        end = resolve;
      });
      // Who gives up passes his place on only when those before him have ended, so that nobody overtakes.
      const turn = before === undefined ? own : Promise.all([before, own]).then(() => undefined);
      last.set(key, turn);
      void turn.then(() => {
        if (last.get(key) === turn) last.delete(key);
      });
      const startedAt = performance.now();
      try {
        if (before !== undefined) await wait(before, limits);
        return await work(performance.now() - startedAt);
      } finally {
        end();
      }
    },
  };
}

function wait(
  turn: Promise<void>,
  {
    signal,
    deadlineMs,
    operation,
  }: { signal: AbortSignal | undefined; deadlineMs: number; operation: string },
): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      finish();
    };
    const abort = (): void => settle(() => reject(signal?.reason));
    const timer = setTimeout(() => settle(() => reject(tooLate(operation))), deadlineMs);
    signal?.addEventListener('abort', abort, { once: true });
    void turn.then(() => settle(resolve));
  });
}

function tooLate(operation: string): CartieError {
  return new CartieError('timeout', 'Earlier messages to this recipient did not end within `deadlineMs`', {
    service,
    operation,
    field: 'deadlineMs',
    outcome: 'not_executed',
  });
}
