import type { Socket } from 'node:net';
import { malformed } from '../codec/malformed.ts';
import type { OpenRecord, WritableConnectionLog } from '../records/connection-log.ts';
import type { TakingFaults } from '../session/faults.ts';
import { type Detected, detectTransport } from './detect.ts';
import type { Framing } from './framing.ts';
import { createFraming } from './framings.ts';

/** One TCP connection, as packets. */
export interface DcConnection {
  readonly record: OpenRecord;
  readonly dcId: number;
  readonly isOpen: boolean;
  /** Whose it is, once it is known: faults may be for one account. */
  accountId: number | undefined;
  write(packet: Buffer): void;
  /** Writes a transport error (-404, …) and closes. */
  fail(code: number): void;
  /** Closes when what was written is out. */
  close(): void;
  /** Closes at once. */
  destroy(): void;
}

/** What a connection tells. */
export interface ConnectionEvents {
  /** What it throws closes the connection. */
  packet(connection: DcConnection, packet: Buffer): void;
}

/** Serves packets over a socket: finds the transport, cuts and wraps, and does what the connection's faults say. */
export function serveConnection(
  socket: Socket,
  dcId: number,
  parts: {
    readonly log: WritableConnectionLog;
    readonly faults: TakingFaults;
    readonly events: ConnectionEvents;
  },
): DcConnection {
  const { log, faults, events } = parts;
  const record = log.opened(dcId);
  let start: Buffer = Buffer.alloc(0);
  let detected: Detected | undefined;
  let framing: Framing | undefined;
  let writing = Promise.resolve();

  const connection: DcConnection = {
    record,
    dcId,
    accountId: undefined,
    get isOpen() {
      return !socket.destroyed && socket.writable;
    },
    write(packet) {
      if (framing === undefined || !connection.isOpen) return;
      if (faults.take('mute', connection.accountId)) return;
      const wrapped = framing.wrap(packet);
      const bytes = detected?.obfuscation?.outgoing.update(wrapped) ?? wrapped;
      record.bytesSent += bytes.length;
      const split = faults.take('split', connection.accountId);
      writing = writing.then(() =>
        split ? writeSegments(socket, bytes, split.bytes ?? 7) : void socket.write(bytes),
      );
    },
    fail(code) {
      const packet = Buffer.alloc(4);
      packet.writeInt32LE(code);
      connection.write(packet);
      connection.close();
    },
    close() {
      writing = writing.then(() => void socket.end());
    },
    destroy: () => void socket.destroy(),
  };

  const take = (bytes: Buffer): void => {
    if (framing === undefined) {
      start = Buffer.concat([start, bytes]);
      detected = detectTransport(start);
      if (detected === undefined) return;
      framing = createFraming(detected.transport);
      record.transport = detected.transport;
      record.obfuscated = detected.obfuscation !== undefined;
      const rest = start.subarray(detected.used);
      start = Buffer.alloc(0);
      if (rest.length > 0) take(rest);
      return;
    }
    const open = detected?.obfuscation?.incoming.update(bytes) ?? bytes;
    for (const packet of framing.take(open)) {
      if (packet.length < 8) throw malformed('is too short for a message');
      events.packet(connection, packet);
    }
  };

  socket.setNoDelay(true);
  socket.on('data', (bytes) => {
    log.received(record, bytes.length);
    try {
      take(bytes);
    } catch {
      // Whatever a peer sends, it ends its own connection at most.
      socket.destroy();
    }
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    log.closed(record);
  });
  return connection;
}

async function writeSegments(socket: Socket, bytes: Buffer, size: number): Promise<void> {
  for (let offset = 0; offset < bytes.length && !socket.destroyed; offset += size) {
    socket.write(bytes.subarray(offset, offset + size));
    await new Promise((resolve) => setImmediate(resolve));
  }
}
