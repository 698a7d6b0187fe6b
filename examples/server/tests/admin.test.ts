import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { freshFolder, sharedServer, startTestServer } from './test-server.ts';

const token = 'a-token-of-an-operator';

interface Answer {
  readonly status: number;
  readonly cookie: string | undefined;
  readonly body: string;
  readonly headers: Record<string, string | string[] | undefined>;
}

/** A request with headers that `fetch` would not let us set: Host, Origin. */
function ask(
  base: string,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: unknown } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(path, base),
      {
        method: options.method ?? 'GET',
        headers: {
          ...(options.body !== undefined && { 'content-type': 'application/json' }),
          ...options.headers,
        },
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('end', () => {
          const { statusCode = 0, headers } = response;
          resolve({ status: statusCode, cookie: headers['set-cookie']?.[0], body, headers });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(options.body === undefined ? undefined : JSON.stringify(options.body));
  });
}

const privatePaths = [
  '/api/conversations',
  '/api/queue',
  '/api/errors',
  '/api/integrations',
  '/api/events',
  '/metrics',
];

describe('with an ADMIN_TOKEN', () => {
  const server = sharedServer({ ADMIN_TOKEN: token });

  it('shows nothing to who is not signed in, but its health', async () => {
    for (const path of privatePaths) expect((await ask(server.url, path)).status, path).toBe(401);
    const session = JSON.parse((await ask(server.url, '/api/session')).body);
    expect(session).toEqual({ signedIn: false, signInNeeded: true });
    for (const path of ['/', '/main.js', '/health/live', '/health/ready', '/health/integrations']) {
      expect((await ask(server.url, path)).status, path).toBe(200);
    }
  });

  it('takes the token as a bearer token', async () => {
    const asked = (value: string) => ask(server.url, '/api/queue', { headers: { authorization: value } });
    expect((await asked(`Bearer ${token}`)).status).toBe(200);
    expect((await asked(`Bearer ${token}x`)).status).toBe(401);
    expect((await asked('Bearer ')).status).toBe(401);
    expect((await asked(token)).status).toBe(401);
  });

  it('gives a session that scripts cannot read and that no other site can use', async () => {
    const wrong = await ask(server.url, '/api/session', { method: 'POST', body: { token: 'wrong' } });
    expect([wrong.status, wrong.cookie]).toEqual([401, undefined]);
    const right = await ask(server.url, '/api/session', { method: 'POST', body: { token } });
    expect(right.status).toBe(200);
    expect(right.cookie).toMatch(
      /^cartie_session=\d+\.[\w-]+; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    const cookie = right.cookie?.split(';')[0] ?? '';
    expect((await ask(server.url, '/api/queue', { headers: { cookie } })).status).toBe(200);

    const [until = '', signature = ''] = cookie.replace('cartie_session=', '').split('.');
    for (const forged of [
      `${Number(until) + 1}.${signature}`,
      `${until}.`,
      `${until}.${'A'.repeat(43)}`,
      `Infinity.${signature}`,
    ]) {
      const asked = await ask(server.url, '/api/queue', { headers: { cookie: `cartie_session=${forged}` } });
      expect(asked.status, forged).toBe(401);
    }
    const secure = await ask(server.url, '/api/session', {
      method: 'POST',
      body: { token },
      headers: { 'x-forwarded-proto': 'https' },
    });
    expect(secure.cookie).toContain('Secure');
    const over = await ask(server.url, '/api/session', { method: 'DELETE', headers: { cookie } });
    expect(over.cookie).toContain('Max-Age=0');
  });

  it('refuses writing requests that another site made the browser send, even with the session', async () => {
    const { cookie = '' } = await ask(server.url, '/api/session', { method: 'POST', body: { token } });
    const session = cookie.split(';')[0] ?? '';
    const post = (headers: Record<string, string>) =>
      ask(server.url, '/api/conversations/1/read', {
        method: 'POST',
        body: {},
        headers: { cookie: session, ...headers },
      });
    expect((await post({ origin: 'https://evil.example' })).status).toBe(403);
    expect((await post({ origin: 'null' })).status).toBe(403);
    // Another port of the same machine is the same site, not the same origin.
    expect((await post({ origin: 'http://127.0.0.1:1' })).status).toBe(403);
    expect((await post({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await post({ 'sec-fetch-site': 'same-site' })).status).toBe(403);
    expect((await post({ origin: server.url, 'sec-fetch-site': 'same-origin' })).status).toBe(204);
  });

  it('sends headers that keep other sites and foreign code out', async () => {
    const { headers } = await ask(server.url, '/');
    expect(headers['content-security-policy']).toContain(
      "default-src 'none'; script-src 'self'; style-src 'self'",
    );
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    });
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  it('reads no more of a body than it needs', async () => {
    const long = { token: 'x'.repeat(100_000) };
    expect((await ask(server.url, '/api/session', { method: 'POST', body: long })).status).toBe(400);
    const broken = await fetch(`${server.url}/api/session`, { method: 'POST', body: '{"token":' });
    expect(broken.status).toBe(400);
  });

  it('stops listening to who tries token after token', async () => {
    const tries: number[] = [];
    for (let index = 0; index < 14; index++) {
      tries.push(
        (await ask(server.url, '/api/session', { method: 'POST', body: { token: `guess ${index}` } })).status,
      );
    }
    expect(tries.at(-1)).toBe(429);
    expect((await ask(server.url, '/api/session', { method: 'POST', body: { token } })).status).toBe(429);
    const bearer = await ask(server.url, '/api/queue', { headers: { authorization: `Bearer ${token}` } });
    expect(bearer.status).toBe(401);
  });
});

describe('without a token, on loopback with the sandbox', () => {
  it('answers everybody on this machine, but only under a loopback name', async () => {
    await using folder = await freshFolder();
    await using server = await startTestServer({ DATA_DIR: folder.path });
    const port = new URL(server.url).port;
    for (const path of privatePaths.filter((one) => one !== '/api/events')) {
      expect((await ask(server.url, path)).status, path).toBe(200);
      expect((await ask(server.url, path, { headers: { host: `localhost:${port}` } })).status, path).toBe(
        200,
      );
      // A name of the attacker's that he points at 127.0.0.1.
      for (const host of [`evil.example:${port}`, '127.0.0.1.evil.example', 'localhost.evil.example']) {
        expect((await ask(server.url, path, { headers: { host } })).status, `${host} ${path}`).toBe(403);
      }
    }
    const rebound = await ask(server.url, '/api/conversations/1/read', {
      method: 'POST',
      body: {},
      headers: { host: `evil.example:${port}`, origin: `http://evil.example:${port}` },
    });
    expect(rebound.status).toBe(403);
  });
});
