import { z } from 'zod';
import type { Breaker, BreakerOptions } from './breaker.ts';
import { maxTimerMs } from './deadline.ts';
import { CartieError, isCartieError } from './errors.ts';
import type { EventListener } from './events.ts';
import type { Limiter } from './limiter.ts';
import { parseWith, type Schema, unknownField } from './schema.ts';

/** A secret, or a function that gives the newest one (asked before each attempt). */
export type Secret = string | (() => string | Promise<string>);

/** Options that every client takes. */
export interface ClientOptions {
  /** Sends the request: a proxy, undici, a test. @default the global `fetch` */
  fetch?: typeof globalThis.fetch | undefined;
  /** Another origin than the provider's own: a gateway, the sandbox. */
  baseUrl?: string | undefined;
  /** Limit of one attempt, reading the body included. Milliseconds. @default 10000, unless the client says otherwise */
  timeoutMs?: number | undefined;
  /** Limit of the whole call: waiting for limits, attempts, pauses between them. Milliseconds. @default 30000 */
  deadlineMs?: number | undefined;
  /** How many times a call may be repeated after its first attempt, where that is safe. @default 2 */
  retries?: number | undefined;
  /** Requests in flight at once; further calls wait. @default 10, unless the client says otherwise */
  maxConcurrent?: number | undefined;
  /** The circuit breaker's settings, a breaker to share between clients, or `false` for none. */
  breaker?: BreakerOptions | Breaker | false | undefined;
  /** Paces calls; `storeLimiter(kv)` shares the pace between processes. @default a `memoryLimiter()` of this client */
  limiter?: Limiter | undefined;
  /** Watches calls. */
  onEvent?: EventListener | undefined;
}

/** Options of one call, the last argument of every method. They override the client's. */
export interface CallOptions {
  /** Limit of one attempt, reading the body included. Milliseconds. */
  timeoutMs?: number | undefined;
  /** Limit of the whole call: waiting for limits, attempts, pauses between them. Milliseconds. */
  deadlineMs?: number | undefined;
  /** How many times the call may be repeated after its first attempt, where that is safe. */
  retries?: number | undefined;
  /** Ends the call at once, wherever it waits; its `reason` is thrown as it is. */
  signal?: AbortSignal | undefined;
  /** Added to the request's headers. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** May the call be repeated when its outcome is unknown? @default by the method; false for `call()` */
  idempotent?: boolean | undefined;
}

/** What a client leaves to core, in milliseconds where they are durations. */
export const defaultOptions = {
  timeoutMs: 10_000,
  deadlineMs: 30_000,
  retries: 2,
  maxConcurrent: 10,
} as const;

/** Fields of a client's options that are its own, each with its schema. */
export type OwnFields<Options extends ClientOptions> = {
  readonly [Field in Exclude<keyof Options, keyof ClientOptions>]-?: Schema<unknown>;
};

/**
 * Checks a client's options: core's by core's rules, the client's own by `fields`. Gives a copy; a field whose value
 * is `undefined` counts as absent.
 *
 * @throws CartieError `invalid_config` that names the field, and the right name where it is misspelt; never a value
 */
export function parseClientOptions<Options extends ClientOptions>(
  service: string,
  options: Options,
  fields: OwnFields<Options>,
): Options {
  const context = { service };
  checkIsObject(options, context);
  const schemas: Record<string, Schema<unknown>> = { ...clientFields, ...fields };
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(schemas, name)) throw unknownField(name, Object.keys(schemas), context);
  }
  const parsed: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(schemas)) {
    const value = parseWith(schema, (options as Record<string, unknown>)[name], { service, at: name });
    if (value !== undefined) parsed[name] = value;
  }
  return parsed as Options;
}

/**
 * Checks the options of anything that is not a client: a webhook, a poller, a buffer. Use a strict schema, so that a
 * misspelt option is an error.
 *
 * @throws CartieError `invalid_config` that names the field; never a value
 */
export function parseOptions<T>(service: string, schema: Schema<T>, value: unknown): T {
  checkIsObject(value, { service });
  return parseWith(schema, value, { service });
}

function checkIsObject(options: unknown, context: { service: string }): void {
  if (typeof options === 'object' && options !== null) return;
  throw new CartieError('invalid_config', 'The options must be an object', context);
}

const isFunction = (value: unknown): boolean => typeof value === 'function';
// Files end with a line break, and what is copied brings a space: no provider would know such a secret.
const isTrimmed = (value: string): boolean => value.trim() === value;
const untrimmed =
  'has a space or a line break at its start or end: remove it, by trim() if it is read from a file';
const hasMethods =
  (...names: string[]) =>
  (value: unknown): boolean =>
    typeof value === 'object' &&
    value !== null &&
    names.every((name) => isFunction((value as Record<string, unknown>)[name]));

/** A schema for a {@link Secret}: a text that is not empty and has no space or line break around it, or a function. */
export const secretSchema: Schema<Secret> = z
  .custom<Secret>(
    (value) => isFunction(value) || (typeof value === 'string' && value.trim() !== ''),
    'must be a text that is not empty, or a function that gives one',
  )
  .refine((value) => typeof value !== 'string' || isTrimmed(value), untrimmed);

/** A schema for a duration in milliseconds, more than 0. */
export const durationSchema: Schema<number> = z.number().positive().max(maxTimerMs);

const duration = z.number().positive().max(maxTimerMs).optional();

const breakerSettings = z.strictObject({
  threshold: z.number().positive().max(1).optional(),
  samples: z.int().min(1).max(10_000).optional(),
  minimumSamples: z.int().min(1).max(10_000).optional(),
  openMs: duration,
}) satisfies Schema<BreakerOptions>;

const clientFields = {
  fetch: z.custom(isFunction, 'must be a function').optional(),
  baseUrl: z.custom<string>(isBaseUrl, baseUrlRule()).optional(),
  timeoutMs: duration,
  deadlineMs: duration,
  retries: z.int().min(0).max(100).optional(),
  maxConcurrent: z.int().min(1).optional(),
  breaker: {
    shape: breakerSettings.shape,
    '~standard': {
      validate: (value) =>
        value === undefined || value === false || hasMethods('run', 'onChange')(value)
          ? { value }
          : breakerSettings['~standard'].validate(value),
    },
  } as Schema<unknown>,
  limiter: z.custom(hasMethods('acquire', 'pause'), 'must have acquire() and pause()').optional(),
  onEvent: z.custom(isFunction, 'must be a function').optional(),
} satisfies Record<keyof ClientOptions, Schema<unknown>>;

function isBaseUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const url = new URL(value);
  const plain = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  return plain && (url.protocol === 'https:' || url.protocol === 'http:');
}

function baseUrlRule(): string {
  return 'must be an http or https URL without user name, query and fragment';
}

const callOptionChecks: {
  readonly [Name in keyof Required<CallOptions>]: (value: unknown) => string | undefined;
} = {
  timeoutMs: checkDuration,
  deadlineMs: checkDuration,
  retries: (value) =>
    Number.isInteger(value) && Number(value) >= 0 ? undefined : 'must be a whole number, 0 or more',
  signal: (value) => (value instanceof AbortSignal ? undefined : 'must be an AbortSignal'),
  headers: (value) =>
    typeof value === 'object' && value !== null ? undefined : 'must be an object of texts',
  idempotent: (value) => (typeof value === 'boolean' ? undefined : 'must be true or false'),
};

/**
 * Checks the options of one call. Runs on every call, so it is plain code.
 * @throws CartieError `invalid_input` that names the field; never a value
 */
export function checkCallOptions(service: string, operation: string, options: CallOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new CartieError('invalid_input', 'The options of the call must be an object', {
      service,
      operation,
    });
  }
  for (const name in options) {
    const value = options[name as keyof CallOptions];
    if (value === undefined) continue;
    const context = { service, operation, code: 'invalid_input' } as const;
    if (!Object.hasOwn(callOptionChecks, name))
      throw unknownField(name, Object.keys(callOptionChecks), context);
    const fault = callOptionChecks[name as keyof CallOptions](value);
    if (fault)
      throw new CartieError('invalid_input', `\`${name}\` ${fault}`, { service, operation, field: name });
  }
}

function checkDuration(value: unknown): string | undefined {
  const valid = typeof value === 'number' && value > 0 && value <= maxTimerMs;
  return valid ? undefined : `must be a number of milliseconds, more than 0 and at most ${maxTimerMs}`;
}

/**
 * The secret's text of this moment. What a failing function throws is not passed on, since it may quote the secret;
 * a `CartieError` is.
 *
 * @param field the option's name, for the error
 * @throws CartieError `invalid_config`, retryable if the function failed
 */
export async function resolveSecret(secret: Secret, field: string): Promise<string> {
  if (typeof secret === 'string') return secret;
  let value: unknown;
  try {
    value = await secret();
  } catch (error) {
    if (isCartieError(error)) throw error;
    throw new CartieError('invalid_config', `The function given as \`${field}\` failed`, {
      field,
      retryable: true,
    });
  }
  if (typeof value !== 'string' || value.trim() === '') {
    throw new CartieError(
      'invalid_config',
      `The function given as \`${field}\` must give a text that is not empty`,
      { field },
    );
  }
  if (isTrimmed(value)) return value;
  throw new CartieError('invalid_config', `What the function given as \`${field}\` gives ${untrimmed}`, {
    field,
  });
}
