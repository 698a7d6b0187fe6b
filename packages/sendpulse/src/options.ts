import {
  CartieError,
  type ClientOptions,
  type LeaseStore,
  type OwnFields,
  parseClientOptions,
  type Secret,
  secretSchema,
  type TokenStore,
} from '@cartie/core';
import { z } from 'zod';
import { service } from './invalid.ts';
import { rates } from './limits.ts';

/** What both ways of authorisation have in common. */
export interface SendPulseCommonOptions extends ClientOptions {
  /** Calls in a second. SendPulse takes ten. @default 10 */
  requestsPerSecond?: number | undefined;
  /** Calls in a minute, by the account's plan: 1000, 2000 or 3000. @default 1000 */
  requestsPerMinute?: number | undefined;
}

/** Authorisation by OAuth: the client asks for tokens and keeps them. */
export interface SendPulseOAuthOptions extends SendPulseCommonOptions {
  /** «ID» of the account's API settings. */
  clientId: string;
  /** «Secret» of the account's API settings, or a function that gives the newest one. */
  clientSecret: Secret;
  /** `tokens` of core's `createStores`: keeps the token, encrypted, for all processes. @default this client's memory */
  tokens?: TokenStore | undefined;
  /** `leases` of core's `createStores`: one process refreshes, the others wait for its token. Needs `tokens`. */
  leases?: LeaseStore | undefined;
  apiKey?: undefined;
}

/** Authorisation by a static key. */
export interface SendPulseKeyOptions extends SendPulseCommonOptions {
  /** A key of the account's API settings, or a function that gives the newest one. */
  apiKey: Secret;
  clientId?: undefined;
  clientSecret?: undefined;
  tokens?: undefined;
  leases?: undefined;
}

/** Options of `createSendPulseClient`: OAuth by `clientId` and `clientSecret`, or an `apiKey`. */
export type SendPulseClientOptions = SendPulseOAuthOptions | SendPulseKeyOptions;

/** Options that have been checked. */
export interface ParsedOptions extends ClientOptions {
  clientId?: string | undefined;
  clientSecret?: Secret | undefined;
  apiKey?: Secret | undefined;
  tokens?: TokenStore | undefined;
  leases?: LeaseStore | undefined;
  requestsPerSecond?: number | undefined;
  requestsPerMinute?: number | undefined;
}

const hasMethods = (...names: string[]) =>
  z.custom<object>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function'),
    'must be of createStores()',
  );

const secret = (secretSchema as z.ZodType<Secret>).optional();

const ownFields = {
  clientId: z.string().trim().min(1).max(300).optional(),
  clientSecret: secret,
  apiKey: secret,
  tokens: hasMethods('get', 'put', 'invalidate').optional(),
  leases: hasMethods('acquire').optional(),
  requestsPerSecond: z.int().positive().max(100_000).default(rates.perSecond),
  requestsPerMinute: z.int().positive().max(10_000_000).default(rates.perMinute),
} satisfies OwnFields<ParsedOptions>;

/**
 * Checks the options.
 * @throws CartieError `invalid_config` naming the field
 */
export function parseSendPulseOptions(options: SendPulseClientOptions): ParsedOptions & {
  requestsPerSecond: number;
  requestsPerMinute: number;
} {
  const parsed = parseClientOptions<ParsedOptions>(service, options, ownFields);
  const { clientId, clientSecret, apiKey, tokens, leases } = parsed;
  if (apiKey === undefined) {
    if (clientId === undefined)
      throw wrong('clientId', 'must be given, with `clientSecret`; or else `apiKey`');
    if (clientSecret === undefined) throw wrong('clientSecret', 'must be given with `clientId`');
    if (leases !== undefined && tokens === undefined) throw wrong('tokens', 'must be given with `leases`');
  } else {
    for (const [name, value] of Object.entries({ clientId, clientSecret, tokens, leases })) {
      if (value !== undefined) throw wrong(name, 'has no use with `apiKey`: give one or the other');
    }
  }
  return parsed as ReturnType<typeof parseSendPulseOptions>;
}

function wrong(field: string, rule: string): CartieError {
  return new CartieError('invalid_config', `\`${field}\` ${rule}`, { service, field });
}
