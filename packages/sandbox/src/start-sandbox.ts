import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getResponse } from 'msw';
import { controlPath, controlResponse } from './control.ts';
import { toRequest, writeResponse } from './http.ts';
import { mtprotoControl } from './mtproto/control.ts';
import type { TestDc, TestDcOptions } from './mtproto/public.ts';
import { startTestDc } from './mtproto/start-test-dc.ts';
import { pageResponse } from './page/page.ts';
import { createSandboxParts, type Sandbox, type SandboxOptions, type SandboxParts } from './sandbox.ts';

/** Options of {@link startSandbox}. */
export interface StartOptions extends SandboxOptions {
  /** @default 0: a free one */
  port?: number | undefined;
  /** @default '127.0.0.1' */
  host?: string | undefined;
  /** Starts a test DC beside it: Telegram by MTProto, over TCP. Needs `telegram` or `@mtcute/core` installed. @default false */
  mtproto?: boolean | TestDcOptions | undefined;
}

/** A sandbox that listens. */
export interface RunningSandbox extends Omit<Sandbox, 'close'>, AsyncDisposable {
  /** `http://127.0.0.1:4010`: the page; providers are below it. */
  readonly url: string;
  readonly port: number;
  /** The test DC, where it was asked for. */
  readonly mtproto: TestDc | undefined;
  /** Closes all connections and stops every delivery. */
  close(): Promise<void>;
}

/** Starts the simulated providers on loopback: each under `/<provider>/…`, the control API under `/_sandbox/…`, a page at `/`. */
export async function startSandbox(options: StartOptions = {}): Promise<RunningSandbox> {
  const { port = 0, host = '127.0.0.1', mtproto, ...sandboxOptions } = options;
  if (!(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    throw new TypeError('port must be a number from 0 to 65535');
  }
  const sandbox = createSandboxParts(sandboxOptions);
  const server = createServer((incoming, outgoing) => {
    serve(sandbox, incoming, outgoing).catch(() => outgoing.socket?.destroy());
  });
  server.keepAliveTimeout = 50_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const dc = await startDc(mtproto, options.timeScale).catch((error: unknown) => {
    server.close();
    throw error;
  });
  if (dc !== undefined) {
    const forget = sandbox.reset;
    sandbox.reset = () => {
      forget();
      dc.reset();
    };
    sandbox.controls.set('mtproto', mtprotoControl(dc));
  }
  const address = server.address() as AddressInfo;
  const url = `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
  sandbox.telegram.apiUrl = `${url}/telegram`;
  sandbox.telegram.login.apiUrl = `${url}/telegram-login`;
  sandbox.meta.apiUrl = `${url}/meta`;
  sandbox.sendpulse.apiUrl = `${url}/sendpulse`;
  sandbox.viber.apiUrl = `${url}/viber`;
  sandbox.whatsapp.apiUrl = `${url}/whatsapp`;
  sandbox.autoria.apiUrl = `${url}/autoria`;
  const close = async (): Promise<void> => {
    sandbox.close();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await Promise.all([closed, dc?.close()]);
  };
  return { ...sandbox, url, port: address.port, mtproto: dc, close, [Symbol.asyncDispose]: close };
}

async function startDc(
  options: StartOptions['mtproto'],
  timeScale: number | undefined,
): Promise<TestDc | undefined> {
  if (options === undefined || options === false) return undefined;
  return await startTestDc({ timeScale, ...(options === true ? {} : options) });
}

async function serve(
  sandbox: SandboxParts,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const path = incoming.url ?? '/';
  const provider = sandbox.providers.find(({ name }) => path.startsWith(`/${name}/`));
  const url = provider ? provider.origin + path.slice(provider.name.length + 1) : `http://sandbox${path}`;
  const request = await toRequest(incoming, outgoing, url);
  if (request === 'too_large') {
    outgoing.writeHead(413, { connection: 'close' }).end();
    return;
  }
  const response = provider
    ? await getResponse([...provider.handlers], request)
    : await ownResponse(sandbox, request, incoming.headers.host);
  await writeResponse(response ?? new Response('Not found', { status: 404 }), outgoing);
}

async function ownResponse(
  sandbox: SandboxParts,
  request: Request,
  host: string | undefined,
): Promise<Response | undefined> {
  // A name that resolves to this machine is how a web page elsewhere would reach the sandbox.
  if (!/^(localhost|\[[0-9a-f:]+\]|\d+\.\d+\.\d+\.\d+)(:\d+)?$/i.test(host ?? '')) {
    return new Response('Use the address of the sandbox, not a name for it', { status: 403 });
  }
  const { pathname } = new URL(request.url);
  if (pathname.startsWith(`${controlPath}/`)) return controlResponse(sandbox, request);
  return /^(GET|HEAD)$/.test(request.method)
    ? pageResponse(pathname, (name) => sandbox.controls.has(name))
    : undefined;
}
