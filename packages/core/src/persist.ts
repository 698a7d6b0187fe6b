import { setTimeout as sleep } from 'node:timers/promises';
import { isCollision, isUnavailable } from './sql-error.ts';

/**
 * Runs a transaction again where it only collided with another (deadlock, serialization failure), and, with `untilUp`,
 * for as long as the database is away and `signal` has not aborted. Only for work that does nothing outside its transaction.
 */
export async function persist<T>(
  work: () => Promise<T>,
  options: { untilUp?: boolean | undefined; signal?: AbortSignal | undefined } = {},
): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await work();
    } catch (error) {
      const waits = options.untilUp === true && options.signal?.aborted !== true;
      const again = isCollision(error) ? failures < 6 : waits && isUnavailable(error);
      if (!again) throw error;
      await sleep(Math.random() * Math.min(5_000, 10 * 2 ** failures), undefined, {
        signal: options.signal,
      }).catch(() => undefined);
    }
  }
}
