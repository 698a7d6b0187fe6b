import type { ErrorCode, Outcome } from './errors.ts';

/** How a call or an attempt ended: well, by the caller's abort, or by an error. */
export type CallEnd = ErrorCode | 'ok' | 'aborted';

interface CallEvent {
  readonly service: string;
  readonly operation: string;
  /** One id for all events of one call; unique in the process. */
  readonly callId: string;
}

/** What happened inside a client or a webhook: for logs, metrics and traces. Holds no bodies, no URLs and no ids of people. */
export type ClientEvent =
  | (CallEvent & { readonly type: 'call_started' })
  | (CallEvent & {
      readonly type: 'attempt_finished';
      /** 1 for the first attempt. */
      readonly attempt: number;
      readonly durationMs: number;
      readonly status: number | undefined;
      readonly code: CallEnd;
    })
  | (CallEvent & {
      readonly type: 'retry_scheduled';
      readonly attempt: number;
      readonly delayMs: number;
      readonly code: ErrorCode;
    })
  | (CallEvent & {
      readonly type: 'call_finished';
      readonly attempts: number;
      readonly durationMs: number;
      readonly status: number | undefined;
      readonly code: CallEnd;
      readonly outcome: Outcome | undefined;
      /** The provider's id of the request, for its support. */
      readonly requestId: string | undefined;
    })
  | { readonly type: 'circuit_changed'; readonly service: string; readonly circuit: CircuitState }
  | {
      readonly type: 'rate_limited';
      readonly service: string;
      readonly operation: string;
      readonly retryAfterMs: number;
    }
  | {
      readonly type: 'webhook_received';
      readonly service: string;
      readonly status: number;
      readonly durationMs: number;
      /** Updates in the body. */
      readonly updates: number;
      /** `failed`: the app's own code threw something that is not a `CartieError`. */
      readonly code: ErrorCode | 'ok' | 'failed';
      /** Why it was refused, and what to do about it. Holds nothing of the request. */
      readonly message?: string | undefined;
    };

/** `half_open`: one probe is under way. */
export type CircuitState = 'closed' | 'open' | 'half_open';

/** Receives {@link ClientEvent}s. What it throws is swallowed: watching a call never breaks it. */
export type EventListener = (event: ClientEvent) => void;

/** `listener` made harmless: what it throws, now or later, is swallowed. */
export function quietListener(listener: EventListener | undefined): EventListener | undefined {
  if (!listener) return undefined;
  return (event) => {
    try {
      const result: unknown = listener(event);
      if (result instanceof Promise) result.catch(() => undefined);
    } catch {
      // Watching a call never breaks it.
    }
  };
}
