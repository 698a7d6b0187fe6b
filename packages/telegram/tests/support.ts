import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CartieError, isCartieError } from '@cartie/core';

/** A request as it came over the wire. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** What a {@link startServer} answers: JSON for an object, else the text with this status; or nothing well. */
export type Reply =
  | { status?: number; headers?: Record<string, string>; json?: unknown; text?: string }
  | 'reset'
  | 'hang';

/** A server on loopback that answers what a test tells it to, and remembers what it got. */
export async function startServer(reply: (received: Received, n: number) => Reply | Promise<Reply>): Promise<{
  url: string;
  received: Received[];
  close(): Promise<void>;
}> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => request.socket.destroy());
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url = '', headers } = request;
    const one = { method, url, headers, body: Buffer.concat(chunks) };
    received.push(one);
    const given = await reply(one, received.length);
    if (given === 'hang') return;
    if (given === 'reset') {
      request.socket.resetAndDestroy();
      return;
    }
    const { status = 200, headers: own = {}, json, text } = given;
    response.writeHead(status, {
      'content-type': text === undefined ? 'application/json' : 'text/html',
      ...own,
    });
    response.end(text ?? JSON.stringify(json));
  }
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

/** `{ ok: true, result }` */
export const ok = (result: unknown): Reply => ({ json: { ok: true, result } });

/** Telegram's refusal. */
export const refusal = (error_code: number, description: string, parameters?: object): Reply => ({
  status: error_code,
  json: { ok: false, error_code, description, ...(parameters && { parameters }) },
});

/** The error that a call ends with; fails if it ends well or with another kind of error. */
export async function failureOf(call: Promise<unknown>): Promise<CartieError> {
  const thrown = await call.then(
    () => new Error('The call should have failed'),
    (error: unknown) => error,
  );
  if (!isCartieError(thrown)) throw thrown;
  return thrown;
}

/** Waits until `condition` holds. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what = 'the condition',
): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Waited too long for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A token of the right form that is nobody's. */
export const someToken = '123456:AAtest-token_that_is_nobodys_1234567';
