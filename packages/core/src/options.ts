import type { Breaker, BreakerOptions } from './breaker.ts';
import type { EventListener } from './events.ts';
import type { Limiter } from './limiter.ts';

/** A secret, or a function that gives the newest one (asked before each attempt). */
export type Secret = string | (() => string | Promise<string>);

/** Options that every client takes. */
export interface ClientOptions {
  /** Sends the request: a proxy, undici, a test. @default the global `fetch` */
  fetch?: typeof globalThis.fetch | undefined;
  /** Another origin than the provider's own: a gateway, the sandbox. */
  baseUrl?: string | undefined;
  /** Limit of one attempt, reading the body included. Milliseconds. @default 10000, unless the client says otherwise */
  timeoutMs?: number | undefined;
  /** Limit of the whole call: waiting for limits, attempts, pauses between them. Milliseconds. @default 30000 */
  deadlineMs?: number | undefined;
  /** How many times a call may be repeated after its first attempt, where that is safe. @default 2 */
  retries?: number | undefined;
  /** Requests in flight at once; further calls wait. @default 10, unless the client says otherwise */
  maxConcurrent?: number | undefined;
  /** The circuit breaker's settings, a breaker to share between clients, or `false` for none. */
  breaker?: BreakerOptions | Breaker | false | undefined;
  /** Paces calls; `storeLimiter(kv)` shares the pace between processes. @default a `memoryLimiter()` of this client */
  limiter?: Limiter | undefined;
  /** Watches calls. */
  onEvent?: EventListener | undefined;
}

/** Options of one call, the last argument of every method. They override the client's. */
export interface CallOptions {
  timeoutMs?: number | undefined;
  deadlineMs?: number | undefined;
  retries?: number | undefined;
  /** Ends the call at once, wherever it waits; its `reason` is thrown as it is. */
  signal?: AbortSignal | undefined;
  /** Added to the request's headers. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** For `call()`: may the method be repeated when its outcome is unknown? @default false */
  idempotent?: boolean | undefined;
}
