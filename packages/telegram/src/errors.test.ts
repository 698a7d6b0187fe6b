import { CartieError, type ErrorCode } from '@cartie/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf, type Reply, refusal, someToken, startServer } from '../tests/support.ts';
import { createTelegramClient, type TelegramFailureKind, telegramFailure } from './index.ts';

let reply: Reply;
let server: Awaited<ReturnType<typeof startServer>>;

beforeAll(async () => {
  server = await startServer(() => reply);
});
afterAll(() => server.close());

const fail = (given: Reply) => {
  reply = given;
  // A new client each time: a 429 slows the next call of its client down.
  const telegram = createTelegramClient({ token: someToken, baseUrl: server.url, retries: 0 });
  return failureOf(telegram.getChat({ chat_id: 1 }));
};

// The descriptions as the official server writes them (tdlib/telegram-bot-api) and as bots report them.
const described: [status: number, description: string, kind: TelegramFailureKind, code: ErrorCode][] = [
  [403, 'Forbidden: bot was blocked by the user', 'blocked', 'forbidden'],
  [403, 'Forbidden: user is deactivated', 'deactivated', 'forbidden'],
  [403, 'Forbidden: bot was kicked from the supergroup chat', 'kicked', 'forbidden'],
  [403, 'Forbidden: bot is not a member of the channel chat', 'kicked', 'forbidden'],
  [403, 'Forbidden: the group chat was deleted', 'kicked', 'forbidden'],
  [403, "Forbidden: bot can't initiate conversation with a user", 'never_started', 'forbidden'],
  [403, "Forbidden: bot can't send messages to bots", 'to_a_bot', 'forbidden'],
  [403, 'Forbidden: something new', 'no_rights', 'forbidden'],
  [
    400,
    'Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message',
    'not_modified',
    'rejected',
  ],
  [400, 'Bad Request: chat description is not modified', 'not_modified', 'rejected'],
  [400, 'Bad Request: message is too long', 'too_long', 'rejected'],
  [400, 'Bad Request: message caption is too long', 'too_long', 'rejected'],
  [400, 'Bad Request: MEDIA_CAPTION_TOO_LONG', 'too_long', 'rejected'],
  [
    400,
    "Bad Request: can't parse entities: Can't find end of the entity starting at byte offset 5",
    'cannot_parse_entities',
    'rejected',
  ],
  [400, 'Bad Request: message text is empty', 'empty_message', 'rejected'],
  [400, 'Bad Request: message to edit not found', 'message_not_found', 'not_found'],
  [400, 'Bad Request: message to be replied not found', 'message_not_found', 'not_found'],
  [400, 'Bad Request: MESSAGE_ID_INVALID', 'message_not_found', 'not_found'],
  [400, 'Bad Request: message thread not found', 'thread_not_found', 'not_found'],
  [400, 'Bad Request: TOPIC_CLOSED', 'thread_closed', 'rejected'],
  [400, 'Bad Request: chat not found', 'chat_not_found', 'not_found'],
  [400, 'Bad Request: user not found', 'user_not_found', 'not_found'],
  [
    400,
    'Bad Request: query is too old and response timeout expired or query ID is invalid',
    'query_too_old',
    'rejected',
  ],
  [400, "Bad Request: message can't be edited", 'cannot_edit', 'rejected'],
  [400, "Bad Request: message can't be deleted for everyone", 'cannot_delete', 'rejected'],
  [400, 'Bad Request: not enough rights to send text messages to the chat', 'no_rights', 'forbidden'],
  [400, 'Bad Request: CHAT_WRITE_FORBIDDEN', 'no_rights', 'forbidden'],
  [400, 'Bad Request: VOICE_MESSAGES_FORBIDDEN', 'media_forbidden', 'forbidden'],
  [400, 'Bad Request: BUTTON_DATA_INVALID', 'bad_button', 'rejected'],
  [400, 'Bad Request: file is too big', 'file_too_big', 'rejected'],
  [400, 'Bad Request: file must be non-empty', 'bad_file', 'rejected'],
  [400, 'Bad Request: wrong file identifier/HTTP URL specified', 'bad_file', 'rejected'],
  [400, 'Bad Request: wrong type of the web page content', 'bad_file', 'rejected'],
  [400, 'Logged out', 'logged_out', 'unauthorized'],
  [400, 'Bad Request: something new', 'rejected', 'rejected'],
  [401, 'Unauthorized', 'unauthorized', 'unauthorized'],
  [404, 'Not Found: method not found', 'no_such_method', 'not_found'],
  [404, 'Not Found', 'no_such_bot', 'not_found'],
  [
    409,
    'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running',
    'other_poller',
    'conflict',
  ],
  [
    409,
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
    'webhook_is_set',
    'conflict',
  ],
  [413, 'Request Entity Too Large', 'request_too_large', 'rejected'],
  [418, 'Something new', 'rejected', 'rejected'],
];

describe('a refusal of Telegram', () => {
  it.each(described)('%i «%s» is %s', async (status, description, kind, code) => {
    const error = await fail(refusal(status, description));
    expect(telegramFailure(error)).toEqual({ kind });
    expect(error).toMatchObject({ code, status, retryable: false, outcome: 'not_executed' });
    expect(error.provider).toEqual({ code: status, subcode: undefined, message: description });
  });

  it('by 429 says how long to wait, in the body or in the header', async () => {
    const body = await fail(refusal(429, 'Too Many Requests: retry after 7', { retry_after: 7 }));
    expect(body).toMatchObject({
      code: 'rate_limited',
      retryAfterMs: 7_000,
      retryable: true,
      outcome: 'not_executed',
    });
    expect(telegramFailure(body)).toEqual({ kind: 'flood' });
    const header = await fail({
      status: 429,
      headers: { 'retry-after': '3' },
      json: { ok: false, error_code: 429, description: 'Too Many Requests' },
    });
    expect(header).toMatchObject({ code: 'rate_limited', retryAfterMs: 3_000 });
  });

  it('counts even if a gateway made its status 200', async () => {
    const error = await fail({
      status: 200,
      json: { ok: false, error_code: 403, description: 'Forbidden: bot was blocked by the user' },
    });
    expect(telegramFailure(error)).toEqual({ kind: 'blocked' });
  });

  it('by 5xx leaves open whether it acted', async () => {
    const error = await fail(refusal(500, 'Internal Server Error: restart'));
    expect(error).toMatchObject({ code: 'upstream_error', retryable: true, outcome: 'unknown' });
    expect(telegramFailure(error)).toEqual({ kind: 'server_error' });
    expect(telegramFailure(await fail(refusal(504, 'Gateway Timeout')))).toEqual({ kind: 'server_error' });
  });

  it('does not bring the token, an address or a number into the error', async () => {
    const error = await fail(
      refusal(
        400,
        `Bad Request: can't parse entities: Unsupported start tag "ann@example.com" +380501234567 ${someToken}`,
      ),
    );
    expect(telegramFailure(error)).toEqual({ kind: 'cannot_parse_entities' });
    expect(JSON.stringify([error, error.message, error.stack])).not.toMatch(
      /ann@example|380501234567|AAtest/,
    );
  });

  it('does not bring the token into the error even where it does not look like one', async () => {
    reply = refusal(400, 'Bad Request: what is AAshort or 77:AAshort?');
    const error = await failureOf(createTelegramClient({ token: '77:AAshort', baseUrl: server.url }).getMe());
    expect(JSON.stringify([error, error.message, error.stack])).not.toContain('AAshort');
    expect(error.message).toBe('Telegram refused: Bad Request: what is [secret] or [secret]?');
  });
});

describe('an answer that is not from Telegram', () => {
  it.each([502, 503, 403, 404, 200])(
    'an HTML page with status %i is an error of a gateway',
    async (status) => {
      const error = await fail({ status, text: '<html><body>Bad Gateway</body></html>' });
      expect(error).toMatchObject({ code: 'upstream_error', status, retryable: true, outcome: 'unknown' });
      expect(telegramFailure(error)).toBeUndefined();
    },
  );

  it.each([
    ['nothing', ''],
    ['half an object', '{"ok":true,"resu'],
    ['something else', '[1]'],
  ])('%s where the result was due is an invalid response', async (_name, text) => {
    expect(await fail({ text, headers: { 'content-type': 'application/json' } })).toMatchObject({
      code: 'invalid_response',
      outcome: 'unknown',
    });
  });

  it('429 and 413 of a gateway mean what they say', async () => {
    expect(await fail({ status: 429, text: 'slow down', headers: { 'retry-after': '2' } })).toMatchObject({
      code: 'rate_limited',
      retryAfterMs: 2_000,
    });
    expect(await fail({ status: 413, text: '<html>' })).toMatchObject({
      code: 'rejected',
      outcome: 'not_executed',
    });
  });
});

describe('telegramFailure()', () => {
  it('says nothing about errors that are not Telegram’s', () => {
    expect(telegramFailure(new Error('bot was blocked by the user'))).toBeUndefined();
    expect(telegramFailure(undefined)).toBeUndefined();
    expect(telegramFailure(new CartieError('timeout', 'late', { service: 'telegram' }))).toBeUndefined();
    expect(
      telegramFailure(new CartieError('forbidden', 'no', { service: 'viber', provider: { code: 403 } })),
    ).toBeUndefined();
  });
});
