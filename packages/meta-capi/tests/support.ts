import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MetaCapiClientOptions, MetaEvent } from '../src/index.ts';

/** A request as it came over the wire. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** The body's text. */
  readonly text: string;
  /** The events of the body. */
  readonly events: readonly Record<string, never>[];
}

/** What a {@link startMeta} answers. */
export type Reply =
  | { status?: number; headers?: Record<string, string>; json?: unknown; text?: string }
  | 'reset'
  | 'hang';

/** A server on loopback that answers as it is told and remembers what it got. */
export interface FakeMeta extends AsyncDisposable {
  readonly url: string;
  readonly received: Received[];
  /** Connections that were opened. */
  readonly connections: number;
}

/** Starts a {@link FakeMeta}; without `reply` it takes everything. */
export async function startMeta(
  reply: (received: Received, n: number) => Reply | Promise<Reply> = taken,
  port = 0,
): Promise<FakeMeta> {
  const received: Received[] = [];
  let connections = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url = '', headers } = request;
    const text = Buffer.concat(chunks).toString();
    const one = { method, url, headers, text, events: text === '' ? [] : (JSON.parse(text).data ?? []) };
    received.push(one);
    const given = await reply(one, received.length);
    if (given === 'hang') return;
    if (given === 'reset') return void request.socket.resetAndDestroy();
    const { status = 200, headers: own = {}, json, text: body } = given;
    response.writeHead(status, {
      'content-type': body === undefined ? 'application/json' : 'text/html',
      ...own,
    });
    response.end(body ?? JSON.stringify(json));
  });
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    get connections() {
      return connections;
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Meta took all events. */
export function taken({ events }: Received): Reply {
  return {
    headers: { 'facebook-api-version': 'v26.0' },
    json: { events_received: events.length, messages: [], fbtrace_id: 'Atrace1' },
  };
}

/** Meta's refusal. */
export const refusal = (code: number, subcode?: number, rest: object = {}, status = 400): Reply => ({
  status,
  json: {
    error: {
      message: 'Paramètre non valide',
      type: 'OAuthException',
      code,
      error_subcode: subcode,
      fbtrace_id: 'Atrace2',
      ...rest,
    },
  },
});

/** Options of a client that talks to this server and does not wait long. */
export const clientOptions = (url: string): MetaCapiClientOptions => ({
  datasetId: '1234567890',
  accessToken: 'EAAtest-token-of-nobody-0123456789',
  baseUrl: url,
  defaultCountry: 'UA',
});

/** A valid event. */
export const lead = (change: Partial<MetaEvent> = {}): MetaEvent => ({
  event_name: 'Lead',
  action_source: 'system_generated',
  user_data: { email: 'olena@example.com' },
  ...change,
});

/** Many valid events, `e0`, `e1`, … */
export const leads = (count: number): MetaEvent[] =>
  Array.from({ length: count }, (_, index) =>
    lead({ event_id: `e${index}`, user_data: { email: `person${index}@example.com` } }),
  );

/** Waits until `condition` holds. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what = 'the condition',
  withinMs = 15_000,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Waited too long for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
