import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RequestHandler } from '@cartie/core';
import { toNodeListener } from '@cartie/core/node';
import type { RunningSandbox, SandboxSendPulseAccount } from '@cartie/sandbox';
import { createSendPulseClient, type SendPulseClient, type SendPulseOAuthOptions } from '../src/index.ts';

/** A client of this account at the sandbox, not paced unless it says so. */
export function clientOf(
  sandbox: RunningSandbox,
  { clientId, clientSecret }: SandboxSendPulseAccount,
  options: Partial<SendPulseOAuthOptions> = {},
): SendPulseClient {
  return createSendPulseClient({
    clientId,
    clientSecret,
    baseUrl: sandbox.sendpulse.apiUrl,
    requestsPerSecond: 100_000,
    requestsPerMinute: 1_000_000,
    ...options,
  });
}

/** All of a list. */
export async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** A server on loopback. */
export interface Listening {
  readonly url: string;
  close(): Promise<void>;
}

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

/** An address where nobody listens. */
export async function nobody(): Promise<string> {
  const { url, close } = await listen(() => undefined);
  await close();
  return url;
}

/** Serves a webhook; `url` is its address. */
export async function serve(webhook: RequestHandler): Promise<Listening> {
  return listen(toNodeListener(webhook));
}

/** What a fake SendPulse answers: JSON, else text; or nothing well. */
export type Reply =
  | { status?: number; headers?: Record<string, string>; json?: unknown; text?: string }
  | 'reset'
  | 'hang';

/** A SendPulse that gives tokens and answers everything else as a test tells it to. */
export async function startSendPulse(
  reply: (path: string) => Reply,
  token: () => Reply = () => ({
    json: { access_token: 'token-of-nobody-1234', token_type: 'Bearer', expires_in: 3_600 },
  }),
): Promise<Listening & { received: { method: string; path: string; body: string }[] }> {
  const received: { method: string; path: string; body: string }[] = [];
  const listening = await listen(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = request.url ?? '';
    received.push({ method: request.method ?? '', path, body: Buffer.concat(chunks).toString() });
    const given = path === '/oauth/access_token' ? token() : reply(path);
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
