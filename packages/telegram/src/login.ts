import { randomBytes } from 'node:crypto';
import {
  type Answer,
  type CallOptions,
  CartieError,
  createCaller,
  parseClientOptions,
  resolveSecret,
  safeEqual,
} from '@cartie/core';
import type { JSONWebKeySet } from 'jose';
import { classifyLogin } from './login-errors.ts';
import { createLoginKeys } from './login-keys.ts';
import { loginFields, type TelegramLoginOptions } from './login-options.ts';
import { type LoginUser, loginIssuer, verifyLoginToken } from './login-token.ts';
import { createPkce } from './pkce.ts';

/** What a login may ask the user for, beside who he is. */
export type LoginScope = 'profile' | 'phone' | 'telegram:bot_access';

/** A login under way. Keep it for its user (an HTTP-only cookie, a session) until he comes back. */
export interface PendingLogin {
  state: string;
  nonce: string;
  codeVerifier: string;
}

/** A login that ended well. */
export interface CompletedLogin {
  user: LoginUser;
  /** The ID token as Telegram signed it. */
  idToken: string;
}

/** Telegram Login: OpenID Connect with a code and PKCE, or an ID token that the login library gave your page. */
export interface TelegramLogin {
  /** A new login: send the user to `url` and keep `pending`. @param scopes default `['profile']` */
  begin(scopes?: readonly LoginScope[]): { url: string; pending: PendingLogin };
  /**
   * Ends a login: checks that the answer belongs to it, redeems the code and verifies the ID token. A code can be
   * redeemed once, so this is never repeated by itself.
   *
   * @param callback the URL or query that the user came back with
   * @throws CartieError `invalid_signature` with the field `state` for an answer to another login, or that of the token
   *   that did not fit; `forbidden` where the user refused; `rejected` for a code that is used or too old
   */
  complete(
    callback: string | URL | URLSearchParams,
    pending: PendingLogin,
    options?: CallOptions,
  ): Promise<CompletedLogin>;
  /**
   * Verifies an ID token that your page or app got: Telegram's signature, that it is for this bot, its age, and `nonce`
   * if you gave one.
   * @throws CartieError `invalid_signature` with the field that did not fit
   */
  verifyIdToken(
    idToken: string,
    expected?: { nonce?: string | undefined },
    options?: Pick<CallOptions, 'signal'>,
  ): Promise<LoginUser>;
}

/**
 * Logs users in with Telegram. Keys are fetched once an hour, and when a token is signed with one that is not known.
 *
 * ```ts
 * const login = createTelegramLogin({ clientId, clientSecret, redirectUri });
 * const { url, pending } = login.begin(['profile']);
 * const { user } = await login.complete(request.url, pending);
 * ```
 *
 * @throws CartieError `invalid_config` for a missing, wrong or unknown option
 * @see https://core.telegram.org/bots/telegram-login
 */
export function createTelegramLogin(options: TelegramLoginOptions): TelegramLogin {
  const parsed = parseClientOptions('telegram', options, loginFields);
  const { clientSecret, redirectUri, clockSkewMs = 60_000 } = parsed;
  const clientId = String(parsed.clientId);
  let secret = '';
  const caller = createCaller({
    service: 'telegram',
    baseUrl: loginIssuer,
    options: parsed,
    classify: classifyLogin,
    secrets: () => (secret === '' ? [] : [secret]),
  });
  const keys = createLoginKeys(fetchKeys);

  async function fetchKeys(): Promise<JSONWebKeySet> {
    const { data, status } = await caller.call({
      operation: 'getLoginKeys',
      idempotent: true,
      build: () => ({ method: 'GET', path: '/.well-known/jwks.json' }),
    });
    if (isKeySet(data.json)) return data.json;
    throw unreadable('getLoginKeys', 'Telegram gave no list of keys; check baseUrl', status);
  }

  async function redeem(code: string, codeVerifier: string, callOptions: CallOptions): Promise<Answer> {
    if (clientSecret === undefined) throw missing('clientSecret', 'to redeem a code');
    if (redirectUri === undefined) throw missing('redirectUri', 'to redeem a code');
    const { data } = await caller.call(
      {
        operation: 'redeemLoginCode',
        idempotent: false,
        build: async () => {
          secret = await resolveSecret(clientSecret, 'clientSecret');
          const user = `${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`;
          return {
            method: 'POST',
            path: '/token',
            headers: { authorization: `Basic ${Buffer.from(user).toString('base64')}` },
            body: new URLSearchParams({
              grant_type: 'authorization_code',
              code,
              redirect_uri: redirectUri,
              client_id: clientId,
              code_verifier: codeVerifier,
            }),
          };
        },
      },
      callOptions,
    );
    return data;
  }

  return {
    begin(scopes = ['profile']) {
      if (redirectUri === undefined) throw missing('redirectUri', 'to begin a login');
      const { codeVerifier, codeChallenge } = createPkce();
      const pending = { state: random(), nonce: random(), codeVerifier };
      const query = new URLSearchParams({
        client_id: clientId,
        redirect_uri: redirectUri,
        response_type: 'code',
        scope: ['openid', ...scopes].join(' '),
        state: pending.state,
        nonce: pending.nonce,
        code_challenge: codeChallenge,
        code_challenge_method: 'S256',
      });
      return { url: `${(parsed.baseUrl ?? loginIssuer).replace(/\/+$/, '')}/auth?${query}`, pending };
    },

    async complete(callback, pending, callOptions = {}) {
      const answer = queryOf(callback);
      if (pending?.state === undefined || !safeEqual(answer.get('state'), pending.state)) {
        throw refused('state', 'The answer belongs to another login, or to none');
      }
      const code = answer.get('code');
      if (answer.get('error') === 'access_denied') {
        throw new CartieError('forbidden', 'The user did not agree to log in', context);
      }
      if (!code) throw new CartieError('rejected', 'Telegram did not log the user in', context);
      const { json, status } = await redeem(code, pending.codeVerifier, callOptions);
      const idToken = typeof json === 'object' && json !== null && 'id_token' in json && json.id_token;
      if (typeof idToken !== 'string') {
        throw unreadable('redeemLoginCode', 'Telegram gave no ID token for the code; check baseUrl', status);
      }
      const { signal } = callOptions;
      const expected = { clientId, nonce: pending.nonce, clockSkewMs, signal };
      return { user: await verifyLoginToken(idToken, keys, expected), idToken };
    },

    verifyIdToken: async (idToken, { nonce } = {}, { signal } = {}) =>
      await verifyLoginToken(idToken, keys, { clientId, nonce, clockSkewMs, signal }),
  };
}

const context = { service: 'telegram', operation: 'completeLogin' } as const;

// 128 bits; Telegram takes no long ones.
function random(): string {
  return randomBytes(16).toString('base64url');
}

function queryOf(callback: string | URL | URLSearchParams): URLSearchParams {
  if (callback instanceof URLSearchParams) return callback;
  const text = String(callback);
  return new URLSearchParams(text.slice(text.indexOf('?') + 1).split('#', 1)[0]);
}

function isKeySet(json: unknown): json is JSONWebKeySet {
  return typeof json === 'object' && json !== null && 'keys' in json && Array.isArray(json.keys);
}

function missing(field: string, why: string): CartieError {
  return new CartieError('invalid_config', `\`${field}\` is needed ${why}`, { service: 'telegram', field });
}

function refused(field: string, message: string): CartieError {
  return new CartieError('invalid_signature', message, { ...context, field });
}

function unreadable(operation: string, message: string, status: number): CartieError {
  return new CartieError('invalid_response', message, { service: 'telegram', operation, status });
}
