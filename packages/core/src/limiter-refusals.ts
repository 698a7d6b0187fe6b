import { CartieError } from './errors.ts';
import type { LimitKey } from './limiter.ts';

/** @throws CartieError `invalid_input` for a limit that nothing could fit into */
export function checkLimit({ limit, intervalMs, burst }: LimitKey): void {
  if (Number.isInteger(limit) && limit >= 1 && intervalMs > 0 && (burst === undefined || burst >= 1)) return;
  throw new CartieError(
    'invalid_input',
    'A limit needs a whole `limit` and a `burst` of at least 1 and an `intervalMs` above 0',
  );
}

/** The error for a call that comes while as many wait as may. */
export function tooMany(): CartieError {
  return new CartieError('overloaded', 'Too many calls wait for this limiter already');
}

/** The error for a call that would have to wait longer than it can. */
export function tooLate(retryAfterMs: number): CartieError {
  return new CartieError('rate_limited', 'No place under this rate comes free in time', {
    retryAfterMs: Math.ceil(retryAfterMs),
  });
}
