import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import type { DcAddress } from './public.ts';

/** The DCs' servers. */
export interface Listeners {
  /** The main one first; the same after each `resume`. */
  addresses(): readonly DcAddress[];
  /** Closes the servers and all connections. */
  suspend(): Promise<void>;
  resume(): Promise<void>;
}

/**
 * Ports are below this: a session string of GramJS cannot hold a larger one.
 */
const portLimit = 32_768;

/** Starts one server for each DC. */
export async function listen(
  dcs: readonly number[],
  {
    host,
    port,
    freePort,
  }: {
    readonly host: string;
    readonly port: number;
    /** Tried first where `port` is 0. */
    readonly freePort?: number | undefined;
  },
  accept: (socket: Socket, dcId: number) => void,
): Promise<Listeners> {
  const sockets = new Set<Socket>();
  let servers: Server[] = [];
  let addresses: DcAddress[] = [];

  const serve = (dcId: number) => (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    accept(socket, dcId);
  };
  const start = async (dcId: number, at: { host: string; port: number }): Promise<void> => {
    const server = createServer(serve(dcId));
    await listening(server, at);
    servers.push(server);
    const { address, port: bound } = server.address() as AddressInfo;
    addresses.push({ dcId, host: address, port: bound });
  };
  const startAll = async (mainPort: number): Promise<void> => {
    for (const [index, dcId] of dcs.entries()) {
      // A client that knows a DC by its address alone (GramJS) tells them apart by the last number.
      const at = { host: nextHost(host, index), port: addresses[0]?.port ?? mainPort };
      await start(dcId, at).catch(async (error: NodeJS.ErrnoException) => {
        // Not every system has loopback addresses beside the first.
        if (index === 0 || error.code !== 'EADDRNOTAVAIL') throw error;
        await start(dcId, { host, port: 0 });
      });
    }
  };
  const stop = async (): Promise<void> => {
    const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
    servers = [];
    for (const socket of sockets) socket.destroy();
    await Promise.all(closed);
  };

  await startWithFreePort(port, freePort, async (candidate) => {
    addresses = [];
    try {
      await startAll(candidate);
    } catch (error) {
      await stop();
      throw error;
    }
  });
  const known = addresses;
  return {
    addresses: () => known,
    suspend: stop,
    async resume() {
      if (servers.length > 0) return;
      addresses = [];
      for (const { dcId, host: at, port: bound } of known) await start(dcId, { host: at, port: bound });
    },
  };
}

async function startWithFreePort(
  port: number,
  freePort: number | undefined,
  start: (candidate: number) => Promise<void>,
): Promise<void> {
  if (port !== 0) return start(port);
  let preferred = freePort;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(preferred ?? 20_000 + Math.floor(Math.random() * (portLimit - 20_000)));
    } catch (error) {
      preferred = undefined;
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || attempt === 50) throw error;
    }
  }
}

function listening(server: Server, at: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.port, at.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function nextHost(host: string, index: number): string {
  const [, start, last] = /^(127\.\d+\.\d+\.)(\d+)$/.exec(host) ?? [];
  return start === undefined ? host : start + (Number(last) + index);
}
