import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CartieError, parseJson } from './index.ts';

function failure(run: () => unknown): CartieError {
  try {
    run();
  } catch (error) {
    if (error instanceof CartieError) return error;
  }
  throw new Error('it did not fail with a CartieError');
}

describe('parseJson', () => {
  test('reads what JSON.parse reads, and the same', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!/\d{16}/.test(text));
        expect(parseJson(text)).toEqual(JSON.parse(text));
        expect(parseJson(new TextEncoder().encode(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  test('keeps all digits of integers beyond 2^53, as strings', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }), (id) => {
        const { value } = parseJson(`{"value":${id}}`) as { value: unknown };
        expect(BigInt(value as string)).toBe(id);
        expect(typeof value).toBe(id >= -(2n ** 53n - 1n) && id <= 2n ** 53n - 1n ? 'number' : 'string');
      }),
    );
  });

  test('leaves fractions and long digits inside strings as they are', () => {
    expect(parseJson('[0.1234567890123456,1e30,"9007199254740993",9007199254740993]')).toEqual([
      0.1234567890123456,
      1e30,
      '9007199254740993',
      '9007199254740993',
    ]);
  });

  test.each(['__proto__', 'constructor'])('makes %s a plain field', (name) => {
    const parsed = parseJson(`{"${name}":{"polluted":12345678901234567890}}`) as object;
    expect(Object.hasOwn(parsed, name)).toBe(true);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test.each(['', ' ', '{', '{"a":}', 'undefined', '{"a":1}}', '[1,]', '"\u0001"'])('refuses %j', (text) => {
    expect(failure(() => parseJson(text))).toMatchObject({ code: 'invalid_response', outcome: 'unknown' });
  });

  test('quotes nothing of the text in its error', () => {
    const { message, stack } = failure(() => parseJson('{"token": secret-1234}'));
    expect(message + stack).not.toContain('secret');
  });

  test('refuses bytes that are not UTF-8, and takes a byte order mark', () => {
    expect(failure(() => parseJson(new Uint8Array([0x22, 0xff, 0x22]))).code).toBe('invalid_response');
    expect(parseJson(new Uint8Array([0xef, 0xbb, 0xbf, 0x31]))).toBe(1);
  });

  test('gives the code that the caller names', () => {
    const options = { service: 'shop', operation: 'accept', code: 'invalid_input' } as const;
    expect(failure(() => parseJson('{', options))).toMatchObject({ ...options, outcome: 'not_executed' });
  });

  describe('nesting', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

    test('is allowed up to the limit and refused beyond', () => {
      expect(parseJson(nested(200))).toBeTruthy();
      expect(failure(() => parseJson(nested(201))).message).toContain('nested');
      expect(parseJson(nested(5), { maxDepth: 5 })).toBeTruthy();
      expect(failure(() => parseJson(`${'{"a":'.repeat(6)}1${'}'.repeat(6)}`, { maxDepth: 5 })).code).toBe(
        'invalid_response',
      );
    });

    test('of a million levels overflows nothing, also with long digits in it', () => {
      expect(failure(() => parseJson('['.repeat(1_000_000))).message).toContain('nested');
      expect(failure(() => parseJson(`[1234567890123456789,${nested(500_000)}]`)).message).toContain(
        'nested',
      );
    });

    test('is not counted inside strings, whatever their escapes', () => {
      const brackets = '['.repeat(300);
      for (const text of [brackets, `\\${brackets}`, `"${brackets}`, `\\"${brackets}\\`, `${brackets}\\\\`]) {
        expect(parseJson(JSON.stringify([text]))).toEqual([text]);
      }
    });

    test('is not hidden by strings', () => {
      expect(failure(() => parseJson(`["\\\\",${nested(300)}]`)).message).toContain('nested');
      expect(failure(() => parseJson(`["${nested(300)}`)).message).toContain('not JSON');
    });
  });
});
