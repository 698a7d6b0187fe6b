import { createHmac, randomBytes } from 'node:crypto';
import {
  type Caller,
  CartieError,
  createStores,
  createTokenSource,
  type FetchedToken,
  isCartieError,
  memoryStore,
  resolveSecret,
  type TokenSource,
} from '@cartie/core';
import { service } from './invalid.ts';
import { operations } from './operations.ts';
import type { ParsedOptions } from './options.ts';

/** Where a client's tokens come from. */
export interface Credentials {
  /**
   * Tells this account's keys from another's in shared stores and limiters. Only who knows the secret comes to the same
   * name, so nobody is given a token for a client id alone.
   */
  account(): Promise<string>;
  /** A token that is good. */
  token(signal?: AbortSignal): Promise<string>;
  /** SendPulse refused this token. Tells whether another one can be had. */
  refuse(token: string): Promise<boolean>;
  /** Asks for a token that nobody shares: proves the credentials, whatever the stores hold. */
  fresh(signal?: AbortSignal): Promise<string>;
  /** Texts that no error may hold. */
  secrets(): readonly string[];
}

/** Builds the credentials of a client. `caller` is how tokens are asked for. */
export function createCredentials(options: ParsedOptions, caller: () => Caller): Credentials {
  const { clientId = '', clientSecret = '', apiKey, leases } = options;
  const seen = secretBook(clientId);
  if (apiKey !== undefined) {
    const key = async (): Promise<string> =>
      seen.add(headerSafe(await resolveSecret(apiKey, 'apiKey'), 'apiKey'));
    return {
      account: async () => nameOf('', await key()),
      token: key,
      refuse: async () => false,
      fresh: key,
      secrets: seen.all,
    };
  }

  const tokens =
    options.tokens ??
    createStores(memoryStore(), { encryptionKey: randomBytes(32).toString('base64') }).tokens;
  const secret = async (): Promise<string> => seen.add(await resolveSecret(clientSecret, 'clientSecret'));
  let current: { readonly name: string; readonly source: TokenSource } | undefined;

  async function fetchToken(given: string, signal?: AbortSignal): Promise<FetchedToken> {
    const { method, path, idempotent } = operations.oauth.accessToken;
    // As part of a probe it is made once, as the probe is.
    const isProbe = (caller().breaker?.state ?? 'closed') !== 'closed';
    const asked = caller().call(
      {
        operation: 'oauth.accessToken',
        idempotent,
        // Calls that wait for a token have all places: one more would never come free.
        detached: 'counted',
        build: () => ({
          method,
          path,
          json: { grant_type: 'client_credentials', client_id: clientId, client_secret: given },
        }),
      },
      { signal, ...(isProbe && { retries: 0 }) },
    );
    const { data } = await asked.catch((error: unknown) => {
      throw isCartieError(error) ? withoutEffect(error) : error;
    });
    const { access_token: value, expires_in: seconds } = (data.json ?? {}) as Record<string, unknown>;
    if (typeof value !== 'string' || !(Number(seconds) > 0)) throw withoutToken();
    return { value: seen.add(headerSafe(value, 'access_token')), expiresInMs: Number(seconds) * 1_000 };
  }

  /** One source for each secret: a rotated one has tokens of its own. */
  async function source(): Promise<TokenSource> {
    const given = await secret();
    const name = `${service}:${nameOf(clientId, given)}`;
    if (current?.name !== name) {
      const fetching = (signal: AbortSignal): Promise<FetchedToken> => fetchToken(given, signal);
      current = { name, source: createTokenSource({ name, tokens, leases, fetchToken: fetching }) };
    }
    return current.source;
  }

  return {
    account: async () => nameOf(clientId, await secret()),
    token: async (signal) => seen.add(await (await source()).get({ signal })),
    async refuse(token) {
      await (await source()).invalidate(token);
      return true;
    },
    fresh: async (signal) => (await fetchToken(await secret(), signal)).value,
    secrets: seen.all,
  };
}

function nameOf(clientId: string, secret: string): string {
  return createHmac('sha256', secret).update(clientId).digest('hex').slice(0, 24);
}

function headerSafe(token: string, field: string): string {
  if (/^[\x21-\x7e]{1,4096}$/.test(token)) return token;
  throw new CartieError(
    field === 'apiKey' ? 'invalid_config' : 'invalid_response',
    `\`${field}\` is no token: it has spaces or other characters that a header cannot hold`,
    { service, field, outcome: 'not_executed' },
  );
}

/** Whatever became of the question for a token: what was to be done with it was not begun. */
function withoutEffect(error: CartieError): CartieError {
  return new CartieError(error.code, error.message, { ...error, outcome: 'not_executed' });
}

function withoutToken(): CartieError {
  return new CartieError('invalid_response', 'The answer is good but holds no token: check baseUrl', {
    service,
    operation: 'oauth.accessToken',
    outcome: 'not_executed',
  });
}

/** The secrets that answers on their way may still quote: the last few, since they change. */
function secretBook(clientId: string): { add(secret: string): string; all(): readonly string[] } {
  const seen: string[] = [];
  return {
    add(secret) {
      if (!seen.includes(secret)) seen.push(secret);
      if (seen.length > 12) seen.shift();
      return secret;
    },
    all: () => [clientId, ...seen],
  };
}
