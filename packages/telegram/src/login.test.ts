import { inspect } from 'node:util';
import { type CartieError, isCartieError } from '@cartie/core';
import { type RunningSandbox, type SandboxLoginClient, startSandbox } from '@cartie/sandbox';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { failureOf, startServer } from '../tests/support.ts';
import { createPkce, createTelegramLogin, type TelegramLogin, type TelegramLoginOptions } from './index.ts';

const redirectUri = 'https://shop.example/login/telegram';
const user = { id: 77, first_name: 'Taras', last_name: 'Shevchenko', username: 'taras' };

let sandbox: RunningSandbox;
let client: SandboxLoginClient;
let login: TelegramLogin;
const loginWith = (options: Partial<TelegramLoginOptions> = {}): TelegramLogin =>
  createTelegramLogin({ ...client, redirectUri, baseUrl: sandbox.telegram.login.apiUrl, ...options });

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());
beforeEach(() => {
  sandbox.reset();
  client = sandbox.telegram.login.setUp(sandbox.telegram.createBot(), { redirectUris: [redirectUri] });
  login = loginWith();
});

const refusal = (field: string) => ({ code: 'invalid_signature', field, service: 'telegram' });

describe('PKCE', () => {
  it('makes the challenge of the published example', () => {
    // https://www.rfc-editor.org/rfc/rfc7636#appendix-B
    const { codeChallenge } = createPkce('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk');
    expect(codeChallenge).toBe('E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM');
  });

  it('makes a new verifier each time, of allowed length and letters', () => {
    const [one, two] = [createPkce(), createPkce()];
    expect(one.codeVerifier).toMatch(/^[\w-]{43,128}$/);
    expect(one.codeVerifier).not.toBe(two.codeVerifier);
  });
});

describe('a login', () => {
  it('ends with who the user is', async () => {
    const { url, pending } = login.begin(['profile', 'phone']);
    const callback = sandbox.telegram.login.open(url, { user });
    const done = await login.complete(callback, pending);
    expect(done.user).toMatchObject({
      id: 77,
      sub: expect.any(String),
      name: 'Taras Shevchenko',
      preferred_username: 'taras',
      picture: expect.stringContaining('https://'),
      phone_number: '380000000077',
    });
    expect(done.idToken.split('.')).toHaveLength(3);
    expect(sandbox.telegram.login.tokenRequests()).toMatchObject([{ status: 200 }]);
  });

  it('goes through the browser over HTTP', async () => {
    const { url, pending } = login.begin();
    const answer = await fetch(url, { redirect: 'manual' });
    const { user: logged } = await login.complete(answer.headers.get('location') ?? '', pending);
    expect(logged.name).toBe('Olena');
    expect(logged.phone_number).toBeUndefined();
  });

  it('asks for what it should, and for a code that only it can redeem', () => {
    const { url, pending } = login.begin(['telegram:bot_access']);
    const query = Object.fromEntries(new URL(url).searchParams);
    expect(query).toEqual({
      client_id: client.clientId,
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: 'openid telegram:bot_access',
      state: pending.state,
      nonce: pending.nonce,
      code_challenge: createPkce(pending.codeVerifier).codeChallenge,
      code_challenge_method: 'S256',
    });
    expect(url).not.toContain(pending.codeVerifier);
    expect(login.begin().pending).not.toEqual(pending);
    expect(createTelegramLogin({ ...client, redirectUri }).begin().url).toMatch(
      /^https:\/\/oauth\.telegram\.org\/auth\?/,
    );
  });

  it.each(['RS256', 'ES256', 'EdDSA'] as const)('takes tokens signed with %s', async (algorithm) => {
    sandbox.telegram.login.setUp(sandbox.telegram.bots()[0] as never, {
      redirectUris: [redirectUri],
      algorithm,
    });
    const { url, pending } = login.begin();
    const { user: logged } = await login.complete(sandbox.telegram.login.open(url, { user }), pending);
    expect(logged.id).toBe(77);
  });

  it('is refused where the answer belongs to another one', async () => {
    const [mine, other] = [login.begin(), login.begin()];
    const callback = sandbox.telegram.login.open(other.url, { user });
    expect(await failureOf(login.complete(callback, mine.pending))).toMatchObject(refusal('state'));
    const stateless = callback.replace(/state=[\w-]+/, '');
    expect(await failureOf(login.complete(stateless, mine.pending))).toMatchObject(refusal('state'));
    expect(await failureOf(login.complete(stateless, {} as never))).toMatchObject(refusal('state'));
    expect(sandbox.telegram.login.tokenRequests()).toEqual([]);
  });

  it('says that the user refused', async () => {
    const { url, pending } = login.begin();
    const callback = sandbox.telegram.login.open(url, { user, agrees: false });
    expect(await failureOf(login.complete(callback, pending))).toMatchObject({ code: 'forbidden' });
  });

  it('redeems a code once', async () => {
    const { url, pending } = login.begin();
    const callback = sandbox.telegram.login.open(url, { user });
    await login.complete(callback, pending);
    const error = await failureOf(login.complete(callback, pending));
    expect(error).toMatchObject({ code: 'rejected', provider: { code: 'invalid_grant' }, attempts: 1 });
  });

  it('does not redeem a stolen code without its verifier', async () => {
    const [theirs, mine] = [login.begin(), login.begin()];
    const code = new URL(sandbox.telegram.login.open(theirs.url, { user })).searchParams.get('code');
    const injected = new URLSearchParams({ code: code ?? '', state: mine.pending.state });
    const error = await failureOf(login.complete(injected, mine.pending));
    expect(error.provider?.code).toBe('invalid_grant');
  });

  it('never redeems a code a second time by itself, and says that the outcome is unknown', async () => {
    sandbox.faults.set({ provider: 'telegram-login', method: 'token', kind: 'reset', times: 5 });
    const { url, pending } = login.begin();
    const error = await failureOf(login.complete(sandbox.telegram.login.open(url, { user }), pending));
    expect(error).toMatchObject({ code: 'connection_failed', outcome: 'unknown', attempts: 1 });
  });

  it('says what to check where the secret is wrong', async () => {
    const { url, pending } = login.begin();
    const callback = sandbox.telegram.login.open(url, { user });
    const error = await failureOf(loginWith({ clientSecret: 'wrong' }).complete(callback, pending));
    expect(error).toMatchObject({ code: 'unauthorized', message: expect.stringContaining('`clientSecret`') });
  });
});

describe('an ID token that a page got', () => {
  const token = (options: Parameters<RunningSandbox['telegram']['login']['idToken']>[1] = {}): string =>
    sandbox.telegram.login.idToken(client, { user, nonce: 'n-1', ...options });

  it('says who the user is', async () => {
    expect(await login.verifyIdToken(token(), { nonce: 'n-1' })).toMatchObject({ id: 77 });
    expect(await login.verifyIdToken(token())).toMatchObject({ id: 77 });
  });

  const now = Math.floor(Date.now() / 1000);
  it.each([
    ['of another issuer', { iss: 'https://oauth.telegram.example' }, 'iss'],
    ['for another bot', { aud: '1' }, 'aud'],
    ['for nobody', { aud: undefined }, 'aud'],
    ['that is over', { exp: now - 61 }, 'exp'],
    ['that is good for ever', { exp: undefined }, 'exp'],
    ['that is not valid yet', { nbf: now + 120 }, 'nbf'],
    ['of another login', { nonce: 'n-2' }, 'nonce'],
    ['without a nonce', { nonce: undefined }, 'nonce'],
    ['of nobody', { sub: undefined }, 'sub'],
  ])('%s is refused', async (_, claims, field) => {
    const error = await failureOf(login.verifyIdToken(token({ claims }), { nonce: 'n-1' }));
    expect(error).toMatchObject(refusal(field));
    expect(JSON.stringify(error)).not.toContain('Taras');
  });

  it('may be a little too old, for clocks differ', async () => {
    const late = token({ claims: { exp: now - 30 } });
    expect((await login.verifyIdToken(late)).id).toBe(77);
    expect(await failureOf(loginWith({ clockSkewMs: 0 }).verifyIdToken(late))).toMatchObject(refusal('exp'));
  });

  it('is taken where its audience is a number or a list of one', async () => {
    const number = token({ claims: { aud: Number(client.clientId) } });
    expect((await login.verifyIdToken(number)).id).toBe(77);
    expect((await login.verifyIdToken(token({ claims: { aud: [client.clientId] } }))).id).toBe(77);
  });

  it('that is for us and for another bot is refused', async () => {
    const both = token({ claims: { aud: [client.clientId, '1'], azp: client.clientId } });
    expect(await failureOf(login.verifyIdToken(both))).toMatchObject(refusal('aud'));
  });

  it('that nobody signed, or a secret signed, is refused', async () => {
    const [, payload] = token().split('.');
    const forged = (header: object, signature: string) =>
      `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${payload}.${signature}`;
    const kid = 'oidc-1';
    for (const one of [forged({ alg: 'none', kid }, ''), forged({ alg: 'HS256', kid }, 'AAAA')]) {
      expect(await failureOf(login.verifyIdToken(one))).toMatchObject(refusal('alg'));
    }
    expect(await failureOf(login.verifyIdToken(forged({ alg: 'ES256K', kid }, 'AAAA')))).toMatchObject({
      ...refusal('alg'),
      message: expect.stringContaining('BotFather'),
    });
  });

  it('that was changed is refused, and so is anything that is no token', async () => {
    const [header, payload = '', signature] = token().split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const changed = Buffer.from(JSON.stringify({ ...claims, id: 78 })).toString('base64url');
    for (const one of [`${header}.${changed}.${signature}`, 'x.y.z', '', 'a'.repeat(20_000), 7, undefined]) {
      expect(await failureOf(login.verifyIdToken(one as string))).toMatchObject(refusal('idToken'));
    }
  });
});

describe('Telegram’s keys', () => {
  const token = (): string => sandbox.telegram.login.idToken(client, { user });

  it('are fetched once, however many ask at once', async () => {
    await Promise.all(Array.from({ length: 20 }, () => login.verifyIdToken(token())));
    expect(sandbox.telegram.login.keyFetches()).toBe(1);
  });

  it('are fetched anew for a token with a key that is not known, but not for each such token', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      await login.verifyIdToken(token());
      sandbox.telegram.login.rotateKeys();
      expect(await failureOf(login.verifyIdToken(token()))).toMatchObject(refusal('kid'));
      expect(sandbox.telegram.login.keyFetches()).toBe(1);
      vi.advanceTimersByTime(30_001);
      expect((await login.verifyIdToken(token())).id).toBe(77);
      expect(sandbox.telegram.login.keyFetches()).toBe(2);
    } finally {
      vi.useRealTimers();
    }
  });

  it('may keep their names when they are replaced', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      await login.verifyIdToken(token());
      sandbox.telegram.login.rotateKeys({ sameIds: true });
      vi.advanceTimersByTime(30_001);
      expect((await login.verifyIdToken(token())).id).toBe(77);
    } finally {
      vi.useRealTimers();
    }
  });

  it('that were withdrawn are not trusted for longer than an hour', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const stolen = token();
      await login.verifyIdToken(stolen);
      sandbox.telegram.login.rotateKeys();
      expect((await login.verifyIdToken(stolen)).id).toBe(77);
      vi.advanceTimersByTime(3_600_001);
      expect(await failureOf(login.verifyIdToken(stolen))).toMatchObject(refusal('kid'));
    } finally {
      vi.useRealTimers();
    }
  });

  it('are asked for again after a failure', async () => {
    sandbox.faults.set({ provider: 'telegram-login', method: 'jwks.json', kind: 'server_error', times: 1 });
    expect((await login.verifyIdToken(token())).id).toBe(77);
    sandbox.faults.set({ provider: 'telegram-login', kind: 'reset', times: 3 });
    const other = loginWith();
    expect(await failureOf(other.verifyIdToken(token()))).toMatchObject({ code: 'connection_failed' });
    expect((await other.verifyIdToken(token())).id).toBe(77);
  });

  it('are not waited for by a caller who gave up', async () => {
    sandbox.faults.set({ provider: 'telegram-login', kind: 'hang', times: 1 });
    const reason = new Error('gone');
    const controller = new AbortController();
    const waiting = loginWith({ timeoutMs: 2_000, retries: 0 }).verifyIdToken(token(), undefined, {
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(reason), 20);
    await expect(waiting).rejects.toBe(reason);
  });
});

describe('a server that is not Telegram', () => {
  it.each([
    ['a page', { text: '<html>', status: 200 }, 'upstream_error'],
    ['an outage', { text: '<html>', status: 502 }, 'upstream_error'],
    ['something else', { json: { hello: 1 } }, 'invalid_response'],
    ['an error in a 200', { json: { error: 'invalid_grant' } }, 'rejected'],
    ['a flood', { status: 429, headers: { 'retry-after': '90' }, json: {} }, 'rate_limited'],
    ['an unknown refusal', { status: 400, json: { error: 'taras@private.example' } }, 'rejected'],
  ])('that answers with %s is an error that quotes nothing', async (_, reply, code) => {
    const server = await startServer(() => reply);
    try {
      const events: unknown[] = [];
      const other = loginWith({ baseUrl: server.url, retries: 0, onEvent: (event) => events.push(event) });
      const { pending } = other.begin();
      const callback = new URLSearchParams({ code: 'canary-code', state: pending.state });
      const error = await failureOf(other.complete(callback, pending));
      expect(error.code).toBe(code);
      const shown = inspect([error, events, other], { depth: 9, showHidden: true });
      for (const secret of [client.clientSecret, 'canary-code', pending.codeVerifier, 'private.example']) {
        expect(shown).not.toContain(secret);
      }
    } finally {
      await server.close();
    }
  });
});

describe('options', () => {
  const config = (options: object): CartieError => {
    try {
      createTelegramLogin({ clientId: 1, ...options } as never);
    } catch (error) {
      if (isCartieError(error)) return error;
    }
    throw new Error('The options should have been refused');
  };

  it('that are wrong are named, their values are not', () => {
    expect(config({ clientId: 'secret-canary' })).toMatchObject({
      code: 'invalid_config',
      field: 'clientId',
    });
    expect(config({ redirectUri: '/login' }).field).toBe('redirectUri');
    expect(config({ clientSecret: ' ' }).field).toBe('clientSecret');
    expect(config({ clockSkewMs: -1 }).field).toBe('clockSkewMs');
    expect(config({ clientID: '1' }).message).toContain('did you mean `clientId`');
    expect(config({ clientId: 'secret-canary' }).message).not.toContain('canary');
  });

  it('that only codes need can be left out where there are only ID tokens', async () => {
    const { clientId } = client;
    const tokensOnly = createTelegramLogin({ clientId, baseUrl: sandbox.telegram.login.apiUrl });
    const idToken = sandbox.telegram.login.idToken(client, { user });
    expect((await tokensOnly.verifyIdToken(idToken)).id).toBe(77);
    expect(() => tokensOnly.begin()).toThrow(
      expect.objectContaining({ code: 'invalid_config', field: 'redirectUri' }),
    );
    const { url, pending } = loginWith({ clientSecret: undefined }).begin();
    const callback = sandbox.telegram.login.open(url, { user });
    const error = await failureOf(loginWith({ clientSecret: undefined }).complete(callback, pending));
    expect(error).toMatchObject({ code: 'invalid_config', field: 'clientSecret' });
  });
});
