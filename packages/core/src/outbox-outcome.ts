import { isCartieError } from './errors.ts';
import { backoff, postponement, type RetryTerms, reasonOf } from './failure-plan.ts';
import type { OutboxRow, SendResult } from './outbox.ts';
import type { Settlement, TakenRow } from './outbox-rows.ts';

/** What becomes of a row whose call ended. */
export function outcomeOf(taken: TakenRow, result: SendResult, terms: RetryTerms): Settlement {
  const { row } = taken;
  if (!('error' in result))
    return settlement(taken, { status: 'sent', result: result.result, reason: undefined });
  const { error, keep } = result;
  const kept = keep === undefined ? row.result : keep;
  const reason = reasonOf(error, 'sender_error');
  // What is no CartieError says nothing about the call.
  const unknown = !isCartieError(error) || error.outcome === 'unknown';
  if (unknown && !row.idempotent) return settlement(taken, { status: 'in_doubt', reason, result: kept });
  const postponedMs = result.postponeMs ?? postponement(error);
  if (postponedMs !== undefined) {
    return settlement(
      taken,
      { status: 'queued', reason, result: kept, attempts: row.attempts - 1 },
      postponedMs,
    );
  }
  const retryable = !isCartieError(error) || error.retryable;
  if (retryable && row.attempts < terms.attempts) {
    const askedMs = isCartieError(error) ? (error.retryAfterMs ?? 0) : 0;
    return settlement(
      taken,
      { status: 'queued', reason, result: kept },
      Math.max(askedMs, backoff(row.attempts, terms)),
    );
  }
  return settlement(taken, { status: unknown ? 'in_doubt' : 'failed', reason, result: kept });
}

/** What becomes of a row whose call was never begun by this worker: it expired, or its sender died during the call. */
export function outcomeWithoutCall(taken: TakenRow, terms: RetryTerms): Settlement {
  if (taken.state === 'expired') return settlement(taken, { status: 'failed', reason: 'expired' });
  const again = taken.row.idempotent && taken.row.attempts < terms.attempts;
  return settlement(taken, { status: again ? 'queued' : 'in_doubt', reason: 'crashed' });
}

function settlement(taken: TakenRow, change: Partial<OutboxRow>, delayMs: number | null = null): Settlement {
  const row = { ...taken.row, ...change };
  return {
    row: { ...row, settledAt: row.status === 'queued' ? undefined : Date.now() },
    fence: taken.fence,
    delayMs,
  };
}
