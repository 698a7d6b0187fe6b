import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { malformed } from '../codec/malformed.ts';
import { type Framing, maxPacketBytes, type TransportName } from './framing.ts';

/** Creates the framing of a transport; its tag has been taken off the stream. @see https://core.telegram.org/mtproto/mtproto-transports */
export function createFraming(name: TransportName): Framing {
  return framings[name]();
}

const framings: Readonly<Record<TransportName, () => Framing>> = {
  abridged: () => ({
    name: 'abridged',
    take: takeWith((pending) => {
      const first = pending.readUInt8(0);
      // The highest bit asks for a quick acknowledgement, which a server may leave out.
      const isLong = (first & 0x7f) === 0x7f;
      if (isLong && pending.length < 4) return undefined;
      const words = isLong ? pending.readUIntLE(1, 3) : first & 0x7f;
      return { header: isLong ? 4 : 1, body: words * 4 };
    }, 1),
    wrap(packet) {
      const words = packet.length / 4;
      const header =
        words < 0x7f ? Buffer.from([words]) : Buffer.from([0x7f, words, words >> 8, words >> 16]);
      return Buffer.concat([header, packet]);
    },
  }),
  intermediate: () => ({
    name: 'intermediate',
    take: takeWith(lengthBefore, 4),
    wrap: (packet) => Buffer.concat([int32(packet.length), packet]),
  }),
  padded: () => ({
    name: 'padded',
    take: takeWith(lengthBefore, 4),
    wrap(packet) {
      // An error of the transport is told by its length of four bytes.
      const padding = packet.length === 4 ? 0 : Math.floor(Math.random() * 16);
      return Buffer.concat([int32(packet.length + padding), packet, randomBytes(padding)]);
    },
  }),
  full: createFullFraming,
};

function createFullFraming(): Framing {
  let received = 0;
  let sent = 0;
  const cut = takeWith((pending) => ({ header: 0, body: pending.readUInt32LE(0) }), 4);
  return {
    name: 'full',
    take: (bytes) =>
      cut(bytes).map((frame) => {
        if (frame.length < 12) throw malformed('is too short');
        const end = frame.length - 4;
        if (frame.readUInt32LE(end) !== crc32(frame.subarray(0, end)))
          throw malformed('has a wrong checksum');
        if (frame.readUInt32LE(4) !== received) throw malformed('is out of sequence');
        received += 1;
        return frame.subarray(8, end);
      }),
    wrap(packet) {
      const head = Buffer.concat([int32(packet.length + 12), int32(sent), packet]);
      sent += 1;
      return Buffer.concat([head, int32(crc32(head))]);
    },
  };
}

interface FrameSize {
  readonly header: number;
  readonly body: number;
}

function takeWith(
  measure: (pending: Buffer) => FrameSize | undefined,
  least: number,
): (bytes: Buffer) => Buffer[] {
  let pending: Buffer = Buffer.alloc(0);
  return (bytes) => {
    pending = pending.length === 0 ? bytes : Buffer.concat([pending, bytes]);
    const packets: Buffer[] = [];
    while (pending.length >= least) {
      const size = measure(pending);
      if (size === undefined) break;
      if (size.body > maxPacketBytes) throw malformed('is too long');
      const end = size.header + size.body;
      if (size.body === 0 && size.header === 0) throw malformed('is empty');
      if (pending.length < end) break;
      packets.push(pending.subarray(size.header, end));
      pending = pending.subarray(end);
    }
    return packets;
  };
}

function lengthBefore(pending: Buffer): FrameSize {
  // The highest bit asks for a quick acknowledgement.
  return { header: 4, body: pending.readUInt32LE(0) & 0x7fffffff };
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}
