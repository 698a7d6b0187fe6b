import { type Breaker, createBreaker } from './breaker.ts';
import { runCall } from './call.ts';
import type { CartieErrorDetails, ErrorCode } from './errors.ts';
import { quietListener } from './events.ts';
import type { Limiter, LimitKey } from './limiter.ts';
import { memoryLimiter } from './memory-limiter.ts';
import { type CallOptions, type ClientOptions, checkCallOptions, defaultOptions } from './options.ts';
import { createPlaces } from './places.ts';

/** An answer of the provider, read whole. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The body's bytes. */
  readonly bytes: Uint8Array;
  /** The body as text (decoded on first use). */
  readonly text: string;
  /** The body parsed as JSON (integers beyond 2^53 as strings), `undefined` if it is not JSON. */
  readonly json: unknown;
}

/** How an answer failed: what a package's error table gives. */
export interface Failure extends CartieErrorDetails {
  code: ErrorCode;
  message: string;
  /** The limiter keys to pause for `retryAfterMs`, or which of the call's keys. @default all keys of the call */
  pause?: readonly string[] | ((key: string) => boolean) | undefined;
}

/** What a client tells the caller once. */
export interface CallerConfig {
  /** Names the provider in errors and events: `telegram`. */
  service: string;
  /** The provider's origin and path prefix, no trailing slash; `options.baseUrl` overrides it. */
  baseUrl: string;
  /** The client's, as `parseClientOptions` gave them. */
  options: ClientOptions;
  /** The client's own defaults, where they differ from core's. */
  defaults?: { timeoutMs?: number | undefined; maxConcurrent?: number | undefined } | undefined;
  /** `undefined` for success. A 200 with an error inside is an error; HTML where JSON was due is `upstream_error`. */
  classify(answer: Answer): Failure | undefined;
  /** The provider's id of the request. */
  requestId?: ((answer: Answer) => string | undefined) | undefined;
  /** Strings that must never appear in an error or event, beside what redaction finds by itself. */
  secrets?: (() => readonly string[]) | undefined;
}

/** One HTTP request, built anew for each attempt. */
export interface OutgoingRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Appended to the base URL; begins with `/`. */
  path: string;
  headers?: Readonly<Record<string, string>> | undefined;
  /** `json` is serialised here; `body` is sent as it is (bytes, form, stream). */
  json?: unknown;
  body?: string | Uint8Array | FormData | URLSearchParams | ReadableStream<Uint8Array> | undefined;
}

/** One call. */
export interface CallPlan {
  /** Names the call in errors and events: `sendMessage`. */
  operation: string;
  /** May it be repeated when its outcome is unknown? */
  idempotent: boolean;
  /** Milliseconds; the caller's own `timeoutMs` comes first. */
  timeoutMs?: number | undefined;
  /** Milliseconds; where the operation needs longer than the client's deadline (long polling, uploads). */
  deadlineMs?: number | undefined;
  /** Rates to wait for before each attempt. */
  limits?: readonly LimitKey[] | undefined;
  /** `false` where the body can be read only once: such a call is never repeated. @default true */
  replayable?: boolean | undefined;
  /** Most bytes of the answer. @default 10 MiB */
  maxResponseBytes?: number | undefined;
  /**
   * Takes no place of `maxConcurrent` and is not counted by the breaker (long polling). `counted`: takes no place, but an
   * open circuit refuses it, and it is counted while the circuit is closed (a token that other calls wait for). @default false
   */
  detached?: boolean | 'counted' | undefined;
  /** The request, made anew for each attempt. What it throws that is no `CartieError` ends the call as `invalid_input`. */
  build(signal: AbortSignal): OutgoingRequest | Promise<OutgoingRequest>;
}

/** A call's good end. */
export interface CallResult<T> {
  data: T;
  status: number;
  headers: Headers;
  requestId: string | undefined;
  attempts: number;
}

/** Makes calls to one provider under all policies: deadline → retry → circuit → limiter and a place at once → breaker →
 * attempt timeout → send. */
export interface Caller {
  call(plan: CallPlan, options?: CallOptions): Promise<CallResult<Answer>>;
  readonly breaker: Breaker | undefined;
  readonly limiter: Limiter;
}

/**
 * Makes the {@link Caller} of one client. The options must have been through `parseClientOptions`.
 *
 * A call ends in time whatever it waits for, is repeated only where that cannot do the thing twice, and throws nothing
 * but a `CartieError` or the caller's own abort reason.
 */
export function createCaller(config: CallerConfig): Caller {
  const { service, options, defaults } = config;
  const limiter = options.limiter ?? memoryLimiter();
  const breaker = breakerOf(options.breaker);
  const emit = quietListener(options.onEvent);
  if (emit) breaker?.onChange((circuit) => emit({ type: 'circuit_changed', service, circuit }));
  const context = {
    config,
    baseUrl: (options.baseUrl ?? config.baseUrl).replace(/\/+$/, ''),
    breaker,
    limiter,
    places: createPlaces(
      options.maxConcurrent ?? defaults?.maxConcurrent ?? defaultOptions.maxConcurrent,
      breaker,
    ),
    emit,
  };
  return {
    breaker,
    limiter,
    call: async (plan, callOptions = {}) => {
      checkCallOptions(service, plan.operation, callOptions);
      return runCall(context, plan, callOptions);
    },
  };
}

function breakerOf(option: ClientOptions['breaker']): Breaker | undefined {
  if (option === false) return undefined;
  return option && 'run' in option ? option : createBreaker(option);
}
