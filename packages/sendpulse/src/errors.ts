import { type Answer, type ErrorCode, type Failure, isCartieError, isHtml } from '@cartie/core';
import { codeRow, type SendPulseFailureKind } from './error-codes.ts';
import { service } from './invalid.ts';

/** A refusal of SendPulse. */
export interface SendPulseFailure {
  kind: SendPulseFailureKind;
  /** SendPulse's own number; `undefined` where it gave none. */
  errorCode: number | undefined;
}

/**
 * What SendPulse meant by an error of this package; `undefined` if the error is not an answer of SendPulse (a timeout, an
 * open circuit, …). Does not throw.
 *
 * ```ts
 * if (sendPulseFailure(error)?.kind === 'no_balance') await tellAccounting();
 * ```
 */
export function sendPulseFailure(error: unknown): SendPulseFailure | undefined {
  if (!isCartieError(error) || error.service !== service || error.provider === undefined) return undefined;
  const code = error.provider.code;
  const errorCode = typeof code === 'number' ? code : undefined;
  const known = errorCode === undefined ? undefined : codeRow(errorCode)?.kind;
  return { kind: known ?? kindsByCode[error.code] ?? 'other', errorCode };
}

/** Where SendPulse gave no number, or one that nobody knows, the status tells this much. */
const kindsByCode: Partial<Record<ErrorCode, SendPulseFailureKind>> = {
  unauthorized: 'unauthorized',
  not_found: 'not_found',
  rate_limited: 'too_many_requests',
  upstream_error: 'server_error',
};

/** How an answer failed; `undefined` for success. What SendPulse says in it is for core to clean. */
export function classify(answer: Answer): Failure | undefined {
  const { status, json } = answer;
  if (isHtml(answer)) return gateway(status, 'A gateway answered with a page instead of SendPulse');
  const refusal = isRecord(json) ? refusalIn(json, status) : undefined;
  if (refusal !== undefined) return refused(refusal, status);
  if (status >= 400) return refused({}, status);
  if (status < 200 || status >= 300)
    return gateway(status, 'The answer is not one of SendPulse’s; check baseUrl');
  if (json === undefined && answer.bytes.length > 0 && isSaidToBeJson(answer)) {
    return {
      code: 'invalid_response',
      message: 'The answer is no JSON: it was cut, or changed on its way',
      status,
    };
  }
  return undefined;
}

interface Refusal {
  /** What OAuth's `error` means, whatever number and status come with it. */
  readonly code?: ErrorCode | undefined;
  readonly errorCode?: number | undefined;
  readonly message?: unknown;
  readonly fields?: readonly string[] | undefined;
}

/**
 * A refusal in any of the shapes: `{ error_code, message }`, with `errors` by field, `{ success: false, data }`,
 * `{ is_error: 1 }`, OAuth's `{ error }`, and that of tags, `{ failure: true }`.
 */
function refusalIn(json: Record<string, unknown>, status: number): Refusal | undefined {
  const inner = json.success === false && isRecord(json.data) ? json.data : json;
  const errorCode =
    codeOf(inner.error_code) ?? codeOf(json.error_code) ?? codeOf(json.http_code, json.failure === true);
  const isRefusal =
    status >= 400 ||
    json.success === false ||
    json.failure === true ||
    isTrue(json.is_error) ||
    (typeof json.error === 'string' && json.access_token === undefined) ||
    (codeOf(json.error_code) !== undefined && typeof json.message === 'string');
  if (!isRefusal) return undefined;
  const message = inner.message ?? json.message ?? json.description ?? json.error;
  const fields = isRecord(inner.errors) ? Object.keys(inner.errors) : undefined;
  return { code: json.error === 'invalid_client' ? 'unauthorized' : undefined, errorCode, message, fields };
}

function refused({ code: known, errorCode, message, fields }: Refusal, status: number): Failure {
  const row = errorCode === undefined ? undefined : codeRow(errorCode);
  const code = codeFor(known ?? row?.code, status);
  const words =
    row !== undefined && row.code === code ? row.words : (statusWords[code] ?? 'the request failed');
  const said = typeof message === 'string' ? message : undefined;
  // A field's name is the sender's own, so it may be anything.
  const field = fields?.find((name) => /^[a-z_][\w.*]{0,60}$/i.test(name));
  return {
    code,
    message: `SendPulse refused: ${words} (${shownCode(errorCode) ?? `status ${status}`})`,
    status,
    field,
    provider: { code: errorCode, message: said },
    ...(code === 'rate_limited' && pauseOf(errorCode, row?.lastsMs)),
  };
}

// A long number would be taken for a phone's, and be hidden.
function shownCode(errorCode: number | undefined): string | undefined {
  return errorCode === undefined || errorCode > 99_999 ? undefined : `code ${errorCode}`;
}

/** Who answers with 401, 429 or 5xx means it, whatever the body says. */
function codeFor(known: ErrorCode | undefined, status: number): ErrorCode {
  if (status === 401) return 'unauthorized';
  if (status === 429) return 'rate_limited';
  if (status >= 500) return 'upstream_error';
  if (known !== undefined) return known;
  if (status === 403) return 'forbidden';
  if (status === 404) return 'not_found';
  if (status === 409) return 'conflict';
  return 'rejected';
}

const statusWords: Partial<Record<ErrorCode, string>> = {
  unauthorized: 'the token, key or secret is not valid',
  forbidden: 'the account may not do this',
  not_found: 'there is no such thing',
  conflict: 'it exists already or has changed',
  rejected: 'the request is not valid',
  rate_limited: 'too many requests',
  upstream_error: 'something went wrong at SendPulse',
};

/** SendPulse names no time: the rate of a second is over in one, others hold up their own kind of call only. */
function pauseOf(errorCode: number | undefined, lastsMs: number | undefined): Partial<Failure> {
  if (lastsMs !== undefined) return { retryAfterMs: lastsMs, pause: [] };
  return errorCode === 2020202020 ? { retryAfterMs: 1_000, pause: (key) => key.endsWith(':second') } : {};
}

function gateway(status: number, message: string): Failure {
  if (status === 429)
    return { code: 'rate_limited', message: 'A gateway refused: too many requests', status };
  return { code: 'upstream_error', message, status };
}

function codeOf(value: unknown, counts = true): number | undefined {
  const number = typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : value;
  return counts && typeof number === 'number' && Number.isInteger(number) && number > 0 ? number : undefined;
}

function isTrue(value: unknown): boolean {
  return value === true || value === 1 || value === '1';
}

// Reports of the verifier are files.
function isSaidToBeJson({ headers }: Answer): boolean {
  const type = headers.get('content-type');
  return type === null || /json|html/i.test(type);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
