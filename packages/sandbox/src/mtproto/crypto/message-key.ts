import { randomBytes } from 'node:crypto';
import { malformed } from '../codec/malformed.ts';
import { igeDecrypt, igeEncrypt } from './aes-ige.ts';
import { sha1, sha256 } from './hashes.ts';

/** Who wrote a message: the key's parts that are used differ. */
export type Direction = 'client' | 'server';

/** The 8 bytes that name a key on the wire. */
export function authKeyId(authKey: Buffer): Buffer {
  return sha1(authKey).subarray(12, 20);
}

/** MTProto 2.0: key id, message key and the encrypted bytes. @see https://core.telegram.org/mtproto/description */
export function encryptMessage(plain: Buffer, authKey: Buffer, direction: Direction): Buffer {
  // 12 to 1024 bytes of padding, to whole blocks.
  const padding = 12 + ((16 - ((plain.length + 12) % 16)) % 16);
  const padded = Buffer.concat([plain, randomBytes(padding)]);
  const messageKey = messageKeyOf(padded, authKey, direction);
  const { key, iv } = keysOf(messageKey, authKey, direction);
  return Buffer.concat([authKeyId(authKey), messageKey, igeEncrypt(padded, key, iv)]);
}

/** Checks and opens what {@link encryptMessage} gives, padding included. Throws a malformed error when the message key does not fit. */
export function decryptMessage(packet: Buffer, authKey: Buffer, direction: Direction): Buffer {
  const messageKey = packet.subarray(8, 24);
  // The padded transport adds up to 15 bytes after the last block.
  const encrypted = packet.subarray(24, packet.length - ((packet.length - 24) % 16));
  const { key, iv } = keysOf(messageKey, authKey, direction);
  const padded = igeDecrypt(encrypted, key, iv);
  if (!messageKeyOf(padded, authKey, direction).equals(messageKey))
    throw malformed('has a wrong message key');
  return padded;
}

function messageKeyOf(padded: Buffer, authKey: Buffer, direction: Direction): Buffer {
  const x = direction === 'client' ? 0 : 8;
  return sha256(authKey.subarray(88 + x, 120 + x), padded).subarray(8, 24);
}

function keysOf(messageKey: Buffer, authKey: Buffer, direction: Direction): { key: Buffer; iv: Buffer } {
  const x = direction === 'client' ? 0 : 8;
  const a = sha256(messageKey, authKey.subarray(x, x + 36));
  const b = sha256(authKey.subarray(40 + x, 76 + x), messageKey);
  return {
    key: Buffer.concat([a.subarray(0, 8), b.subarray(8, 24), a.subarray(24, 32)]),
    iv: Buffer.concat([b.subarray(0, 8), a.subarray(8, 24), b.subarray(24, 32)]),
  };
}
