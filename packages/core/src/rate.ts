import type { LimitKey } from './limiter.ts';

/** What has gone through under one {@link LimitKey}. Times are milliseconds of one clock. */
export interface RateState {
  /** When the last calls went, oldest first. */
  readonly passed: number[];
  /** Length of `passed` at which those that stopped to matter are dropped: rarely, so that a call costs O(1). */
  trimAt: number;
  /** When the next call would go if calls were spread evenly; only kept where `burst` is less than `limit`. */
  evenAt: number;
  pausedUntil: number;
}

/** Nothing has gone through yet. */
export function newRate(): RateState {
  return { passed: [], trimAt: 16, evenAt: 0, pausedUntil: 0 };
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
  if (rate.passed.length >= rate.trimAt) trim(rate, limit, now - intervalMs);
  if (burst < limit) rate.evenAt = Math.max(rate.evenAt, now) + intervalMs / limit;
}

/** Has everything that this rate remembers stopped to matter? */
export function isIdle(rate: RateState, intervalMs: number, now: number): boolean {
  const newest = rate.passed[rate.passed.length - 1];
  return (
    rate.pausedUntil <= now && rate.evenAt <= now && (newest === undefined || newest + intervalMs <= now)
  );
}

function trim(rate: RateState, limit: number, windowStart: number): void {
  const firstInWindow = rate.passed.findIndex((at) => at > windowStart);
  rate.passed.splice(0, Math.max(firstInWindow, rate.passed.length - limit));
  rate.trimAt = Math.max(16, 2 * rate.passed.length);
}
