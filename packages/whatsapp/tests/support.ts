import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CartieError, isCartieError } from '@cartie/core';
import type { RunningSandbox, WhatsAppNumber, WhatsAppNumberOptions } from '@cartie/sandbox';
import { createWhatsAppClient, type WhatsAppClient, type WhatsAppClientOptions } from '../src/index.ts';

/** A request as it came over the wire. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  // biome-ignore lint/suspicious/noExplicitAny: bodies of every shape.
  readonly json: any;
}

/** What a {@link startGraph} answers. */
export type Reply =
  | { status?: number; headers?: Record<string, string>; json?: unknown; text?: string }
  | 'reset'
  | 'hang';

/** A server on loopback that answers as it is told and remembers what it got. */
export interface FakeGraph extends AsyncDisposable {
  readonly url: string;
  readonly received: Received[];
}

/** Starts a {@link FakeGraph}; without `reply` it accepts every message. */
export async function startGraph(
  reply: (received: Received, n: number) => Reply | Promise<Reply> = accepted,
): Promise<FakeGraph> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const isJson = request.headers['content-type']?.startsWith('application/json');
    const one = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      body,
      json: isJson ? JSON.parse(body.toString()) : undefined,
    };
    received.push(one);
    const given = await reply(one, received.length);
    if (given === 'hang') return;
    if (given === 'reset') return void request.socket.resetAndDestroy();
    response.writeHead(given.status ?? 200, {
      'content-type': given.text === undefined ? 'application/json' : 'text/html',
      ...given.headers,
    });
    response.end(given.text ?? JSON.stringify(given.json));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Meta accepts the message. */
function accepted(_received: Received, n: number): Reply {
  return {
    json: {
      messaging_product: 'whatsapp',
      contacts: [{ input: '380671234567', wa_id: '380671234567' }],
      messages: [{ id: `wamid.${n}` }],
    },
  };
}

/** Meta's refusal. */
export const refusal = (code: number, details = 'Details', status = 400): Reply => ({
  status,
  json: {
    error: {
      message: `(#${code}) Refused`,
      type: 'OAuthException',
      code,
      error_data: { messaging_product: 'whatsapp', details },
      fbtrace_id: 'Atrace1',
    },
  },
});

/** A client of a server that accepts everything at once. */
export const clientOf = (url: string, options: Partial<WhatsAppClientOptions> = {}): WhatsAppClient =>
  createWhatsAppClient({
    phoneNumberId: '1001',
    accessToken: 'EAAtest-token-of-nobody-0123456789',
    businessAccountId: '2002',
    appId: '3003',
    baseUrl: url,
    ...options,
  });

/** A client of a number of the sandbox. */
export function sandboxClient(
  sandbox: RunningSandbox,
  options: Partial<WhatsAppClientOptions> = {},
  numberOptions: WhatsAppNumberOptions = {},
): { number: WhatsAppNumber; client: WhatsAppClient } {
  const number = sandbox.whatsapp.createNumber(numberOptions);
  const client = createWhatsAppClient({
    phoneNumberId: number.phoneNumberId,
    businessAccountId: number.businessAccountId,
    appId: number.appId,
    accessToken: number.token,
    baseUrl: sandbox.whatsapp.apiUrl,
    ...options,
  });
  return { number, client };
}

/** The error that a promise ends with. */
export async function failureOf(promise: Promise<unknown>): Promise<CartieError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isCartieError(error)) throw new Error('It should have failed with a CartieError');
  return error;
}
