import { CartieError, type CartieErrorDetails, type ErrorCode, isCartieError } from '@cartie/core';

/** The service's name in errors and events. */
export const service = 'mtproto';

interface Row {
  readonly kind: string;
  readonly code: ErrorCode;
  /** The end of «Telegram refused: …». */
  readonly words: string;
}

/**
 * What Telegram's errors mean, by their names.
 * @see https://core.telegram.org/api/errors
 */
export const refusals = {
  AUTH_KEY_UNREGISTERED: { kind: 'session_lost', code: 'unauthorized', words: 'the session has ended' },
  AUTH_KEY_INVALID: { kind: 'session_lost', code: 'unauthorized', words: 'the session has ended' },
  AUTH_KEY_PERM_EMPTY: { kind: 'session_lost', code: 'unauthorized', words: 'the session has ended' },
  SESSION_EXPIRED: { kind: 'session_lost', code: 'unauthorized', words: 'the session has ended' },
  SESSION_REVOKED: { kind: 'session_lost', code: 'unauthorized', words: 'the session was ended by its user' },
  AUTH_KEY_DUPLICATED: {
    kind: 'session_duplicated',
    code: 'unauthorized',
    words: 'the session was used from two places at once, which has ended it',
  },
  USER_DEACTIVATED: { kind: 'account_deleted', code: 'unauthorized', words: 'the account is deleted' },
  USER_DEACTIVATED_BAN: { kind: 'account_banned', code: 'unauthorized', words: 'the account is banned' },
  PHONE_NUMBER_BANNED: { kind: 'account_banned', code: 'forbidden', words: 'the phone number is banned' },
  SESSION_PASSWORD_NEEDED: {
    kind: 'password_needed',
    code: 'unauthorized',
    words: 'the account has a password',
  },
  PHONE_NUMBER_INVALID: { kind: 'phone_invalid', code: 'rejected', words: 'the phone number is not valid' },
  PHONE_NUMBER_UNOCCUPIED: {
    kind: 'sign_up_required',
    code: 'rejected',
    words: 'the phone number has no account',
  },
  PHONE_NUMBER_FLOOD: {
    kind: 'too_many_logins',
    code: 'rejected',
    words: 'too many codes for this phone number',
  },
  PHONE_PASSWORD_FLOOD: {
    kind: 'too_many_logins',
    code: 'rejected',
    words: 'too many tries with this phone number',
  },
  PHONE_CODE_INVALID: { kind: 'code_wrong', code: 'rejected', words: 'the code is wrong' },
  PHONE_CODE_EMPTY: { kind: 'code_wrong', code: 'rejected', words: 'the code is missing' },
  PHONE_CODE_EXPIRED: { kind: 'code_expired', code: 'rejected', words: 'the code has expired' },
  PASSWORD_HASH_INVALID: { kind: 'password_wrong', code: 'rejected', words: 'the password is wrong' },
  SRP_PASSWORD_CHANGED: { kind: 'password_wrong', code: 'rejected', words: 'the password has changed' },
  SEND_CODE_UNAVAILABLE: {
    kind: 'no_other_way',
    code: 'rejected',
    words: 'there is no other way to send a code',
  },
  AUTH_TOKEN_EXPIRED: { kind: 'token_expired', code: 'rejected', words: 'the QR code has expired' },
  API_ID_INVALID: { kind: 'api_refused', code: 'unauthorized', words: 'the api id and hash do not fit' },
  API_ID_PUBLISHED_FLOOD: { kind: 'api_refused', code: 'unauthorized', words: 'the api id may not be used' },
  CHANNEL_PRIVATE: { kind: 'chat_private', code: 'forbidden', words: 'the chat is private' },
  CHANNEL_INVALID: { kind: 'chat_not_found', code: 'not_found', words: 'there is no such chat' },
  CHAT_ID_INVALID: { kind: 'chat_not_found', code: 'not_found', words: 'there is no such chat' },
  PEER_ID_INVALID: { kind: 'chat_not_found', code: 'not_found', words: 'there is no such chat' },
  USERNAME_NOT_OCCUPIED: { kind: 'chat_not_found', code: 'not_found', words: 'nobody has this name' },
  USERNAME_INVALID: { kind: 'chat_not_found', code: 'not_found', words: 'no name is like that' },
  INVITE_HASH_EXPIRED: { kind: 'invite_expired', code: 'not_found', words: 'the invitation has expired' },
  INVITE_HASH_INVALID: { kind: 'invite_expired', code: 'not_found', words: 'there is no such invitation' },
  INVITE_REQUEST_SENT: {
    kind: 'invite_pending',
    code: 'rejected',
    words: 'an administrator must let the account in',
  },
  USER_ALREADY_PARTICIPANT: {
    kind: 'already_member',
    code: 'rejected',
    words: 'the account is a member already',
  },
  CHANNELS_TOO_MUCH: { kind: 'too_many_chats', code: 'rejected', words: 'the account is in too many chats' },
  CHAT_WRITE_FORBIDDEN: { kind: 'not_allowed', code: 'forbidden', words: 'the account may not write here' },
  CHAT_ADMIN_REQUIRED: { kind: 'not_allowed', code: 'forbidden', words: 'this takes an administrator' },
  MESSAGE_AUTHOR_REQUIRED: {
    kind: 'not_allowed',
    code: 'forbidden',
    words: 'the message is somebody else’s',
  },
  MESSAGE_ID_INVALID: { kind: 'message_not_found', code: 'not_found', words: 'there is no such message' },
  MESSAGE_NOT_MODIFIED: { kind: 'not_modified', code: 'rejected', words: 'the message would not change' },
  RANDOM_ID_DUPLICATE: { kind: 'already_sent', code: 'conflict', words: 'the message was sent before' },
  FILE_REFERENCE_EXPIRED: {
    kind: 'file_reference_expired',
    code: 'rejected',
    words: 'the file must be asked for anew',
  },
} as const satisfies Record<string, Row>;

// By number, for names that are not above.
const byStatus = {
  303: { kind: 'elsewhere', code: 'rejected', words: 'another server has this' },
  400: { kind: 'other', code: 'rejected', words: 'the request is not valid' },
  401: { kind: 'session_lost', code: 'unauthorized', words: 'the session is not logged in' },
  403: { kind: 'not_allowed', code: 'forbidden', words: 'the account may not do this' },
  404: { kind: 'other', code: 'not_found', words: 'there is no such thing' },
  406: { kind: 'other', code: 'rejected', words: 'the account may not do this now' },
  420: { kind: 'flood', code: 'rate_limited', words: 'too many requests' },
  500: { kind: 'server', code: 'upstream_error', words: 'something went wrong at Telegram' },
} as const satisfies Record<number, Row>;

/** Why Telegram refused. */
export type MtprotoFailureKind =
  | (typeof refusals)[keyof typeof refusals]['kind']
  | (typeof byStatus)[keyof typeof byStatus]['kind']
  | 'slow_mode';

/** A refusal of Telegram's. */
export interface MtprotoFailure {
  kind: MtprotoFailureKind;
  /** Telegram's own name of it: `FLOOD_WAIT_42`. */
  name: string;
  /** Telegram's own number. */
  status: number;
}

/**
 * What Telegram meant by an error of this package; `undefined` if the error is no answer of Telegram (a timeout, a lost
 * connection, …). Does not throw.
 *
 * ```ts
 * if (mtprotoFailure(error)?.kind === 'code_wrong') askAgain();
 * ```
 */
export function mtprotoFailure(error: unknown): MtprotoFailure | undefined {
  if (!isCartieError(error) || error.service !== service) return undefined;
  const { code: name, subcode: status } = error.provider ?? {};
  if (typeof name !== 'string' || typeof status !== 'number') return undefined;
  return { kind: rowOf(name, status).kind, name, status };
}

/** The error for Telegram's refusal of a request. */
export function refused(name: string, status: number, operation: string): CartieError {
  const { code, words } = rowOf(name, status);
  const seconds = secondsOf(name);
  return new CartieError(code, `Telegram refused: ${words} (${name})`, {
    service,
    operation,
    status: Math.abs(status),
    provider: { code: name, subcode: status },
    ...(code === 'rate_limited' && { retryAfterMs: (seconds ?? 5) * 1_000 }),
    // Telegram answers so before it does anything, or after it could not.
    ...(code === 'upstream_error' && { outcome: 'unknown' as const }),
  });
}

/** An error of this package that is no refusal. */
export function failed(code: ErrorCode, message: string, details: CartieErrorDetails = {}): CartieError {
  return new CartieError(code, message, { service, ...details });
}

/** The error for an argument that breaks a rule. @param rule goes on from the field's name and holds no value */
export function invalid(field: string, rule: string, operation?: string): CartieError {
  return failed('invalid_input', `\`${field}\` ${rule}`, { operation, field });
}

/** The data centre that a refusal sends us to. */
export function datacenterOf(error: unknown): number | undefined {
  const match = /^(?:PHONE|NETWORK|USER|FILE)_MIGRATE_(\d+)$/.exec(mtprotoFailure(error)?.name ?? '');
  return match === null ? undefined : Number(match[1]);
}

function rowOf(name: string, status: number): Row & { readonly kind: MtprotoFailureKind } {
  if (Object.hasOwn(refusals, name)) return refusals[name as keyof typeof refusals];
  if (name.startsWith('SLOWMODE_WAIT')) return { ...byStatus[420], kind: 'slow_mode' };
  if (secondsOf(name) !== undefined) return byStatus[420];
  const positive = Math.abs(status);
  if (positive >= 500) return byStatus[500];
  return Object.hasOwn(byStatus, positive) ? byStatus[positive as keyof typeof byStatus] : byStatus[400];
}

function secondsOf(name: string): number | undefined {
  const match = /_WAIT_(\d+)$/.exec(name);
  return match === null ? undefined : Number(match[1]);
}
