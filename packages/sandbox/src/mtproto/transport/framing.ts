/** How packets are cut out of the stream. */
export type TransportName = 'abridged' | 'intermediate' | 'padded' | 'full';

/** Cuts packets out of a stream and wraps those that go out. */
export interface Framing {
  readonly name: TransportName;
  /** Takes the next bytes and gives the packets that are whole now. Throws a malformed error. */
  take(bytes: Buffer): Buffer[];
  wrap(packet: Buffer): Buffer;
}

/** The largest packet that is taken; a part of a file has 512 KB. */
export const maxPacketBytes: number = 2 << 20;
