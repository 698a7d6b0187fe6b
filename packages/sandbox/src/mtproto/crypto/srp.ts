import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { fromBigInt, modPow, toBigInt } from './big-bytes.ts';
import { dhGenerator, dhPrime, dhPrimeBytes, isSafePublicValue } from './dh-group.ts';
import { sha256 } from './hashes.ts';

/** A password as the server keeps it: salts and a verifier. @see https://core.telegram.org/api/srp */
export interface PasswordVerifier {
  readonly salt1: Buffer;
  readonly salt2: Buffer;
  readonly v: bigint;
}

/** One question to the client: used for one answer only. */
export interface PasswordChallenge {
  readonly srpId: bigint;
  /** Goes to the client as `srp_B`. */
  readonly srpB: Buffer;
  /** Whether the client knows the password. */
  verify(a: Buffer, m1: Buffer): boolean;
}

/** Makes the verifier of a password. */
export function createPasswordVerifier(password: string): PasswordVerifier {
  const salt1 = randomBytes(8);
  const salt2 = randomBytes(16);
  const salted = (data: Buffer, salt: Buffer): Buffer => sha256(salt, data, salt);
  const once = salted(salted(Buffer.from(password, 'utf8'), salt1), salt2);
  const x = toBigInt(salted(pbkdf2Sync(once, salt1, 100_000, 64, 'sha512'), salt2));
  return { salt1, salt2, v: modPow(BigInt(dhGenerator), x, dhPrime) };
}

/** Asks for the password of this verifier. */
export function createPasswordChallenge({ salt1, salt2, v }: PasswordVerifier): PasswordChallenge {
  const g = fromBigInt(BigInt(dhGenerator), 256);
  const k = toBigInt(sha256(dhPrimeBytes, g));
  const b = toBigInt(randomBytes(256));
  const srpB = fromBigInt((k * v + modPow(BigInt(dhGenerator), b, dhPrime)) % dhPrime, 256);
  return {
    srpId: randomBytes(8).readBigInt64LE(),
    srpB,
    verify(a, m1) {
      const value = toBigInt(a);
      if (a.length > 256 || !isSafePublicValue(value)) return false;
      const aBytes = fromBigInt(value, 256);
      const u = toBigInt(sha256(aBytes, srpB));
      const key = sha256(fromBigInt(modPow(value * modPow(v, u, dhPrime), b, dhPrime), 256));
      const hashOfPrime = sha256(dhPrimeBytes);
      const hashOfG = sha256(g);
      const mixed = Buffer.from(hashOfPrime.map((byte, index) => byte ^ (hashOfG[index] ?? 0)));
      return sha256(mixed, sha256(salt1), sha256(salt2), aBytes, srpB, key).equals(m1);
    },
  };
}
