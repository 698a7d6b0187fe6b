import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  type KeyObject,
  privateDecrypt,
  timingSafeEqual,
} from 'node:crypto';
import { CartieError } from '@cartie/core';
import { service } from './invalid.ts';

/** A request of a flow that was decrypted, with what its answer is encrypted by. */
export interface OpenedFlow {
  readonly json: string;
  readonly key: Buffer;
  readonly iv: Buffer;
}

const tagBytes = 16;

/**
 * Decrypts a flow's request: RSA-OAEP (SHA-256) for the AES key, AES-128-GCM for the body. `undefined` where none of the keys fits.
 * @see https://developers.facebook.com/docs/whatsapp/flows/guides/implementingyourflowendpoint
 */
export function openFlow(
  body: { encrypted_flow_data: string; encrypted_aes_key: string; initial_vector: string },
  privateKeys: readonly KeyObject[],
): OpenedFlow | undefined {
  const wrapped = Buffer.from(body.encrypted_aes_key, 'base64');
  const iv = Buffer.from(body.initial_vector, 'base64');
  const sealed = Buffer.from(body.encrypted_flow_data, 'base64');
  for (const privateKey of privateKeys) {
    try {
      const key = privateDecrypt(
        { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
        wrapped,
      );
      return { json: decryptFlow(sealed, key, iv), key, iv };
    } catch {
      // Another key may fit.
    }
  }
  return undefined;
}

/** Decrypts AES-128-GCM with the tag at the end. Throws where the tag does not fit. */
export function decryptFlow(sealed: Buffer, key: Buffer, iv: Buffer): string {
  const decipher = createDecipheriv('aes-128-gcm', key, iv, { authTagLength: tagBytes });
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  return Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()]).toString('utf8');
}

/** Encrypts an answer: the request's key, its IV with every bit flipped. */
export function sealFlow(answer: unknown, key: Buffer, iv: Buffer): string {
  const flipped = Buffer.from(iv.map((byte) => ~byte));
  const cipher = createCipheriv('aes-128-gcm', key, flipped, { authTagLength: tagBytes });
  return Buffer.concat([
    cipher.update(JSON.stringify(answer), 'utf8'),
    cipher.final(),
    cipher.getAuthTag(),
  ]).toString('base64');
}

/** How a file of a PhotoPicker or DocumentPicker is encrypted. All values are base64. */
export interface FlowMediaEncryption {
  encryption_key: string;
  hmac_key: string;
  iv: string;
  plaintext_hash: string;
  encrypted_hash: string;
}

/**
 * Decrypts a file that a customer chose in a flow, as it was fetched from its `cdn_url`: both hashes and the HMAC are checked.
 * @throws CartieError `invalid_response` where the file is not what the metadata says
 * @see https://developers.facebook.com/docs/whatsapp/flows/reference/media_upload
 */
export function decryptFlowMedia(file: Uint8Array, encryption: FlowMediaEncryption): Uint8Array {
  const { encryption_key, hmac_key, iv: ivText, plaintext_hash, encrypted_hash } = encryption;
  const bytes = Buffer.from(file);
  const iv = Buffer.from(ivText, 'base64');
  const sealed = bytes.subarray(0, -10);
  const told = bytes.subarray(-10);
  const hmac = createHmac('sha256', Buffer.from(hmac_key, 'base64'))
    .update(iv)
    .update(sealed)
    .digest()
    .subarray(0, 10);
  if (sha256(bytes) !== encrypted_hash || told.length !== 10 || !timingSafeEqual(hmac, told)) throw altered();
  let plain: Buffer;
  try {
    const decipher = createDecipheriv('aes-256-cbc', Buffer.from(encryption_key, 'base64'), iv);
    plain = Buffer.concat([decipher.update(sealed), decipher.final()]);
  } catch {
    throw altered();
  }
  if (sha256(plain) !== plaintext_hash) throw altered();
  return new Uint8Array(plain);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64');
}

function altered(): CartieError {
  return new CartieError(
    'invalid_response',
    'The file is not the one that its encryption metadata is about',
    {
      service,
      operation: 'decryptFlowMedia',
      retryable: false,
    },
  );
}
