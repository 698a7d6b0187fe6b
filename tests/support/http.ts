import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';

/** A server of a test on loopback. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Connections that were made so far. */
  readonly connections: number;
}

/** A request that a test server got, its body read. */
export interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Starts an HTTP server; `answer` is called when the request's body is complete. */
export async function startHttp(
  answer: (request: ReceivedRequest, response: ServerResponse) => void,
): Promise<TestServer> {
  const server = createHttpServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming;
      answer({ method, url, headers, body: Buffer.concat(chunks).toString() }, response);
    });
  });
  return listening(server, 0);
}

/** Starts a TCP server: for answers that no HTTP server would give. */
export async function startTcp(onConnection: (socket: Socket) => void, port = 0): Promise<TestServer> {
  return listening(createTcpServer(onConnection), port);
}

/** A port of loopback on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = await startTcp(() => undefined);
  await server[Symbol.asyncDispose]();
  return server.port;
}

async function listening(server: Server, wantedPort: number): Promise<TestServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(wantedPort, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    get connections() {
      return connections;
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
