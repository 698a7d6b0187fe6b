import { CartieError, isCartieError, safeEqual } from '@cartie/core';
import type { JWTPayload } from 'jose';
import type { LocalJWKSet } from 'jose/jwks/local';
import { jwtVerify } from 'jose/jwt/verify';
import type { LoginKeys } from './login-keys.ts';

/** Who logged in, as Telegram's ID token says. */
export interface LoginUser {
  /** Telegram's stable name for the user towards this bot. */
  sub: string;
  /** The user's id, as in `from.id` of updates. */
  id?: number;
  name?: string;
  preferred_username?: string;
  picture?: string;
  /** Only with the scope `phone`. */
  phone_number?: string;
  /** When the token was made, and until when it is good. Unix time in seconds. */
  iat: number;
  exp: number;
}

/** What a token must fit to. */
export interface LoginExpectation {
  clientId: string;
  /** What was sent along when the login began; the token must hold it. */
  nonce?: string | undefined;
  clockSkewMs: number;
  signal?: AbortSignal | undefined;
}

/** Who Telegram's tokens are from. */
export const loginIssuer = 'https://oauth.telegram.org';

/** What a bot can choose in BotFather, but for ES256K, which nobody supports. Never one that a shared secret signs. */
const algorithms = ['RS256', 'ES256', 'EdDSA'];

/**
 * Verifies an ID token and gives what it says.
 *
 * @throws CartieError `invalid_signature` with the field that did not fit; or what fetching the keys threw
 */
export async function verifyLoginToken(
  idToken: string,
  keys: LoginKeys,
  expected: LoginExpectation,
): Promise<LoginUser> {
  if (typeof idToken !== 'string' || idToken.length > maxLength) {
    throw refused('idToken', 'The ID token is not one of Telegram Login');
  }
  const payload = await signedPayload(idToken, keys, expected);
  // One audience, us: a token that is also for somebody else could be used here by him.
  const audience = Array.isArray(payload.aud) && payload.aud.length === 1 ? payload.aud[0] : payload.aud;
  if (String(audience) !== expected.clientId) throw refused('aud', 'The ID token is for another bot');
  if (expected.nonce !== undefined && !safeEqual(textOf(payload.nonce), expected.nonce)) {
    throw refused('nonce', 'The ID token belongs to another login');
  }
  return userOf(payload);
}

async function signedPayload(
  idToken: string,
  keys: LoginKeys,
  { clockSkewMs, signal }: LoginExpectation,
): Promise<JWTPayload> {
  const verify = async (from: LocalJWKSet): Promise<JWTPayload> => {
    const { payload } = await jwtVerify(idToken, from, {
      algorithms,
      issuer: loginIssuer,
      clockTolerance: clockSkewMs / 1000,
      requiredClaims: ['sub', 'aud', 'exp', 'iat'],
    });
    return payload;
  };
  const current = await keys.current(signal);
  try {
    return await verify(current);
  } catch (error) {
    const newer = mayBeRotated(error) ? await keys.newer(signal) : undefined;
    if (newer === undefined) throw readable(error);
    return await verify(newer).catch((again: unknown) => {
      throw readable(again);
    });
  }
}

function mayBeRotated(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ERR_JWKS_NO_MATCHING_KEY' || code === 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED';
}

const reasons: Readonly<Record<string, readonly [field: string, message: string]>> = {
  ERR_JOSE_ALG_NOT_ALLOWED: [
    'alg',
    'The ID token is signed in a way that is not taken; choose RS256, ES256 or EdDSA in BotFather',
  ],
  ERR_JOSE_NOT_SUPPORTED: [
    'alg',
    'The ID token is signed in a way that is not taken; choose RS256, ES256 or EdDSA in BotFather',
  ],
  ERR_JWKS_NO_MATCHING_KEY: ['kid', 'The ID token is signed with a key that is not Telegram’s'],
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: ['kid', 'The ID token does not say which key it is signed with'],
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: [
    'idToken',
    'The ID token is not signed by Telegram, or was changed',
  ],
  ERR_JWT_EXPIRED: ['exp', 'The ID token is too old'],
};

// jose's errors hold the token's claims, so none of them leaves.
function readable(error: unknown): unknown {
  if (isCartieError(error)) return error;
  const code = codeOf(error);
  if (code === 'ERR_JWT_CLAIM_VALIDATION_FAILED') {
    const { claim } = error as { claim?: unknown };
    const field = typeof claim === 'string' && /^[a-z]{2,5}$/.test(claim) ? claim : 'idToken';
    return refused(field, `The ID token’s \`${field}\` is missing or wrong`);
  }
  const [field, message] = reasons[code ?? ''] ?? ['idToken', 'The ID token is not one of Telegram Login'];
  return refused(field, message);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function userOf({ sub, iat, exp, ...claims }: JWTPayload): LoginUser {
  const id = typeof claims.id === 'string' && /^\d{1,16}$/.test(claims.id) ? Number(claims.id) : claims.id;
  const user: LoginUser = { sub: String(sub), iat: Number(iat), exp: Number(exp) };
  if (typeof id === 'number' && Number.isSafeInteger(id)) user.id = id;
  for (const name of ['name', 'preferred_username', 'picture', 'phone_number'] as const) {
    const text = textOf(claims[name]);
    if (text !== undefined) user[name] = text;
  }
  return user;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

const maxLength = 16 * 1024;

function refused(field: string, message: string): CartieError {
  return new CartieError('invalid_signature', message, {
    service: 'telegram',
    operation: 'verifyIdToken',
    field,
  });
}
