import type { Socket } from 'node:net';
import type { ConnectionEnd } from './engine.ts';

/** What is used of GramJS's socket. */
export interface NetSockets {
  client: Socket | undefined;
  connect(port: number, ip: string): Promise<unknown>;
  write(data: Buffer): void;
  close(): Promise<void>;
}

/** The gate that one connection's socket stands behind. */
export interface SocketGate {
  readonly connectTimeoutMs: number;
  mayWrite(): boolean;
  onEnd(why: ConnectionEnd['why']): void;
}

/** A gated kind of socket, and how to close the one that was made. */
export interface GatedSocket {
  /** For GramJS, which makes its sockets by `new`. */
  readonly Socket: new (
    ...options: never[]
  ) => NetSockets;
  destroy(): void;
}

/**
 * Makes GramJS's socket into one that connects once, asks before each write, and tells when it has ended. So a library that
 * connects again by itself can not: its second socket finds the gate shut.
 */
export function gatedSocket(Base: new (...options: never[]) => NetSockets, gate: SocketGate): GatedSocket {
  let isShut = false;
  let isUsed = false;
  let current: NetSockets | undefined;

  function end(why: ConnectionEnd['why']): void {
    if (isShut) return;
    isShut = true;
    current?.client?.destroy();
    gate.onEnd(why);
  }

  class Gated extends Base {
    override async connect(port: number, ip: string): Promise<unknown> {
      if (isShut || isUsed) throw new Error('The gate is shut');
      isUsed = true;
      current = this;
      const connecting = super.connect(port, ip);
      const socket = this.client;
      const timer = setTimeout(() => end('unreachable'), gate.connectTimeoutMs);
      // Before anything that waits for the socket: nobody may take its end for a reason to connect again.
      socket?.on('close', () => {
        clearTimeout(timer);
        end(socket.bytesRead > 0 || socket.bytesWritten > 0 ? 'closed' : 'unreachable');
      });
      socket?.setNoDelay(true);
      socket?.setKeepAlive(true, 30_000);
      try {
        return await Promise.race([connecting, closed(socket)]);
      } finally {
        clearTimeout(timer);
      }
    }

    override write(data: Buffer): void {
      if (isShut) throw new Error('The gate is shut');
      if (!gate.mayWrite()) {
        end('forbidden');
        throw new Error('The gate is shut');
      }
      super.write(data);
    }
  }

  return { Socket: Gated, destroy: () => end('closed') };
}

// GramJS's own promise never settles for a socket that is destroyed while it connects.
function closed(socket: Socket | undefined): Promise<never> {
  return new Promise((_, reject) => socket?.once('close', () => reject(new Error('The socket was closed'))));
}
