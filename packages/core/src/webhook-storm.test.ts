import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createAdaptorServer } from '@hono/node-server';
import { describe, expect, it } from 'vitest';
import { createWebhookHandler, parseJson, type Update, verifyHmacSha256 } from './index.ts';
import { toNodeListener } from './node.ts';

const secret = 'a secret of the tests';
const maxBodyBytes = 50_000;
const sign = (body: string): string => createHmac('sha256', secret).update(body).digest('hex');

const post = (body: string, headers: readonly string[], path = '/'): string =>
  [
    `POST ${path} HTTP/1.1`,
    'Host: localhost',
    ...headers,
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
const signed = (body: string): string => post(body, [`X-Signature: ${sign(body)}`]);

// What goes wrong, as raw bytes, and which answers are right. `closed`: hung up without one.
const bad: Record<
  string,
  { text: (n: number) => string; right: readonly (number | 'closed')[]; end?: true }
> = {
  'bad JSON': { text: (n) => signed(`{"id":${n}`), right: [400] },
  'deep nesting': { text: () => signed('['.repeat(40_000)), right: [400] },
  'deep nesting, closed': {
    text: () => signed(`${'[{"a":'.repeat(5_000)}1${'}]'.repeat(5_000)}`),
    right: [400],
  },
  'wrong types': {
    text: (n) =>
      signed(['null', '7', '"x"', '[]', '{"id":{}}', '{"id":null}', '{"__proto__":1}'][n % 7] ?? ''),
    right: [400],
  },
  'not UTF-8': {
    text: () => post('\u00ff\u00fe', [`X-Signature: ${sign('\u00ff\u00fe')}`]),
    right: [400, 401],
  },
  'wrong secret': { text: (n) => post('{"id":1}', [`X-Signature: ${sign(String(n))}`]), right: [401] },
  'odd secret': { text: (n) => post('{"id":1}', [`X-Signature: ${'é'.repeat(n % 99)}`]), right: [401, 400] },
  'no secret': { text: () => post('{"id":1}', []), right: [401] },
  huge: { text: () => signed('x'.repeat(maxBodyBytes + 1)), right: [413] },
  'huge, chunked': {
    text: () =>
      `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${`2710\r\n${'x'.repeat(10_000)}\r\n`.repeat(6)}0\r\n\r\n`,
    right: [413],
  },
  'cut body': { text: () => post('{"id":1}', []).slice(0, -4), right: ['closed', 400, 408], end: true },
  'cut head': { text: () => 'POST / HTTP/1.1\r\nHost: loc', right: ['closed', 400], end: true },
  'slow body': { text: () => post('{"id":1}', []).slice(0, -4), right: [408] },
  'bad chunk': {
    text: () => 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    right: ['closed', 400],
  },
  'bad host': {
    text: () => 'POST / HTTP/1.1\r\nHost: a b/@c\r\nContent-Length: 2\r\n\r\n{}',
    right: [400, 401],
  },
  'no host': { text: () => 'POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}', right: [400] },
  'bad target': { text: () => post('{}', [], '//%zz\\..?%'), right: [400, 401] },
  'other method': { text: () => post('{}', []).replace('POST', 'PUT'), right: [405] },
  'both lengths': {
    text: () =>
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    right: [400],
  },
  'not HTTP': { text: (n) => `\u0000\u0001${n}\r\n\r\n`, right: [400] },
};

function exchange(port: number, text: string, end: boolean): Promise<number | 'closed'> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('latin1');
    socket.on('connect', () => (end ? socket.end(text) : socket.write(text)));
    socket.on('data', (data) => {
      answer += data;
      if (answer.includes('\r\n\r\n')) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer === '' ? 'closed' : Number(answer.slice(9, 12))));
  });
}

const handler = createWebhookHandler<{ id: number }>({
  service: 'test',
  verify: ({ bytes, headers }) =>
    verifyHmacSha256({ secrets: secret, signature: headers.get('x-signature'), bytes }),
  parse: (bytes): Update<{ id: number }>[] => {
    const payload = parseJson(bytes) as { id: number };
    if (typeof payload.id !== 'number') throw new TypeError('No id');
    return [{ source: 'test:1', id: String(payload.id), kind: 'item', orderKey: 'one', payload }];
  },
  onUpdate: async () => {},
  maxBodyBytes,
  bodyTimeoutMs: 1_500,
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe.each([
  ['node:http', () => createServer(toNodeListener(handler))],
  ['node-server', () => createAdaptorServer({ fetch: handler }) as Server],
])('a storm of malformed requests on %s', (_, create) => {
  it('gets 4xx for each, and neither stops the server nor fills its memory', async () => {
    const crashes: unknown[] = [];
    const onCrash = (error: unknown): void => void crashes.push(error);
    process.on('unhandledRejection', onCrash).on('uncaughtException', onCrash);
    const server = create();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const kinds = Object.entries(bad);

    async function storm(requests: number): Promise<Map<string, number>> {
      const wrong = new Map<string, number>();
      let next = 0;
      const sender = async (): Promise<void> => {
        for (let n = next++; n < requests; n = next++) {
          const [name, { text, right, end = false }] = kinds[n % kinds.length] as (typeof kinds)[number];
          const status = await exchange(port, text(n), end);
          if (!right.includes(status))
            wrong.set(`${name}: ${status}`, (wrong.get(`${name}: ${status}`) ?? 0) + 1);
        }
      };
      await Promise.all(Array.from({ length: 40 }, sender));
      return wrong;
    }

    try {
      await storm(400);
      collectGarbage();
      const before = process.memoryUsage().heapUsed;
      expect(Object.fromEntries(await storm(3_000))).toEqual({});
      expect(await exchange(port, signed('{"id":1}'), false)).toBe(200);
      collectGarbage();
      expect(process.memoryUsage().heapUsed - before).toBeLessThan(8 * 1024 * 1024);
      expect(crashes).toEqual([]);
    } finally {
      process.off('unhandledRejection', onCrash).off('uncaughtException', onCrash);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }, 60_000);
});
