import { CartieError } from './errors.ts';
import { backoff, postponement, type RetryTerms, reasonOf } from './failure-plan.ts';
import type { InboxRow } from './inbox.ts';

/** What becomes of a row that failed. */
export type Verdict =
  | { readonly next: 'dead'; readonly reason: string }
  | { readonly next: 'retry' | 'postponed'; readonly reason: string; readonly delayMs: number };

/** Decides what becomes of a row that failed with `error`. */
export function judge(row: InboxRow, error: unknown, terms: RetryTerms): Verdict {
  if (row.attempt > terms.attempts) return { next: 'dead', reason: 'crashed' };
  const reason = reasonOf(error, 'handler_error');
  const delayMs = postponement(error);
  if (delayMs !== undefined) return { next: 'postponed', reason, delayMs };
  if (row.attempt >= terms.attempts) return { next: 'dead', reason };
  return { next: 'retry', reason, delayMs: backoff(row.attempt, terms) };
}

/** The error of an update that came too late. */
export function expiry(): CartieError {
  return new CartieError('timeout', 'the update expired before it could be handled', {
    service: 'inbox',
    operation: 'handle',
    retryable: false,
    outcome: 'not_executed',
  });
}

/** The error of an update whose worker died each time. */
export function exhaustion(): CartieError {
  return new CartieError('timeout', 'the worker died each time it handled this update', {
    service: 'inbox',
    operation: 'handle',
    retryable: false,
  });
}
