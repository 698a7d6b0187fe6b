import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  CartieError,
  type ClientOptions,
  createBreaker,
  memoryLimiter,
  parseClientOptions,
  parseOptions,
  resolveSecret,
  type Secret,
  secretSchema,
} from './index.ts';

interface ShopOptions extends ClientOptions {
  token: Secret;
  testMode?: boolean | undefined;
}

function parse(options: object): ShopOptions {
  return parseClientOptions<ShopOptions>('shop', options as ShopOptions, {
    token: secretSchema,
    testMode: z.boolean().optional(),
  });
}

function failure(run: () => unknown): CartieError {
  try {
    run();
  } catch (error) {
    if (error instanceof CartieError) return error;
  }
  throw new Error('it did not fail with a CartieError');
}

describe('options of a client', () => {
  test('are given back as they were', () => {
    const options = {
      token: () => 'secret',
      testMode: true,
      fetch,
      baseUrl: 'http://127.0.0.1:8080/prefix',
      timeoutMs: 1,
      deadlineMs: 2 ** 31 - 1,
      retries: 0,
      maxConcurrent: 1,
      breaker: { threshold: 1, samples: 5, minimumSamples: 5, openMs: 10 },
      limiter: memoryLimiter(),
      onEvent: () => undefined,
    };
    const parsed = parse(options);
    expect(parsed).toEqual(options);
    expect(parsed.limiter).toBe(options.limiter);
  });

  test('may share a breaker or have none', () => {
    const breaker = createBreaker();
    expect(parse({ token: 'a', breaker }).breaker).toBe(breaker);
    expect(parse({ token: 'a', breaker: false }).breaker).toBe(false);
  });

  test('count as absent where they are undefined', () => {
    expect(parse({ token: 'a', timeoutMs: undefined, baseUrl: undefined })).toEqual({ token: 'a' });
  });

  test.each([
    [{}, 'token'],
    [{ token: '' }, 'token'],
    [{ token: 12345678 }, 'token'],
    [{ token: 'a', testMode: 'yes' }, 'testMode'],
    [{ token: 'a', fetch: 'fetch' }, 'fetch'],
    [{ token: 'a', timeoutMs: 0 }, 'timeoutMs'],
    [{ token: 'a', timeoutMs: '10' }, 'timeoutMs'],
    [{ token: 'a', deadlineMs: Number.POSITIVE_INFINITY }, 'deadlineMs'],
    [{ token: 'a', deadlineMs: 2 ** 31 }, 'deadlineMs'],
    [{ token: 'a', retries: 1.5 }, 'retries'],
    [{ token: 'a', retries: -1 }, 'retries'],
    [{ token: 'a', maxConcurrent: 0 }, 'maxConcurrent'],
    [{ token: 'a', breaker: true }, 'breaker'],
    [{ token: 'a', breaker: { threshold: 0 } }, 'breaker.threshold'],
    [{ token: 'a', limiter: {} }, 'limiter'],
    [{ token: 'a', onEvent: {} }, 'onEvent'],
  ])('%o are refused by the name of %s', (options, field) => {
    const error = failure(() => parse(options));
    expect(error).toMatchObject({ code: 'invalid_config', service: 'shop', field, retryable: false });
    expect(error.message).toMatch(new RegExp(`^\`${field.replace('.', '\\.')}\` must `));
  });

  test.each([
    'not a url',
    'ftp://host.example',
    'https://user:password@host.example',
    'https://host.example/?token=1',
    'https://host.example/#part',
  ])('take no base URL like %s', (baseUrl) => {
    const error = failure(() => parse({ token: 'a', baseUrl }));
    expect(error.field).toBe('baseUrl');
    expect(error.message).not.toContain('host.example');
  });

  test.each([
    [{ tokn: 'a' }, '`tokn` does not exist: did you mean `token`?', 'tokn'],
    [{ token: 'a', timeout: 5 }, '`timeout` does not exist: did you mean `timeoutMs`?', 'timeout'],
    [
      { token: 'a', maxConcurency: 5 },
      '`maxConcurency` does not exist: did you mean `maxConcurrent`?',
      'maxConcurency',
    ],
    [{ token: 'a', colour: 5 }, '`colour` does not exist', 'colour'],
    [
      { token: 'a', breaker: { treshold: 1 } },
      '`treshold` in `breaker` does not exist: did you mean `threshold`?',
      'breaker.treshold',
    ],
  ])('%o are refused with the right spelling', (options, message, field) => {
    expect(failure(() => parse(options))).toMatchObject({ message, field });
  });

  test('are never quoted, not even a value that stands where a name should', () => {
    const secret = '123456:ABC-DEF1234ghIkl';
    expect(failure(() => parse({ [secret]: 1 })).message).not.toContain('ABC');
    expect(failure(() => parse({ token: 'a', baseUrl: secret })).message).not.toContain('ABC');
  });

  test.each([undefined, null, 'text'])('must be an object, not %s', (options) => {
    expect(failure(() => parse(options as unknown as object)).code).toBe('invalid_config');
  });
});

describe('options of something else', () => {
  const name = z.union([z.string().min(1), z.int()]);
  const schema = z.strictObject({
    secret: z.string().min(1),
    paths: z.array(z.strictObject({ path: z.string() })).optional(),
    mode: z.enum(['fast', 'safe']).default('safe'),
    quota: z.union([z.literal(false), z.strictObject({ perHour: z.number().optional() })]).optional(),
    parts: z
      .array(
        z.discriminatedUnion('type', [
          z.object({ type: z.literal('a'), x: z.string() }),
          z.object({ type: z.literal('b') }),
        ]),
      )
      .optional(),
    names: z.union([name, z.array(name)]).optional(),
  });

  test('are checked and completed by their schema', () => {
    expect(parseOptions('shop', schema, { secret: 'a' })).toEqual({ secret: 'a', mode: 'safe' });
  });

  test.each([
    [{}, '`secret` must be a string', 'secret'],
    [{ secret: '' }, '`secret` must be at least 1 characters long', 'secret'],
    [{ secret: 'a', mode: 'slow' }, '`mode` must be "fast" or "safe"', 'mode'],
    [{ secret: 'a', paths: [{}, {}] }, '`paths[0].path` must be a string', 'paths[0].path'],
    [{ secert: 'a' }, '`secert` does not exist: did you mean `secret`?', 'secert'],
    [
      { secret: 'a', quota: { perHuor: 1 } },
      '`perHuor` in `quota` does not exist: did you mean `perHour`?',
      'quota.perHuor',
    ],
    [{ secret: 'a', quota: { perHour: '1' } }, '`quota.perHour` must be a number', 'quota.perHour'],
    [{ secret: 'a', quota: true }, '`quota` must be false or an object', 'quota'],
    [{ secret: 'a', parts: [{ type: 'c' }] }, '`parts[0].type` must be "a" or "b"', 'parts[0].type'],
    [
      { secret: 'a', paths: [{ path: 'a', pth: 'b' }] },
      '`pth` in `paths[0]` does not exist: did you mean `path`?',
      'paths[0].pth',
    ],
    [{ secret: 'a', parts: [{ type: 'a', x: 1 }] }, '`parts[0].x` must be a string', 'parts[0].x'],
    [{ secret: 'a', names: { x: 1 } }, '`names` must be a string or a number or an array', 'names'],
    [{ secret: 'a', names: [1, ''] }, '`names[1]` must be at least 1 characters long', 'names[1]'],
    [{ secret: 'a', mod: 'fast' }, '`mod` does not exist: did you mean `mode`?', 'mod'],
  ])('%o are refused', (value, message, field) => {
    expect(failure(() => parseOptions('shop', schema, value))).toMatchObject({
      message,
      field,
      code: 'invalid_config',
    });
  });

  test.each([undefined, null, 'text'])('must be an object, not %s', (options) => {
    expect(failure(() => parseOptions('shop', schema, options))).toMatchObject({
      message: 'The options must be an object',
      code: 'invalid_config',
    });
  });

  test("do not use an app's own messages of zod, which may quote values", () => {
    z.config({ customError: (issue) => `you gave ${String(issue.input)}` });
    try {
      expect(failure(() => parseOptions('shop', schema, { secret: 987_654 })).message).toBe(
        '`secret` must be a string',
      );
    } finally {
      z.config({ customError: undefined as never });
    }
  });
});

describe('a secret', () => {
  test('is a text or what a function gives, asked each time', async () => {
    let version = 0;
    const secret = async (): Promise<string> => `secret-${++version}`;
    expect(await resolveSecret('plain', 'token')).toBe('plain');
    expect(await resolveSecret(secret, 'token')).toBe('secret-1');
    expect(await resolveSecret(secret, 'token')).toBe('secret-2');
  });

  test('whose function fails is told without its words, and may work later', async () => {
    const error = await resolveSecret(() => {
      throw new Error('vault says hvs.SECRET');
    }, 'token').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'invalid_config', field: 'token', retryable: true });
    expect((error as Error).message).not.toContain('hvs');
  });

  test('whose function throws a CartieError is told as it is', async () => {
    const reason = new CartieError('storage_error', 'The store is down');
    await expect(resolveSecret(() => Promise.reject(reason), 'token')).rejects.toBe(reason);
  });

  test.each(['', ' ', undefined, 5])('cannot be %o', async (value) => {
    await expect(resolveSecret(() => value as string, 'token')).rejects.toMatchObject({
      code: 'invalid_config',
    });
  });

  test.each(['from-a-file\n', ' copied', '\tcopied '])('has nothing around it, as %j has', async (value) => {
    const error = failure(() => parse({ token: value }));
    expect(error).toMatchObject({ code: 'invalid_config', field: 'token' });
    expect(error.message).toMatch(/^`token` has a space or a line break at its start or end: .*trim\(\)/);
    await expect(resolveSecret(() => value, 'token')).rejects.toMatchObject({
      code: 'invalid_config',
      field: 'token',
      message: expect.stringMatching(/^What the function given as `token` gives has a space or a line break/),
    });
  });
});
