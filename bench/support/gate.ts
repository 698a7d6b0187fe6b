import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './server-process.ts';

/** An address in front of another one, that can refuse connections as a host does that is down. */
export interface Gate extends AsyncDisposable {
  readonly url: string;
  open(): Promise<void>;
  /** Cuts what is connected; new connections are refused. */
  shut(): Promise<void>;
}

/** Starts a {@link Gate}, open. */
export async function startGate(target: string): Promise<Gate> {
  const { hostname, port: targetPort } = new URL(target);
  const port = await freePort();
  const sockets = new Set<Socket>();
  let server: Server | undefined;

  const join = (incoming: Socket): void => {
    const outgoing = connect(Number(targetPort), hostname);
    for (const [socket, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(socket);
      socket.pipe(other);
      socket.on('error', () => other.destroy());
      socket.once('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  };
  const shut = async (): Promise<void> => {
    const closing = server;
    server = undefined;
    if (closing === undefined) return;
    const closed = once(closing, 'close');
    closing.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const open = async (): Promise<void> => {
    server = createServer(join).listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await open();
  return { url: `http://127.0.0.1:${port}`, open, shut, [Symbol.asyncDispose]: shut };
}
