import type { Answer, CallerConfig, Failure } from './caller.ts';
import { CartieError } from './errors.ts';
import { providerWords, requestIdOf } from './provider-words.ts';
import { retryAfterOf } from './retry.ts';

/** How long a 429 that names no time holds calls back. Milliseconds. */
const defaultPauseMs = 5_000;

/** The error for an answer that a client's table takes for a failure. */
export function refused(failure: Failure, answer: Answer, config: CallerConfig): CartieError {
  const { code, pause: _pause, message: _message, ...details } = failure;
  const asked = details.retryAfterMs ?? retryAfterOf(answer.headers);
  const words = providerWords(failure, config);
  return new CartieError(code, words.message, {
    ...details,
    provider: words.provider,
    field: words.field,
    status: details.status ?? answer.status,
    requestId: details.requestId ?? requestIdOf(config, answer),
    retryAfterMs: asked ?? (code === 'rate_limited' ? defaultPauseMs : undefined),
  });
}

/** The error for a limit of time that has passed. While a request was out, the provider may have acted on it. */
export function timedOut(limit: 'attempt' | 'deadline', isSending: boolean): CartieError {
  const message =
    limit === 'attempt'
      ? 'The answer was not complete within `timeoutMs`'
      : 'The call did not end within `deadlineMs`';
  return new CartieError('timeout', message, {
    field: limit === 'attempt' ? 'timeoutMs' : 'deadlineMs',
    outcome: isSending ? 'unknown' : 'not_executed',
  });
}

/** The error for whatever a client's own code threw while it made the request or read the answer: it may quote either. */
export function unexpected(isAnswered: boolean): CartieError {
  return isAnswered
    ? new CartieError('invalid_response', 'The answer could not be understood', { retryable: false })
    : new CartieError('invalid_input', 'The request could not be built from this input');
}
