import { type Cipher, createCipheriv } from 'node:crypto';
import { malformed } from '../codec/malformed.ts';
import type { TransportName } from './framing.ts';

/** What the first bytes of a connection say. */
export interface Detected {
  readonly transport: TransportName;
  /** How many of the bytes are used up by saying so. */
  readonly used: number;
  /** Present when the stream is obfuscated: opens what comes after the header, hides what goes out. */
  readonly obfuscation: { readonly incoming: Cipher; readonly outgoing: Cipher } | undefined;
}

/**
 * Tells the transport from the first bytes; undefined while there are too few. Throws a malformed error for those of no transport.
 * @see https://core.telegram.org/mtproto/mtproto-transports
 */
export function detectTransport(start: Buffer): Detected | undefined {
  if (start[0] === 0xef) return { transport: 'abridged', used: 1, obfuscation: undefined };
  if (start.length < 4) return undefined;
  const tagged = taggedTransports[start.readUInt32LE(0)];
  if (tagged !== undefined && tagged !== 'abridged')
    return { transport: tagged, used: 4, obfuscation: undefined };
  if (
    /^(HEAD|POST|GET |OPTI|PUT )/.test(start.toString('latin1', 0, 4)) ||
    start.readUInt32LE(0) === 0x02010316
  ) {
    throw malformed('speaks another protocol');
  }
  if (start.length < 8) return undefined;
  if (start.readUInt32LE(4) === 0) return { transport: 'full', used: 0, obfuscation: undefined };
  return start.length < 64 ? undefined : detectObfuscated(start.subarray(0, 64));
}

const taggedTransports: Readonly<Record<number, TransportName>> = {
  4025479151: 'abridged',
  4008636142: 'intermediate',
  3722304989: 'padded',
};

/** @see https://core.telegram.org/mtproto/mtproto-transports#transport-obfuscation */
function detectObfuscated(header: Buffer): Detected {
  const reversed = Buffer.from(header.subarray(8, 56)).reverse();
  const incoming = createCipheriv('aes-256-ctr', header.subarray(8, 40), header.subarray(40, 56));
  const outgoing = createCipheriv('aes-256-ctr', reversed.subarray(0, 32), reversed.subarray(32, 48));
  const transport = taggedTransports[incoming.update(header).readUInt32LE(56)];
  if (transport === undefined) throw malformed('names no transport');
  return { transport, used: 64, obfuscation: { incoming, outgoing } };
}
