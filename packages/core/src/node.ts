import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { incomingBodyReader, incomingHeaders } from './node-incoming.ts';
import { checkHandler, type RequestHandler, receiverOf } from './webhook.ts';
import { pathOf, type Receiver } from './webhook-receiver.ts';

/** What node:http calls for each request; Express takes it as a route's handler. Never rejects. */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * Mounts a handler on node:http or Express: `createServer(toNodeListener(handler))`,
 * `app.all('/webhooks/telegram', toNodeListener(handler))`. Handlers made by `createWebhookHandler` are given Node's
 * own request (no `Request` is built); any other goes through `@hono/node-server`, whose replacement of the global
 * `Request` and `Response` is left off.
 *
 * Bytes that a parser kept count as the body: a Buffer in `req.rawBody`, or in `req.body` (`express.raw()`).
 *
 * @throws CartieError `invalid_config` for what is no handler
 */
export function toNodeListener(handler: RequestHandler): NodeListener {
  checkHandler(handler);
  const receive = receiverOf(handler);
  if (receive !== undefined) return nativeListener(receive);
  return getRequestListener(handler, { overrideGlobalObjects: false });
}

function nativeListener(receive: Receiver): NodeListener {
  return async (request, response) => {
    const { status, headers, body } = await receive({
      method: request.method ?? 'GET',
      url: pathOf(request.url ?? '/'),
      headers: incomingHeaders(request),
      readBody: incomingBodyReader(request),
    });
    if (response.headersSent || response.destroyed) return;
    try {
      // What is left of a body would be read to its end before the next request: better to part.
      if (!request.complete) response.setHeader('connection', 'close');
      response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body ?? '') });
      response.end(body);
    } catch {
      // Headers of the app's own that HTTP does not allow.
      response.destroy();
    }
  };
}
