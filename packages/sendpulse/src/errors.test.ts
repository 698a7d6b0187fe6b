import { type RunningSandbox, type SandboxSendPulseAccount, startSandbox } from '@cartie/sandbox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientOf, nobody, type Reply, startSendPulse } from '../tests/support.ts';
import { errorCodes } from './error-codes.ts';
import { createSendPulseClient, type SendPulseClient, sendPulseFailure } from './index.ts';

let sandbox: RunningSandbox;
let account: SandboxSendPulseAccount;
let sendpulse: SendPulseClient;

beforeAll(async () => {
  sandbox = await startSandbox({ sendpulse: { rateScale: 0 } });
  account = sandbox.sendpulse.createAccount();
  sendpulse = clientOf(sandbox, account, { retries: 0, breaker: false });
});
afterAll(() => sandbox.close());

const thrown = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('a code of SendPulse', () => {
  test.each(
    Object.entries(errorCodes).filter(([, { code }]) => code !== 'unauthorized' && code !== 'rate_limited'),
  )('%s means what the table says, in every shape', async (code, row) => {
    for (const shape of ['plain', 'errors', 'success', 'is_error'] as const) {
      sandbox.sendpulse.failNext(account, {
        errorCode: Number(code),
        message: 'Argument name missing',
        shape,
      });
      const error = await thrown(sendpulse.balance.get());
      expect(error, shape).toMatchObject({
        code: row.code,
        message: `SendPulse refused: ${row.words} (${code.length < 6 ? `code ${code}` : 'status 400'})`,
        provider: { code: Number(code), message: 'Argument name missing' },
        status: 400,
        ...(shape === 'errors' && { field: 'name' }),
      });
      expect(sendPulseFailure(error)).toEqual({ kind: row.kind, errorCode: Number(code) });
    }
  });
});

describe('an answer', () => {
  const cases: [string, Reply, object][] = [
    ['of 200 with is_error', { json: { is_error: 1, error_code: 213, message: 'x' } }, { code: 'not_found' }],
    ['of 200 with is_error as text', { json: { is_error: '1', message: 'x' } }, { code: 'rejected' }],
    ['of 200 with success: false', { json: { success: false, data: {} } }, { code: 'rejected' }],
    ['of 200 with a code as text', { json: { error_code: '707', message: 'x' } }, { code: 'forbidden' }],
    ['of 200 of tags that failed', { json: { failure: true, http_code: 404 } }, { code: 'not_found' }],
    ['of 422 with errors alone', { status: 422, json: { errors: { emails: ['bad'] } } }, { field: 'emails' }],
    ['of 404 without a body', { status: 404, text: '' }, { code: 'not_found', status: 404 }],
    [
      'of 403 in words',
      { status: 403, text: 'no', headers: { 'content-type': 'text/plain' } },
      { code: 'forbidden' },
    ],
    ['of 409', { status: 409, json: { message: 'x' } }, { code: 'conflict' }],
    ['of 500 with a code of ours', { status: 500, json: { error_code: 213 } }, { code: 'upstream_error' }],
    ['of 503 without a body', { status: 503, text: '' }, { code: 'upstream_error', outcome: 'unknown' }],
    ['of 429 without Retry-After', { status: 429, text: '' }, { code: 'rate_limited', retryAfterMs: 5_000 }],
    [
      'of 429 for ten in a second',
      { status: 429, json: { error_code: 2020202020 } },
      { retryAfterMs: 1_000 },
    ],
    ['of a web page with 200', { text: '<html>' }, { code: 'upstream_error' }],
    ['of a web page with 404', { status: 404, text: ' \n<html>' }, { code: 'upstream_error' }],
    ['that is no JSON', { text: '{"result":tr' }, { code: 'invalid_response' }],
    ['that leads elsewhere', { status: 302, text: '', headers: { location: '/' } }, { code: 'rejected' }],
    [
      'of a code that nobody knows',
      { status: 400, json: { error_code: 31, message: 'x' } },
      { code: 'rejected' },
    ],
  ];

  test.each(cases)('%s', async (_, reply, expected) => {
    const fake = await startSendPulse(() => reply);
    const options = { clientId: 'id', clientSecret: 'secret', baseUrl: fake.url, retries: 0 };
    expect(await thrown(createSendPulseClient(options).balance.get())).toMatchObject(expected);
    await fake.close();
  });

  test('that it was not done is an error of what does something, and an answer of what asks', async () => {
    const fake = await startSendPulse(() => ({ json: { result: false } }));
    const client = createSendPulseClient({ clientId: 'id', clientSecret: 'secret', baseUrl: fake.url });
    await expect(client.addressBooks.delete({ id: 1 })).rejects.toMatchObject({ code: 'rejected' });
    expect(await client.smtp.isUnsubscribed({ email: 'a@b.co' })).toEqual({ result: false });
    await fake.close();
  });

  test.each<[string, Reply, object]>([
    ['without a token', { json: {} }, { code: 'invalid_response', outcome: 'not_executed' }],
    [
      'with one that no header holds',
      { json: { access_token: 'a\nb', expires_in: 1 } },
      { code: 'invalid_response' },
    ],
    ['with a page', { status: 502, text: '<html>' }, { code: 'upstream_error' }],
    [
      'that the client is not known',
      { status: 401, json: { error: 'invalid_client' } },
      { code: 'unauthorized' },
    ],
    [
      // As https://github.com/sendpulse/sendpulse-rest-api-php/issues/37 quotes it; OAuth gives it 400 or 401.
      'that the client is not known, with 400',
      {
        status: 400,
        json: { error: 'invalid_client', message: 'Client authentication failed.', error_code: 1 },
      },
      { code: 'unauthorized', provider: { code: 1 }, retryable: false },
    ],
    [
      'that the request is wrong',
      { status: 400, json: { error: 'invalid_request', message: 'x' } },
      { code: 'rejected' },
    ],
  ])('to the question for a token: %s', async (_, token, expected) => {
    const fake = await startSendPulse(
      () => ({ json: {} }),
      () => token,
    );
    const options = { clientId: 'id', clientSecret: 'secret', baseUrl: fake.url, retries: 0 };
    expect(await thrown(createSendPulseClient(options).balance.get())).toMatchObject(expected);
    expect(fake.received.every(({ path }) => path === '/oauth/access_token')).toBe(true);
    await fake.close();
  });
});

test.each([
  [401, 'unauthorized'],
  [404, 'not_found'],
  [429, 'too_many_requests'],
  [500, 'server_error'],
  [418, 'other'],
] as const)('a status of %i without a number is of the kind «%s»', async (status, kind) => {
  const fake = await startSendPulse(() => ({ status, json: { message: 'x' } }));
  const options = { clientId: 'id', clientSecret: 'secret', baseUrl: fake.url, retries: 0 };
  const error = await thrown(createSendPulseClient(options).balance.get());
  expect(sendPulseFailure(error)).toEqual({ kind, errorCode: undefined });
  await fake.close();
});

test('what is no answer of SendPulse has no kind', async () => {
  expect(sendPulseFailure(new Error('x'))).toBeUndefined();
  const lonely = clientOf(sandbox, account, { baseUrl: await nobody(), retries: 0 });
  expect(sendPulseFailure(await thrown(lonely.balance.get()))).toBeUndefined();
  sandbox.sendpulse.failNext(account, { errorCode: 31 });
  expect(sendPulseFailure(await thrown(sendpulse.balance.get()))).toEqual({ kind: 'other', errorCode: 31 });
});

describe('options', () => {
  const good = { clientId: 'id', clientSecret: 'secret' };
  test.each<[object, string]>([
    [{}, 'clientId'],
    [{ clientId: 'id' }, 'clientSecret'],
    [{ clientId: ' ', clientSecret: 'x' }, 'clientId'],
    [{ clientId: 'id', clientSecret: '' }, 'clientSecret'],
    [{ apiKey: '' }, 'apiKey'],
    [{ ...good, apiKey: 'x' }, 'clientId'],
    [{ ...good, tokens: {} }, 'tokens'],
    [{ ...good, leases: { acquire: () => undefined } }, 'tokens'],
    [{ ...good, requestsPerSecond: 0 }, 'requestsPerSecond'],
    [{ ...good, clientSecrt: 'x' }, 'clientSecrt'],
  ])('%j are refused by name', (options, field) => {
    expect(() => createSendPulseClient(options as never)).toThrow(
      expect.objectContaining({ code: 'invalid_config', field }),
    );
  });

  test('of an API key that no header can hold', async () => {
    await expect(createSendPulseClient({ apiKey: 'a\nb' }).balance.get()).rejects.toMatchObject({
      code: 'invalid_config',
      field: 'apiKey',
    });
  });
});
