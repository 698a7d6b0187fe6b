/** Writes TL's primitive values one after another. */
export interface TlWriter {
  int(value: number): void;
  id(value: number): void;
  long(value: bigint): void;
  double(value: number): void;
  raw(value: Uint8Array): void;
  /** TL's byte string: length, bytes, padding to four. */
  bytes(value: Uint8Array): void;
  /** All that was written. */
  done(): Buffer;
}

/** Creates a {@link TlWriter}. */
export function createTlWriter(): TlWriter {
  let buffer = Buffer.allocUnsafe(512);
  let length = 0;
  const room = (needed: number): number => {
    if (length + needed > buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(buffer.length * 2, length + needed));
      buffer.copy(larger, 0, 0, length);
      buffer = larger;
    }
    length += needed;
    return length - needed;
  };
  const raw = (value: Uint8Array): void => {
    const offset = room(value.length);
    buffer.set(value, offset);
  };
  return {
    int(value) {
      const offset = room(4);
      buffer.writeInt32LE(value | 0, offset);
    },
    id(value) {
      const offset = room(4);
      buffer.writeUInt32LE(value >>> 0, offset);
    },
    long(value) {
      const offset = room(8);
      buffer.writeBigInt64LE(BigInt.asIntN(64, value), offset);
    },
    double(value) {
      const offset = room(8);
      buffer.writeDoubleLE(value, offset);
    },
    raw,
    bytes(value) {
      const isShort = value.length < 254;
      const header = isShort ? 1 : 4;
      const offset = room(header);
      if (isShort) buffer.writeUInt8(value.length, offset);
      else buffer.writeUInt32LE(value.length * 256 + 254, offset);
      raw(value);
      const padding = (4 - ((header + value.length) % 4)) % 4;
      if (padding > 0) {
        const start = room(padding);
        buffer.fill(0, start, start + padding);
      }
    },
    done: () => Buffer.from(buffer.subarray(0, length)),
  };
}
