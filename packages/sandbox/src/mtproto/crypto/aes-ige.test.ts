import { expect, it } from 'vitest';
import { igeDecrypt, igeEncrypt } from './aes-ige.ts';

const from = (first: number, length: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, index) => first + index));
const key = from(0, 32);
const iv = from(32, 32);

it('agrees with the IGE of Telethon', () => {
  const encrypted = Buffer.from(
    '2aeabf6e67e57b6f0d1bec11bec6e31b41aa6fb1910a291e3fccf0e011a1bceb' +
      '3970a3eafa203740a4e9266325deaee05bed2a0a0005c25b36610b15fad2823b',
    'hex',
  );
  expect(igeEncrypt(from(100, 64), key, iv)).toEqual(encrypted);
  expect(igeDecrypt(encrypted, key, iv)).toEqual(from(100, 64));
});

it('refuses what is not whole blocks', () => {
  expect(() => igeEncrypt(from(0, 15), key, iv)).toThrow(RangeError);
  expect(() => igeDecrypt(from(0, 17), key, iv)).toThrow(RangeError);
});
