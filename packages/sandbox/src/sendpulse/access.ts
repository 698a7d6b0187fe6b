import type { Clock } from '../clock.ts';
import { apiFailure } from './api-failure.ts';
import { isRecord } from './fields.ts';
import { type Account, newToken } from './state.ts';

/**
 * Rates of an account, in simulated milliseconds: ten calls a second, and the plan's calls a minute.
 * @see https://sendpulse.com/integrations/api
 */
const rates = { perSecond: 10, secondMs: 1_000, minuteMs: 60_000 } as const;

/** Gives a token for right credentials; they end after the account's `tokenSeconds`, which are not scaled. */
export function grantToken(accounts: Iterable<Account>, body: unknown, clock: Clock): Response {
  const fields = isRecord(body) ? body : {};
  if (fields.grant_type !== 'client_credentials') {
    return Response.json(
      { error: 'unsupported_grant_type', message: 'The grant type is not supported', error_code: 400 },
      { status: 400 },
    );
  }
  const account = [...accounts].find(
    ({ clientId, clientSecret }) => clientId === fields.client_id && clientSecret === fields.client_secret,
  );
  if (account === undefined) {
    return Response.json(
      {
        error: 'invalid_client',
        error_description: 'Client authentication failed.',
        message: 'Client authentication failed.',
        error_code: 1,
      },
      { status: 401 },
    );
  }
  account.tokenRequests += 1;
  const token = newToken();
  account.tokens.set(token, clock.now() + account.tokenSeconds * 1_000);
  return Response.json({
    access_token: token,
    token_type: 'Bearer',
    expires_in: account.tokenSeconds,
  });
}

/** Whose call this is, by its token or API key. */
export function accountOf(accounts: Iterable<Account>, authorization: string | null, clock: Clock): Account {
  const token = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1] ?? '';
  for (const account of accounts) {
    if (account.apiKeys.has(token)) return account;
    const endsAt = account.tokens.get(token);
    if (endsAt !== undefined && endsAt > clock.now()) return account;
  }
  throw apiFailure(401, 401, 'Unauthorized!');
}

/** Counts a call against the account's rates. `scale` 0 turns them off. */
export function countCall(account: Account, clock: Clock, scale: number): void {
  if (scale === 0) return;
  const now = clock.now();
  account.calledAt = account.calledAt.filter((at) => at > now - rates.minuteMs * scale);
  const inSecond = account.calledAt.filter((at) => at > now - rates.secondMs * scale).length;
  if (inSecond >= rates.perSecond) {
    throw apiFailure(429, 2020202020, 'More than 10 requests per second');
  }
  if (account.calledAt.length >= account.perMinute) throw apiFailure(429, 429, 'Too many requests');
  account.calledAt.push(now);
}
