import { type BodyReader, requestBodyReader } from './body.ts';
import { CartieError } from './errors.ts';
import type { EventListener } from './events.ts';
import type { DedupStore } from './stores.ts';
import { createIntake } from './webhook-intake.ts';
import { checkWebhookOptions } from './webhook-options.ts';
import {
  badSignature,
  defaultRetryAfterMs,
  type Refusal,
  refusedByParse,
  refusedByVerify,
  toAnswer,
} from './webhook-refusal.ts';
import { handleUpdates } from './webhook-updates.ts';

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
    return new Response(body ?? null, { status, headers: headers ?? noBody });
  };
  receivers.set(handler, receive);
  return handler;
}

/** A request whose body is yet to be read. */
export interface IncomingWebhook {
  readonly method: string;
  readonly url: string;
  readonly headers: WebhookHeaders;
  readonly readBody: BodyReader;
}

/** What a webhook handler is inside: takes plain data, so that servers need not build a `Request`. Never rejects. */
export type Receiver = (request: IncomingWebhook) => Promise<WebhookAnswer>;

/** The inside of a handler made by {@link createWebhookHandler}; `undefined` for any other. */
export function receiverOf(handler: RequestHandler): Receiver | undefined {
  return receivers.get(handler);
}

const receivers = new WeakMap<RequestHandler, Receiver>();

const noBody = { 'content-length': '0' } as const;

interface Result {
  readonly refusal?: Refusal | undefined;
  readonly answer: WebhookAnswer;
  readonly updates: number;
}

function createReceiver<T>(options: WebhookOptions<T>): Receiver {
  const { service, verify, parse, onUpdate, onGet, respond, dedup, onEvent, onError } = options;
  const { dedupMs, maxBodyBytes, bodyTimeoutMs, timeoutMs, maxInFlight, rate } = checkWebhookOptions(options);
  const intake = createIntake(maxInFlight, rate);
  const methodNotAllowed: Refusal = {
    status: 405,
    code: 'invalid_input',
    message: 'The method is not allowed here.',
    headers: { allow: onGet === undefined ? 'POST' : 'GET, POST' },
  };

  const report = (error: unknown): void => {
    try {
      onError?.(error);
    } catch {
      // Watching never breaks a webhook.
    }
  };

  const get = async (request: WebhookRequest): Promise<Result> => {
    if (onGet === undefined) return refused(methodNotAllowed);
    try {
      return { answer: await onGet(request), updates: 0 };
    } catch (error) {
      report(error);
      return refused(refusedByVerify(error));
    }
  };

  const post = async (request: WebhookRequest, signal: AbortSignal): Promise<Result> => {
    try {
      if ((await verify(request)) !== true) return refused(badSignature);
    } catch (error) {
      report(error);
      return refused(refusedByVerify(error));
    }
    let updates: readonly Update<T>[];
    try {
      updates = await parse(request.bytes, request.headers);
    } catch (error) {
      report(error);
      return refused(refusedByParse(error));
    }
    const count = updates.length;
    const full = intake.enter(updates);
    if (full !== undefined) return refused(full, count);
    try {
      const refusal = await handleUpdates(updates, { onUpdate, dedup, dedupMs, report }, signal);
      if (refusal !== undefined) return refused(refusal, count);
    } finally {
      intake.leave(count);
    }
    return { answer: accepted(updates), updates: count };
  };

  const accepted = (updates: readonly Update<T>[]): WebhookAnswer => {
    try {
      const body = respond?.(updates);
      if (body === undefined) return ok;
      return { status: 200, headers: jsonBody, body: JSON.stringify(body) };
    } catch (error) {
      // The updates are taken: a refusal would only make the provider send them again.
      report(error);
      return ok;
    }
  };

  const dispatch = async (incoming: IncomingWebhook, startedAt: number): Promise<Result> => {
    if (incoming.method === 'GET') return get(webhookRequest(incoming, nothing));
    if (incoming.method !== 'POST') return refused(methodNotAllowed);
    const bytes = await incoming.readBody({
      maxBytes: maxBodyBytes,
      timeoutMs: Math.min(bodyTimeoutMs, timeoutMs),
    });
    if (!(bytes instanceof Uint8Array)) return refused(bytes);
    const leftMs = timeoutMs - (performance.now() - startedAt);
    return inTime((signal) => post(webhookRequest(incoming, bytes), signal), leftMs);
  };

  return async (incoming) => {
    const startedAt = performance.now();
    const { answer, refusal, updates } = await dispatch(incoming, startedAt);
    if (onEvent !== undefined) {
      try {
        onEvent({
          type: 'webhook_received',
          service,
          status: answer.status,
          durationMs: performance.now() - startedAt,
          updates,
          code: refusal?.code ?? 'ok',
          message: refusal?.message,
        });
      } catch {
        // Watching never breaks a webhook.
      }
    }
    return answer;
  };
}

const ok: WebhookAnswer = { status: 200 };
const jsonBody = { 'content-type': 'application/json' } as const;
const nothing = new Uint8Array(0);

const tooLate: Refusal = {
  status: 503,
  code: 'timeout',
  message: 'The update was not handled in time; send again later.',
  retryAfterMs: defaultRetryAfterMs,
};

function refused(refusal: Refusal, updates = 0): Result {
  return { refusal, answer: toAnswer(refusal), updates };
}

// The work is not waited for any longer, but goes on until it heeds the signal; it never rejects.
function inTime(work: (signal: AbortSignal) => Promise<Result>, ms: number): Promise<Result> {
  return new Promise((resolve) => {
    const controller = new AbortController();
    const timer = setTimeout(
      () => {
        resolve(refused(tooLate));
        controller.abort(new CartieError('timeout', 'The webhook could not wait any longer (timeoutMs).'));
      },
      Math.max(0, ms),
    );
    void work(controller.signal).then((result) => {
      clearTimeout(timer);
      resolve(result);
    });
  });
}

function webhookRequest(incoming: IncomingWebhook, bytes: Uint8Array): WebhookRequest {
  const { method, url, headers } = incoming;
  return {
    method,
    url,
    headers,
    bytes,
    // Few providers sign by a parameter; the others need not pay for parsing it.
    get query() {
      const start = url.indexOf('?');
      return new URLSearchParams(start < 0 ? '' : url.slice(start + 1));
    },
  };
}

/** Path and query of a request target that may be absolute. */
export function pathOf(target: string): string {
  if (target.startsWith('/')) return target;
  const authority = target.indexOf('//');
  const path = authority < 0 ? -1 : target.indexOf('/', authority + 2);
  return path < 0 ? '/' : target.slice(path);
}
