import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that a webhook received. */
export interface Received {
  at: number;
  /** With its query. */
  url: string;
  headers: IncomingHttpHeaders;
  raw: string;
  // biome-ignore lint/suspicious/noExplicitAny: the tests look into updates of every kind.
  update: any;
}

/** How a webhook answers; `hang` never does. */
export type Reply =
  | { status?: number; headers?: Record<string, string>; body?: string; delayMs?: number }
  | 'hang';

/** A webhook on loopback that keeps what it gets. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly received: Received[];
  /** Requests that are being answered now, and the most at once. */
  readonly active: { now: number; most: number };
  /** Resolves once `count` requests have come. */
  got(count: number): Promise<void>;
}

/** Starts a {@link Receiver}; `reply` decides each answer. */
export async function startReceiver(
  reply: (received: Received, index: number) => Reply = () => ({}),
  port = 0,
): Promise<Receiver> {
  const received: Received[] = [];
  const active = { now: 0, most: 0 };
  const waiters: { count: number; resolve: () => void }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const raw = Buffer.concat(chunks).toString('utf8');
      const update = raw === '' ? undefined : JSON.parse(raw);
      const one = { at: Date.now(), url: request.url ?? '/', headers: request.headers, raw, update };
      received.push(one);
      for (const waiter of waiters) if (received.length >= waiter.count) waiter.resolve();
      const answer = reply(one, received.length - 1);
      if (answer === 'hang') return;
      active.now += 1;
      active.most = Math.max(active.most, active.now);
      setTimeout(() => {
        active.now -= 1;
        response.writeHead(answer.status ?? 200, answer.headers).end(answer.body ?? '');
      }, answer.delayMs ?? 0);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`,
    received,
    active,
    got: (count) =>
      received.length >= count
        ? Promise.resolve()
        : new Promise((resolve) => waiters.push({ count, resolve })),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
