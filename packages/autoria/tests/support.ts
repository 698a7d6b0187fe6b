import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AutoRiaClient, AutoRiaClientOptions } from '../src/index.ts';
import { createAutoRiaClient } from '../src/index.ts';

/** A key of AUTO.RIA's form. */
export const apiKey = 'kSeGyrtObkWzQ0aYH7e4mX2cVn9Tq5LbJ8RdUf31';

/** What a fake AUTO.RIA answers: JSON for an object, else text with this status; or nothing well. */
export type Reply =
  | { status?: number; headers?: Record<string, string>; json?: unknown; text?: string }
  | 'reset'
  | 'hang';

/** A request as a fake AUTO.RIA got it. */
export interface Received {
  readonly method: string;
  readonly url: URL;
  readonly body: string;
}

/** An AUTO.RIA that answers what a test tells it to, and remembers what it got. */
export interface FakeAutoRia {
  readonly url: string;
  readonly received: Received[];
  close(): Promise<void>;
}

/** Starts a {@link FakeAutoRia}. */
export async function startAutoRia(reply: (request: Received, n: number) => Reply): Promise<FakeAutoRia> {
  const received: Received[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const request = await read(incoming);
    received.push(request);
    const given = reply(request, received.length);
    if (given === 'hang') return;
    if (given === 'reset') {
      incoming.socket.resetAndDestroy();
      return;
    }
    const { status = 200, headers, json, text } = given;
    outgoing.writeHead(status, { 'content-type': 'application/json', ...headers });
    outgoing.end(text ?? (json === undefined ? '' : JSON.stringify(json)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A client of a server of a test. */
export function clientOf(baseUrl: string, options: Partial<AutoRiaClientOptions> = {}): AutoRiaClient {
  return createAutoRiaClient({ apiKey, baseUrl, ...options });
}

/** What `promise` throws; fails where it does not. */
export async function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not throw');
}

/** All that a loop gives. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function read(incoming: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const url = new URL(incoming.url ?? '/', 'http://fake');
  return { method: incoming.method ?? '', url, body: Buffer.concat(chunks).toString() };
}
