import type { BodyReader } from './body.ts';
import { CartieError } from './errors.ts';
import type { Update, WebhookAnswer, WebhookHeaders, WebhookOptions, WebhookRequest } from './webhook.ts';
import { createIntake } from './webhook-intake.ts';
import { checkWebhookOptions } from './webhook-options.ts';
import {
  badSignature,
  defaultRetryAfterMs,
  type Refusal,
  refusedByHandler,
  refusedByParse,
  refusedByVerify,
  toAnswer,
} from './webhook-refusal.ts';
import { handleUpdates } from './webhook-updates.ts';

/** A request whose body is yet to be read. */
export interface IncomingWebhook {
  readonly method: string;
  readonly url: string;
  readonly headers: WebhookHeaders;
  readonly readBody: BodyReader;
}

/** What a webhook handler is inside: takes plain data, so that servers need not build a `Request`. Never rejects. */
export type Receiver = (request: IncomingWebhook) => Promise<WebhookAnswer>;

/** Checks the options and builds what stands behind every way of mounting a webhook. */
export function createReceiver<T>(options: WebhookOptions<T>): Receiver {
  const { dedupMs, maxBodyBytes, bodyTimeoutMs, timeoutMs, maxInFlight, rate } = checkWebhookOptions(options);
  const { service, verify, parse, onUpdate, onGet, respond, dedup, onEvent, onError } = options;
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
      report(withoutQuote(error));
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
    if (incoming.method === 'GET') return inTime(() => get(webhookRequest(incoming, nothing)), timeoutMs);
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
    const { answer, refusal, updates } = await dispatch(incoming, startedAt).catch((error: unknown) => {
      report(error);
      return refused(refusedByHandler(error));
    });
    if (onEvent !== undefined) {
      try {
        onEvent({
          type: 'webhook_received',
          service,
          status: answer.status,
          durationMs: performance.now() - startedAt,
          updates,
          // A handshake that `onGet` itself has refused.
          code: refusal?.code ?? (answer.status < 400 ? 'ok' : 'forbidden'),
          message: refusal?.message,
        });
      } catch {
        // Watching never breaks a webhook.
      }
    }
    return answer;
  };
}

interface Result {
  readonly refusal?: Refusal | undefined;
  readonly answer: WebhookAnswer;
  readonly updates: number;
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

// JSON.parse quotes what it could not read.
function withoutQuote(error: unknown): unknown {
  return error instanceof SyntaxError ? new CartieError('invalid_input', 'The body is not JSON') : error;
}

function refused(refusal: Refusal, updates = 0): Result {
  return { refusal, answer: toAnswer(refusal), updates };
}

// At its end the work is not waited for any longer; it goes on until it heeds the signal.
function inTime(work: (signal: AbortSignal) => Promise<Result>, ms: number): Promise<Result> {
  return new Promise((resolve, reject) => {
    const controller = new AbortController();
    const timer = setTimeout(
      () => {
        resolve(refused(tooLate));
        controller.abort(new CartieError('timeout', 'The webhook could not wait any longer (timeoutMs).'));
      },
      Math.max(0, ms),
    );
    work(controller.signal)
      .finally(() => clearTimeout(timer))
      .then(resolve, reject);
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
