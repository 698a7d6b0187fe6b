import type { IncomingMessage, ServerResponse } from 'node:http';
import { toNodeListener } from './node.ts';
import { incomingBodyReader, incomingHeaders } from './node-incoming.ts';
import { checkHandler, type RequestHandler, receiverOf } from './webhook.ts';
import { pathOf } from './webhook-receiver.ts';

/** What is used of a Fastify application (any version from 4 on). */
export interface FastifyApp {
  all(
    path: string,
    options: { onRequest(request: FastifyIncoming, reply: FastifyOutgoing): Promise<unknown> },
    handler: () => Promise<void>,
  ): unknown;
}

/** What is used of a Fastify request. */
export interface FastifyIncoming {
  readonly raw: IncomingMessage;
}

/** What is used of a Fastify reply. */
export interface FastifyOutgoing {
  readonly raw: ServerResponse;
  code(status: number): unknown;
  headers(values: Record<string, string>): unknown;
  send(body?: string): unknown;
  hijack(): unknown;
}

/**
 * Mounts a handler on Fastify: `app.register(toFastifyPlugin(handler), { prefix: '/webhooks/telegram' })`. It answers
 * before Fastify parses bodies, so that it has the raw bytes whatever parsers the app uses; Fastify's hooks and log see
 * the request and its answer as any other.
 */
export function toFastifyPlugin(handler: RequestHandler): (app: FastifyApp) => Promise<void> {
  checkHandler(handler);
  const answer = answerOf(handler);
  return async (app) => {
    app.all('/', { onRequest: answer }, neverReached);
  };
}

type Answer = (request: FastifyIncoming, reply: FastifyOutgoing) => Promise<unknown>;

function answerOf(handler: RequestHandler): Answer {
  const receive = receiverOf(handler);
  if (receive === undefined) {
    const listener = toNodeListener(handler);
    return async (request, reply) => {
      reply.hijack();
      await listener(request.raw, reply.raw);
    };
  }
  return async ({ raw }, reply) => {
    const { status, headers, body } = await receive({
      method: raw.method ?? 'GET',
      url: pathOf(raw.url ?? '/'),
      headers: incomingHeaders(raw),
      readBody: incomingBodyReader(raw),
    });
    reply.code(status);
    if (headers !== undefined) reply.headers(headers);
    // What is left of a body would be read to its end before the next request: better to part.
    if (!raw.complete) reply.headers({ connection: 'close' });
    return reply.send(body);
  };
}

// The hook above answers every request, so Fastify never comes to the route's own handler.
async function neverReached(): Promise<void> {}
