import { type Answer, type ErrorCode, type Failure, isCartieError, isHtml, redactText } from '@cartie/core';
import { service } from './invalid.ts';

interface StatusRow {
  readonly kind: string;
  readonly code: ErrorCode;
  /** What it says of us or the receiver, as the end of «Viber refused: …». */
  readonly words: string;
}

/**
 * What Viber's `status` means. HTTP says 200 whatever happened.
 * @see https://developers.viber.com/docs/api/rest-bot-api/#error-codes
 */
export const statuses = {
  1: { kind: 'invalid_url', code: 'rejected', words: 'the webhook did not answer with 200' },
  2: { kind: 'invalid_auth_token', code: 'unauthorized', words: 'the token is not valid' },
  3: { kind: 'bad_data', code: 'rejected', words: 'a field of the request is not valid' },
  4: { kind: 'missing_data', code: 'rejected', words: 'a field of the request is missing' },
  5: { kind: 'receiver_not_registered', code: 'not_found', words: 'the receiver has no Viber account' },
  6: { kind: 'receiver_not_subscribed', code: 'forbidden', words: 'the receiver is not subscribed' },
  7: { kind: 'account_blocked', code: 'forbidden', words: 'the bot is blocked' },
  8: { kind: 'account_not_found', code: 'not_found', words: 'there is no bot with this token' },
  9: { kind: 'account_suspended', code: 'forbidden', words: 'the bot is suspended' },
  10: { kind: 'webhook_not_set', code: 'rejected', words: 'no webhook is set: call setWebhook() first' },
  11: {
    kind: 'no_suitable_device',
    code: 'rejected',
    words: 'no device of the receiver can show the message',
  },
  12: { kind: 'too_many_requests', code: 'rate_limited', words: 'too many requests' },
  13: { kind: 'api_version_not_supported', code: 'rejected', words: '`min_api_version` does not exist' },
  14: {
    kind: 'incompatible_with_version',
    code: 'rejected',
    words: '`min_api_version` is too low for the message',
  },
  15: { kind: 'account_not_authorized', code: 'forbidden', words: 'the bot may not do this' },
  16: { kind: 'inline_reply_not_allowed', code: 'forbidden', words: 'replies inside a chat are not allowed' },
  17: { kind: 'account_not_inline', code: 'rejected', words: 'the bot is no inline bot' },
  18: { kind: 'no_public_chat', code: 'not_found', words: 'the bot has no channel' },
  19: { kind: 'cannot_send_broadcast', code: 'forbidden', words: 'the bot may not broadcast' },
  20: { kind: 'broadcast_not_allowed', code: 'forbidden', words: 'this message may not be broadcast' },
  21: { kind: 'unsupported_country', code: 'rejected', words: 'the receiver’s country is not served' },
  22: { kind: 'payment_unsupported', code: 'rejected', words: 'payments are not supported here' },
  23: { kind: 'free_messages_exceeded', code: 'forbidden', words: 'the month’s free messages are used up' },
  24: { kind: 'no_balance', code: 'forbidden', words: 'the bot’s balance is used up' },
} as const satisfies Record<number, StatusRow>;

// Viber answers with other numbers where something of its own went wrong.
const general = {
  kind: 'general_error',
  code: 'upstream_error',
  words: 'something went wrong at Viber',
} as const satisfies StatusRow;

/** Why Viber refused, by its status code. */
export type ViberFailureKind = (typeof statuses)[keyof typeof statuses]['kind'] | (typeof general)['kind'];

/** A refusal of Viber. */
export interface ViberFailure {
  kind: ViberFailureKind;
  /** Viber's own number. */
  status: number;
  /** Nothing will reach this user until he writes or subscribes again: mark him. */
  userUnreachable: boolean;
}

/**
 * What Viber meant by an error of this package; `undefined` if the error is not an answer of Viber (a timeout, an open
 * circuit, …). Does not throw.
 *
 * ```ts
 * if (viberFailure(error)?.userUnreachable) await unsubscribe(userId);
 * ```
 */
export function viberFailure(error: unknown): ViberFailure | undefined {
  if (!isCartieError(error) || error.service !== service) return undefined;
  const status = error.provider?.code;
  if (typeof status !== 'number') return undefined;
  const { kind } = rowOf(status);
  const userUnreachable = kind === 'receiver_not_registered' || kind === 'receiver_not_subscribed';
  return { kind, status, userUnreachable };
}

/** How an answer of the API failed; `undefined` for success. `secrets` are kept out of what it says. */
export function classify(answer: Answer, secrets: readonly string[]): Failure | undefined {
  const { json } = answer;
  if (!isViberAnswer(json)) return notViber(answer);
  if (json.status === 0) return undefined;
  return { ...failureOf(json.status, json.status_message, secrets), status: answer.status };
}

/** What a status of Viber is in our terms: of a whole request or of one receiver of a broadcast. */
export function failureOf(status: number, message: unknown, secrets: readonly string[] = []): Failure {
  const { code, words } = rowOf(status);
  const said = typeof message === 'string' ? redactText(withoutIds(message), secrets) : undefined;
  return {
    code,
    message: `Viber refused: ${words} (status ${status})`,
    provider: { code: status, message: said },
  };
}

function rowOf(status: number): StatusRow & { readonly kind: ViberFailureKind } {
  return Object.hasOwn(statuses, status) ? statuses[status as keyof typeof statuses] : general;
}

// Ids of users are base64; Viber may quote one.
function withoutIds(text: string): string {
  return text.replace(/[\w+/]{12,}={0,2}/g, (word) => (/[\d=]/.test(word) ? '[id]' : word));
}

// A gateway between us and Viber: an HTML page, an empty body, a redirect.
function notViber(answer: Answer): Failure {
  const { status } = answer;
  const retryAfter = Number(answer.headers.get('retry-after') ?? Number.NaN);
  const retryAfterMs = retryAfter > 0 ? retryAfter * 1_000 : undefined;
  const failed = (code: ErrorCode, message: string): Failure => ({ code, message, status, retryAfterMs });
  if (status === 429) return failed('rate_limited', 'A gateway refused: too many requests');
  if (status === 413) return failed('rejected', 'A gateway refused: the request is too large');
  if (status === 404) return failed('not_found', 'There is no such method; check its name and baseUrl');
  if (status >= 200 && status < 300 && !isHtml(answer)) {
    return failed('invalid_response', 'The answer is not one of Viber’s; check baseUrl');
  }
  return failed('upstream_error', `A gateway answered with status ${status} instead of Viber`);
}

function isViberAnswer(json: unknown): json is { status: number; status_message?: unknown } {
  return typeof json === 'object' && json !== null && 'status' in json && typeof json.status === 'number';
}
