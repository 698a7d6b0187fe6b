import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  privateDecrypt,
} from 'node:crypto';
import { promisify } from 'node:util';
import { malformed } from '../codec/malformed.ts';
import { createTlWriter } from '../codec/tl-writer.ts';
import type { DcPublicKey } from '../public.ts';
import { igeDecrypt } from './aes-ige.ts';
import { fromBigInt, toBigInt } from './big-bytes.ts';
import { sha1, sha256 } from './hashes.ts';

/** The DC's key pair. */
export interface RsaKey {
  readonly publicKey: DcPublicKey;
  /** PKCS#8. */
  privatePem(): string;
  /** Opens `encrypted_data` of `req_DH_params`: the TL object, perhaps with bytes after it. Throws a malformed error. */
  open(encrypted: Buffer): Buffer;
}

/** Makes a {@link RsaKey}, from PEM or anew (2048 bits). */
export async function createRsaKey(pem: string | undefined): Promise<RsaKey> {
  if (pem !== undefined) return toRsaKey(createPrivateKey(pem));
  for (;;) {
    const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
    const key = toRsaKey(privateKey);
    // mtcute drops leading zeros of the fingerprint's hexadecimal and then does not find the key.
    if (BigInt.asUintN(64, key.publicKey.fingerprint) >= 1n << 60n) return key;
  }
}

function toRsaKey(privateKey: KeyObject): RsaKey {
  const publicKey = createPublicKey(privateKey);
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' });
  const modulus = Buffer.from(n, 'base64url');
  const exponent = Buffer.from(e, 'base64url');
  if (modulus.length !== 256) throw new TypeError('privateKeyPem must be an RSA key of 2048 bits');
  return {
    publicKey: {
      pem: publicKey.export({ format: 'pem', type: 'pkcs1' }).toString(),
      fingerprint: fingerprintOf(modulus, exponent),
      modulus: modulus.toString('hex'),
      exponent: Number(toBigInt(exponent)),
    },
    privatePem: () => privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    open: (encrypted) => open(encrypted, privateKey, toBigInt(modulus)),
  };
}

function fingerprintOf(modulus: Buffer, exponent: Buffer): bigint {
  const writer = createTlWriter();
  writer.bytes(modulus);
  writer.bytes(exponent);
  return sha1(writer.done()).readBigInt64LE(12);
}

function open(encrypted: Buffer, privateKey: KeyObject, modulus: bigint): Buffer {
  if (encrypted.length > 256 || toBigInt(encrypted) >= modulus) throw malformed('is not below the modulus');
  const block = privateDecrypt(
    { key: privateKey, padding: constants.RSA_NO_PADDING },
    fromBigInt(toBigInt(encrypted), 256),
  );
  return openPadded(block) ?? openHashed(block);
}

/** RSA_PAD: a key of its own around the reversed data, which a hash proves. @see https://core.telegram.org/mtproto/auth_key#presenting-proof-of-work-server-authentication */
function openPadded(block: Buffer): Buffer | undefined {
  const encrypted = block.subarray(32);
  const key = Buffer.alloc(32);
  const hash = sha256(encrypted);
  for (let index = 0; index < 32; index += 1) key[index] = (block[index] ?? 0) ^ (hash[index] ?? 0);
  const opened = igeDecrypt(encrypted, key, Buffer.alloc(32));
  const data = Buffer.from(opened.subarray(0, 192)).reverse();
  return sha256(key, data).equals(opened.subarray(192)) ? data : undefined;
}

/** The older scheme: 0, SHA-1, data, padding; the hash covers the data alone, whose end only TL knows. */
function openHashed(block: Buffer): Buffer {
  const hash = block.subarray(1, 21);
  const data = block.subarray(21);
  for (let end = data.length; end > 0; end -= 1) {
    if (sha1(data.subarray(0, end)).equals(hash)) return data.subarray(0, end);
  }
  throw malformed('is not encrypted for this key');
}
