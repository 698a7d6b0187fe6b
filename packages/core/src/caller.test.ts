import { afterEach, describe, expect, test } from 'vitest';
import { type ReceivedRequest, startHttp, type TestServer } from '../../../tests/support/http.ts';
import {
  type Answer,
  type CallerConfig,
  type CallPlan,
  CartieError,
  type ClientEvent,
  type ClientOptions,
  createCaller,
  type Failure,
  isHtml,
  type Limiter,
} from './index.ts';

let server: TestServer | undefined;
afterEach(() => server?.[Symbol.asyncDispose]());

type Reply = {
  status?: number;
  headers?: Record<string, string>;
  body?: string;
};

/** A server that gives these replies one after another, the last one again and again, and keeps what it was asked. */
async function serve(...replies: Reply[]): Promise<ReceivedRequest[]> {
  const received: ReceivedRequest[] = [];
  server = await startHttp((request, response) => {
    const {
      status = 200,
      headers = {},
      body = '{"ok":true}',
    } = replies[Math.min(received.length, replies.length - 1)] ?? {};
    received.push(request);
    response.writeHead(status, headers).end(body);
  });
  return received;
}

function classify(answer: Answer): Failure | undefined {
  if (isHtml(answer)) return { code: 'upstream_error', message: 'A gateway answered' };
  if (answer.status === 429) return { code: 'rate_limited', message: 'Too many requests' };
  if (answer.status >= 500) return { code: 'upstream_error', message: 'The provider failed' };
  if (answer.status >= 400) {
    const { description } = answer.json as { description?: string };
    return { code: 'rejected', message: 'Refused', provider: { code: answer.status, message: description } };
  }
  return undefined;
}

function callerWith(options: ClientOptions = {}, config: Partial<CallerConfig> = {}) {
  return createCaller({
    service: 'shop',
    baseUrl: 'https://shop.invalid',
    options: { baseUrl: server?.url, ...options },
    classify,
    ...config,
  });
}

const read: CallPlan = {
  operation: 'getOrder',
  idempotent: true,
  build: () => ({ method: 'GET', path: '/order' }),
};
const write: CallPlan = {
  operation: 'placeOrder',
  idempotent: false,
  build: () => ({ method: 'POST', path: '/order', json: { count: 1 } }),
};

async function failureOf(call: Promise<unknown>): Promise<CartieError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(CartieError);
  return error as CartieError;
}

describe('a call', () => {
  test('sends JSON and gives the answer with its status, headers, request id and attempts', async () => {
    const received = await serve({ status: 201, headers: { 'x-request-id': 'req-7' }, body: '{"id":12}' });
    const caller = callerWith({}, { requestId: ({ headers }) => headers.get('x-request-id') ?? undefined });
    const result = await caller.call(write, { headers: { 'x-shop': 'a' } });
    expect(result).toMatchObject({
      status: 201,
      requestId: 'req-7',
      attempts: 1,
      data: { json: { id: 12 } },
    });
    expect(result.headers.get('x-request-id')).toBe('req-7');
    expect(received).toMatchObject([
      {
        method: 'POST',
        url: '/order',
        body: '{"count":1}',
        headers: { 'content-type': 'application/json', 'content-length': '11', 'x-shop': 'a' },
      },
    ]);
  });

  test("takes the caller's headers before the operation's own, however they are spelt", async () => {
    const received = await serve({});
    const build = () => ({ method: 'POST', path: '/', json: {}, headers: { 'X-Shop': 'a' } }) as const;
    await callerWith().call({ ...write, build }, { headers: { 'x-shop': 'b', 'Content-Type': 'text/x' } });
    expect(received[0]?.headers).toMatchObject({ 'x-shop': 'b', 'content-type': 'text/x' });
  });

  test('keeps a path prefix of the base URL', async () => {
    const received = await serve({});
    await callerWith({ baseUrl: `${server?.url}/prefix/` }).call(read);
    expect(received[0]?.url).toBe('/prefix/order');
  });

  test.each([
    ['text', () => 'a=1', 'a=1'],
    ['bytes', () => new TextEncoder().encode('bytes'), 'bytes'],
    ['a form', () => new URLSearchParams({ a: 'ё' }), 'a=%D1%91'],
    ['a stream', () => new Blob(['streamed']).stream(), 'streamed'],
  ])('sends %s as it is', async (_name, body, expected) => {
    const received = await serve({});
    await callerWith().call({ ...write, build: () => ({ method: 'POST', path: '/', body: body() }) });
    expect(received[0]?.body).toBe(expected);
  });

  test('sends a stream with the length that its sender knows', async () => {
    const received = await serve({});
    const body = new Blob(['known length']).stream();
    const headers = { 'content-length': '12' };
    await callerWith().call({ ...write, build: () => ({ method: 'POST', path: '/', headers, body }) });
    expect(received[0]).toMatchObject({ body: 'known length', headers: { 'content-length': '12' } });
  });

  test('sends a multipart form with its length', async () => {
    const received = await serve({});
    const body = new FormData();
    body.set('file', new Blob(['content']), 'name.txt');
    await callerWith().call({ ...write, build: () => ({ method: 'POST', path: '/', body }) });
    expect(received[0]?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
    expect(Number(received[0]?.headers['content-length'])).toBe(received[0]?.body.length);
    expect(received[0]?.body).toContain('filename="name.txt"');
  });

  test('gives integers beyond 2^53 as strings and anything that is not JSON as undefined', async () => {
    await serve({ body: '{"id":5741311803571721087}' }, { body: 'plain' }, { status: 204, body: '' });
    const caller = callerWith();
    expect((await caller.call(read)).data.json).toEqual({ id: '5741311803571721087' });
    expect((await caller.call(read)).data).toMatchObject({ json: undefined, text: 'plain' });
    expect((await caller.call(read)).data).toMatchObject({ json: undefined, text: '' });
  });

  test('uses the global fetch of the moment, so that tests may replace it', async () => {
    const caller = callerWith({ baseUrl: 'http://127.0.0.1:9' });
    const original = globalThis.fetch;
    globalThis.fetch = async () => new Response('"replaced"');
    try {
      expect((await caller.call(read)).data.json).toBe('replaced');
    } finally {
      globalThis.fetch = original;
    }
  });

  test('refuses a misspelt option by name before anything is sent', async () => {
    const received = await serve({});
    const error = await failureOf(callerWith().call(read, { timoutMs: 5 } as object));
    expect(error).toMatchObject({ code: 'invalid_input', field: 'timoutMs', operation: 'getOrder' });
    expect(error.message).toContain('`timeoutMs`');
    expect(received).toHaveLength(0);
  });
});

describe('a failed call is repeated', () => {
  test('when the provider failed and the operation is idempotent', async () => {
    const received = await serve({ status: 500 }, { status: 502 }, {});
    expect(await callerWith().call(read)).toMatchObject({ attempts: 3, status: 200 });
    expect(received).toHaveLength(3);
  });

  test('not when the operation is not idempotent and the provider may have acted', async () => {
    const received = await serve({ status: 500 });
    expect(await failureOf(callerWith().call(write))).toMatchObject({
      code: 'upstream_error',
      outcome: 'unknown',
      retryable: true,
      attempts: 1,
      service: 'shop',
      operation: 'placeOrder',
      status: 500,
    });
    expect(received).toHaveLength(1);
  });

  test('when the provider certainly did not act, even if the operation is not idempotent', async () => {
    const received = await serve({ status: 429, headers: { 'retry-after': '0' } }, {});
    expect(await callerWith().call(write)).toMatchObject({ attempts: 2 });
    expect(received).toHaveLength(2);
  });

  test('not when its body can be read only once', async () => {
    const received = await serve({ status: 500 });
    expect(await failureOf(callerWith().call({ ...read, replayable: false }))).toMatchObject({ attempts: 1 });
    expect(received).toHaveLength(1);
  });

  test('not when repeating cannot help', async () => {
    const received = await serve({ status: 400 });
    expect(await failureOf(callerWith().call(read))).toMatchObject({ code: 'rejected', retryable: false });
    expect(received).toHaveLength(1);
  });

  test('as often as `retries` says, the call before the client', async () => {
    const received = await serve({ status: 500 });
    expect(await failureOf(callerWith({ retries: 1 }).call(read))).toMatchObject({ attempts: 2 });
    expect(await failureOf(callerWith({ retries: 1 }).call(read, { retries: 0 }))).toMatchObject({
      attempts: 1,
    });
    expect(received).toHaveLength(3);
  });

  test('with a request that is built anew', async () => {
    const received = await serve({ status: 500 }, {});
    let built = 0;
    await callerWith().call({ ...read, build: () => ({ method: 'GET', path: `/${++built}` }) });
    expect(received.map(({ url }) => url)).toEqual(['/1', '/2']);
  });

  test('and its outcome stays unknown once any attempt was', async () => {
    await serve({ status: 500 }, { status: 429, headers: { 'retry-after': '60' } });
    expect(await failureOf(callerWith().call(read))).toMatchObject({
      code: 'rate_limited',
      outcome: 'unknown',
      attempts: 2,
      retryAfterMs: 60_000,
    });
  });
});

describe('Retry-After', () => {
  test('is waited for in full when it fits the deadline', async () => {
    const received = await serve({ status: 503, headers: { 'retry-after': '0.3' } }, {});
    const startedAt = performance.now();
    await callerWith().call(read);
    expect(performance.now() - startedAt).toBeGreaterThan(295);
    expect(received).toHaveLength(2);
  });

  test('fails the call at once when it does not fit', async () => {
    await serve({ status: 503, headers: { 'retry-after': '3' } });
    const startedAt = performance.now();
    expect(await failureOf(callerWith().call(read, { deadlineMs: 2_000 }))).toMatchObject({
      code: 'upstream_error',
      retryAfterMs: 3_000,
      attempts: 1,
    });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  test('may be a date', async () => {
    await serve({ status: 503, headers: { 'retry-after': new Date(Date.now() + 60_000).toUTCString() } });
    const { retryAfterMs } = await failureOf(callerWith().call(read));
    expect(retryAfterMs).toBeGreaterThan(57_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });
});

describe('a rate limit of the provider', () => {
  const limits = [
    { key: 'all', limit: 100, intervalMs: 100 },
    { key: 'chat:1', limit: 100, intervalMs: 100 },
  ];

  test('pauses the keys of the call for every caller', async () => {
    const received = await serve({ status: 429, headers: { 'retry-after': '60' } }, {});
    const caller = callerWith();
    await failureOf(caller.call({ ...write, limits }));
    const other = await failureOf(caller.call({ ...write, limits: limits.slice(0, 1) }));
    expect(other).toMatchObject({ code: 'rate_limited', attempts: 0, outcome: 'not_executed' });
    expect(other.retryAfterMs).toBeGreaterThan(59_000);
    expect(received).toHaveLength(1);
  });

  test.each([
    ['names', ['chat:1']],
    ['picks', (key: string) => key.startsWith('chat:')],
  ])('pauses only the keys that the failure %s', async (_how, pause) => {
    const received = await serve({ status: 429, headers: { 'retry-after': '60' } }, {});
    const caller = callerWith(
      {},
      {
        classify: ({ status }) =>
          status === 429 ? { code: 'rate_limited', message: 'Slow down', pause } : undefined,
      },
    );
    await failureOf(caller.call({ ...write, limits }));
    await caller.call({ ...write, limits: limits.slice(0, 1) });
    expect(received).toHaveLength(2);
  });

  test('counts as five seconds where the provider names no time', async () => {
    await serve({ status: 429 });
    expect(await failureOf(callerWith().call(write, { deadlineMs: 4_000 }))).toMatchObject({
      retryAfterMs: 5_000,
    });
  });
});

describe('an answer', () => {
  test.each([301, 302, 303, 307, 308])('with a redirect (%i) is not followed', async (status) => {
    const received = await serve({ status, headers: { location: '/secret-place' } });
    const error = await failureOf(callerWith().call(read));
    expect(error).toMatchObject({ code: 'rejected', field: 'baseUrl', status, retryable: false });
    expect(error.outcome).toBe(status === 302 || status === 303 ? 'unknown' : 'not_executed');
    expect(received).toHaveLength(1);
  });

  test('of HTML where JSON is due is a gateway error', async () => {
    await serve({ body: '\n<!doctype html><title>Bad gateway</title>' });
    expect(await failureOf(callerWith().call(write))).toMatchObject({ code: 'upstream_error' });
  });

  test.each([
    ['a declared length', { 'content-length': '2000' }],
    ['no declared length', { 'transfer-encoding': 'chunked' }],
  ])('that is too large is refused, with %s', async (_name, headers) => {
    await serve({ headers, body: 'x'.repeat(2_000) });
    const call = callerWith().call({ ...read, maxResponseBytes: 1_999 });
    expect(await failureOf(call)).toMatchObject({ code: 'invalid_response', retryable: false, attempts: 1 });
  });

  test('of exactly the largest size is read', async () => {
    await serve({ headers: { 'transfer-encoding': 'chunked' }, body: 'x'.repeat(2_000) });
    const { data } = await callerWith().call({ ...read, maxResponseBytes: 2_000 });
    expect(data.bytes).toHaveLength(2_000);
  });

  test('shows what the provider said, without secrets', async () => {
    const said = 'token tok-1234 of a@shop.example is not valid, call +380 67 123 45 67';
    await serve({ status: 400, body: JSON.stringify({ description: said }) });
    const error = await failureOf(callerWith({}, { secrets: () => ['tok-1234'] }).call(read));
    expect(error.provider).toMatchObject({ code: 400 });
    expect(error.provider?.message).toBe('token [secret] of [email] is not valid, call [number]');
  });
});

describe('requests in flight', () => {
  test('are never more than `maxConcurrent`, and go in order', async () => {
    let inFlight = 0;
    let most = 0;
    const order: string[] = [];
    server = await startHttp(({ url }, response) => {
      order.push(url);
      most = Math.max(most, ++inFlight);
      setTimeout(() => {
        inFlight--;
        response.end('{}');
      }, 5);
    });
    const caller = callerWith({ maxConcurrent: 3 });
    const paths = Array.from({ length: 30 }, (_, i) => `/${i}`);
    await Promise.all(paths.map((path) => caller.call({ ...read, build: () => ({ method: 'GET', path }) })));
    expect(most).toBe(3);
    expect(order).toHaveLength(30);
    expect(order.slice(0, 3).toSorted()).toEqual(['/0', '/1', '/2']);
    expect(order.at(-1)).toMatch(/^\/2[789]$/);
  });

  test('leave room for 10,000 that wait; further calls are refused at once', async () => {
    const answers: ((response: Response) => void)[] = [];
    const fetch = () => new Promise<Response>((resolve) => answers.push(resolve));
    const caller = callerWith({ fetch, baseUrl: 'http://127.0.0.1:9', maxConcurrent: 1 });
    const controller = new AbortController();
    const options = { signal: controller.signal };
    const calls = Array.from({ length: 10_001 }, () =>
      caller.call(read, options).catch((reason: unknown) => reason),
    );
    expect(await failureOf(caller.call(read))).toMatchObject({ code: 'overloaded', outcome: 'not_executed' });
    expect(answers).toHaveLength(1);
    controller.abort('stop');
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['stop']));
    const next = caller.call(read);
    await expect.poll(() => answers.length).toBe(2);
    answers[1]?.(new Response('{}'));
    expect(await next).toMatchObject({ status: 200 });
  }, 60_000);

  test('of long polling take no place', async () => {
    const held: (() => void)[] = [];
    server = await startHttp(({ url }, response) => {
      if (url === '/poll') held.push(() => response.end('{}'));
      else response.end('{}');
    });
    const caller = callerWith({ maxConcurrent: 1 });
    const polling = caller.call({ ...read, detached: true, build: () => ({ method: 'GET', path: '/poll' }) });
    expect(await caller.call(read)).toMatchObject({ status: 200 });
    for (const release of held) release();
    await polling;
  });
});

describe('foreign code in a call', () => {
  test('that builds the request and fails is told without its words', async () => {
    await serve({});
    const build = () => {
      throw new TypeError('secret words');
    };
    const error = await failureOf(callerWith().call({ ...read, build }));
    expect(error).toMatchObject({ code: 'invalid_input', outcome: 'not_executed', attempts: 0 });
    expect(error.message).not.toContain('secret');
  });

  test('that throws a CartieError is believed', async () => {
    await serve({});
    const build = () => {
      throw new CartieError('invalid_input', '`text` is too long', { field: 'text' });
    };
    expect(await failureOf(callerWith().call({ ...read, build }))).toMatchObject({
      message: '`text` is too long',
      field: 'text',
      service: 'shop',
      operation: 'getOrder',
    });
  });

  test('such as a limiter whose store has lost its answer leaves no doubt about the call', async () => {
    await serve({});
    const lost = new CartieError('storage_error', 'redis failed', { outcome: 'unknown', retryable: true });
    const limiter: Limiter = { acquire: () => Promise.reject(lost), pause: async () => undefined };
    const call = callerWith({ limiter, retries: 0 }).call({
      ...write,
      limits: [{ key: 'a', limit: 1, intervalMs: 1 }],
    });
    await expect(call).rejects.toMatchObject({
      code: 'storage_error',
      outcome: 'not_executed',
      retryable: true,
    });
  });

  test('such as a limiter whose store fails is a storage error', async () => {
    const received = await serve({});
    const limiter: Limiter = {
      acquire: async () => {
        throw new Error('redis://user:password@host');
      },
      pause: async () => undefined,
    };
    const error = await failureOf(
      callerWith({ limiter, retries: 0 }).call({ ...write, limits: [{ key: 'a', limit: 1, intervalMs: 1 }] }),
    );
    expect(error).toMatchObject({ code: 'storage_error', outcome: 'not_executed', attempts: 0 });
    expect(received).toHaveLength(0);
  });

  test.each(['a cycle', 'a BigInt'])('may give JSON with %s, which is refused', async (name) => {
    await serve({});
    const json: Record<string, unknown> = { big: name === 'a BigInt' ? 1n : undefined };
    if (name === 'a cycle') json.self = json;
    const error = await failureOf(
      callerWith().call({ ...write, build: () => ({ method: 'POST', path: '/', json }) }),
    );
    expect(error).toMatchObject({ code: 'invalid_input', attempts: 0, outcome: 'not_executed' });
  });

  test('that reads the answer and fails does not repeat the call', async () => {
    const received = await serve({});
    const error = await failureOf(
      callerWith(
        {},
        {
          classify: () => {
            throw new TypeError('secret words');
          },
        },
      ).call(read),
    );
    expect(error).toMatchObject({ code: 'invalid_response', outcome: 'unknown' });
    expect(received).toHaveLength(1);
  });
});

describe('events', () => {
  test('tell a call from start to end', async () => {
    await serve({ status: 500 }, {});
    const events: ClientEvent[] = [];
    await callerWith({ onEvent: (event) => events.push(event) }).call(read);
    expect(events.map(({ type }) => type)).toEqual([
      'call_started',
      'attempt_finished',
      'retry_scheduled',
      'attempt_finished',
      'call_finished',
    ]);
    expect(events[1]).toMatchObject({ attempt: 1, status: 500, code: 'upstream_error', service: 'shop' });
    expect(events[4]).toMatchObject({ attempts: 2, status: 200, code: 'ok', operation: 'getOrder' });
    expect(new Set(events.map((event) => 'callId' in event && event.callId)).size).toBe(1);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('broken');
      },
    ],
  ])('do not break a call when the listener %s', async (_name, onEvent) => {
    await serve({});
    expect(await callerWith({ onEvent }).call(read)).toMatchObject({ status: 200 });
  });
});
