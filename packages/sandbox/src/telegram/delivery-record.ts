import type { DeliveryAttempt } from './delivery.ts';

/** One attempt to deliver an update to a webhook. */
export interface DeliveryRecord {
  /** Epoch milliseconds when the attempt began. */
  readonly at: number;
  readonly durationMs: number;
  readonly botId: number;
  readonly updateId: number;
  /** `message`, `callback_query` … */
  readonly kind: string;
  /** 1 for the first. */
  readonly attempt: number;
  /** The HTTP status; undefined if none came. */
  readonly status: number | undefined;
  /** Why none came. */
  readonly error: string | undefined;
}

/** What the log keeps of an attempt. */
export function deliveryRecord(botId: number, made: DeliveryAttempt): DeliveryRecord {
  const { update, attempt, startedAt, durationMs, answer } = made;
  const answered = answer.outcome === 'answered';
  return {
    at: startedAt,
    durationMs,
    botId,
    updateId: update.id,
    kind: update.kind,
    attempt,
    status: answered ? answer.status : undefined,
    error: answered ? undefined : answer.error,
  };
}
