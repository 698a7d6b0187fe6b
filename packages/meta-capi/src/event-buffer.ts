import {
  CartieError,
  type HealthReport,
  type Outbox,
  type OutboxRow,
  parseOptions,
  type Sender,
  type SendResult,
  type SqlTransaction,
} from '@cartie/core';
import { z } from 'zod';
import type { MetaCapiClient } from './client.ts';
import { createGathering } from './gathering.ts';
import { service } from './invalid.ts';
import { dedupWindowMs, maxBatchEvents } from './limits.ts';
import type { EventResult, EventWarning, MetaEvent, WireEvent } from './types.ts';

/** Options of {@link createEventBuffer}. */
export interface EventBufferOptions {
  /** Of `createMetaCapiClient`: what sends the events. */
  client: MetaCapiClient;
  /** Of core's `createOutbox`. */
  outbox: Outbox;
  /** Most events of one batch; a full one goes at once. @default 1000 */
  batchSize?: number | undefined;
  /** How long an event waits at most for others to go with. Milliseconds. @default 1000 */
  maxWaitMs?: number | undefined;
  /** How long events are put off while Meta is away or takes no events of ours. Milliseconds. @default 15000 */
  outagePauseMs?: number | undefined;
}

/** An event that is stored. */
export interface TrackedEvent {
  eventId: string;
  /** `false`: an event of this name and id was stored before; it is sent once. */
  added: boolean;
  warnings: readonly EventWarning[];
}

/** What became of the buffer's events. */
export interface BufferCounts {
  /** Stored, and on their way to Meta sooner or later. */
  waiting: number;
  sending: number;
  accepted: number;
  /** Refused by Meta, or too old for it by the time it was back. */
  dead: number;
  /** They may have arrived, and sending them again could count twice: a person decides. */
  inDoubt: number;
}

/** An event that will not be sent any more. */
export interface DeadEvent {
  eventId: string;
  eventName: string;
  /** `rejected`, `expired`, `invalid_input`, … */
  reason: string;
  /** What Meta had against it, in plain words, where it said so. */
  message: string | undefined;
  code: string | number | undefined;
  subcode: string | number | undefined;
  field: string | undefined;
  /** Epoch milliseconds. */
  at: number;
}

/** Keeps events until Meta has them. */
export interface EventBuffer {
  /** The outbox topic of its rows. */
  readonly topic: string;
  /** For an `outbox.work` of the app's own, beside other senders: `outbox.work({ [buffer.topic]: buffer.sender })`. */
  readonly sender: Sender<WireEvent>;
  /**
   * Checks and hashes an event and stores it; resolves when that is durable. With `trx` it is stored in the app's own
   * transaction or not at all. Throws `invalid_input` that names the field, and `storage_error`.
   */
  track(event: MetaEvent, trx?: SqlTransaction): Promise<TrackedEvent>;
  /** Starts to send; dispose of it to stop: what is under way is waited for, the rest stays stored. */
  work(): Promise<AsyncDisposable>;
  counts(): Promise<BufferCounts>;
  /** The dead events, the newest first. @param limit default 100 */
  dead(limit?: number): Promise<DeadEvent[]>;
  /** Sends a dead or doubtful event again. `false` if there is none of this name and id. */
  resend(eventName: string, eventId: string): Promise<boolean>;
  health(): Promise<HealthReport>;
}

const optionsSchema = z.strictObject({
  client: z.custom(
    (value) => typeof (value as MetaCapiClient | undefined)?.prepare === 'function',
    'must be made by createMetaCapiClient',
  ),
  outbox: z.custom(
    (value) => typeof (value as Outbox | undefined)?.addNow === 'function',
    'must be made by createOutbox',
  ),
  batchSize: z.int().min(1).max(maxBatchEvents).optional(),
  maxWaitMs: z.number().min(0).max(3_600_000).optional(),
  outagePauseMs: z.number().min(1).max(3_600_000).optional(),
});

/** A whole batch and the search for a bad event in it fit into this. Milliseconds. */
const batchDeadlineMs = 120_000;

/** Nothing but Meta's clock ends the tries of an event: outages use none, and what goes wrong else is worth many. */
const attempts = 1_000;

/**
 * Stores events in an outbox and sends them in batches, through outages, restarts and crashes, the oldest first. Only
 * hashed data are stored.
 *
 * ```ts
 * const buffer = createEventBuffer({ client, outbox });
 * await using sending = await buffer.work();
 * await buffer.track({ event_name: 'Lead', action_source: 'website', user_data: { email } });
 * ```
 *
 * @throws CartieError `invalid_config` for options that make no sense
 */
export function createEventBuffer(options: EventBufferOptions): EventBuffer {
  parseOptions(`${service} buffer`, optionsSchema, options);
  const { client, outbox, batchSize = maxBatchEvents, maxWaitMs = 1_000, outagePauseMs = 15_000 } = options;
  const topic = `${service}:${client.datasetId}`;
  const gathering = createGathering(batchSize, maxWaitMs);

  async function sendBatch(
    rows: readonly OutboxRow<WireEvent>[],
    { signal }: { signal: AbortSignal },
  ): Promise<readonly SendResult[]> {
    const results: SendResult[] = rows.map((row) => ({ error: tooLateToRepeat, keep: row.result }));
    const open = rows.map((_, index) => index).filter((index) => mayRepeat(rows[index] as OutboxRow));
    const sent = await client.send(
      open.map((index) => (rows[index] as OutboxRow<WireEvent>).payload),
      { signal, deadlineMs: batchDeadlineMs },
    );
    const now = Date.now();
    for (const [at, index] of open.entries()) {
      results[index] = settle(rows[index] as OutboxRow, sent[at] as EventResult, now);
    }
    return results;
  }

  function settle(row: OutboxRow, result: EventResult, now: number): SendResult {
    switch (result.status) {
      case 'accepted':
        return { result: { traceId: result.traceId } };
      case 'invalid':
      case 'rejected':
        return { error: final(result.error), keep: reasonOf(result.error) };
      case 'unknown':
        return {
          error: result.error,
          keep: { unknownSince: unknownSince(row) ?? now },
          postponeMs: pauseAfter(result.error),
        };
      case 'unsent': {
        const since = unknownSince(row);
        return {
          error: result.error,
          keep: since === undefined ? { unsentAt: now } : { unknownSince: since },
          postponeMs: pauseAfter(result.error),
        };
      }
    }
  }

  function pauseAfter(error: CartieError): number {
    return error.retryAfterMs ?? outagePauseMs * (0.75 + Math.random() / 4);
  }

  const sender: Sender<WireEvent> = { sendBatch, batchSize, concurrency: 1, attempts };

  return Object.freeze({
    topic,
    sender,

    async track(event: MetaEvent, trx?: SqlTransaction) {
      const { event: payload, warnings, deduplicated, expiresAt } = client.prepare(event);
      const id = rowId(payload.event_name, payload.event_id);
      const { delayMs, fills } = gathering.join(id);
      const orderKey = client.datasetId;
      const message = { topic, orderKey, id, payload, idempotent: deduplicated, expiresAt, delayMs };
      let added = false;
      try {
        added = (await (trx === undefined ? outbox.addNow(message) : outbox.add(trx, message))) === 'added';
      } finally {
        if (!added && delayMs > 0) gathering.leave(id);
      }
      if (fills !== undefined) {
        // Not waited for, and no matter if it fails: then the batch goes when its time is over.
        const hurry = (): void => void outbox.hurry(topic, fills).catch(() => undefined);
        if (trx === undefined) hurry();
        else trx.afterCommit?.(hurry);
      }
      return { eventId: payload.event_id, added, warnings };
    },

    work: () => outbox.work({ [topic]: sender }),

    async counts() {
      const { queued, sending, sent, failed, in_doubt } = await outbox.counts(topic);
      return { waiting: queued, sending, accepted: sent, dead: failed, inDoubt: in_doubt };
    },

    dead: async (limit = 100) =>
      (await outbox.list({ status: 'failed', topic, limit })).map((row) =>
        deadEvent(row as OutboxRow<WireEvent>),
      ),

    resend: (eventName: string, eventId: string) => outbox.resend(topic, rowId(eventName, eventId)),

    async health() {
      const { waiting, dead, inDoubt } = await this.counts();
      const report = await client.health();
      return { ...report, facts: { ...report.facts, waiting, dead, inDoubt } };
    },
  });

  /**
   * Meta forgets an event after 48 hours, so one that may have arrived is not repeated later. An attempt that never was
   * on the network does not count.
   */
  function mayRepeat(row: OutboxRow): boolean {
    const since = unknownSince(row);
    return since === undefined || Date.now() - since < dedupWindowMs - batchDeadlineMs;
  }
}

/**
 * When the first attempt was whose outcome is unknown. Of one during which the process died only this is certain: it was
 * not before the last attempt that certainly failed, nor before the event was stored. Without a reason the row was not
 * tried yet, or a person wants it sent again.
 */
function unknownSince({ result, reason, createdAt }: OutboxRow): number | undefined {
  if (reason === undefined) return undefined;
  const kept = (result ?? {}) as { unknownSince?: unknown; unsentAt?: unknown };
  if (typeof kept.unknownSince === 'number') return kept.unknownSince;
  if (reason !== 'crashed') return undefined;
  return typeof kept.unsentAt === 'number' ? kept.unsentAt : createdAt;
}

const tooLateToRepeat = new CartieError(
  'timeout',
  'The event may have arrived, and Meta would no longer recognise a repetition',
  { service, operation: 'sendEvents', retryable: false, outcome: 'unknown' },
);

// The outbox repeats what is retryable and doubts what is unknown; this event is refused, whatever came before.
function final(error: CartieError): CartieError {
  return new CartieError(error.code, error.message, { ...error, retryable: false, outcome: 'not_executed' });
}

function reasonOf(error: CartieError): Omit<DeadEvent, 'eventId' | 'eventName' | 'reason' | 'at'> {
  const { message, provider, field } = error;
  return { message, code: provider?.code, subcode: provider?.subcode, field };
}

function deadEvent(row: OutboxRow<WireEvent>): DeadEvent {
  const kept = (row.result ?? {}) as Partial<DeadEvent>;
  return {
    eventId: row.payload.event_id,
    eventName: row.payload.event_name,
    reason: row.reason ?? 'unknown',
    message: kept.message,
    code: kept.code,
    subcode: kept.subcode,
    field: kept.field,
    at: row.settledAt ?? row.createdAt,
  };
}

function rowId(eventName: string, eventId: string): string {
  return `${eventName}\n${eventId}`;
}
