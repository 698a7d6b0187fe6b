import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getResponse } from 'msw';
import { toRequest, writeResponse } from './http.ts';
import { createSandboxParts, type Sandbox, type SandboxOptions, type SandboxParts } from './sandbox.ts';

/** Options of {@link startSandbox}. */
export interface StartOptions extends SandboxOptions {
  /** @default 0: a free one */
  port?: number | undefined;
  /** @default '127.0.0.1' */
  host?: string | undefined;
}

/** A sandbox that listens. */
export interface RunningSandbox extends Omit<Sandbox, 'close'>, AsyncDisposable {
  /** `http://127.0.0.1:4010`: the page; providers are below it. */
  readonly url: string;
  readonly port: number;
  /** Closes all connections and stops every delivery. */
  close(): Promise<void>;
}

/** Starts the simulated providers on loopback: each under `/<provider>/…`, the control API under `/_sandbox/…`, a page at `/`. */
export async function startSandbox(options: StartOptions = {}): Promise<RunningSandbox> {
  const { port = 0, host = '127.0.0.1', ...sandboxOptions } = options;
  const sandbox = createSandboxParts(sandboxOptions);
  const server = createServer((incoming, outgoing) => {
    serve(sandbox, incoming, outgoing).catch(() => outgoing.socket?.destroy());
  });
  server.keepAliveTimeout = 50_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  const url = `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
  sandbox.telegram.apiUrl = `${url}/telegram`;
  const close = async (): Promise<void> => {
    sandbox.close();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  };
  return { ...sandbox, url, port: address.port, close, [Symbol.asyncDispose]: close };
}

async function serve(
  sandbox: SandboxParts,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const path = incoming.url ?? '/';
  const provider = sandbox.providers.find(({ name }) => path.startsWith(`/${name}/`));
  if (!provider) {
    outgoing.writeHead(404).end();
    return;
  }
  const request = await toRequest(incoming, outgoing, provider.origin + path.slice(provider.name.length + 1));
  if (request === 'too_large') {
    outgoing.writeHead(413, { connection: 'close' }).end();
    return;
  }
  const response = await getResponse(sandbox.handlers, request);
  await writeResponse(response ?? new Response(null, { status: 404 }), outgoing);
}
