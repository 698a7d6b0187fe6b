import type { ActiveFault } from '../faults.ts';

/** An event as it came over the wire, in Meta's spelling. */
export type ServerEvent = Readonly<Record<string, unknown>>;

/** Why an event was dropped: the same id and name, or the same person after the pixel had reported the event. */
export type DuplicateReason = 'event_id' | 'browser_event';

/** One event that Meta took. */
export interface MetaEventRecord {
  /** Epoch milliseconds when it arrived. */
  readonly at: number;
  readonly datasetId: string;
  readonly from: 'server' | 'browser';
  readonly eventName: string;
  readonly eventId: string | undefined;
  /** Epoch seconds, as the event says. */
  readonly eventTime: number;
  /** Whether it counts, or was dropped because it had come before. */
  readonly outcome: 'counted' | 'duplicate';
  readonly duplicateBy: DuplicateReason | undefined;
  /** The request's `test_event_code`. Such events count too. */
  readonly testEventCode: string | undefined;
  readonly event: ServerEvent;
}

/** One request that was refused because of what was in it: nothing of it was processed. */
export interface MetaRefusal {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly datasetId: string;
  readonly code: number;
  readonly subcode: number | undefined;
  /** Meta's title for the mistake, or its message. */
  readonly reason: string;
  /** Events in the request. */
  readonly batchSize: number;
  /** The event that was wrong: its place in the batch, and the field. Meta does not tell the sender. */
  readonly index: number | undefined;
  readonly field: string | undefined;
  readonly event: ServerEvent | undefined;
}

/** One call of the Graph API, as it was answered. */
export interface MetaCallRecord {
  /** Epoch milliseconds when it arrived. */
  readonly at: number;
  readonly durationMs: number;
  readonly method: string;
  /** `/v26.0/123/events`, without the query. */
  readonly path: string;
  /** `events`, `dataset` or `node`. */
  readonly operation: string;
  readonly datasetId: string | undefined;
  /** Where the token was; a token in a URL ends up in logs. */
  readonly tokenIn: 'header' | 'body' | 'query' | undefined;
  /** Events in the request. */
  readonly eventCount: number;
  /** Parameters other than `data`, token and proof. */
  readonly params: Readonly<Record<string, unknown>>;
  /** The HTTP status; `undefined` where a fault swallowed the answer. */
  readonly status: number | undefined;
  readonly code: number | undefined;
  readonly subcode: number | undefined;
  /** What the answer says; undefined for refusals and calls that were not executed. */
  readonly eventsReceived: number | undefined;
  /** Whether Meta acted on it. */
  readonly executed: boolean;
  /** The fault that hit it. */
  readonly fault: ActiveFault['kind'] | undefined;
}
