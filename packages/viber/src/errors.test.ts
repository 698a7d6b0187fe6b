import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authToken, type Listening, type Reply, startViber } from '../tests/support.ts';
import { createViberClient, type ViberClient, viberFailure } from './index.ts';

let reply: Reply = 'reset';
let server: Listening & { received: unknown[] };
let viber: ViberClient;
beforeAll(async () => {
  server = await startViber(() => reply);
  viber = createViberClient({
    authToken,
    sender: { name: 'Cars' },
    baseUrl: server.url,
    breaker: false,
    retries: 0,
  });
});
afterAll(() => server.close());

// A receiver each, so that no refusal holds back the next.
let sent = 0;
const send = (): Promise<unknown> =>
  viber.sendMessage({ receiver: `user-${sent++}`, type: 'text', text: 'x' });
const refused = async (given: Reply): Promise<unknown> => {
  reply = given;
  return send().catch((error) => error);
};

const table = [
  [1, 'rejected', 'invalid_url'],
  [2, 'unauthorized', 'invalid_auth_token'],
  [3, 'rejected', 'bad_data'],
  [4, 'rejected', 'missing_data'],
  [5, 'not_found', 'receiver_not_registered'],
  [6, 'forbidden', 'receiver_not_subscribed'],
  [7, 'forbidden', 'account_blocked'],
  [8, 'not_found', 'account_not_found'],
  [9, 'forbidden', 'account_suspended'],
  [10, 'rejected', 'webhook_not_set'],
  [11, 'rejected', 'no_suitable_device'],
  [12, 'rate_limited', 'too_many_requests'],
  [13, 'rejected', 'api_version_not_supported'],
  [14, 'rejected', 'incompatible_with_version'],
  [15, 'forbidden', 'account_not_authorized'],
  [16, 'forbidden', 'inline_reply_not_allowed'],
  [17, 'rejected', 'account_not_inline'],
  [18, 'not_found', 'no_public_chat'],
  [19, 'forbidden', 'cannot_send_broadcast'],
  [20, 'forbidden', 'broadcast_not_allowed'],
  [21, 'rejected', 'unsupported_country'],
  [22, 'rejected', 'payment_unsupported'],
  [23, 'forbidden', 'free_messages_exceeded'],
  [24, 'forbidden', 'no_balance'],
  [25, 'upstream_error', 'general_error'],
  [-1, 'upstream_error', 'general_error'],
] as const;

describe('though HTTP says 200', () => {
  test.each(table)('status %i is %s: %s', async (status, code, kind) => {
    const error = await refused({ json: { status, status_message: 'words of Viber' } });
    expect(error).toMatchObject({
      code,
      outcome: code === 'upstream_error' ? 'unknown' : 'not_executed',
      retryable: code === 'rate_limited' || code === 'upstream_error',
      provider: { code: status, message: 'words of Viber' },
    });
    expect(viberFailure(error)).toEqual({ kind, status, userUnreachable: status === 5 || status === 6 });
  });
});

test.each([
  [{ status: 502, text: '<html>Bad gateway</html>' }, 'upstream_error', 'unknown'],
  [{ status: 200, text: '<html>Sign in</html>' }, 'upstream_error', 'unknown'],
  [{ status: 200, text: '' }, 'invalid_response', 'unknown'],
  [{ status: 200, json: { ok: true } }, 'invalid_response', 'unknown'],
  [{ status: 200, json: { status: 0, status_message: 'ok' } }, 'invalid_response', 'unknown'],
  [{ status: 429, text: '', headers: { 'retry-after': '7' } }, 'rate_limited', 'not_executed'],
  [{ status: 413, text: '' }, 'rejected', 'not_executed'],
  [{ status: 404, text: '' }, 'not_found', 'not_executed'],
  ['reset', 'connection_failed', 'unknown'],
] as const)('%j is %s, %s', async (given, code, outcome) => {
  const error = await refused(given as Reply);
  expect(error).toMatchObject({ code, outcome });
  expect(viberFailure(error)).toBeUndefined();
});

test('an id that Viber quotes is not passed on, its words are', async () => {
  const error = await refused({
    json: { status: 6, status_message: 'receiverNotSubscribed: 01234567890AbcDef== is gone' },
  });
  expect(error).toMatchObject({ provider: { message: 'receiverNotSubscribed: [id] is gone' } });
});
