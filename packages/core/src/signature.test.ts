import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { safeEqual, verifyHmacSha256 } from './index.ts';

const bytes = Buffer.from('{"event":"message","text":"Привіт"}');
const sign = (key: string, body: Uint8Array = bytes): string =>
  createHmac('sha256', key).update(body).digest('hex');

describe('safeEqual', () => {
  it('tells equal secrets from others, of any length', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(safeEqual(a, a)).toBe(true);
        expect(safeEqual(a, b)).toBe(a === b);
        expect(safeEqual(Buffer.from(a), a)).toBe(true);
        expect(safeEqual(a, `${a}x`)).toBe(false);
      }),
    );
  });

  it('finds nothing equal to a header that was not sent', () => {
    for (const absent of [null, undefined]) {
      expect(safeEqual(absent, 'secret')).toBe(false);
      expect(safeEqual('', absent)).toBe(false);
      expect(safeEqual(absent, absent)).toBe(false);
    }
  });
});

describe('verifyHmacSha256', () => {
  it('gives the digest of RFC 4231, test case 2', () => {
    const signature = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843';
    const body = Buffer.from('what do ya want for nothing?');
    expect(verifyHmacSha256({ secrets: 'Jefe', signature, bytes: body })).toBe(true);
  });

  it('takes hex in either case, with and without a prefix', () => {
    const signature = sign('key');
    expect(verifyHmacSha256({ secrets: 'key', signature, bytes })).toBe(true);
    expect(verifyHmacSha256({ secrets: 'key', signature: signature.toUpperCase(), bytes })).toBe(true);
    expect(
      verifyHmacSha256({ secrets: 'key', signature: `sha256=${signature}`, bytes, prefix: 'sha256=' }),
    ).toBe(true);
  });

  it('accepts each of several secrets, and no other', () => {
    const secrets = ['new', 'old'];
    for (const key of secrets) {
      expect(verifyHmacSha256({ secrets, signature: sign(key), bytes })).toBe(true);
    }
    expect(verifyHmacSha256({ secrets, signature: sign('older'), bytes })).toBe(false);
  });

  it('refuses anything else without throwing', () => {
    const good = sign('key');
    const wrong = [
      null,
      undefined,
      '',
      'sha256=',
      good.slice(1),
      `${good}0`,
      `sha256=${good}`,
      'g'.repeat(64),
      'ґ'.repeat(64),
      good.replace(/.$/, '\n'),
      sign('key', bytes.subarray(1)),
    ];
    for (const signature of wrong) {
      expect(verifyHmacSha256({ secrets: 'key', signature, bytes }), String(signature)).toBe(false);
    }
    for (const signature of [good, `sha512=${good}`, `SHA256=${good}`]) {
      expect(verifyHmacSha256({ secrets: 'key', signature, bytes, prefix: 'sha256=' })).toBe(false);
    }
  });

  it('sees every changed byte and digit', () => {
    const good = sign('key');
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 63 }), (at, digit) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ 1;
        expect(verifyHmacSha256({ secrets: 'key', signature: good, bytes: changed })).toBe(false);
        const flipped = (Number.parseInt(good[digit] ?? '', 16) ^ 1).toString(16);
        const signature = good.slice(0, digit) + flipped + good.slice(digit + 1);
        expect(verifyHmacSha256({ secrets: 'key', signature, bytes })).toBe(false);
      }),
    );
  });

  it('refuses to work without a secret or with an empty one', () => {
    for (const secrets of ['', [], ['key', '']]) {
      expect(() => verifyHmacSha256({ secrets, signature: sign(''), bytes })).toThrow(
        expect.objectContaining({ code: 'invalid_config', field: 'secrets' }),
      );
    }
  });
});
