import type { Socket } from 'node:net';
import { inspect } from 'node:util';
import { Agent, request } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import { closedPort, startHttp, startTcp, type TestServer } from '../../../tests/support/http.ts';
import {
  type CallPlan,
  type ClientEvent,
  type ClientOptions,
  createCaller,
  isHtml,
  memoryLimiter,
  parseClientOptions,
  parseJson,
  resolveSecret,
  type Secret,
  secretSchema,
} from './index.ts';
import { undiciFetch } from './undici.ts';

const token = '987654321:zaphod-Tok3n_AAAAAAAAAAAA_zaphod-Tok';
const email = 'zaphod.person@zaphod-mail.example';
const phone = '+380 67 765 43 21';
const said = `token ${token} of ${email}, ${phone}, at https://zaphod-host.example/bot${token}`;

/** The canary in every spelling that could slip through, and parts that would do harm by themselves. */
const forbidden = [
  'zaphod',
  '987654321',
  encodeURIComponent(email),
  '765 43 21',
  '7654321',
  encodeURIComponent(phone),
  Buffer.from(token).toString('base64'),
];

function expectClean(where: string, value: unknown): void {
  const shown = [
    inspect(value, {
      depth: Number.POSITIVE_INFINITY,
      showHidden: true,
      getters: true,
      maxStringLength: null,
    }),
    JSON.stringify(value) ?? '',
    String(value),
  ];
  if (value instanceof Error) shown.push(value.message, value.stack ?? '', String(value.cause ?? ''));
  for (const text of shown) {
    for (const piece of forbidden) expect(text.toLowerCase(), where).not.toContain(piece.toLowerCase());
  }
}

const open: TestServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server[Symbol.asyncDispose]()));
});

async function http(status: number, headers: Record<string, string>, body: string): Promise<string> {
  const server = await startHttp((_request, response) => response.writeHead(status, headers).end(body));
  open.push(server);
  return server.url;
}

async function tcp(onData: (socket: Socket) => void): Promise<string> {
  const server = await startTcp((socket) => void socket.once('data', () => onData(socket)));
  open.push(server);
  return server.url;
}

interface ShopOptions extends ClientOptions {
  token: Secret;
}

/** A client as the integrations make them, with the canary in its path, headers and body. */
function clientWith(given: ShopOptions, events: ClientEvent[]) {
  const options = parseClientOptions<ShopOptions>(
    'shop',
    { ...given, onEvent: (event) => events.push(event) },
    { token: secretSchema },
  );
  const caller = createCaller({
    service: 'shop',
    baseUrl: 'https://shop.example',
    options,
    classify: (answer) => {
      if (isHtml(answer)) return { code: 'upstream_error', message: 'A gateway answered' };
      if (answer.status < 400) {
        parseJson(answer.text);
        return undefined;
      }
      const code =
        answer.status === 429 ? 'rate_limited' : answer.status >= 500 ? 'upstream_error' : 'rejected';
      const provider = { code: answer.text, subcode: answer.text, message: answer.text };
      return { code, message: 'The provider said no', provider, field: answer.text };
    },
    requestId: ({ headers }) => headers.get('x-request-id') ?? undefined,
    secrets: () => (typeof given.token === 'string' ? [given.token] : [token]),
  });
  return { caller, options };
}

const plan = (secret: Secret): CallPlan => ({
  operation: 'notify',
  idempotent: true,
  limits: [{ key: `person:${phone}`, limit: 5, intervalMs: 1_000 }],
  build: async () => {
    const value = await resolveSecret(secret, 'token');
    return {
      method: 'POST',
      path: `/bot${value}/notify?email=${encodeURIComponent(email)}`,
      headers: { authorization: `Bearer ${value}`, 'x-email': email },
      json: { email, phone, token },
    };
  },
});

interface Failing {
  readonly baseUrl?: (() => Promise<string>) | undefined;
  readonly options?: Partial<ShopOptions> | undefined;
  readonly call?: object | undefined;
  readonly plan?: Partial<CallPlan> | undefined;
  readonly code: string | undefined;
}

const never = new Promise<never>(() => undefined);

const failures: Record<string, Failing> = {
  'a refused connection': {
    baseUrl: async () => `http://127.0.0.1:${await closedPort()}`,
    code: 'connection_failed',
  },
  'a host that does not exist': {
    baseUrl: async () => `http://zaphod-${'x'.repeat(70)}/bot${token}`,
    code: 'connection_failed',
  },
  'a reset': { baseUrl: () => tcp((socket) => socket.resetAndDestroy()), code: 'connection_failed' },
  'a cut body': {
    baseUrl: () => tcp((socket) => socket.end(`HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n${said}`)),
    code: 'connection_failed',
  },
  'nonsense instead of HTTP': {
    baseUrl: () => tcp((socket) => socket.end(`${said}\r\n\r\n`)),
    code: 'connection_failed',
  },
  'a redirect': {
    baseUrl: () => http(302, { location: `/bot${token}?email=${email}` }, said),
    code: 'rejected',
  },
  'a 400': { baseUrl: () => http(400, {}, said), code: 'rejected' },
  'a 401 in JSON': { baseUrl: () => http(401, {}, JSON.stringify({ description: said })), code: 'rejected' },
  'a 429': { baseUrl: () => http(429, { 'retry-after': '99' }, said), code: 'rate_limited' },
  'a 500': { baseUrl: () => http(500, {}, said), code: 'upstream_error' },
  'a request id that is the token': {
    baseUrl: () => http(500, { 'x-request-id': token }, ''),
    code: 'upstream_error',
  },
  'a reason phrase with the token': {
    baseUrl: () => tcp((socket) => socket.end(`HTTP/1.1 500 ${said}\r\ncontent-length: 0\r\n\r\n`)),
    code: 'upstream_error',
  },
  'a page of HTML': { baseUrl: () => http(200, {}, `<html>${said}</html>`), code: 'upstream_error' },
  'an answer that is not JSON': { baseUrl: () => http(200, {}, said), code: 'invalid_response' },
  'an answer that is too large': {
    baseUrl: () => http(200, {}, said),
    plan: { maxResponseBytes: 3 },
    code: 'invalid_response',
  },
  'no answer in time': { baseUrl: () => tcp(() => undefined), call: { timeoutMs: 30 }, code: 'timeout' },
  'a deadline while it waits for the rate': {
    baseUrl: () => http(200, {}, '{}'),
    options: { limiter: { acquire: () => never, pause: async () => undefined } },
    call: { deadlineMs: 30 },
    code: 'timeout',
  },
  'a rate that is paused': {
    baseUrl: () => http(200, {}, '{}'),
    options: { limiter: pausedLimiter() },
    code: 'rate_limited',
  },
  'a limiter that fails': {
    options: { limiter: { acquire: () => Promise.reject(new Error(said)), pause: async () => undefined } },
    code: 'storage_error',
  },
  'an open circuit': {
    options: {
      breaker: {
        state: 'open',
        retryAfterMs: 100,
        run: () => never,
        onChange: () => () => undefined,
      },
    },
    code: 'circuit_open',
  },
  'an abort': {
    baseUrl: () => tcp(() => undefined),
    call: { signal: AbortSignal.timeout(30) },
    code: undefined,
  },
  'a header that HTTP does not allow': {
    call: { headers: { 'x-note': `a\n${said}` } },
    code: 'invalid_input',
  },
  'a header name that HTTP does not allow': { call: { headers: { [said]: 'x' } }, code: 'invalid_input' },
  'a header that is no Latin text': { call: { headers: { 'x-note': `Оля ${said}` } }, code: 'invalid_input' },
  'a token that HTTP does not allow': { options: { token: `${token}\n${token}` }, code: 'invalid_input' },
  'a call option that does not exist': { call: { [said]: said }, code: 'invalid_input' },
  'a call option of the wrong kind': { call: { timeoutMs: said, signal: said }, code: 'invalid_input' },
  'a secret whose function throws': {
    options: {
      token: () => {
        throw new Error(said);
      },
    },
    code: 'invalid_config',
  },
  'a secret that is no text': { options: { token: (() => ({ said })) as never }, code: 'invalid_config' },
  'a request that cannot be written as JSON': {
    plan: { build: () => ({ method: 'POST', path: '/', json: { said, [said]: 1n } }) },
    code: 'invalid_input',
  },
  'a request whose builder throws': {
    plan: {
      build: () => {
        throw Object.assign(new Error(said, { cause: said }), { said });
      },
    },
    code: 'invalid_input',
  },
  'a fetch that throws anything': {
    options: { fetch: () => Promise.reject(Object.assign(new Error(said, { cause: { said } }), { said })) },
    code: 'connection_failed',
  },
  'a fetch that throws at once': {
    options: {
      fetch: () => {
        throw said;
      },
    },
    code: 'connection_failed',
  },
};

function pausedLimiter() {
  const limiter = memoryLimiter();
  void limiter.pause(`person:${phone}`, 60_000);
  return limiter;
}

const fetches = { 'global fetch': undefined, undiciFetch: undiciFetch({ request, dispatcher: new Agent() }) };

describe.each(Object.entries(fetches))('with %s', (_name, fetch) => {
  test.each(Object.entries(failures))('%s shows nothing of the canary', async (name, failing) => {
    const events: ClientEvent[] = [];
    const given: ShopOptions = {
      token,
      retries: 1,
      fetch,
      baseUrl: (await failing.baseUrl?.()) ?? `http://127.0.0.1:${await closedPort()}/${token}`,
      ...failing.options,
    };
    const { caller } = clientWith(given, events);
    const error = await caller.call({ ...plan(given.token), ...failing.plan }, { ...failing.call }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(Error);
    expect((error as { code?: unknown }).code).toBe(failing.code ?? 23);
    expectClean(`the error of ${name}`, error);
    expectClean(`the events of ${name}`, events);
    expectClean(`the client of ${name}`, caller);
  });
});

describe('a client that is not made because of its options', () => {
  test.each([
    ['a base URL', { baseUrl: said }],
    ['a base URL with a password', { baseUrl: `https://user:${token}@host.example` }],
    ['a base URL with a query', { baseUrl: `https://host.example/?token=${token}` }],
    ['a token', { token: { said } }],
    ['a number', { timeoutMs: said }],
    ['a breaker', { breaker: { threshold: said } }],
    ['a field of a breaker', { breaker: { [said]: 1 } }],
    ['a limiter', { limiter: said }],
    ['a field that does not exist', { [said]: said }],
    ['a field that is the token', { [token]: 1 }],
  ])('shows nothing of the canary in %s', (_name, options) => {
    const events: ClientEvent[] = [];
    try {
      clientWith({ token, ...options } as ShopOptions, events);
    } catch (error) {
      expectClean('the error', error);
      return;
    }
    throw new Error('the client was made');
  });
});
