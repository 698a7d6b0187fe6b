import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type HttpHandler, http } from 'msw';
import { faultyAnswer, type ProviderFaults } from '../faulty-answer.ts';
import type { Provider, ProviderContext } from '../provider.ts';
import { createRingBuffer } from '../ring-buffer.ts';
import { createLoginKeys, type LoginAlgorithm } from './login-keys.ts';
import type { SandboxLoginClient, TelegramLoginSandbox, TokenRequestRecord } from './login-public.ts';
import { ensureUser, type PersonInput } from './people.ts';
import type { BotReference } from './public.ts';
import type { Bot, TelegramState } from './state.ts';
import type { TelegramUser } from './types.ts';

/** The real address of Telegram Login, and the issuer of its tokens. */
const loginOrigin = 'https://oauth.telegram.org';

interface LoginClient extends SandboxLoginClient {
  readonly redirectUris: readonly string[];
  readonly algorithm: LoginAlgorithm;
}

interface Code {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly user: TelegramUser;
  readonly nonce: string | undefined;
  readonly scopes: readonly string[];
  readonly challenge: string | undefined;
  readonly expiresAt: number;
}

const codeLifetimeMs = 60_000;
const tokenLifetimeSeconds = 3_600;

/** Creates the simulated Telegram Login and its place among the providers. */
export function createTelegramLogin(
  { clock, faults, history }: ProviderContext,
  state: TelegramState,
  botOf: (reference: BotReference) => Bot,
): { sandbox: TelegramLoginSandbox; provider: Provider } {
  const clients = new Map<string, LoginClient>();
  const codes = new Map<string, Code>();
  const requests = createRingBuffer<TokenRequestRecord>(history);
  let keys = createLoginKeys();
  let keyFetches = 0;

  function authorize(url: string, user: PersonInput | undefined, agrees: boolean): string {
    const query = new URL(url).searchParams;
    const client = clients.get(query.get('client_id') ?? '');
    const redirectUri = query.get('redirect_uri') ?? '';
    // An answer may only go where the bot allowed it, so these two are no redirects.
    if (!client) throw new TypeError('client_id: there is no such login; call setUp()');
    if (!client.redirectUris.includes(redirectUri)) throw new TypeError('redirect_uri required');
    const back = new URL(redirectUri);
    const state_ = query.get('state');
    if (state_ !== null) back.searchParams.set('state', state_);
    const error = refusal(query, agrees);
    if (error !== undefined) {
      back.searchParams.set('error', error);
      return back.href;
    }
    const code = randomBytes(24).toString('base64url');
    codes.set(code, {
      clientId: client.clientId,
      redirectUri,
      user: ensureUser(state, user).info,
      nonce: query.get('nonce') ?? undefined,
      scopes: (query.get('scope') ?? '').split(' '),
      challenge: query.get('code_challenge') ?? undefined,
      expiresAt: clock.now() + clock.scaled(codeLifetimeMs),
    });
    back.searchParams.set('code', code);
    return back.href;
  }

  function claimsOf(client: SandboxLoginClient, user: TelegramUser, scopes: readonly string[]): object {
    const at = clock.seconds();
    const name = [user.first_name, user.last_name].filter(Boolean).join(' ');
    return {
      iss: loginOrigin,
      aud: client.clientId,
      sub: createHash('sha256').update(`${client.clientId}:${user.id}`).digest('hex').slice(0, 20),
      iat: at,
      exp: at + tokenLifetimeSeconds,
      id: user.id,
      ...(scopes.includes('profile') && {
        name,
        ...(user.username !== undefined && { preferred_username: user.username }),
        picture: `https://cdn4.telesco.pe/file/${user.id}.jpg`,
      }),
      ...(scopes.includes('phone') && { phone_number: `380${String(user.id).padStart(9, '0').slice(-9)}` }),
    };
  }

  async function token(request: Request): Promise<Response> {
    const form = new URLSearchParams(await request.text());
    const [id, secret] = basicOf(request) ?? [form.get('client_id'), form.get('client_secret')];
    const client = clients.get(id ?? '');
    const refuse = (status: number, error: string): Response => {
      requests.push({ at: clock.now(), clientId: client?.clientId, status, error });
      return Response.json({ error }, { status });
    };
    if (!client || !sameText(secret ?? '', client.clientSecret)) return refuse(401, 'invalid_client');
    if (form.get('grant_type') !== 'authorization_code') return refuse(400, 'unsupported_grant_type');
    const name = form.get('code') ?? '';
    const code = codes.get(name);
    // Used once, whoever it was that used it.
    codes.delete(name);
    const proven =
      code?.challenge === undefined ||
      createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url') === code.challenge;
    const fits =
      code?.clientId === client.clientId &&
      code.redirectUri === form.get('redirect_uri') &&
      code.expiresAt > clock.now();
    if (!code || !fits || !proven) return refuse(400, 'invalid_grant');
    requests.push({ at: clock.now(), clientId: client.clientId, status: 200, error: undefined });
    return Response.json({
      access_token: randomBytes(24).toString('base64url'),
      token_type: 'Bearer',
      expires_in: tokenLifetimeSeconds,
      id_token: keys.sign(client.algorithm, {
        ...claimsOf(client, code.user, code.scopes),
        ...(code.nonce !== undefined && { nonce: code.nonce }),
      }),
    });
  }

  async function answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === '/.well-known/jwks.json') {
      keyFetches += 1;
      return Response.json(keys.published());
    }
    if (pathname === '/.well-known/openid-configuration') return Response.json(discovery(sandbox.apiUrl));
    if (pathname === '/token' && request.method === 'POST') return token(request);
    if (pathname === '/auth') {
      try {
        return new Response(null, {
          status: 302,
          headers: { location: authorize(request.url, undefined, true) },
        });
      } catch (error) {
        return new Response((error as Error).message, { status: 400 });
      }
    }
    return new Response('Not Found', { status: 404 });
  }

  const sandbox: TelegramLoginSandbox = {
    apiUrl: loginOrigin,
    setUp(reference, { redirectUris, algorithm = 'RS256' }) {
      const clientId = String(botOf(reference).id);
      const known = clients.get(clientId)?.clientSecret;
      const clientSecret = known ?? randomBytes(24).toString('base64url');
      clients.set(clientId, { clientId, clientSecret, redirectUris, algorithm });
      return { clientId, clientSecret };
    },
    open: (url, { user, agrees = true } = {}) => authorize(url, user, agrees),
    idToken(client, { user, nonce, scopes = ['openid', 'profile'], claims, algorithm } = {}) {
      const { info } = ensureUser(state, user);
      const right = { ...claimsOf(client, info, scopes), ...(nonce !== undefined && { nonce }) };
      return keys.sign(algorithm ?? clients.get(client.clientId)?.algorithm ?? 'RS256', {
        ...right,
        ...claims,
      });
    },
    rotateKeys: (options) => keys.rotate(options),
    tokenRequests: requests.items,
    keyFetches: () => keyFetches,
  };

  const handlers: HttpHandler[] = [
    http.all(/^https:\/\/oauth\.telegram\.org\//, async ({ request }) => {
      const name = new URL(request.url).pathname.split('/').at(-1) ?? '';
      const fault = faults.take('telegram-login', name);
      const run = (): Promise<Response> => answer(request);
      return fault ? faultyAnswer(fault, run, faultAnswers, request.signal) : run();
    }),
  ];

  return {
    sandbox,
    provider: {
      name: 'telegram-login',
      origin: loginOrigin,
      handlers,
      control: {
        reads: { tokenRequests: () => sandbox.tokenRequests() },
        actions: {
          setUp: ({ bot, redirectUris }) =>
            sandbox.setUp(String(bot), { redirectUris: redirectUris as readonly string[] }),
          open: ({ url, user, agrees }) => ({
            url: sandbox.open(String(url), { user: user as PersonInput, agrees: agrees !== false }),
          }),
          rotateKeys: () => sandbox.rotateKeys(),
        },
      },
      reset() {
        clients.clear();
        codes.clear();
        requests.clear();
        keys = createLoginKeys();
        keyFetches = 0;
      },
      close: () => undefined,
    },
  };
}

function refusal(query: URLSearchParams, agrees: boolean): string | undefined {
  if (query.get('response_type') !== 'code') return 'unsupported_response_type';
  if (!(query.get('scope') ?? '').split(' ').includes('openid')) return 'invalid_scope';
  const method = query.get('code_challenge_method');
  if (query.has('code_challenge') && method !== 'S256') return 'invalid_request';
  return agrees ? undefined : 'access_denied';
}

function discovery(apiUrl: string): object {
  return {
    issuer: loginOrigin,
    authorization_endpoint: `${apiUrl}/auth`,
    token_endpoint: `${apiUrl}/token`,
    jwks_uri: `${apiUrl}/.well-known/jwks.json`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256', 'ES256', 'EdDSA', 'ES256K'],
    scopes_supported: ['openid', 'profile', 'phone', 'telegram:bot_access'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
  };
}

function basicOf(request: Request): [id: string, secret: string] | undefined {
  const encoded = /^Basic (.+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const [id = '', ...secret] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return [decodeURIComponent(id), decodeURIComponent(secret.join(':'))];
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => createHash('sha256').update(text).digest());
  return left !== undefined && right !== undefined && timingSafeEqual(left, right);
}

const faultAnswers: ProviderFaults = {
  rate_limited: ({ retryAfter = 1 }) =>
    new Response('Too Many Requests', { status: 429, headers: { 'retry-after': String(retryAfter) } }),
  server_error: () => Response.json({ error: 'server_error' }, { status: 500 }),
  unauthorized: () => Response.json({ error: 'invalid_client' }, { status: 401 }),
  forbidden: () => Response.json({ error: 'unauthorized_client' }, { status: 403 }),
};
