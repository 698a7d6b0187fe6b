import { malformed } from './malformed.ts';

/** Reads TL's primitive values; what would reach past the end throws. */
export interface TlReader {
  /** Bytes that are left. */
  left(): number;
  int(): number;
  /** Unsigned 32 bits: a constructor's id. */
  id(): number;
  /** The next id, without reading past it. */
  peekId(): number;
  long(): bigint;
  double(): number;
  /** `length` bytes as they are. */
  raw(length: number): Buffer;
  /** TL's byte string, with its padding. */
  bytes(): Buffer;
}

/** Creates a {@link TlReader} over these bytes. */
export function createTlReader(buffer: Buffer): TlReader {
  let offset = 0;
  const take = (length: number): number => {
    if (length < 0 || length > buffer.length - offset) throw malformed('ends inside a value');
    offset += length;
    return offset - length;
  };
  return {
    left: () => buffer.length - offset,
    int: () => buffer.readInt32LE(take(4)),
    id: () => buffer.readUInt32LE(take(4)),
    peekId() {
      if (buffer.length - offset < 4) throw malformed('ends before an object');
      return buffer.readUInt32LE(offset);
    },
    long: () => buffer.readBigInt64LE(take(8)),
    double: () => buffer.readDoubleLE(take(8)),
    raw(length) {
      const start = take(length);
      return buffer.subarray(start, start + length);
    },
    bytes() {
      const first = buffer.readUInt8(take(1));
      const header = first === 254 ? 4 : 1;
      const length = first === 254 ? buffer.readUIntLE(take(3), 3) : first;
      if (first === 255) throw malformed('has a string of an unknown form');
      const start = take(length);
      const padding = (4 - ((header + length) % 4)) % 4;
      take(padding);
      return buffer.subarray(start, start + length);
    },
  };
}
