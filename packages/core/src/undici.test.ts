import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { Agent, request } from 'undici';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { type ReceivedRequest, startHttp, startTcp, type TestServer } from '../../../tests/support/http.ts';
import { createCaller } from './index.ts';
import { undiciFetch } from './undici.ts';

const dispatcher = new Agent();
const fetch = undiciFetch({ request, dispatcher });
afterAll(() => dispatcher.close());

let server: TestServer;
afterEach(() => server[Symbol.asyncDispose]());

type Reply = { status?: number; headers?: Record<string, string | string[]>; body?: string | Uint8Array };

async function serve({
  status = 200,
  headers = {},
  body = '{"ok":true}',
}: Reply = {}): Promise<ReceivedRequest[]> {
  const received: ReceivedRequest[] = [];
  server = await startHttp((incoming, response) => {
    received.push(incoming);
    response.writeHead(status, headers).end(body);
  });
  return received;
}

describe('undiciFetch', () => {
  test('sends method, headers and a text', async () => {
    const received = await serve();
    await fetch(`${server.url}/path?a=1`, { method: 'POST', headers: { 'x-a': 'b\n' }, body: 'текст' });
    expect(received).toMatchObject([
      { method: 'POST', url: '/path?a=1', headers: { 'x-a': 'b', 'content-length': '10' }, body: 'текст' },
    ]);
  });

  test.each([
    ['bytes', () => new TextEncoder().encode('bytes'), 'bytes'],
    ['a URLSearchParams', () => new URLSearchParams({ a: '1 2' }), 'a=1+2'],
    ['a Blob', () => new Blob(['blob']), 'blob'],
    ['a stream', () => new Blob(['stream']).stream(), 'stream'],
  ])('sends %s', async (_name, body, expected) => {
    const received = await serve();
    await fetch(server.url, { method: 'PUT', body: body(), duplex: 'half' } as RequestInit);
    expect(received[0]?.body).toBe(expected);
  });

  test('sends a stream with the length that its sender knows', async () => {
    const received = await serve();
    const body = new Blob(['known length']).stream();
    const init = { method: 'POST', headers: { 'content-length': '12' }, body, duplex: 'half' } as RequestInit;
    await fetch(server.url, init);
    expect(received[0]).toMatchObject({ body: 'known length', headers: { 'content-length': '12' } });
    expect(received[0]?.headers['transfer-encoding']).toBeUndefined();
  });

  test('sends a form with files', async () => {
    const received = await serve();
    const body = new FormData();
    body.set('file', new Blob(['content'], { type: 'text/plain' }), 'name.txt');
    await fetch(server.url, { method: 'POST', body });
    expect(received[0]?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
    expect(Number(received[0]?.headers['content-length'])).toBe(received[0]?.body.length);
    expect(received[0]?.body).toContain('filename="name.txt"');
    expect(received[0]?.body).toContain('content');
  });

  test('takes a Request, a URL and Headers', async () => {
    const received = await serve();
    await fetch(new Request(server.url, { method: 'POST', body: 'first', headers: { 'x-n': '1' } }));
    await fetch(new URL(server.url), { headers: new Headers({ 'x-n': '2' }) });
    expect(received).toMatchObject([
      { method: 'POST', body: 'first', headers: { 'x-n': '1' } },
      { method: 'GET', body: '', headers: { 'x-n': '2' } },
    ]);
  });

  test('gives status, headers and every form of the body', async () => {
    await serve({
      status: 201,
      headers: { 'x-a': 'b', 'set-cookie': ['a=1', 'b=2'], 'content-type': 'application/json' },
    });
    const get = () => fetch(server.url);
    const response = await get();
    expect(response).toMatchObject({ status: 201, ok: true, bodyUsed: false });
    expect(response.headers.get('x-a')).toBe('b');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await response.json()).toEqual({ ok: true });
    expect(response.bodyUsed).toBe(true);
    expect(await (await get()).text()).toBe('{"ok":true}');
    expect(new TextDecoder().decode(await (await get()).arrayBuffer())).toBe('{"ok":true}');
    const { bytes } = (await get()) as Response & { bytes(): Promise<Uint8Array> };
    expect(new TextDecoder().decode(await bytes())).toBe('{"ok":true}');
    expect(await (await (await get()).blob()).text()).toBe('{"ok":true}');
    expect(await (await get()).clone().json()).toEqual({ ok: true });
    expect(await new Response((await get()).body).text()).toBe('{"ok":true}');
  });

  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('decodes %s, within the size limit of what comes out', async (encoding, compress) => {
    const text = JSON.stringify('x'.repeat(50_000));
    await serve({ headers: { 'content-encoding': encoding }, body: compress(text) });
    expect(await (await fetch(server.url)).text()).toBe(text);
    const caller = createCaller({
      service: 'shop',
      baseUrl: server.url,
      options: { fetch },
      classify: () => undefined,
    });
    const plan = {
      operation: 'read',
      idempotent: true,
      build: () => ({ method: 'GET', path: '/' }) as const,
    };
    expect((await caller.call(plan)).data.text).toBe(text);
    await expect(caller.call({ ...plan, maxResponseBytes: 10_000 })).rejects.toMatchObject({
      code: 'invalid_response',
      message: expect.stringContaining('larger'),
    });
  });

  test('gives an answer without a body', async () => {
    await serve({ status: 204, body: '' });
    const response = await fetch(server.url);
    expect(response.status).toBe(204);
    expect(await response.text()).toBe('');
    expect((await fetch(server.url)).body).toBeNull();
  });

  test('does not follow redirects', async () => {
    const received = await serve({ status: 302, headers: { location: '/other' } });
    expect((await fetch(server.url)).status).toBe(302);
    expect(received).toHaveLength(1);
  });

  test("rejects with the signal's reason, before and while it waits", async () => {
    server = await startTcp(() => undefined);
    await expect(fetch(server.url, { signal: AbortSignal.abort('before') })).rejects.toBe('before');
    const controller = new AbortController();
    setTimeout(() => controller.abort('while'), 20);
    await expect(fetch(server.url, { signal: controller.signal })).rejects.toBe('while');
  });

  test('closes the connection of a body that is cancelled', async () => {
    const closed = vi.fn();
    server = await startTcp((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nsome'));
      socket.on('close', closed);
    });
    const response = await fetch(server.url);
    await response.body?.cancel();
    await vi.waitFor(() => expect(closed).toHaveBeenCalled());
  });
});
