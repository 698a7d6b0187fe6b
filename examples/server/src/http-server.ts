import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CartieError, type RequestHandler } from '@cartie/core';
import { toNodeListener } from '@cartie/core/node';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';

/** A server that listens. */
export interface HttpServer {
  /** `http://127.0.0.1:3000`. */
  readonly url: string;
  /** Takes no new connection, lets requests under way end, closes kept-alive ones as they fall idle. */
  close(): Promise<void>;
}

/**
 * Listens. Webhooks go past the framework to their handlers, which take Node's own request: that is where the load is.
 * @throws CartieError `invalid_config` if the address cannot be used
 */
export async function listen(
  address: { host: string; port: number },
  served: { webhooks: Readonly<Record<string, RequestHandler>>; app: Hono },
): Promise<HttpServer> {
  const webhooks = new Map(
    Object.entries(served.webhooks).map(([path, handler]) => [path, toNodeListener(handler)] as const),
  );
  const app = getRequestListener(served.app.fetch, { overrideGlobalObjects: false });
  let closing = false;
  const server = createServer((request, response) => {
    if (closing) response.setHeader('connection', 'close');
    const path = request.url?.split('?', 1)[0] ?? '/';
    void (webhooks.get(path) ?? app)(request, response);
  });
  server.requestTimeout = 30_000;
  server.headersTimeout = 15_000;
  // Longer than the idle time of common proxies, which would else send into a connection that is being closed.
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(error, address)));
    server.listen(address.port, address.host, resolve);
  });
  const bound = server.address() as AddressInfo;
  // «All addresses» is none that could be called.
  const name = bound.address === '0.0.0.0' || bound.address === '::' ? '127.0.0.1' : bound.address;
  const host = name.includes(':') ? `[${name}]` : name;
  return {
    url: `http://${host}:${bound.port}`,
    async close() {
      closing = true;
      await new Promise<void>((resolve) => {
        const idle = setInterval(() => server.closeIdleConnections(), 50);
        server.close(() => {
          clearInterval(idle);
          resolve();
        });
      });
    },
  };
}

function cannotListen(error: NodeJS.ErrnoException, address: { host: string; port: number }): CartieError {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `PORT ${address.port} is used by another program. Stop it, or choose another: PORT=${address.port + 1} npm start`,
    EACCES: `PORT ${address.port} may not be used by this user. Choose one above 1023: PORT=3000 npm start`,
    EADDRNOTAVAIL:
      'HOST is not an address of this machine. Use 127.0.0.1, or 0.0.0.0 for all of its addresses.',
    ENOTFOUND: 'HOST is not an address of this machine. Use 127.0.0.1, or 0.0.0.0 for all of its addresses.',
  };
  const message = reasons[error.code ?? ''] ?? `The server cannot listen at HOST and PORT (${error.code}).`;
  return new CartieError('invalid_config', message, { service: 'server', operation: 'listen' });
}
