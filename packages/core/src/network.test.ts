import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Agent, request } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import { closedPort, startHttp, startTcp, type TestServer } from '../../../tests/support/http.ts';
import { CartieError, createCaller } from './index.ts';
import { undiciFetch } from './undici.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each[Symbol.asyncDispose]()));
});

async function keep(server: Promise<TestServer>): Promise<TestServer> {
  open.push(await server);
  return server;
}

// No name server is asked about a label of more than 63 letters.
const unknownHost = `http://${'x'.repeat(70)}/`;

const fetches = [
  ['the global fetch', undefined],
  ['undiciFetch', undiciFetch({ request, dispatcher: new Agent({ connect: { timeout: 200 } }) })],
] as const;

describe.each(fetches)('over %s', (_name, fetch) => {
  async function call(baseUrl: string, timeoutMs = 2_000): Promise<unknown> {
    const caller = createCaller({
      service: 'shop',
      baseUrl,
      options: { fetch, retries: 0 },
      classify: () => undefined,
    });
    return caller
      .call(
        {
          operation: 'write',
          idempotent: false,
          build: () => ({ method: 'POST', path: '/order', json: { count: 1 } }),
        },
        { timeoutMs },
      )
      .then(
        ({ data }) => data.text,
        (error: unknown) => error,
      );
  }

  describe('a failure to connect is certainly not executed:', () => {
    test.each([
      ['refused', async () => `http://127.0.0.1:${await closedPort()}`, /: it was refused \(ECONNREFUSED\)$/],
      [
        'an unknown host',
        async () => unknownHost,
        /: the name of the host|: nobody knows the name of the host/,
      ],
      [
        'refused on every address of a name',
        async () => `http://localhost:${await closedPort()}`,
        /: it was refused \(ECONNREFUSED\)$/,
      ],
      [
        'a TLS handshake that fails',
        async () => {
          const server = createTlsServer();
          open.push({ [Symbol.asyncDispose]: async () => void server.close() });
          await once(server.listen(0, '127.0.0.1'), 'listening');
          return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
        },
        /: the host does not agree on TLS; is it https\? \(ERR_SSL_[\w/]+\)$/,
      ],
      [
        'TLS to a server that speaks none',
        async () => {
          const server = await keep(startTcp((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
          return `https://127.0.0.1:${server.port}`;
        },
        /: the host does not agree on TLS; is it https\? \(ERR_SSL_[\w/]+\)$/,
      ],
    ])('%s', async (_case, start, reason) => {
      const error = await call(await start());
      expect(error).toBeInstanceOf(CartieError);
      expect(error).toMatchObject({ code: 'connection_failed', outcome: 'not_executed', retryable: true });
      expect((error as CartieError).message).toMatch(/^No connection could be made/);
      expect((error as CartieError).message).toMatch(reason);
    });
  });

  describe('a failure after the request went out leaves its outcome unknown:', () => {
    test.each([
      ['reset', (socket: Socket) => socket.once('data', () => socket.resetAndDestroy())],
      ['closed without an answer', (socket: Socket) => socket.once('data', () => socket.end())],
      [
        'an answer that breaks off in its body',
        (socket: Socket) =>
          socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"half":')),
      ],
      [
        'a chunked answer that breaks off',
        (socket: Socket) =>
          socket.once('data', () =>
            socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"hal'),
          ),
      ],
      [
        'an answer that is no HTTP',
        (socket: Socket) => socket.once('data', () => socket.end('SSH-2.0-nonsense\r\n\r\n')),
      ],
    ])('%s', async (_case, onConnection) => {
      const server = await keep(startTcp(onConnection));
      expect(await call(server.url)).toMatchObject({
        code: 'connection_failed',
        outcome: 'unknown',
        attempts: 1,
      });
    });
  });

  test('a connection is used again, also after an error answer', async () => {
    const server = await keep(
      startHttp((_request, response) => response.writeHead(server.connections > 5 ? 200 : 500).end('text')),
    );
    for (let i = 0; i < 10; i++) expect(await call(server.url)).toBe('text');
    expect(server.connections).toBeLessThanOrEqual(2);
  });
});

test.each([
  [
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'not_executed',
    ': the certificate was not accepted (DEPTH_ZERO_SELF_SIGNED_CERT)',
  ],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'not_executed', ': the certificate is for another host'],
  ['CERT_HAS_EXPIRED', 'not_executed', ': the certificate was not accepted (CERT_HAS_EXPIRED)'],
  ['UND_ERR_CONNECT_TIMEOUT', 'not_executed', ': the host did not answer in time'],
  ['UND_ERR_SOCKET', 'unknown', 'before the answer was complete (UND_ERR_SOCKET)'],
  ['EPIPE', 'unknown', 'before the answer was complete (EPIPE)'],
  ['SOMETHING_NEW', 'unknown', /before the answer was complete$/],
])('the cause code %s means %s', async (code, outcome, words) => {
  const fetch = async () => {
    throw new TypeError('fetch failed', { cause: Object.assign(new Error('secret'), { code }) });
  };
  const caller = createCaller({
    service: 'shop',
    baseUrl: 'http://127.0.0.1:9',
    options: { fetch, retries: 0 },
    classify: () => undefined,
  });
  const plan = {
    operation: 'write',
    idempotent: false,
    build: () => ({ method: 'GET', path: '/' }) as const,
  };
  const thrown = await caller.call(plan).catch((error: unknown) => error);
  expect(thrown).toMatchObject({ code: 'connection_failed', outcome });
  expect(() => {
    throw thrown;
  }).toThrow(words);
});

test('a port that fetch refuses is a mistake in the options: nothing is sent, and no repetition helps', async () => {
  const caller = createCaller({
    service: 'shop',
    baseUrl: 'http://127.0.0.1:6000',
    options: {},
    classify: () => undefined,
  });
  const error = await caller
    .call({ operation: 'write', idempotent: true, build: () => ({ method: 'POST', path: '/order' }) })
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: 'invalid_config',
    field: 'baseUrl',
    outcome: 'not_executed',
    retryable: false,
    attempts: 1,
  });
});
