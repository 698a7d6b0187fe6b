import type { LimitKey } from './limiter.ts';

/** What has gone through under one {@link LimitKey}. Times are milliseconds of one clock. */
export interface RateState {
  /** When the last calls went, oldest first; at most `limit` of them. */
  readonly passed: number[];
  /** When the next call would go if calls were spread evenly; only kept where `burst` is less than `limit`. */
  evenAt: number;
  pausedUntil: number;
}

/** Nothing has gone through yet. */
export function newRate(): RateState {
  return { passed: [], evenAt: 0, pausedUntil: 0 };
}

/** When the next call may go under this rate; not after `now` if there is room. */
export function roomAt(rate: RateState, { limit, intervalMs, burst = limit }: LimitKey): number {
  const oldest = rate.passed[rate.passed.length - limit];
  const windowAt = oldest === undefined ? 0 : oldest + intervalMs;
  const evenAt = burst < limit ? rate.evenAt - ((burst - 1) * intervalMs) / limit : 0;
  return Math.max(windowAt, evenAt, rate.pausedUntil);
}

/** Notes that a call goes now. */
export function pass(rate: RateState, { limit, intervalMs, burst = limit }: LimitKey, now: number): void {
  rate.passed.push(now);
  // Trimmed rarely, so that a large limit does not move its whole array at each call.
  if (rate.passed.length >= 2 * limit + 8) rate.passed.splice(0, rate.passed.length - limit);
  if (burst < limit) rate.evenAt = Math.max(rate.evenAt, now) + intervalMs / limit;
}

/** Has everything that this rate remembers stopped to matter? */
export function isIdle(rate: RateState, intervalMs: number, now: number): boolean {
  const newest = rate.passed[rate.passed.length - 1];
  return (
    rate.pausedUntil <= now && rate.evenAt <= now && (newest === undefined || newest + intervalMs <= now)
  );
}
