import { CartieError, type Limiter, type SessionStore, sleep } from '@cartie/core';

interface Passed {
  /** Epoch milliseconds, oldest first. */
  readonly times: readonly number[];
  readonly pausedUntil: number;
}

/**
 * A limiter for few, slow calls over what keeps the sessions: so the pace of history holds over all processes without
 * further setup. One value per key, written by compare-and-swap; times are those of the processes' own clocks. For one
 * key at a time: that is all that history asks for.
 */
export function sessionLimiter(sessions: SessionStore): Limiter {
  async function change(key: string, by: (passed: Passed) => Passed | number): Promise<number> {
    for (let attempt = 0; attempt < 50; attempt += 1) {
      const stored = await sessions.get(nameOf(key));
      const next = by(
        stored === undefined ? { times: [], pausedUntil: 0 } : (JSON.parse(stored.value) as Passed),
      );
      if (typeof next === 'number') return next;
      const version = await sessions.put(nameOf(key), JSON.stringify(next), {
        ifVersion: stored?.version ?? 'absent',
      });
      if (version !== undefined) return 0;
      await sleep(Math.random() * 20, new AbortController().signal);
    }
    throw new CartieError('overloaded', 'Too many ask for the history of one chat at the same time');
  }

  return {
    async acquire(
      keys,
      { signal = new AbortController().signal, maxWaitMs = Number.POSITIVE_INFINITY } = {},
    ) {
      for (const { key, limit, intervalMs } of keys) {
        for (;;) {
          signal.throwIfAborted();
          const waitMs = await change(key, ({ times, pausedUntil }) => {
            const now = Date.now();
            // Another process's clock may be a little ahead; a time beyond that is a mistake, which must not stop all for long.
            const recent = times.filter((at) => Math.abs(now - at) < intervalMs).sort((a, b) => a - b);
            const oldest = recent.length < limit ? 0 : (recent[recent.length - limit] ?? 0) + intervalMs;
            const at = Math.max(oldest, pausedUntil);
            return at > now ? at - now : { times: [...recent, now], pausedUntil };
          });
          if (waitMs === 0) break;
          if (waitMs > maxWaitMs) {
            throw new CartieError('rate_limited', 'No page of this history may be fetched in time', {
              retryAfterMs: waitMs,
            });
          }
          // Those who wait for the same moment do not all ask at it.
          await sleep(waitMs + Math.random() * 50, signal);
        }
      }
    },
    async pause(key, ms) {
      await change(key, ({ times, pausedUntil }) => ({
        times,
        pausedUntil: Math.max(pausedUntil, Date.now() + ms),
      }));
    },
  };
}

function nameOf(key: string): string {
  return `mtproto:rate:${key}`;
}
