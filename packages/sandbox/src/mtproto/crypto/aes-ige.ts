import { createCipheriv, createDecipheriv } from 'node:crypto';

/** AES-256-IGE over whole blocks; `iv` has 32 bytes. @see https://core.telegram.org/mtproto/description#terminology */
export function igeEncrypt(plain: Buffer, key: Buffer, iv: Buffer): Buffer {
  checkBlocks(plain);
  // y(i) = E(x(i) ^ y(i-1)) ^ x(i-1). The part inside E chains like CBC over x(i) ^ x(i-2), which node does in one call.
  const chained = Buffer.from(plain);
  for (let block = 1; block * 16 < plain.length; block += 1) {
    const before = block === 1 ? iv : plain;
    const from = block === 1 ? 16 : (block - 2) * 16;
    for (let index = 0; index < 16; index += 1) {
      chained[block * 16 + index] = (chained[block * 16 + index] ?? 0) ^ (before[from + index] ?? 0);
    }
  }
  const cipher = createCipheriv('aes-256-cbc', key, iv.subarray(0, 16)).setAutoPadding(false);
  const out = Buffer.concat([cipher.update(chained), cipher.final()]);
  for (let index = 0; index < out.length; index += 1) {
    out[index] = (out[index] ?? 0) ^ (index < 16 ? (iv[16 + index] ?? 0) : (plain[index - 16] ?? 0));
  }
  return out;
}

/** The reverse of {@link igeEncrypt}. */
export function igeDecrypt(encrypted: Buffer, key: Buffer, iv: Buffer): Buffer {
  checkBlocks(encrypted);
  const decipher = createDecipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  const out = Buffer.allocUnsafe(encrypted.length);
  const block = Buffer.allocUnsafe(16);
  for (let offset = 0; offset < encrypted.length; offset += 16) {
    for (let index = 0; index < 16; index += 1) {
      const before = offset === 0 ? (iv[16 + index] ?? 0) : (out[offset - 16 + index] ?? 0);
      block[index] = (encrypted[offset + index] ?? 0) ^ before;
    }
    const plain = decipher.update(block);
    for (let index = 0; index < 16; index += 1) {
      const before = offset === 0 ? (iv[index] ?? 0) : (encrypted[offset - 16 + index] ?? 0);
      out[offset + index] = (plain[index] ?? 0) ^ before;
    }
  }
  return out;
}

function checkBlocks(bytes: Buffer): void {
  if (bytes.length % 16 !== 0) throw new RangeError('IGE works on whole blocks of 16 bytes');
}
