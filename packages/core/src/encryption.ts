import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { CartieError } from './errors.ts';

/** 32 random bytes in base64: `openssl rand -base64 32`. */
export type EncryptionKey = string;

/** The current key, or the current key and older ones that are still read. */
export type EncryptionKeys = EncryptionKey | readonly [current: EncryptionKey, ...old: EncryptionKey[]];

/** Encrypts values that belong to one place and nowhere else. */
export interface Encryption {
  encrypt(value: string, place: EncryptedPlace): string;
  /** @throws CartieError `storage_error`, not retryable: the key is missing, or the value was altered or moved */
  decrypt(stored: string, place: EncryptedPlace): string;
}

/** Where a value is stored. It is authenticated: a value copied elsewhere cannot be read there. */
export interface EncryptedPlace {
  readonly namespace: string;
  readonly key: string;
}

/**
 * AES-256-GCM. A stored value is `v1.<key id>.<nonce>.<ciphertext and tag>`; writing takes the first key, reading the
 * one whose id it carries. One key is good for 2^32 writes.
 *
 * @throws CartieError `invalid_config` naming the key that is not 32 bytes in base64
 */
export function createEncryption(keys: EncryptionKeys): Encryption {
  const list = Array.isArray(keys) ? (keys as readonly unknown[]) : [keys];
  if (list.length === 0) throw invalidKey('encryptionKey');
  const known = list.map((key, index) =>
    readKey(key, Array.isArray(keys) ? `encryptionKey[${index}]` : 'encryptionKey'),
  );
  const [current] = known as [KnownKey];
  const byId = new Map(known.map((key) => [key.id, key.bytes]));

  return {
    encrypt(value, place) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', current.bytes, nonce).setAAD(placeBytes(place));
      const sealed = Buffer.concat([cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return ['v1', current.id, nonce.toString('base64url'), sealed.toString('base64url')].join('.');
    },
    decrypt(stored, place) {
      const [, id, nonce, text] = stored.match(/^v1\.([0-9a-f]{16})\.([\w-]{16})\.([\w-]{22,})$/) ?? [];
      if (id === undefined || nonce === undefined || text === undefined) {
        throw unreadable(place, 'it is not a value that @cartie/core has encrypted');
      }
      const key = byId.get(id);
      if (key === undefined) {
        throw unreadable(
          place,
          `encryptionKey lacks the key with the id ${id}: add that key after the current one`,
        );
      }
      const sealed = Buffer.from(text, 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64url'))
        .setAAD(placeBytes(place))
        .setAuthTag(sealed.subarray(-tagBytes));
      try {
        return Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()]).toString(
          'utf8',
        );
      } catch {
        throw unreadable(
          place,
          `it was altered, or moved from another key (its encryption key has the id ${id})`,
        );
      }
    },
  };
}

const nonceBytes = 12;
const tagBytes = 16;

interface KnownKey {
  readonly id: string;
  readonly bytes: Buffer;
}

function readKey(key: unknown, field: string): KnownKey {
  if (typeof key !== 'string' || !/^[A-Za-z0-9+/_-]{43}=?$/.test(key)) throw invalidKey(field);
  const bytes = Buffer.from(key, 'base64');
  const id = createHash('sha256').update('cartie encryption key id').update(bytes).digest('hex').slice(0, 16);
  return { id, bytes };
}

function placeBytes({ namespace, key }: EncryptedPlace): Buffer {
  return Buffer.from(JSON.stringify([namespace, key]));
}

function invalidKey(field: string): CartieError {
  return new CartieError(
    'invalid_config',
    `${field} must be 32 bytes in base64: make one with «openssl rand -base64 32»`,
    { field },
  );
}

function unreadable({ namespace }: EncryptedPlace, why: string): CartieError {
  return new CartieError(
    'storage_error',
    `A stored value of ${namespace} cannot be decrypted: ${why}. It was left as it is`,
    {
      service: 'store',
      operation: 'decrypt',
      retryable: false,
      outcome: 'not_executed',
    },
  );
}
