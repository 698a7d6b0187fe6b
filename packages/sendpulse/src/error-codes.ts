import type { ErrorCode } from '@cartie/core';

/** What an `error_code` means. */
export interface CodeRow {
  readonly kind: string;
  readonly code: ErrorCode;
  /** As the end of «SendPulse refused: …». */
  readonly words: string;
  /** How long it lasts, where that is known and nothing but this kind of call is held up. Milliseconds. */
  readonly lastsMs?: number;
}

const minuteMs = 60_000;

/**
 * SendPulse's own codes. Those that are missing here go by the HTTP status.
 * @see https://sendpulse.com/integrations/api#errors-list
 */
export const errorCodes = {
  8: { kind: 'no_data', code: 'rejected', words: 'there is no data' },
  10: { kind: 'sender_missing', code: 'rejected', words: 'the sender’s address is missing' },
  11: { kind: 'recipients_missing', code: 'rejected', words: 'the recipients are missing' },
  12: { kind: 'subject_missing', code: 'rejected', words: 'the subject is missing' },
  13: { kind: 'body_missing', code: 'rejected', words: 'the letter is empty' },
  14: { kind: 'letter_not_found', code: 'not_found', words: 'there is no letter with this id' },
  17: { kind: 'email_not_found', code: 'not_found', words: 'there is no such address' },
  19: { kind: 'email_exists', code: 'conflict', words: 'the address exists already' },
  20: {
    kind: 'free_mail_not_allowed',
    code: 'rejected',
    words: 'senders at free mail services are not allowed',
  },
  21: { kind: 'nothing_to_activate', code: 'rejected', words: 'no address waits for this code' },
  97: {
    kind: 'free_mail_not_allowed',
    code: 'rejected',
    words: 'senders at free mail services are not allowed',
  },
  201: { kind: 'book_name_missing', code: 'rejected', words: 'the book’s name is empty' },
  203: { kind: 'book_exists', code: 'conflict', words: 'a book with this name exists already' },
  211: { kind: 'book_empty', code: 'rejected', words: 'the book is empty' },
  213: { kind: 'book_not_found', code: 'not_found', words: 'there is no such book' },
  303: { kind: 'email_not_found', code: 'not_found', words: 'the address is not in the book' },
  400: {
    kind: 'bad_request',
    code: 'rejected',
    words: 'the request is not valid, or there is no SMTP account',
  },
  401: { kind: 'unauthorized', code: 'unauthorized', words: 'the token, key or secret is not valid' },
  403: { kind: 'account_expired', code: 'forbidden', words: 'the account may not do this' },
  404: { kind: 'not_found', code: 'not_found', words: 'there is no such thing' },
  422: { kind: 'invalid_field', code: 'rejected', words: 'a field is missing or not valid' },
  429: { kind: 'too_many_requests', code: 'rate_limited', words: 'too many requests for the plan' },
  500: { kind: 'server_error', code: 'upstream_error', words: 'something went wrong at SendPulse' },
  502: { kind: 'email_not_found', code: 'not_found', words: 'there is no such address' },
  602: { kind: 'campaign_gone', code: 'conflict', words: 'the campaign was sent already' },
  701: { kind: 'sender_missing', code: 'rejected', words: 'the sender’s name or address is missing' },
  703: { kind: 'book_not_found', code: 'not_found', words: 'there is no such book' },
  704: { kind: 'sender_not_found', code: 'not_found', words: 'there is no such sender' },
  707: { kind: 'no_balance', code: 'forbidden', words: 'the balance is used up' },
  708: { kind: 'plan_limit', code: 'forbidden', words: 'there are more recipients than the plan allows' },
  711: {
    kind: 'push_too_soon',
    code: 'rate_limited',
    words: 'this site had a push just now',
    lastsMs: minuteMs,
  },
  720: { kind: 'subject_missing', code: 'rejected', words: 'the subject is missing' },
  721: { kind: 'body_missing', code: 'rejected', words: 'the letter is empty' },
  722: { kind: 'book_missing', code: 'rejected', words: 'the book is missing' },
  // Four in an hour: a quarter of an hour is when the next one comes free on average.
  791: {
    kind: 'campaigns_per_hour',
    code: 'rate_limited',
    words: 'four campaigns in an hour',
    lastsMs: 15 * minuteMs,
  },
  799: { kind: 'date_invalid', code: 'rejected', words: 'the date is past or not `YYYY-MM-DD hh:mm:ss`' },
  800: { kind: 'invalid_operation', code: 'rejected', words: 'this cannot be done' },
  802: { kind: 'campaign_not_found', code: 'not_found', words: 'there is no such campaign' },
  901: { kind: 'sender_missing', code: 'rejected', words: 'the sender’s name is missing' },
  902: { kind: 'sender_exists', code: 'conflict', words: 'the sender’s address is in use already' },
  903: { kind: 'sender_missing', code: 'rejected', words: 'the sender’s address is missing' },
  904: { kind: 'email_blacklisted', code: 'forbidden', words: 'the address is on the blacklist' },
  905: { kind: 'plan_limit', code: 'forbidden', words: 'the plan allows no more senders' },
  906: { kind: 'email_invalid', code: 'rejected', words: 'an address is not valid' },
  1003: { kind: 'sender_not_found', code: 'not_found', words: 'there is no such sender' },
  1004: {
    kind: 'code_sent',
    code: 'rate_limited',
    words: 'a code was sent just now',
    lastsMs: 15 * minuteMs,
  },
  1005: {
    kind: 'confirmation_failed',
    code: 'upstream_error',
    words: 'the letter with the code could not be sent',
  },
  1101: { kind: 'email_missing', code: 'rejected', words: 'the address is missing' },
  1104: { kind: 'code_missing', code: 'rejected', words: 'the code is missing' },
  2020202020: {
    kind: 'too_many_requests',
    code: 'rate_limited',
    words: 'more than ten requests in a second',
  },
  3030303030: { kind: 'plan_limit', code: 'forbidden', words: 'the plan does not allow this' },
} as const satisfies Record<number, CodeRow>;

/** Why SendPulse refused. */
export type SendPulseFailureKind = (typeof errorCodes)[keyof typeof errorCodes]['kind'] | 'other';

/** The row of a code, where it is known. */
export function codeRow(errorCode: number): (CodeRow & { readonly kind: SendPulseFailureKind }) | undefined {
  return Object.hasOwn(errorCodes, errorCode) ? errorCodes[errorCode as keyof typeof errorCodes] : undefined;
}
