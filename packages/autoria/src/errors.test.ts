import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientOf, type FakeAutoRia, type Reply, startAutoRia, thrownBy } from '../tests/support.ts';
import { autoRiaFailure } from './index.ts';

let reply: Reply = 'reset';
let server: FakeAutoRia;
beforeAll(async () => {
  server = await startAutoRia(() => reply);
});
afterAll(() => server.close());

const gateway = (code: string, status = 403): Reply => ({
  status,
  json: {
    error: { code, message: 'An invalid api_key was supplied. Get one at https://developers.ria.com' },
  },
});
const json = { 'content-type': 'text/html; charset=utf-8' };

const rows: [name: string, answer: Reply, code: string, kind: string | undefined][] = [
  ['no key', gateway('API_KEY_MISSING'), 'unauthorized', 'key_missing'],
  ['a wrong key', gateway('API_KEY_INVALID'), 'unauthorized', 'key_invalid'],
  ['a disabled key', gateway('API_KEY_DISABLED'), 'unauthorized', 'key_disabled'],
  ['an unverified key', gateway('API_KEY_UNVERIFIED'), 'unauthorized', 'key_unverified'],
  ['a key without the right', gateway('API_KEY_UNAUTHORIZED'), 'forbidden', 'key_unauthorized'],
  ['a quota that is used up', gateway('OVER_RATE_LIMIT', 429), 'rate_limited', 'over_rate_limit'],
  ['http', gateway('HTTPS_REQUIRED', 400), 'rejected', 'https_required'],
  ['an unknown path', gateway('NOT_FOUND', 404), 'not_found', 'not_found'],
  ['an error inside of 200', gateway('API_KEY_INVALID', 200), 'unauthorized', 'key_invalid'],
  [
    'XML',
    { status: 403, text: '<response><error><code>API_KEY_INVALID</code></error></response>' },
    'unauthorized',
    'key_invalid',
  ],
  [
    'CSV',
    { status: 403, text: 'Error Code,Error Message\nAPI_KEY_DISABLED,disabled' },
    'unauthorized',
    'key_disabled',
  ],
  [
    'HTML of the gateway',
    { status: 429, text: '<html><body><h1>OVER_RATE_LIMIT</h1></body></html>' },
    'rate_limited',
    'over_rate_limit',
  ],
  ['too little data', { status: 400, json: { message: 'Not Enough Data' } }, 'not_found', 'not_enough_data'],
  ['a message', { status: 400, json: { message: 'Modification ID is required' } }, 'rejected', 'message'],
  ['a message in 200', { json: { message: 'Invalid categoryId: x' }, headers: json }, 'rejected', 'message'],
  [
    'an error notice in 200',
    { json: { noticeData: [{ noticeType: 'error', noticeString: 'Помилка' }], searchType: 'omniId' } },
    'rejected',
    'notice',
  ],
  [
    'a lock',
    {
      status: 400,
      json: {
        message:
          'StatusCodeError: 400 - {"message":"Validation failed","errors":[{"message":"You can edit brand.id for 60 minutes","code":7}]}',
      },
    },
    'conflict',
    'edit_locked',
  ],
  [
    'a lock in 200',
    {
      json: {
        message: 'x',
        success: false,
        errors: [{ message: 'You can edit brand.id for 60 minutes', code: 7 }],
      },
    },
    'conflict',
    'edit_locked',
  ],
  ['no success in 200', { json: { message: 'x', success: false } }, 'rejected', 'validation_failed'],
  ['an outage', { status: 500, json: { message: 'Internal server error' } }, 'upstream_error', undefined],
  ['a page of a gateway', { status: 502, text: '<html>Bad Gateway</html>' }, 'upstream_error', undefined],
  ['a page with 200', { text: '<html>We work on it</html>' }, 'upstream_error', undefined],
  ['half an answer', { text: '[{"name":"Бен' }, 'invalid_response', undefined],
  ['nothing', { text: '' }, 'invalid_response', undefined],
  ['another thing', { json: 7 }, 'invalid_response', undefined],
  ['another 403', { status: 403, text: 'no' }, 'forbidden', undefined],
  ['another 429', { status: 429, text: 'slow' }, 'rate_limited', undefined],
  ['another 418', { status: 418, json: {} }, 'rejected', undefined],
];

describe('an answer that says no', () => {
  test.each(rows)('%s', async (_, answer, code, kind) => {
    reply = answer;
    // Each client has a count of its own: a refusal of the quota holds back nobody else.
    const error = await thrownBy(clientOf(server.url).dictionaries.fuels({ retries: 0 }));
    expect(error).toMatchObject({ code, service: 'autoria', operation: 'fuels' });
    expect(autoRiaFailure(error)?.kind).toBe(kind);
  });

  test('of the quota is not repeated: no wait within a call would help', async () => {
    reply = gateway('OVER_RATE_LIMIT', 429);
    const error = await thrownBy(clientOf(server.url).dictionaries.fuels());
    expect(error).toMatchObject({ attempts: 1, retryable: true, retryAfterMs: 600_000 });
  });

  test('holds back no work on own listings', async () => {
    const autoria = clientOf(server.url, { userId: 1 });
    reply = gateway('OVER_RATE_LIMIT', 429);
    await thrownBy(autoria.dictionaries.fuels());
    reply = { json: { active: {}, draft: [] } };
    expect(await autoria.listings.ids()).toMatchObject({ draft: [] });
  });

  test('of an outage is repeated where that is safe', async () => {
    const before = server.received.length;
    reply = { status: 503, text: '<html/>' };
    await thrownBy(clientOf(server.url).dictionaries.fuels());
    expect(server.received.length - before).toBe(3);
  });

  test('and quotes the number of a car is not repeated as it is', async () => {
    const notice = 'Не знайдено за VIN-номером TMBGP21U432674944 та AA 1234 BB, (067) 522-60-77';
    reply = { json: { noticeData: [{ noticeType: 'error', noticeString: notice }] } };
    const error = await thrownBy(clientOf(server.url).dictionaries.fuels());
    expect(error).toMatchObject({ provider: { message: expect.stringContaining('[vin]') } });
    expect(JSON.stringify(error)).not.toMatch(/TMBGP|1234|522/);
  });

  test('is not AUTO.RIA’s where it is ours', () => {
    expect(autoRiaFailure(new Error('x'))).toBeUndefined();
    expect(autoRiaFailure(undefined)).toBeUndefined();
  });
});

test('JSON is read whatever it is called', async () => {
  reply = { json: [{ name: 'Бензин', value: 1 }], headers: json };
  expect(await clientOf(server.url).dictionaries.fuels()).toEqual([{ name: 'Бензин', value: 1 }]);
});
