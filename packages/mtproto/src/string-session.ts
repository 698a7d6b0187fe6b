import { CartieError } from '@cartie/core';
import { service } from './errors.ts';

/** What a `StringSession` holds. */
export interface GivenSession {
  readonly datacenter: number;
  /** Base64. */
  readonly authKey: string;
}

/** Reads a `StringSession` of GramJS or Telethon. @throws CartieError `invalid_input` that does not quote it */
export function parseStringSession(session: string): GivenSession {
  const bytes =
    typeof session === 'string' && session.startsWith('1')
      ? Buffer.from(session.slice(1), 'base64')
      : Buffer.alloc(0);
  // Data centre, address (of which the key is the part after), port, key.
  const addressLengths = [4, 16, 2 + (bytes.length > 3 ? bytes.readInt16BE(1) : 0)];
  const fits = addressLengths.some((length) => bytes.length === 1 + length + 2 + 256);
  if (!fits) {
    throw new CartieError('invalid_input', '`session` must be a StringSession of GramJS or Telethon', {
      service,
      field: 'session',
    });
  }
  return { datacenter: bytes.readUInt8(0), authKey: bytes.subarray(-256).toString('base64') };
}
