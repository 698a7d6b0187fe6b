import { type Answer, type ErrorCode, type Failure, isCartieError, redactText } from '@cartie/core';
import type { ApiError } from '@grammyjs/types';

interface FailureRow {
  readonly kind: string;
  /** Telegram's `error_code`. */
  readonly status: number;
  /** Found in the description, letter case aside. Without it the row is for every other failure of its status. */
  readonly words?: readonly string[];
  readonly code: ErrorCode;
}

/**
 * Telegram tells its failures apart by their English descriptions only, so this is the one place that reads them.
 * The first row that fits counts. Texts in capitals come from Telegram's inner API and are passed on as they are.
 * @see https://core.telegram.org/bots/api#making-requests
 */
const failures = [
  { kind: 'migrated', status: 400, words: ['upgraded to a supergroup'], code: 'rejected' },
  { kind: 'not_modified', status: 400, words: ['is not modified', '_NOT_MODIFIED'], code: 'rejected' },
  {
    kind: 'cannot_parse_entities',
    status: 400,
    words: [
      "can't parse entities",
      "can't parse MessageEntity",
      'ENTITY_BOUNDS_INVALID',
      'ENTITIES_TOO_LONG',
    ],
    code: 'rejected',
  },
  {
    kind: 'too_long',
    status: 400,
    words: ['message is too long', 'caption is too long', 'MESSAGE_TOO_LONG', 'CAPTION_TOO_LONG'],
    code: 'rejected',
  },
  {
    kind: 'empty_message',
    status: 400,
    words: ['text is empty', 'text must be non-empty', 'MESSAGE_EMPTY'],
    code: 'rejected',
  },
  { kind: 'query_too_old', status: 400, words: ['query is too old', 'QUERY_ID_INVALID'], code: 'rejected' },
  {
    kind: 'message_not_found',
    status: 400,
    words: [
      'message not found',
      'message to edit not found',
      'message to delete not found',
      'message to be replied not found',
      'message to reply not found',
      'message to forward not found',
      'message to copy not found',
      'message to pin not found',
      'message to unpin not found',
      'message to react not found',
      'MESSAGE_ID_INVALID',
      'MESSAGE_NOT_FOUND',
    ],
    code: 'not_found',
  },
  {
    kind: 'thread_not_found',
    status: 400,
    words: ['thread not found', 'TOPIC_ID_INVALID', 'TOPIC_DELETED'],
    code: 'not_found',
  },
  { kind: 'thread_closed', status: 400, words: ['TOPIC_CLOSED'], code: 'rejected' },
  {
    kind: 'chat_not_found',
    status: 400,
    words: ['chat not found', 'PEER_ID_INVALID', 'CHANNEL_INVALID'],
    code: 'not_found',
  },
  {
    kind: 'user_not_found',
    status: 400,
    words: ['user not found', 'USER_ID_INVALID', 'PARTICIPANT_ID_INVALID'],
    code: 'not_found',
  },
  {
    kind: 'cannot_edit',
    status: 400,
    words: ["message can't be edited", 'MESSAGE_EDIT_TIME_EXPIRED'],
    code: 'rejected',
  },
  { kind: 'cannot_delete', status: 400, words: ["message can't be deleted"], code: 'rejected' },
  {
    kind: 'no_rights',
    status: 400,
    words: [
      'not enough rights',
      'need administrator rights',
      'have no rights',
      'CHAT_ADMIN_REQUIRED',
      'CHAT_WRITE_FORBIDDEN',
      'CHAT_RESTRICTED',
      'RIGHT_FORBIDDEN',
      'USER_RESTRICTED',
    ],
    code: 'forbidden',
  },
  { kind: 'media_forbidden', status: 400, words: ['_FORBIDDEN'], code: 'forbidden' },
  {
    kind: 'bad_button',
    status: 400,
    words: ['BUTTON_', "can't parse inline keyboard button", "can't parse reply keyboard markup"],
    code: 'rejected',
  },
  {
    kind: 'file_too_big',
    status: 400,
    words: ['file is too big', 'FILE_PARTS_INVALID', 'FILE_PART_SIZE_INVALID'],
    code: 'rejected',
  },
  {
    kind: 'bad_file',
    status: 400,
    words: [
      'wrong file',
      'file must be non-empty',
      'wrong remote file',
      'wrong http url',
      'failed to get http url content',
      'wrong type of the web page content',
      "can't upload file by url",
      'invalid file_id',
      'file is temporarily unavailable',
      'IMAGE_PROCESS_FAILED',
      'PHOTO_INVALID_DIMENSIONS',
      'VIDEO_FILE_INVALID',
      'FILE_REFERENCE_',
    ],
    code: 'rejected',
  },
  { kind: 'logged_out', status: 400, words: ['logged out'], code: 'unauthorized' },
  { kind: 'rejected', status: 400, code: 'rejected' },
  { kind: 'unauthorized', status: 401, code: 'unauthorized' },
  { kind: 'blocked', status: 403, words: ['bot was blocked', 'USER_IS_BLOCKED'], code: 'forbidden' },
  { kind: 'deactivated', status: 403, words: ['is deactivated'], code: 'forbidden' },
  {
    kind: 'kicked',
    status: 403,
    words: ['bot was kicked', 'bot is not a member', 'group chat was deleted'],
    code: 'forbidden',
  },
  { kind: 'never_started', status: 403, words: ["can't initiate conversation"], code: 'forbidden' },
  { kind: 'to_a_bot', status: 403, words: ["can't send messages to bots"], code: 'forbidden' },
  { kind: 'no_rights', status: 403, code: 'forbidden' },
  { kind: 'no_such_method', status: 404, words: ['method not found'], code: 'not_found' },
  // An address without a method: the token is not of Telegram's form, or the base URL leads elsewhere.
  { kind: 'no_such_bot', status: 404, code: 'not_found' },
  { kind: 'webhook_is_set', status: 409, words: ['webhook'], code: 'conflict' },
  { kind: 'other_poller', status: 409, code: 'conflict' },
  { kind: 'request_too_large', status: 413, code: 'rejected' },
  { kind: 'flood', status: 429, code: 'rate_limited' },
  { kind: 'server_error', status: 500, code: 'upstream_error' },
] as const satisfies readonly FailureRow[];

/** Why Telegram refused, by the words of its description. */
export type TelegramFailureKind = (typeof failures)[number]['kind'];

/** A refusal of Telegram. */
export interface TelegramFailure {
  kind: TelegramFailureKind;
  /** `migrated`: the supergroup that the group has become. Use it instead of the old id from now on. */
  migrateToChatId?: number | undefined;
}

/**
 * What Telegram meant by an error of this package; `undefined` if the error is not an answer of Telegram (a timeout,
 * an open circuit, …). Does not throw.
 *
 * ```ts
 * if (telegramFailure(error)?.kind === 'blocked') await unsubscribe(userId);
 * ```
 */
export function telegramFailure(error: unknown): TelegramFailure | undefined {
  if (!isCartieError(error) || error.service !== 'telegram') return undefined;
  const status = error.provider?.code;
  if (typeof status !== 'number') return undefined;
  const { kind } = rowOf(status, error.provider?.message ?? '');
  const migrateToChatId = Number(error.provider?.subcode);
  return kind === 'migrated' && Number.isSafeInteger(migrateToChatId) ? { kind, migrateToChatId } : { kind };
}

/** How an answer of the Bot API failed; `undefined` for success. `secrets` are kept out of the message. */
export function classify(answer: Answer, secrets: readonly string[]): Failure | undefined {
  const { status, json } = answer;
  if (status === 200 && typeof json === 'object' && json !== null && 'ok' in json && json.ok === true)
    return undefined;
  if (!isApiError(json)) return notTelegram(answer);
  // Telegram's own code counts: a gateway may have changed the HTTP status.
  const { code, kind } = rowOf(json.error_code, json.description);
  const advice = Object.hasOwn(advices, kind) ? `; check ${advices[kind as keyof typeof advices]}` : '';
  return {
    code,
    message: `Telegram refused: ${redactText(json.description, secrets)}${advice}`,
    status,
    retryAfterMs: retryAfterMs(answer, json),
    provider: {
      code: json.error_code,
      subcode: json.parameters?.migrate_to_chat_id,
      message: json.description,
    },
  };
}

/** What to check where Telegram's own words do not say it. */
const advices = { unauthorized: '`token`', no_such_bot: '`token` and `baseUrl`' } as const;

function rowOf(status: number, description: string): (typeof failures)[number] {
  const text = description.toLowerCase();
  const found = failures.find(
    (row: FailureRow) =>
      row.status === status && (row.words?.some((words) => text.includes(words.toLowerCase())) ?? true),
  );
  if (found !== undefined) return found;
  return status >= 500 ? rowOf(500, '') : rowOf(400, '');
}

// A gateway between us and Telegram: an HTML page, an empty body, a redirect.
function notTelegram(answer: Answer): Failure {
  const { status } = answer;
  const html = answer.text.trimStart().startsWith('<');
  const retryAfter = retryAfterMs(answer);
  if (status === 429) {
    return {
      code: 'rate_limited',
      message: 'A gateway refused: too many requests',
      status,
      retryAfterMs: retryAfter,
    };
  }
  if (status === 413)
    return { code: 'rejected', message: 'A gateway refused: the request is too large', status };
  if (status >= 200 && status < 300 && !html) {
    return {
      code: 'invalid_response',
      message: 'The answer is not one of the Bot API; check baseUrl',
      status,
    };
  }
  // Telegram answers in JSON, also where there is nothing.
  const advice = status === 404 ? '; check `baseUrl`' : '';
  return {
    code: 'upstream_error',
    message: `A gateway answered with status ${status} instead of Telegram${advice}`,
    status,
    retryAfterMs: retryAfter,
  };
}

function isApiError(json: unknown): json is ApiError {
  return (
    typeof json === 'object' &&
    json !== null &&
    'error_code' in json &&
    typeof json.error_code === 'number' &&
    'description' in json &&
    typeof json.description === 'string'
  );
}

function retryAfterMs(answer: Answer, error?: ApiError): number | undefined {
  const header = answer.headers.get('retry-after');
  const seconds = error?.parameters?.retry_after ?? (header === null ? undefined : Number(header));
  return typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
}
