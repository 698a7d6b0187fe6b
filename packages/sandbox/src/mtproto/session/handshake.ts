import { randomBytes } from 'node:crypto';
import type { Codec } from '../codec/codec.ts';
import { malformed } from '../codec/malformed.ts';
import { isTlObject, type TlObject } from '../codec/tl-object.ts';
import { igeDecrypt, igeEncrypt } from '../crypto/aes-ige.ts';
import { fromBigInt, modPow, toBigInt } from '../crypto/big-bytes.ts';
import { dhGenerator, dhPrime, dhPrimeBytes, isSafePublicValue } from '../crypto/dh-group.ts';
import { sha1 } from '../crypto/hashes.ts';
import type { RsaKey } from '../crypto/rsa-key.ts';
import type { DcClock } from '../dc-clock.ts';
import type { AuthKey, AuthKeys } from './auth-keys.ts';

/** The exchange of a key on one connection. @see https://core.telegram.org/mtproto/auth_key */
export interface Handshake {
  /** Answers one message of the client; `key` is there with the last answer. Throws a malformed error. */
  answer(message: TlObject): { readonly reply: TlObject; readonly key?: AuthKey };
}

interface Parts {
  readonly codec: Codec;
  readonly rsaKey: RsaKey;
  readonly keys: AuthKeys;
  readonly clock: DcClock;
  readonly dcId: number;
}

/** 0x17ED48941A08F981, the example of the documentation: a product of two primes. */
const pq = Buffer.from('17ed48941a08f981', 'hex');
const p = 0x494c553bn;
const q = 0x53911073n;

/** Creates a {@link Handshake}. */
export function createHandshake({ codec, rsaKey, keys, clock, dcId }: Parts): Handshake {
  let nonce = Buffer.alloc(0);
  let serverNonce = Buffer.alloc(0);
  let newNonce = Buffer.alloc(0);
  let expiresInMs: number | undefined;
  let secret: bigint | undefined;

  const begin = (message: TlObject): TlObject => {
    nonce = Buffer.from(message.nonce as Buffer);
    serverNonce = randomBytes(16);
    return {
      _: 'resPQ',
      nonce,
      server_nonce: serverNonce,
      pq,
      server_public_key_fingerprints: [rsaKey.publicKey.fingerprint],
    };
  };

  const offer = (message: TlObject): TlObject => {
    checkNonces(message, nonce, serverNonce);
    if (toBigInt(message.p as Buffer) !== p || toBigInt(message.q as Buffer) !== q)
      throw malformed('has wrong factors');
    const { object: inner } = codec.decodeFirst(rsaKey.open(message.encrypted_data as Buffer), 0);
    if (!inner._.startsWith('p_q_inner_data')) throw malformed('has no p_q_inner_data');
    checkNonces(inner, nonce, serverNonce);
    newNonce = Buffer.from(inner.new_nonce as Buffer);
    expiresInMs = typeof inner.expires_in === 'number' ? inner.expires_in * 1000 : undefined;
    // node's DiffieHellman would test the prime first, for over a second.
    secret = toBigInt(randomBytes(64));
    const answer = codec.encode(
      {
        _: 'server_DH_inner_data',
        nonce,
        server_nonce: serverNonce,
        g: dhGenerator,
        dh_prime: dhPrimeBytes,
        g_a: fromBigInt(modPow(BigInt(dhGenerator), secret, dhPrime), 256),
        server_time: clock.seconds(),
      },
      0,
    );
    const padding = randomBytes((16 - ((20 + answer.length) % 16)) % 16);
    const { key, iv } = temporaryAes(newNonce, serverNonce);
    return {
      _: 'server_DH_params_ok',
      nonce,
      server_nonce: serverNonce,
      encrypted_answer: igeEncrypt(Buffer.concat([sha1(answer), answer, padding]), key, iv),
    };
  };

  const finish = (message: TlObject): { reply: TlObject; key?: AuthKey } => {
    checkNonces(message, nonce, serverNonce);
    if (secret === undefined) throw malformed('comes too early');
    const encrypted = message.encrypted_data as Buffer;
    if (encrypted.length % 16 !== 0) throw malformed('has no whole blocks');
    const { key: aesKey, iv } = temporaryAes(newNonce, serverNonce);
    const opened = igeDecrypt(encrypted, aesKey, iv);
    const { object: inner, rest } = codec.decodeFirst(opened.subarray(20), 0);
    const data = opened.subarray(20, opened.length - rest.length);
    if (!isTlObject(inner, 'client_DH_inner_data') || !sha1(data).equals(opened.subarray(0, 20))) {
      throw malformed('has no client_DH_inner_data');
    }
    checkNonces(inner, nonce, serverNonce);
    const publicValue = inner.g_b as Buffer;
    if (publicValue.length > 256 || !isSafePublicValue(toBigInt(publicValue)))
      throw malformed('has a weak g_b');
    const authKey = fromBigInt(modPow(toBigInt(publicValue), secret, dhPrime), 256);
    secret = undefined;
    const hash = sha1(newNonce, Buffer.from([1]), sha1(authKey).subarray(0, 8)).subarray(4, 20);
    const salt = newNonce.readBigInt64LE(0) ^ serverNonce.readBigInt64LE(0);
    const expiresAt = expiresInMs === undefined ? undefined : Date.now() + expiresInMs;
    return {
      reply: { _: 'dh_gen_ok', nonce, server_nonce: serverNonce, new_nonce_hash1: hash },
      key: keys.add(dcId, authKey, { salt, expiresAt }),
    };
  };

  return {
    answer(message) {
      if (message._ === 'req_pq' || message._ === 'req_pq_multi') return { reply: begin(message) };
      if (message._ === 'req_DH_params') return { reply: offer(message) };
      if (message._ === 'set_client_DH_params') return finish(message);
      throw malformed('is no message of the handshake');
    },
  };
}

function checkNonces(message: TlObject, nonce: Buffer, serverNonce: Buffer): void {
  if (nonce.length === 0 || !nonce.equals(message.nonce as Buffer)) throw malformed('has a wrong nonce');
  if (!serverNonce.equals(message.server_nonce as Buffer)) throw malformed('has a wrong server_nonce');
}

function temporaryAes(newNonce: Buffer, serverNonce: Buffer): { key: Buffer; iv: Buffer } {
  const newServer = sha1(newNonce, serverNonce);
  const serverNew = sha1(serverNonce, newNonce);
  const newNew = sha1(newNonce, newNonce);
  return {
    key: Buffer.concat([newServer, serverNew.subarray(0, 12)]),
    iv: Buffer.concat([serverNew.subarray(12, 20), newNew, newNonce.subarray(0, 4)]),
  };
}
