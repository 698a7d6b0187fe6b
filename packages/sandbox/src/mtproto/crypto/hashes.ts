import { createHash } from 'node:crypto';

/** SHA-1 of these bytes, one after another. */
export function sha1(...parts: readonly Uint8Array[]): Buffer {
  return digest('sha1', parts);
}

/** SHA-256 of these bytes, one after another. */
export function sha256(...parts: readonly Uint8Array[]): Buffer {
  return digest('sha256', parts);
}

function digest(algorithm: string, parts: readonly Uint8Array[]): Buffer {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return hash.digest();
}
