import type { ErrorCode } from './errors.ts';
import { isCartieError } from './errors.ts';
import type { WebhookAnswer } from './webhook.ts';

/** Why a webhook request was not answered with 200. Its message is ours: it never repeats what was received. */
export interface Refusal {
  readonly status: number;
  /** `failed`: the app's own code threw something that is not a `CartieError`. */
  readonly code: ErrorCode | 'failed';
  readonly message: string;
  readonly retryAfterMs?: number | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The provider comes back after this where nothing better is known. Milliseconds. */
export const defaultRetryAfterMs = 5_000;

// Failures that pass by themselves: the provider is told to come back instead of being told that we are broken.
const passing = [
  'storage_error',
  'overloaded',
  'rate_limited',
  'circuit_open',
] as const satisfies readonly ErrorCode[];

/** What `verify` threw, as a refusal. */
export function refusedByVerify(error: unknown): Refusal {
  if (isCartieError(error)) {
    if (error.code === 'forbidden')
      return { status: 403, code: 'forbidden', message: 'The request is not allowed.' };
    if (error.code === 'invalid_signature' || error.code === 'unauthorized') return badSignature;
    if (error.code === 'invalid_input') return unreadable;
  }
  return refusedByHandler(error);
}

/** What `parse` threw, as a refusal: the body's fault unless a `CartieError` says otherwise. */
export function refusedByParse(error: unknown): Refusal {
  if (isCartieError(error) && isPassing(error.code)) return refusedByHandler(error);
  return unreadable;
}

/** What `onUpdate`, `onGet` or the dedup store threw, as a refusal: ours, so the provider sends again. */
export function refusedByHandler(error: unknown): Refusal {
  if (!isCartieError(error)) return { status: 500, code: 'failed', message: 'The update was not handled.' };
  if (isPassing(error.code)) {
    return {
      status: 503,
      code: error.code,
      message: 'The update cannot be taken now.',
      retryAfterMs: error.retryAfterMs ?? defaultRetryAfterMs,
    };
  }
  return { status: 500, code: error.code, message: 'The update was not handled.' };
}

/** The signature or secret does not match. */
export const badSignature: Refusal = {
  status: 401,
  code: 'invalid_signature',
  message: 'The signature or secret of the request does not match.',
};

const unreadable: Refusal = {
  status: 400,
  code: 'invalid_input',
  message: 'The body cannot be read as an update.',
};

function isPassing(code: ErrorCode): boolean {
  return (passing as readonly ErrorCode[]).includes(code);
}

/** A refusal as it goes over the wire. */
export function toAnswer(refusal: Refusal): WebhookAnswer {
  const headers: Record<string, string> = { 'content-type': 'application/json', ...refusal.headers };
  if (refusal.retryAfterMs !== undefined) {
    headers['retry-after'] = String(Math.max(1, Math.ceil(refusal.retryAfterMs / 1000)));
  }
  return {
    status: refusal.status,
    headers,
    body: JSON.stringify({ error: refusal.code, message: refusal.message }),
  };
}
