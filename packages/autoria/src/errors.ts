import { type Answer, type ErrorCode, type Failure, isCartieError, isHtml } from '@cartie/core';
import { service } from './invalid.ts';
import { quotaWindows } from './limits.ts';

interface Row {
  readonly kind: string;
  readonly code: ErrorCode;
  /** The end of «AUTO.RIA refused: …». */
  readonly words: string;
}

/**
 * What AUTO.RIA means. The first are codes of its gateway; where an endpoint has only words, the code is our name for them.
 * @see https://github.com/ria-com/auto-ria-rest-api/blob/master/AUTO_RIA_API/README.md
 */
export const refusals = {
  API_KEY_MISSING: { kind: 'key_missing', code: 'unauthorized', words: 'no key came with the call' },
  API_KEY_INVALID: { kind: 'key_invalid', code: 'unauthorized', words: 'the key is not valid' },
  API_KEY_DISABLED: { kind: 'key_disabled', code: 'unauthorized', words: 'the key is disabled' },
  API_KEY_UNVERIFIED: {
    kind: 'key_unverified',
    code: 'unauthorized',
    words: 'the key waits for its e-mail to be confirmed',
  },
  API_KEY_UNAUTHORIZED: {
    kind: 'key_unauthorized',
    code: 'forbidden',
    words: 'the key may not use this service: see its permissions in the cabinet',
  },
  OVER_RATE_LIMIT: {
    kind: 'over_rate_limit',
    code: 'rate_limited',
    words: 'the quota of the key is used up',
  },
  HTTPS_REQUIRED: { kind: 'https_required', code: 'rejected', words: 'it takes https only: check `baseUrl`' },
  NOT_FOUND: { kind: 'not_found', code: 'not_found', words: 'there is no such thing' },
  NOT_ENOUGH_DATA: { kind: 'not_enough_data', code: 'not_found', words: 'too few cars fit' },
  EDIT_LOCKED: {
    kind: 'edit_locked',
    code: 'conflict',
    words: 'the basics of a listing can be changed for 60 minutes only',
  },
  VALIDATION_FAILED: { kind: 'validation_failed', code: 'rejected', words: 'a field is not valid' },
  NOTICE: { kind: 'notice', code: 'rejected', words: 'it cannot use the input' },
  MESSAGE: { kind: 'message', code: 'rejected', words: 'the request is not valid' },
} as const satisfies Record<string, Row>;

type RefusalName = keyof typeof refusals;

/** What AUTO.RIA meant by an error: a closed list. */
export type AutoRiaFailureKind = (typeof refusals)[RefusalName]['kind'];

/** What AUTO.RIA meant by an error of this package. */
export interface AutoRiaFailure {
  kind: AutoRiaFailureKind;
}

/**
 * What AUTO.RIA meant by an error of this package; `undefined` if the error is not an answer of it (a timeout, the quota counted
 * here, …). Does not throw.
 *
 * ```ts
 * if (autoRiaFailure(error)?.kind === 'edit_locked') showThatItIsTooLate();
 * ```
 */
export function autoRiaFailure(error: unknown): AutoRiaFailure | undefined {
  if (!isCartieError(error) || error.service !== service) return undefined;
  const name = error.provider?.code;
  return isRefusalName(name) ? { kind: refusals[name].kind } : undefined;
}

/** How an answer failed; `undefined` for success, an empty body included. Secrets in what it says are for core to clean. */
export function classify(answer: Answer): Failure | undefined {
  const { status } = answer;
  const found = find(answer);
  if (found) return failureOf(found.name, status, found.said);
  if (status >= 200 && status < 300) return unlikeAutoRia(answer);
  return byStatus(answer);
}

function failureOf(name: RefusalName, status: number, said: string | undefined): Failure {
  const { code, words } = refusals[name];
  return {
    code,
    message: `AUTO.RIA refused: ${words} (${name})`,
    status,
    provider: { code: name, message: said === undefined ? undefined : withoutCar(said) },
    // Nobody is paused here: the ledger holds back those who count, and lets go who is free.
    ...(code === 'rate_limited' && { retryAfterMs: quotaWindows.refusedMs, pause: [] }),
  };
}

/** Every shape in which AUTO.RIA itself says no, whatever the status. */
function find(answer: Answer): { name: RefusalName; said?: string | undefined } | undefined {
  const { json } = answer;
  if (!isRecord(json)) {
    // The gateway also answers in XML, CSV or HTML.
    const name = /\b[A-Z]+(?:_[A-Z]+)+\b/.exec(answer.text.slice(0, 1_000))?.[0];
    return json === undefined && isGatewayCode(name) ? { name } : undefined;
  }
  if (isRecord(json.error) && isGatewayCode(json.error.code)) {
    return { name: json.error.code, said: textOf(json.error.message) };
  }
  const notice = noticeOf(json.noticeData);
  if (notice !== undefined) return { name: 'NOTICE', said: notice };
  const message = textOf(json.message);
  if (message !== undefined && /not enough data/i.test(message)) return { name: 'NOT_ENOUGH_DATA' };
  if (message !== undefined && /for 60 minutes/.test(message)) return { name: 'EDIT_LOCKED', said: message };
  const invalidFields = Array.isArray(json.errors) && json.errors.length > 0;
  if (invalidFields || json.success === false || /validation failed|StatusCodeError/i.test(message ?? '')) {
    const locked = JSON.stringify(json.errors ?? '').includes('for 60 minutes');
    return { name: locked ? 'EDIT_LOCKED' : 'VALIDATION_FAILED', said: message };
  }
  const onlyWords = message !== undefined && Object.keys(json).length === 1 && !/^ok$/i.test(message);
  return onlyWords && answer.status < 401 ? { name: 'MESSAGE', said: message } : undefined;
}

// 200, and nothing that says no.
function unlikeAutoRia(answer: Answer): Failure | undefined {
  const { status, json } = answer;
  if (json !== undefined || answer.bytes.length === 0) return undefined;
  return isHtml(answer)
    ? { code: 'upstream_error', message: 'A page came instead of an answer of AUTO.RIA', status }
    : { code: 'invalid_response', message: 'The answer is not JSON; check baseUrl', status };
}

function byStatus({ status, json }: Answer): Failure {
  const said = isRecord(json) ? textOf(json.message) : undefined;
  const provider = said === undefined ? undefined : { message: withoutCar(said) };
  const failed = (code: ErrorCode, words: string): Failure => ({ code, message: words, status, provider });
  if (status === 401) return failed('unauthorized', 'AUTO.RIA refused: the key is not valid (status 401)');
  if (status === 403) return failed('forbidden', 'AUTO.RIA refused: not allowed (status 403)');
  if (status === 404) return failed('not_found', 'AUTO.RIA refused: there is no such thing (status 404)');
  if (status === 429) {
    const refused = failed('rate_limited', 'A gateway refused: too many requests');
    return { ...refused, retryAfterMs: quotaWindows.refusedMs, pause: [] };
  }
  if (status >= 500) return failed('upstream_error', `AUTO.RIA is in trouble (status ${status})`);
  return failed('rejected', `AUTO.RIA refused (status ${status})`);
}

function noticeOf(notices: unknown): string | undefined {
  if (!Array.isArray(notices)) return undefined;
  const error: unknown = notices.find((one) => isRecord(one) && one.noticeType === 'error');
  return isRecord(error) ? (textOf(error.noticeString) ?? '') : undefined;
}

// A notice may quote the number of a car.
function withoutCar(text: string): string {
  return text
    .replaceAll(/\b[A-HJ-NPR-Z\d]{17}\b/gi, '[vin]')
    .replaceAll(/(?<!\p{L})\p{L}{2}\s?\d{4}\s?\p{L}{2}(?!\p{L})/giu, '[plate]');
}

const gatewayCodes = [
  'API_KEY_MISSING',
  'API_KEY_INVALID',
  'API_KEY_DISABLED',
  'API_KEY_UNVERIFIED',
  'API_KEY_UNAUTHORIZED',
  'OVER_RATE_LIMIT',
  'HTTPS_REQUIRED',
  'NOT_FOUND',
] as const satisfies readonly RefusalName[];

function isGatewayCode(value: unknown): value is (typeof gatewayCodes)[number] {
  return (gatewayCodes as readonly unknown[]).includes(value);
}

function isRefusalName(value: unknown): value is RefusalName {
  return typeof value === 'string' && Object.hasOwn(refusals, value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
