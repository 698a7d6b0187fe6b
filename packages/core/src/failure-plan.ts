import { isCartieError } from './errors.ts';
import { isUnavailable } from './sql-error.ts';

/** How often and how soon something that failed is tried again. */
export interface RetryTerms {
  attempts: number;
  backoffMs: number;
  maxBackoffMs: number;
}

const postponing: ReadonlySet<string> = new Set(['rate_limited', 'circuit_open', 'overloaded']);
const postponedMs = 5_000;

/**
 * How long to put work off that did not fail but came at a bad time, in milliseconds: somebody asked for patience, or our
 * database is away. `undefined` for a failure.
 */
export function postponement(error: unknown): number | undefined {
  if (isUnavailable(error)) return 1_000;
  if (!isCartieError(error) || !postponing.has(error.code)) return undefined;
  return error.retryAfterMs ?? postponedMs;
}

/** The pause after attempt number `attempt`: doubles each time, up to a quarter less so that what failed together spreads. */
export function backoff(attempt: number, terms: RetryTerms): number {
  const pause = Math.min(terms.maxBackoffMs, terms.backoffMs * 2 ** Math.min(attempt - 1, 40));
  return pause * (0.75 + Math.random() / 4);
}

/** The error to hand to a queue engine, which stores message, properties and stack of what a handler throws: only a code. */
export function storedFailure(error: unknown): Error {
  const failure = new Error(reasonOf(error, 'handler_error'));
  failure.stack = '';
  return failure;
}

/** What may be kept of an error: a code. The text of a foreign error may hold personal data. */
export function reasonOf(error: unknown, foreign: string): string {
  return isCartieError(error) ? error.code : foreign;
}
