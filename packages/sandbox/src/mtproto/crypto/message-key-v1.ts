import { malformed } from '../codec/malformed.ts';
import { igeDecrypt } from './aes-ige.ts';
import { sha1 } from './hashes.ts';

/**
 * Opens a message of MTProto 1.0 from a client, which `auth.bindTempAuthKey` still carries.
 * @see https://core.telegram.org/mtproto/description_v1
 */
export function decryptMessageV1(packet: Buffer, authKey: Buffer): Buffer {
  if (packet.length < 24 || (packet.length - 24) % 16 !== 0) throw malformed('has no whole blocks');
  const messageKey = packet.subarray(8, 24);
  const a = sha1(messageKey, authKey.subarray(0, 32));
  const b = sha1(authKey.subarray(32, 48), messageKey, authKey.subarray(48, 64));
  const c = sha1(authKey.subarray(64, 96), messageKey);
  const d = sha1(messageKey, authKey.subarray(96, 128));
  const key = Buffer.concat([a.subarray(0, 8), b.subarray(8, 20), c.subarray(4, 16)]);
  const iv = Buffer.concat([a.subarray(8, 20), b.subarray(0, 8), c.subarray(16, 20), d.subarray(0, 8)]);
  const plain = igeDecrypt(packet.subarray(24), key, iv);
  const length = plain.length < 32 ? -1 : plain.readInt32LE(28);
  if (length < 0 || length > plain.length - 32) throw malformed('has a wrong length');
  if (
    !sha1(plain.subarray(0, 32 + length))
      .subarray(4, 20)
      .equals(messageKey)
  ) {
    throw malformed('has a wrong message key');
  }
  return plain.subarray(0, 32 + length);
}
