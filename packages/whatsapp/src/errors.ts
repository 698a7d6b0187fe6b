import { type Answer, type ErrorCode, type Failure, isCartieError, isHtml, type Outcome } from '@cartie/core';
import { isPairKey } from './limits.ts';

/**
 * What to do about a failure: `retry` (soon), `wait` (much longer, or until a campaign is slowed), `template` (the 24 hours are over:
 * only a template may be sent), `opt_out` (the customer wants no more marketing: remember it), `fix` (the request, the template or the
 * account's settings), `auth` (token or permission), `give_up` (this message does not reach this customer).
 */
export type FailureAction = 'retry' | 'wait' | 'template' | 'opt_out' | 'fix' | 'auth' | 'give_up';

interface FailureRow {
  readonly kind: string;
  readonly action: FailureAction;
  /** Meta's codes; a pair is a range, both ends included. */
  readonly codes: readonly (number | readonly [number, number])[];
  readonly code: ErrorCode;
  /** In plain words, since Meta's own change. */
  readonly message: string;
  readonly retryable?: boolean;
  readonly retryAfterMs?: number;
  /** What the refusal slows down. */
  readonly slows?: 'number' | 'pair';
  readonly field?: string;
  /** @default 'unknown' where Meta is in trouble, else 'not_executed' */
  readonly outcome?: Outcome;
}

const hourMs = 3_600_000;

/**
 * Every code of the Cloud API, in answers and in statuses. The first row that holds a code counts.
 * @see https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
 */
// biome-ignore format: one line each
const failures = [
  { kind: 'unauthorized', action: 'auth', codes: [0, 190, 102], code: 'unauthorized', message: 'Meta does not take `accessToken`', field: 'accessToken' },
  { kind: 'forbidden', action: 'auth', codes: [3, 10, [200, 299], 131005], code: 'forbidden', message: 'The access token has not the permission for this' },
  { kind: 'app_rate', action: 'wait', codes: [4, 80007], code: 'rate_limited', message: 'The app or the WhatsApp Business account makes too many calls', retryAfterMs: 60_000, slows: 'number' },
  { kind: 'throughput', action: 'retry', codes: [130429], code: 'rate_limited', message: 'The number sends too much at once', slows: 'number' },
  { kind: 'pair_rate', action: 'retry', codes: [131056], code: 'rate_limited', message: 'Too many messages to this recipient in a short time', slows: 'pair' },
  { kind: 'registration_rate', action: 'wait', codes: [133016], code: 'rate_limited', message: 'The number was registered too often: wait 72 hours', retryAfterMs: 72 * hourMs },
  { kind: 'spam_rate', action: 'wait', codes: [131048], code: 'forbidden', message: 'Too many messages of this number were blocked or reported: stop the campaign' },
  { kind: 'messaging_limit', action: 'wait', codes: [131064], code: 'forbidden', message: 'The messaging limit is reached after violations of the template categories' },
  { kind: 'marketing_cap', action: 'wait', codes: [131049], code: 'rejected', message: 'Meta keeps this customer from more marketing for now: not before 24 hours', retryAfterMs: 24 * hourMs },
  { kind: 'marketing_stopped', action: 'opt_out', codes: [131050], code: 'forbidden', message: 'The customer has stopped marketing messages' },
  { kind: 'restricted', action: 'fix', codes: [368, 130497, 131031], code: 'forbidden', message: 'Meta has restricted the account, for its country or for a breach of its policies' },
  { kind: 'server', action: 'retry', codes: [1, 2, 131000], code: 'upstream_error', message: 'Something went wrong at Meta, and whether the message was taken is not known' },
  { kind: 'unavailable', action: 'retry', codes: [131016, 133004, 2494100], code: 'upstream_error', message: 'Meta is not available: try again later', outcome: 'not_executed' },
  { kind: 'maintenance', action: 'retry', codes: [131057], code: 'upstream_error', message: 'The number is in maintenance, as when its throughput is upgraded: try again in a minute', outcome: 'not_executed', retryAfterMs: 60_000 },
  { kind: 'invalid', action: 'fix', codes: [135000], code: 'rejected', message: 'Meta does not take the parameters of this message' },
  { kind: 'experiment', action: 'give_up', codes: [130472], code: 'rejected', message: 'The customer is part of an experiment of Meta and gets no marketing' },
  { kind: 'undeliverable', action: 'give_up', codes: [131026], code: 'rejected', message: 'The customer cannot get this message: not on WhatsApp, an old app, or terms not accepted' },
  { kind: 'window_closed', action: 'template', codes: [131047], code: 'rejected', message: 'More than 24 hours since the customer wrote: send a template' },
  { kind: 'to_itself', action: 'fix', codes: [131021], code: 'rejected', message: 'Sender and recipient are the same number', field: 'to' },
  { kind: 'not_allowed', action: 'fix', codes: [131030], code: 'rejected', message: 'A test number sends only to numbers on its list of recipients', field: 'to' },
  { kind: 'invalid', action: 'fix', codes: [131008, 131009, 33, 100], code: 'rejected', message: 'A parameter is missing or not valid' },
  { kind: 'unsupported', action: 'give_up', codes: [131051, 131060], code: 'rejected', message: 'This type of message is not supported or not available' },
  { kind: 'media', action: 'fix', codes: [131052, 131053], code: 'rejected', message: 'Meta could not fetch or take the file' },
  { kind: 'display_name', action: 'fix', codes: [131037], code: 'rejected', message: 'The display name of the number is not approved yet' },
  { kind: 'payment', action: 'fix', codes: [131042, 131044], code: 'rejected', message: 'Something is wrong with the payment method of the account' },
  { kind: 'registration', action: 'wait', codes: [133009, 133015], code: 'rejected', message: 'Too soon after the last attempt: wait some minutes', retryable: true, retryAfterMs: 5 * 60_000 },
  { kind: 'registration', action: 'fix', codes: [131045, 133000, 133005, 133006, 133008, 133010], code: 'rejected', message: 'The number is not registered or verified as it should be' },
  { kind: 'needs_phone', action: 'fix', codes: [131062], code: 'rejected', message: 'This message needs a phone number, not a user id', field: 'recipient' },
  { kind: 'marketing_disabled', action: 'fix', codes: [131063], code: 'rejected', message: 'Marketing templates are disabled for this endpoint: use sendMarketing' },
  { kind: 'template_paused', action: 'wait', codes: [132015], code: 'rejected', message: 'The template is paused for its low quality', retryable: true, retryAfterMs: 3 * hourMs },
  { kind: 'template', action: 'fix', codes: [132000, 132001, 132005, 132007, 132008, 132012, 132016], code: 'rejected', message: 'The template does not exist, is disabled, or its parameters do not fit', field: 'template' },
  { kind: 'flow_throttled', action: 'wait', codes: [132069], code: 'rejected', message: 'The flow is throttled to 10 messages an hour', retryable: true, retryAfterMs: hourMs },
  { kind: 'flow', action: 'fix', codes: [132068, [139000, 139004]], code: 'rejected', message: 'The flow is blocked or not valid' },
  { kind: 'identity_changed', action: 'fix', codes: [137000], code: 'rejected', message: 'The recipient is not who they were: the identity key differs', field: 'recipient_identity_key_hash' },
  { kind: 'calling', action: 'wait', codes: [138002, 138005], code: 'rejected', message: 'Too many calls at once', retryable: true, retryAfterMs: 60_000 },
  { kind: 'calling', action: 'fix', codes: [[138000, 138018]], code: 'rejected', message: 'The call is not possible' },
  { kind: 'block_list', action: 'retry', codes: [139102, 139103], code: 'conflict', message: 'The list of blocked users is being changed: try again', retryable: true },
  { kind: 'block_list', action: 'fix', codes: [139100, 139101], code: 'rejected', message: 'The users cannot be blocked or unblocked' },
  { kind: 'coexistence', action: 'fix', codes: [2593107, 2593108], code: 'rejected', message: 'Contacts or history of the app can be synchronised once only' },
  { kind: 'groups', action: 'fix', codes: [[131200, 131299]], code: 'rejected', message: 'The group does not allow this' },
  { kind: 'username', action: 'fix', codes: [[147001, 147005]], code: 'rejected', message: 'The username is not available or not valid' },
  { kind: 'template_management', action: 'fix', codes: [2388012, 2388019, 2388040, 2388047, 2388073, 2388093, 2388103, 2388293, 2388299], code: 'rejected', message: 'Meta does not take the template as it is' },
  { kind: 'marketing_signup', action: 'fix', codes: [[2494164, 2494179]], code: 'rejected', message: 'The account cannot send this marketing message' },
  { kind: 'refused', action: 'fix', codes: [131020, 131041, 131059], code: 'rejected', message: 'Meta refused the request' },
] as const satisfies readonly FailureRow[];

/** What a failure was about: a closed list. */
export type WhatsAppFailureKind = (typeof failures)[number]['kind'];

/** What Meta meant. */
export interface WhatsAppFailure {
  kind: WhatsAppFailureKind;
  action: FailureAction;
  /** Meta's own code. */
  code: number;
}

/**
 * What Meta meant by an error of the client, or by one of the `errors` of a status or message. `undefined` where it was not
 * Meta that refused.
 *
 * ```ts
 * if (whatsAppFailure(error)?.action === 'template') await whatsapp.send({ to, type: 'template', template });
 * ```
 */
export function whatsAppFailure(error: unknown): WhatsAppFailure | undefined {
  let code: unknown;
  if (isCartieError(error)) code = error.service === 'whatsapp' ? error.provider?.code : undefined;
  else if (isRecord(error)) code = error.code;
  if (typeof code !== 'number' || !Number.isSafeInteger(code)) return undefined;
  const { kind, action } = rowOf(code);
  return { kind: kind as WhatsAppFailureKind, action, code };
}

/** How long each kind of refusal holds back what it slows. Milliseconds. */
export interface Backoff {
  /** Of the number, after code 130429. */
  throughputMs(): number;
  /** Of one recipient, after code 131056. */
  pairMs: number;
}

/** How an answer of the Graph API failed; `undefined` for success. */
export function classify(answer: Answer, backoff: Backoff): Failure | undefined {
  const { status, json } = answer;
  const error = isRecord(json) && isRecord(json.error) ? json.error : undefined;
  if (error === undefined) return status >= 200 && status < 300 ? notJson(answer) : notMeta(answer);
  const code = numberOf(error.code);
  const row: FailureRow =
    code === undefined ? byStatus(status) : rowOf(code, status, error.is_transient === true);
  const data = isRecord(error.error_data) ? error.error_data : {};
  return {
    code: row.code,
    message: row.message,
    field: row.field,
    retryable: row.retryable,
    retryAfterMs: waitMs(row, answer, backoff),
    pause: row.slows === 'pair' ? isPairKey : row.slows === 'number' ? (key) => !isPairKey(key) : [],
    outcome: row.outcome ?? (row.code === 'upstream_error' ? 'unknown' : 'not_executed'),
    provider: {
      code,
      subcode: numberOf(error.error_subcode),
      message: typeof data.details === 'string' ? data.details : textOf(error.message),
    },
    requestId: textOf(error.fbtrace_id),
  };
}

/** The same for a file: its bytes may be anything, also JSON that looks like a refusal. */
export function classifyFile(answer: Answer, backoff: Backoff): Failure | undefined {
  if (answer.status === 200) return undefined;
  const failure = classify(answer, backoff);
  if (failure && answer.status === 404)
    return { ...failure, code: 'not_found', message: 'The file is gone or its URL has expired' };
  return failure;
}

const rows = new Map<number, FailureRow>();

function rowOf(code: number, status = 400, isTransient = false): FailureRow {
  let row = rows.get(code);
  if (row === undefined) {
    row = (failures as readonly FailureRow[]).find(({ codes }) =>
      codes.some((one) => (typeof one === 'number' ? one === code : code >= one[0] && code <= one[1])),
    );
    if (row !== undefined) rows.set(code, row);
  }
  if (isTransient && row?.code !== 'rate_limited') return trouble;
  return row ?? byStatus(status);
}

const trouble = failures.find(({ kind }) => kind === 'server') as FailureRow;
const refusedRow = failures.find(({ kind }) => kind === 'refused') as FailureRow;

function byStatus(status: number): FailureRow {
  if (status === 429) return failures.find(({ kind }) => kind === 'app_rate') as FailureRow;
  if (status === 401) return failures.find(({ kind }) => kind === 'unauthorized') as FailureRow;
  if (status === 403) return failures.find(({ kind }) => kind === 'forbidden') as FailureRow;
  return status >= 500 ? trouble : refusedRow;
}

function waitMs(row: FailureRow, answer: Answer, backoff: Backoff): number | undefined {
  const asked = Number(answer.headers.get('retry-after') ?? Number.NaN);
  if (row.code === 'rate_limited' && asked > 0) return asked * 1_000;
  if (row.kind === 'throughput') return backoff.throughputMs();
  if (row.kind === 'pair_rate') return backoff.pairMs;
  return row.retryAfterMs;
}

function notJson(answer: Answer): Failure | undefined {
  if (isRecord(answer.json)) return undefined;
  return isHtml(answer)
    ? { code: 'upstream_error', message: 'A gateway answered with a web page instead of Meta' }
    : { code: 'invalid_response', message: 'The answer is not JSON' };
}

function notMeta(answer: Answer): Failure {
  const { status } = answer;
  if (status === 429)
    return {
      code: 'rate_limited',
      message: 'A gateway limits the rate of calls',
      pause: (key) => !isPairKey(key),
    };
  if (isHtml(answer) || status >= 500) {
    const advice = status === 404 ? '; check `baseUrl`' : '';
    return {
      code: 'upstream_error',
      message: `A gateway answered with status ${status} instead of Meta${advice}`,
    };
  }
  if (status === 413) return { code: 'rejected', message: 'The request is too large' };
  const { code, message, field } = status === 404 ? notFound : byStatus(status);
  return { code, message, field };
}

const notFound = {
  code: 'not_found',
  message: 'There is nothing at this address: check `baseUrl`',
  field: 'baseUrl',
} as const;

function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
