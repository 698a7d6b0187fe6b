import { requestBodyReader } from './body.ts';
import { CartieError } from './errors.ts';
import type { EventListener } from './events.ts';
import type { DedupStore } from './stores.ts';
import { createReceiver, pathOf, type Receiver } from './webhook-receiver.ts';

/** Every webhook and health endpoint: mounts as it is on Hono, Next, Bun and Deno, by `toNodeListener` on node:http and Express. */
export type RequestHandler = (request: Request) => Promise<Response>;

/** One thing that happened at a provider, as its webhook or poller tells it. */
export interface Update<T = unknown> {
  /** Who it came from: `telegram:<bot id>`. With `id` it is unique. */
  source: string;
  /** The provider's id of this event; the same event delivered again has the same id. */
  id: string;
  /** The provider's name of what happened: `message`, `callback_query`. */
  kind: string;
  /** Updates with the same key are handled in order and one at a time: a chat, a contact. */
  orderKey: string;
  /** After this the update is of no use (a callback query after 150 s). Epoch milliseconds. */
  expiresAt?: number | undefined;
  /** The provider's data in the provider's spelling. Plain JSON. */
  payload: T;
}

/** Headers of a request by name, in any case; several of one name are joined by `, `. A `Headers` is one. */
export interface WebhookHeaders {
  get(name: string): string | null;
}

/** A webhook request, whatever server it came through. */
export interface WebhookRequest {
  readonly method: string;
  /** Path and query, without the origin. */
  readonly url: string;
  /** The query's parameters. */
  readonly query: URLSearchParams;
  readonly headers: WebhookHeaders;
  /** The body as it was sent. Empty for GET. */
  readonly bytes: Uint8Array;
}

/** An answer in plain data. */
export interface WebhookAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
}

/** At most `limit` updates of one source each `intervalMs`. */
export interface WebhookRate {
  limit: number;
  /** Milliseconds. */
  intervalMs: number;
}

/** Options of {@link createWebhookHandler}. */
export interface WebhookOptions<T = unknown> {
  /** Names the provider in events: `telegram`. */
  service: string;
  /**
   * Is the request from the provider? Compare with `safeEqual` or `verifyHmacSha256`, over the raw bytes. `false` or a
   * thrown `invalid_signature` is answered with 401, a thrown `forbidden` with 403.
   */
  verify: (request: WebhookRequest) => boolean | Promise<boolean>;
  /** All updates of a verified body, none for one that tells nothing. What it throws is answered with 400. */
  parse: (bytes: Uint8Array, headers: WebhookHeaders) => readonly Update<T>[] | Promise<readonly Update<T>[]>;
  /**
   * Takes one update: the provider gets its 200 when all have resolved. When it throws, the provider is told to send
   * again: 503 with `Retry-After` for `storage_error`, `overloaded`, `rate_limited` and `circuit_open`, else 500.
   * `signal` aborts when the answer could wait no longer.
   */
  onUpdate: (update: Update<T>, context: { signal: AbortSignal }) => Promise<unknown>;
  /** Answers GET: the handshake that some providers begin with. @default 405 */
  onGet?: ((request: WebhookRequest) => WebhookAnswer | Promise<WebhookAnswer>) | undefined;
  /**
   * What travels in the response: plain JSON, or `undefined` for an empty one. Called once all updates are taken, also
   * for repeated deliveries: it must have no effects.
   */
  respond?: ((updates: readonly Update<T>[]) => object | undefined) | undefined;
  /** Handles each update once, where `onUpdate` does not care for that itself (an inbox does). */
  dedup?: DedupStore | undefined;
  /** How long a handled update is remembered by `dedup`. Milliseconds. @default 8 days */
  dedupMs?: number | undefined;
  /** Largest body; a larger one is answered with 413. @default 1048576 */
  maxBodyBytes?: number | undefined;
  /** A body that takes longer is answered with 408. Milliseconds. @default 10000 */
  bodyTimeoutMs?: number | undefined;
  /** The answer is out by then, with 503 if need be: less than the provider waits. Milliseconds. @default 25000 */
  timeoutMs?: number | undefined;
  /** Updates being handled at once; above it 503 with `Retry-After`. @default 1000 */
  maxInFlight?: number | undefined;
  /** A rate for each source; above it 503 with `Retry-After`. @default none */
  rate?: WebhookRate | undefined;
  /** Watches requests (`webhook_received`). */
  onEvent?: EventListener | undefined;
  /** Told what `verify`, `parse`, `onUpdate`, `onGet`, `respond` and the dedup store threw, as it was thrown. */
  onError?: ((error: unknown) => void) | undefined;
}

/**
 * A provider's webhook: reads the body within limits, verifies its raw bytes, parses it, hands every update on and
 * answers 200 when all are taken. Updates of one `orderKey` go one after another, others at the same time. Any failure
 * is answered so that the provider sends again. A request that is malformed gets a 4xx, never a 5xx; answers never
 * repeat what was received.
 *
 * @throws CartieError `invalid_config` for a missing, wrong or unknown option.
 */
export function createWebhookHandler<T>(options: WebhookOptions<T>): RequestHandler {
  const receive = createReceiver(options);
  const handler: RequestHandler = async (request) => {
    const { status, body, headers } = await receive({
      method: request.method,
      url: pathOf(request.url),
      headers: request.headers,
      readBody: requestBodyReader(request),
    });
    if (body === undefined)
      return new Response(null, { status, headers: { ...headers, 'content-length': '0' } });
    return new Response(body, { status, headers: headers ?? {} });
  };
  receivers.set(handler, receive);
  return handler;
}

/** The inside of a handler made by {@link createWebhookHandler}; `undefined` for any other. */
export function receiverOf(handler: RequestHandler): Receiver | undefined {
  return receivers.get(handler);
}

/** Is there something to mount? @throws CartieError `invalid_config` */
export function checkHandler(handler: unknown): void {
  if (typeof handler === 'function') return;
  throw new CartieError(
    'invalid_config',
    'handler must be a function: what createWebhookHandler() and the like give',
    {
      field: 'handler',
    },
  );
}

const receivers = new WeakMap<RequestHandler, Receiver>();
