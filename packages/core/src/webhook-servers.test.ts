import { createHmac } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toFastifyPlugin } from './fastify.ts';
import {
  CartieError,
  type ClientEvent,
  createWebhookHandler,
  type RequestHandler,
  verifyHmacSha256,
} from './index.ts';
import { toNodeListener } from './node.ts';

const secret = 'a secret of the tests';
const path = '/hooks/test';
const maxBodyBytes = 100_000;
const sign = (body: string | Uint8Array): string => createHmac('sha256', secret).update(body).digest('hex');

type Received = Extract<ClientEvent, { type: 'webhook_received' }>;
let events: Received[] = [];
let taken: unknown[] = [];
let work: (() => Promise<void>) | undefined;

const handler = createWebhookHandler<{ id: number }>({
  service: 'test',
  verify: ({ bytes, headers }) =>
    verifyHmacSha256({ secrets: secret, signature: headers.get('X-Signature'), bytes }),
  parse: (bytes) => {
    const payload = JSON.parse(Buffer.from(bytes).toString()) as { id: number };
    return [{ source: 'test:1', id: String(payload.id), kind: 'item', orderKey: 'one', payload }];
  },
  onUpdate: async ({ payload }) => {
    await work?.();
    taken.push(payload);
  },
  onGet: ({ query }) => ({ status: 200, body: query.get('challenge') ?? '' }),
  onEvent: (event) => events.push(event as Received),
  maxBodyBytes,
  bodyTimeoutMs: 500,
  timeoutMs: 5_000,
  maxInFlight: 4,
});
// A handler of the app's own around it: the way through web Requests.
const wrapped: RequestHandler = (request) => handler(request);

interface Running {
  readonly port: number;
  stop(): Promise<void>;
}

async function listen(server: Server): Promise<Running> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function fastify(mounted: RequestHandler): Promise<Running> {
  const app = Fastify();
  app.register(toFastifyPlugin(mounted), { prefix: path });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return { port: (app.server.address() as AddressInfo).port, stop: () => app.close() };
}

const servers: Record<string, () => Promise<Running>> = {
  'node:http': () => listen(createServer(toNodeListener(handler))),
  'node:http, wrapped': () => listen(createServer(toNodeListener(wrapped))),
  'Express 5': () => listen(createServer(express().all(path, toNodeListener(handler)) as RequestListener)),
  'Express 5, wrapped': () =>
    listen(createServer(express().all(path, toNodeListener(wrapped)) as RequestListener)),
  'Fastify 5': () => fastify(handler),
  'Fastify 5, wrapped': () => fastify(wrapped),
  'Hono on node-server': () => {
    const app = new Hono().all(path, (c) => handler(c.req.raw));
    return listen(createAdaptorServer({ fetch: app.fetch }) as Server);
  },
  'node-server alone': () => listen(createAdaptorServer({ fetch: handler }) as Server),
};

describe.each(Object.entries(servers))('a webhook on %s', (_, start) => {
  let running: Running;
  let url: string;
  beforeAll(async () => {
    running = await start();
    url = `http://127.0.0.1:${running.port}${path}`;
  });
  afterAll(() => running.stop());

  function post(body: string | Buffer<ArrayBuffer>, headers: Record<string, string> = {}): Promise<Response> {
    events = [];
    taken = [];
    return fetch(url, { method: 'POST', body, headers: { 'x-signature': sign(body), ...headers } });
  }

  /** Sends raw bytes piece by piece and gives the status of the answer, or why there was none. */
  function raw(pieces: readonly string[], { pauseMs = 0, cut = false } = {}): Promise<number | 'closed'> {
    events = [];
    taken = [];
    return new Promise((resolve) => {
      const socket = connect(running.port, '127.0.0.1');
      let answer = '';
      socket.on('data', (data) => {
        answer += data.toString('latin1');
        if (answer.includes('\r\n\r\n')) socket.destroy();
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(answer === '' ? 'closed' : Number(answer.slice(9, 12))));
      socket.on('connect', async () => {
        for (const piece of pieces) {
          socket.write(piece);
          await new Promise((next) => setTimeout(next, pauseMs));
        }
        if (cut) socket.destroy();
      });
    });
  }

  const head = (lines: readonly string[], method = 'POST'): string =>
    [`${method} ${path} HTTP/1.1`, 'Host: localhost', ...lines, '', ''].join('\r\n');

  it('takes a signed update, whatever the content type says', async () => {
    const body = '{"id":1,"text":"Привіт"}';
    for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'nonsense']) {
      const response = await post(body, { 'content-type': type });
      expect([type, response.status, await response.text()]).toEqual([type, 200, '']);
      expect(taken).toEqual([{ id: 1, text: 'Привіт' }]);
      expect(events).toEqual([expect.objectContaining({ status: 200, code: 'ok', updates: 1 })]);
    }
    const bare = `Content-Length: ${Buffer.byteLength(body)}`;
    expect(await raw([head([bare, `X-Signature: ${sign(body)}`]), body])).toBe(200);
    expect(taken).toHaveLength(1);
  });

  it('takes a chunked update that comes in pieces', async () => {
    const body = '{"id":2}';
    const chunks = [...body].map((char) => `1\r\n${char}\r\n`);
    const lines = ['Transfer-Encoding: chunked', `X-Signature: ${sign(body)}`];
    expect(await raw([head(lines), ...chunks, '0\r\n\r\n'], { pauseMs: 2 })).toBe(200);
    expect(taken).toEqual([{ id: 2 }]);
  });

  it('refuses a wrong signature, a missing one and one sent twice', async () => {
    const body = '{"id":3}';
    expect((await post(body, { 'x-signature': sign(`${body} `) })).status).toBe(401);
    expect((await post(body, { 'x-signature': '' })).status).toBe(401);
    const twice = [`X-Signature: ${sign(body)}`, `X-Signature: ${sign(body)}`];
    expect(await raw([head([`Content-Length: ${body.length}`, ...twice]), body])).toBe(401);
    expect(taken).toEqual([]);
  });

  it('refuses a signed body that is not JSON', async () => {
    const response = await post('{"id":');
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toMatch(/^application\/json\b/);
    expect((await post(Buffer.from([0xff, 0xfe, 0]))).status).toBe(400);
    expect((await post('')).status).toBe(400);
  });

  it('refuses a body over the limit, declared or not, and goes on serving', async () => {
    const large = `{"id":4,"x":"${'x'.repeat(maxBodyBytes)}"}`;
    expect((await post(large)).status).toBe(413);
    events = [];
    const stream = new Blob([large.repeat(20)]).stream();
    const chunked = await fetch(url, { method: 'POST', body: stream, duplex: 'half' } as RequestInit);
    expect(chunked.status).toBe(413);
    expect(events).toHaveLength(1);
    expect(await raw([head(['Content-Length: 99999999999']), 'x'])).toBe(413);
    expect((await post('{"id":4}')).status).toBe(200);
  });

  it('refuses a body that comes too slowly', async () => {
    const statuses = await Promise.all([
      raw([head(['Content-Length: 50']), '{"id"']),
      raw([head(['Transfer-Encoding: chunked']), '1\r\n{\r\n']),
    ]);
    expect(statuses).toEqual([408, 408]);
    expect(events).toEqual(Array(2).fill(expect.objectContaining({ status: 408, code: 'timeout' })));
  });

  it('survives a body that is cut off', async () => {
    for (const lines of [['Content-Length: 50'], ['Transfer-Encoding: chunked']]) {
      expect(await raw([head(lines), '2\r\n{"\r\n'], { pauseMs: 20, cut: true })).toBe('closed');
      await expect
        .poll(() => events, { timeout: 10_000 })
        .toEqual([expect.objectContaining({ status: 400, code: 'connection_failed' })]);
    }
    expect((await post('{"id":5}')).status).toBe(200);
  });

  it('answers the handshake by GET, and no other method', async () => {
    const handshake = await fetch(`${url}?challenge=42`);
    expect([handshake.status, await handshake.text()]).toEqual([200, '42']);
    for (const method of ['PUT', 'DELETE', 'PATCH']) {
      const response = await fetch(url, { method, body: '{}' });
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, POST']);
    }
    const head = await fetch(url, { method: 'HEAD' });
    expect(head.status).toBe(405);
  });

  it('parts with a sender whose body it does not want', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      // Long before Node itself gives up on the connection.
      setTimeout(reject, 2_500, new Error('still connected')).unref();
      const socket = connect(running.port, '127.0.0.1', () =>
        socket.write(`${head(['Content-Length: 50'], 'PUT')}{"`),
      );
      let received = '';
      socket.on('data', (data) => {
        received += data.toString('latin1');
      });
      socket.on('close', () => resolve(received));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 405 /);
  });

  it('answers 503 with Retry-After above its bound, and takes the rest when they are sent again', async () => {
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    work = () => gate;
    try {
      const body = '{"id":6}';
      const answers = Array.from({ length: 10 }, () => post(body));
      const refused: Response[] = [];
      for (const answer of answers)
        void answer.then((response) => response.status === 503 && refused.push(response));
      await expect.poll(() => refused, { timeout: 10_000 }).toHaveLength(6);
      expect(refused.map((response) => response.headers.get('retry-after'))).toEqual(Array(6).fill('1'));
      release();
      const statuses = (await Promise.all(answers)).map(({ status }) => status).sort();
      expect(statuses).toEqual([200, 200, 200, 200, 503, 503, 503, 503, 503, 503]);
      expect((await post(body)).status).toBe(200);
    } finally {
      work = undefined;
    }
  });

  it('tells the provider to come back when the store is down', async () => {
    work = async () => {
      throw new CartieError('storage_error', 'Down');
    };
    try {
      const response = await post('{"id":7}');
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    } finally {
      work = undefined;
    }
  });

  it('serves many on one connection', async () => {
    const body = '{"id":8}';
    const one = head([`Content-Length: ${body.length}`, `X-Signature: ${sign(body)}`]) + body;
    events = [];
    const statuses = await new Promise<string[]>((resolve) => {
      const socket = connect(running.port, '127.0.0.1');
      let answer = '';
      socket.on('data', (data) => {
        answer += data.toString('latin1');
        const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => String(status));
        if (statuses.length < 20) socket.write(one);
        else {
          socket.destroy();
          resolve(statuses);
        }
      });
      socket.write(one);
    });
    expect(statuses).toEqual(Array(20).fill('200'));
  });
});

describe('a body that a parser read first', () => {
  const body = '{"id":9}';
  const request = {
    method: 'POST',
    body,
    headers: { 'x-signature': sign(body), 'content-type': 'application/json' },
  };

  async function answerOf(listener: RequestListener): Promise<Response> {
    events = [];
    taken = [];
    const { port, stop } = await listen(createServer(listener));
    try {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, request);
      return new Response(await response.text(), { status: response.status });
    } finally {
      await stop();
    }
  }

  it('is not there where nothing is mounted', () => {
    const noHandler = expect.objectContaining({ code: 'invalid_config', field: 'handler' });
    expect(() => toNodeListener(undefined as never)).toThrow(noHandler);
    expect(() => toFastifyPlugin({} as never)).toThrow(noHandler);
  });

  it.each([
    ['express.json()', express.json(), handler],
    ['express.json(), wrapped', express.json(), wrapped],
    ['express.text()', express.text({ type: '*/*' }), handler],
  ])('is refused with the way to fix it: %s', async (_, parser, mounted) => {
    const response = await answerOf(
      express().use(parser).all(path, toNodeListener(mounted)) as RequestListener,
    );
    expect(response.status).toBe(500);
    expect(await response.text()).toContain('express.raw(');
    expect(events[0]).toMatchObject({
      status: 500,
      code: 'invalid_config',
      message: expect.stringContaining('before any body parser'),
    });
  });

  it('is used when the raw bytes were kept: express.raw()', async () => {
    const app = express().all(path, express.raw({ type: '*/*' }), toNodeListener(handler));
    expect((await answerOf(app as RequestListener)).status).toBe(200);
    expect(taken).toEqual([{ id: 9 }]);
  });

  it('is used when the raw bytes were kept: req.rawBody', async () => {
    const keep = express.json({
      verify: (request, _response, bytes) => {
        (request as { rawBody?: Buffer }).rawBody = bytes;
      },
    });
    for (const mounted of [handler, wrapped]) {
      const app = express().use(keep).all(path, toNodeListener(mounted));
      expect((await answerOf(app as RequestListener)).status).toBe(200);
      expect(taken).toEqual([{ id: 9 }]);
    }
  });

  it('is not needed on Fastify, whose parsers come later', async () => {
    const app = Fastify();
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'string' }, (_request, _body, done) =>
      done(new Error('not reached')),
    );
    app.register(toFastifyPlugin(handler), { prefix: path });
    await app.listen({ port: 0, host: '127.0.0.1' });
    try {
      const response = await fetch(
        `http://127.0.0.1:${(app.server.address() as AddressInfo).port}${path}`,
        request,
      );
      expect(response.status).toBe(200);
    } finally {
      await app.close();
    }
  });
});
