import type { CartieError } from './errors.ts';

const baseMs = 250;
const capMs = 5_000;

/** What repeating a call depends on, beside its error. */
export interface RepeatTerms {
  idempotent: boolean;
  replayable?: boolean | undefined;
}

/**
 * May the call be sent again inside its deadline? Only where a repetition can help and cannot do the thing twice.
 * `circuit_open` and `overloaded` ask for less load, so they are left to the caller.
 */
export function mayRepeat(error: CartieError, terms: RepeatTerms): boolean {
  if (error.code === 'circuit_open' || error.code === 'overloaded') return false;
  const safe = terms.idempotent || error.outcome === 'not_executed';
  return error.retryable && safe && terms.replayable !== false;
}

/**
 * The pause before repetition number `repeat` (1 for the first): exponential with full jitter, so that clients that
 * failed together do not come back together. Milliseconds.
 */
export function backoffMs(repeat: number): number {
  return Math.random() * Math.min(capMs, baseMs * 2 ** (repeat - 1));
}

/** `Retry-After` in milliseconds, given as seconds or as a date; `undefined` where it is absent or makes no sense. */
export function retryAfterOf(headers: Headers): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (!value) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}
