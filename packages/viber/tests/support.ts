import { createHmac } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RequestHandler } from '@cartie/core';
import { toNodeListener } from '@cartie/core/node';

/** A token of Viber's form. */
export const authToken = '44dafb7e0f40021e-61a47a1e6778d187-f2c5a676a07050b3';

/** A server on loopback. */
export interface Listening {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts a server on a free port. */
async function listen(listener: RequestListener): Promise<Listening> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Serves a webhook; `url` is its address. */
export async function serve(webhook: RequestHandler): Promise<Listening> {
  return listen(toNodeListener(webhook));
}

/** What a fake Viber answers: JSON for an object, else text with this status; or nothing well. */
export type Reply =
  | { status?: number; headers?: Record<string, string>; json?: unknown; text?: string }
  | 'reset'
  | 'hang';

/** A Viber that answers what a test tells it to, and remembers what it got. */
export async function startViber(
  reply: (body: Record<string, unknown>, n: number) => Reply,
): Promise<Listening & { received: { path: string; body: string; token: unknown }[] }> {
  const received: { path: string; body: string; token: unknown }[] = [];
  const listening = await listen(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    received.push({ path: request.url ?? '', body, token: request.headers['x-viber-auth-token'] });
    const given = reply(JSON.parse(body) as Record<string, unknown>, received.length);
    if (given === 'hang') return;
    if (given === 'reset') {
      request.socket.resetAndDestroy();
      return;
    }
    const { status = 200, headers, json, text } = given;
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(text ?? JSON.stringify(json));
  });
  return { ...listening, received };
}

/** The signature of a body, as Viber makes it. */
export function sign(body: string | Uint8Array, token: string = authToken): string {
  return createHmac('sha256', token).update(body).digest('hex');
}

/** Posts a signed callback. */
export function post(url: string, body: string, token?: string): Promise<Response> {
  return fetch(url, { method: 'POST', body, headers: { 'x-viber-content-signature': sign(body, token) } });
}
