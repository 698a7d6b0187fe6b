import { createHmac } from 'node:crypto';
import { safeEqual } from '@cartie/core';
import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { isLoopback } from './loopback.ts';
import { createWindowCount } from './window-count.ts';

/** Who may use the operator's page and API. */
export interface AdminGuard {
  /** `false` while everybody on this machine may. */
  readonly required: boolean;
  isSignedIn(context: Context): boolean;
  /** Lets only those who are signed in through, and nothing that another site made a browser send. */
  readonly onlyAdmin: MiddlewareHandler;
  /** Refuses what another site made a browser send. */
  readonly onlySameSite: MiddlewareHandler;
  signIn(context: Context, token: string): 'ok' | 'wrong' | 'too_many';
  signOut(context: Context): void;
}

const cookieName = 'cartie_session';
const sessionMs = 12 * 60 * 60 * 1_000;
const wrongTokensPerMinute = 10;

/**
 * Creates the guard. A session is a signed date in an httpOnly, SameSite=Strict cookie: nothing is stored, every
 * process of the server knows it, and a new token ends all sessions. Without a token the server must be called by a
 * loopback name, so that no other site reaches it by a name that it points at this machine.
 */
export function createAdminGuard(adminToken: string | undefined): AdminGuard {
  const failures = createWindowCount(wrongTokensPerMinute, 60_000);

  const isToken = (given: string, address: string): boolean => {
    if (adminToken === undefined || failures.isFull(address)) return false;
    if (safeEqual(given, adminToken)) return true;
    failures.add(address);
    return false;
  };
  const hasBearer = (context: Context): boolean => {
    const [scheme, token = ''] = (context.req.header('authorization') ?? '').split(' ');
    return scheme?.toLowerCase() === 'bearer' && isToken(token, addressOf(context));
  };
  const hasSession = (context: Context): boolean => {
    const [until = '', signature = ''] = (getCookie(context, cookieName) ?? '').split('.');
    return (
      adminToken !== undefined && Number(until) > Date.now() && safeEqual(signature, sign(adminToken, until))
    );
  };
  const isSignedIn = (context: Context): boolean =>
    adminToken === undefined ? isLoopback(hostOf(context)) : hasSession(context) || hasBearer(context);

  return {
    required: adminToken !== undefined,
    isSignedIn,
    async onlyAdmin(context, next) {
      if (isForeign(context)) return context.json(foreign, 403);
      if (isSignedIn(context)) return next();
      if (adminToken === undefined) {
        return context.json(
          { error: 'Call this server by 127.0.0.1 or localhost, or set ADMIN_TOKEN.' },
          403,
        );
      }
      return context.json({ error: 'Sign in, or send ADMIN_TOKEN as a bearer token.' }, 401, {
        'www-authenticate': 'Bearer',
      });
    },
    async onlySameSite(context, next) {
      if (isForeign(context)) return context.json(foreign, 403);
      return next();
    },
    signIn(context, token) {
      if (adminToken === undefined) return 'ok';
      const address = addressOf(context);
      if (failures.isFull(address)) return 'too_many';
      if (!isToken(token, address)) return 'wrong';
      const until = String(Date.now() + sessionMs);
      setCookie(context, cookieName, `${until}.${sign(adminToken, until)}`, {
        ...cookie(context),
        maxAge: sessionMs / 1_000,
      });
      return 'ok';
    },
    signOut(context) {
      setCookie(context, cookieName, '', { ...cookie(context), maxAge: 0 });
    },
  };
}

const foreign = { error: 'This request came from another site.' } as const;

/** A browser names the site that a writing request comes from; other programs don't, and hold no cookie either. */
function isForeign(context: Context): boolean {
  if (context.req.method === 'GET' || context.req.method === 'HEAD') return false;
  const site = context.req.header('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  const origin = context.req.header('origin');
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== context.req.header('host');
}

function sign(adminToken: string, until: string): string {
  return createHmac('sha256', adminToken).update(`cartie-session ${until}`).digest('base64url');
}

function cookie(context: Context) {
  const proxied = context.req.header('x-forwarded-proto') === 'https';
  const secure = proxied || new URL(context.req.url).protocol === 'https:';
  return { httpOnly: true, sameSite: 'Strict', path: '/', secure } as const;
}

function hostOf(context: Context): string {
  const host = context.req.header('host') ?? '';
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : '';
}

function addressOf(context: Context): string {
  return getConnInfo(context).remote.address ?? '';
}
