import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { KeyValueStore, RequestHandler, Update } from '@cartie/core';
import { guardStore } from '@cartie/core';
import { keyValueStoreContract } from '@cartie/core/testing';
import { type RunningSandbox, startSandbox } from '@cartie/sandbox';
import { createTelegramClient, type TelegramClient } from '@cartie/telegram';
import { serve } from '@hono/node-server';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { freePort } from '../bench/support/server-process.ts';
import { freshPostgres, hasPostgres } from './support/postgres.ts';
import { importRecipe, recipe, removeRecipes, runRecipe } from './support/recipe.ts';
import { freshRedis, hasRedis } from './support/redis.ts';
import { hasRedisServer, startRedisServer } from './support/redis-server.ts';

vi.setConfig({ testTimeout: 120_000 });
const secretToken = 'a-secret-of-the-recipe';
const patience = { timeout: 60_000, interval: 100 };

let sandbox: RunningSandbox;
let closing: (() => unknown)[] = [];
beforeEach(async () => {
  sandbox = await startSandbox({ timeScale: 0.01 });
  closing = [() => sandbox.close()];
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closing.reverse()) await close();
});
afterAll(removeRecipes);

/** A bot of the sandbox whose updates go to `url`. */
async function createBot(url: string): Promise<{ token: string; id: number; telegram: TelegramClient }> {
  const { token } = sandbox.telegram.createBot();
  const telegram = createTelegramClient({ token, baseUrl: sandbox.telegram.apiUrl });
  await telegram.setWebhook({ url, secret_token: secretToken });
  return { token, id: Number(await telegram.botId()), telegram };
}

function people(count: number): { id: number; first_name: string }[] {
  return Array.from({ length: count }, (_, index) =>
    sandbox.telegram.createUser({ first_name: `P${index}` }),
  );
}

/** What the bot said to somebody. */
const answers = (id: number): (string | undefined)[] =>
  sandbox.telegram
    .messages(id)
    .filter(({ from }) => from === 'bot')
    .map(({ text }) => text);

/** Serves a handler on loopback until the test's end. */
async function listen(
  handler: RequestHandler | ((request: Request) => Response | Promise<Response>),
): Promise<string> {
  const server = serve({ fetch: handler, port: 0, hostname: '127.0.0.1' });
  await new Promise<void>((resolve) => server.once('listening', () => resolve()));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe.skipIf(!hasRedisServer)('a webhook without SQL', () => {
  test('answers each message once, also when Redis dies and comes back, and stops in order', async () => {
    await using redis = await startRedisServer();
    const port = await freePort();
    const bot = await createBot(`http://127.0.0.1:${port}/webhooks/telegram`);
    await using app = await runRecipe('without-sql.ts', recipe('without-sql.md', 'without-sql.ts'), {
      REDIS_URL: redis.url,
      TELEGRAM_BOT_TOKEN: bot.token,
      TELEGRAM_SECRET: secretToken,
      TELEGRAM_API_URL: sandbox.telegram.apiUrl,
      PORT: String(port),
    });
    const everybody = people(12);
    const write = (from: (typeof everybody)[number], text: string) =>
      sandbox.telegram.userSends(bot, { from, text });
    for (const person of everybody.slice(0, 4)) write(person, 'before');
    await expect
      .poll(() => everybody.slice(0, 4).map(({ id }) => answers(id)), patience)
      .toEqual(Array.from({ length: 4 }, () => ['You said: before']));

    await redis.kill();
    for (const person of everybody.slice(4, 8)) write(person, 'while it is away');
    await expect
      .poll(() => sandbox.telegram.deliveries().some(({ status }) => status === 503), patience)
      .toBe(true);
    await redis.start();
    for (const person of everybody.slice(8)) write(person, 'after');
    await expect.poll(() => everybody.filter(({ id }) => answers(id).length === 0), patience).toEqual([]);
    await sandbox.telegram.settled(bot);

    // Executed, and its answer lost: it is not said twice.
    const [first] = everybody;
    sandbox.faults.set({ provider: 'telegram', method: 'sendMessage', kind: 'reset', after: true, times: 1 });
    if (first) write(first, 'in doubt');
    await expect.poll(() => app.output(), patience).toContain('in doubt: connection_failed');

    // The same update again: a delivery whose 200 was lost.
    const update = {
      update_id: 990_001,
      message: { message_id: 1, date: 1, chat: { id: everybody[1]?.id, type: 'private' }, text: 'again' },
    };
    const post = (secret: string) =>
      fetch(`http://127.0.0.1:${port}/webhooks/telegram`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-telegram-bot-api-secret-token': secret },
        body: JSON.stringify(update),
      });
    expect((await post(secretToken)).status).toBe(200);
    expect((await post(secretToken)).status).toBe(200);
    expect((await post('wrong')).status).toBe(401);
    await expect.poll(() => answers(everybody[1]?.id ?? 0), patience).toContain('You said: again');

    app.child.kill('SIGTERM');
    expect(await app.ended).toBe(0);
    const twice = everybody.filter(({ id }) => new Set(answers(id)).size !== answers(id).length);
    expect(twice).toEqual([]);
  });
});

describe.skipIf(!hasRedis)('many tenants', () => {
  test('have each his own bot, secret, rate and outage', async () => {
    await using redis = await freshRedis();
    const url = new URL(redis.url);
    url.searchParams.set('keyPrefix', redis.prefix);
    vi.stubEnv('REDIS_URL', url.href);
    vi.stubEnv('TELEGRAM_API_URL', sandbox.telegram.apiUrl);
    const tenants: Record<string, { token: string; secretToken: string }> = {};
    let lookups = 0;
    const { app, forget } = await importRecipe<{
      app: { fetch: (request: Request) => Response | Promise<Response> };
      forget: (tenant: string) => boolean;
    }>('many-tenants.ts', recipe('many-tenants.md', 'many-tenants.ts'), {
      async loadTenant(id: string) {
        lookups += 1;
        return tenants[id];
      },
      async onMessage(tenant: string, { payload }: Update<{ message?: { text?: string } }>) {
        return `${tenant} heard: ${payload.message?.text}`;
      },
    });
    const base = await listen((request) => app.fetch(request));
    const bots = [];
    for (const name of ['kyiv', 'lviv']) {
      const bot = await createBot(`${base}/webhooks/${name}/telegram`);
      tenants[name] = { token: bot.token, secretToken };
      bots.push(bot);
    }
    const [kyiv, lviv] = bots;
    const [olena, petro] = people(2);
    if (!kyiv || !lviv || !olena || !petro) throw new Error('unreachable');
    for (let n = 0; n < 3; n += 1) sandbox.telegram.userSends(kyiv, { from: olena, text: `${n}` });
    sandbox.telegram.userSends(lviv, { from: petro, text: 'hello' });
    await expect.poll(() => answers(petro.id), patience).toEqual(['lviv heard: hello']);
    await expect.poll(() => answers(olena.id), patience).toHaveLength(3);
    expect(new Set(answers(olena.id))).toEqual(new Set(['kyiv heard: 0', 'kyiv heard: 1', 'kyiv heard: 2']));
    expect(lookups).toBe(2);

    const post = (name: string, secret: string) =>
      fetch(`${base}/webhooks/${name}/telegram`, {
        method: 'POST',
        headers: { 'x-telegram-bot-api-secret-token': secret },
        body: '{"update_id":1}',
      });
    expect((await post('nobody', secretToken)).status).toBe(404);
    expect((await post('kyiv', 'the-secret-of-another')).status).toBe(401);

    tenants.kyiv = { token: kyiv.token, secretToken: 'a-new-secret-of-kyiv' };
    expect(forget('kyiv')).toBe(true);
    expect((await post('kyiv', secretToken)).status).toBe(401);
    const limiters = (await redis.client.keys(`${redis.prefix}*limiter:*`)).filter(
      (key) => !key.includes('clock'),
    );
    expect(limiters.map((key) => key.split('limiter:')[1]).sort()).toEqual(['kyiv', 'lviv']);
  });
});

describe('a proxy', () => {
  test('carries every call, and none goes past it', async () => {
    let tunnels = 0;
    let refuses = false;
    const proxy = createServer();
    proxy.on('connect', (request, client, head) => {
      if (refuses) return void client.end('HTTP/1.1 503 Service Unavailable\r\n\r\n');
      tunnels += 1;
      const [host = '', port] = (request.url ?? '').split(':');
      const target = connect(Number(port), host, () => {
        client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        target.write(head);
        target.pipe(client);
        client.pipe(target);
      });
      for (const socket of [target, client]) socket.on('error', () => target.destroy());
      closing.push(() => target.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    closing.push(() => proxy.close());
    vi.stubEnv('HTTPS_PROXY', `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
    const { token } = sandbox.telegram.createBot();
    vi.stubEnv('TELEGRAM_BOT_TOKEN', token);
    vi.stubEnv('TELEGRAM_API_URL', sandbox.telegram.apiUrl);
    const code = recipe('proxy.md', 'proxy.ts');
    const { telegram } = await importRecipe<{ telegram: TelegramClient }>('proxy.ts', code);
    const [olena] = people(1);
    await telegram.sendMessage({ chat_id: olena?.id ?? 0, text: 'through it' });
    expect(answers(olena?.id ?? 0)).toEqual(['through it']);
    expect(tunnels).toBe(1);

    refuses = true;
    const { telegram: refused } = await importRecipe<{ telegram: TelegramClient }>('proxy-refused.ts', code);
    await expect(
      refused.sendMessage({ chat_id: olena?.id ?? 0, text: 'refused' }, { retries: 0 }),
    ).rejects.toMatchObject({ code: 'connection_failed', outcome: 'not_executed' });
    expect(answers(olena?.id ?? 0)).toEqual(['through it']);
  });
});

describe("a route of Next's", () => {
  test('takes updates with the secret and stores them', async () => {
    const stored: Update[] = [];
    const { token } = sandbox.telegram.createBot();
    const { POST, runtime } = await importRecipe<{ POST: RequestHandler; runtime: string }>(
      'route.ts',
      recipe('webhooks.md', 'route.ts'),
      {
        inbox: {
          async accept(update: Update) {
            stored.push(update);
            return 'added';
          },
        },
      },
    );
    expect(runtime).toBe('nodejs');
    // Only now, as after a build without secrets.
    vi.stubEnv('TELEGRAM_SECRET', secretToken);
    vi.stubEnv('TELEGRAM_BOT_ID', token.split(':')[0] ?? '');
    const telegram = createTelegramClient({ token, baseUrl: sandbox.telegram.apiUrl });
    await telegram.setWebhook({ url: await listen(POST), secret_token: secretToken });
    sandbox.telegram.userSends({ token }, { text: 'hello' });
    await sandbox.telegram.settled({ token });
    expect(stored).toMatchObject([{ kind: 'message', payload: { message: { text: 'hello' } } }]);
    const forged = new Request('http://localhost/', { method: 'POST', body: '{"update_id":1}' });
    expect((await POST(forged)).status).toBe(401);
  });
});

describe.skipIf(!hasPostgres)('inbox and outbox with a graceful stop', () => {
  test('are stopped in the middle of work, and the next start answers the rest, nobody twice', async () => {
    await using postgres = await freshPostgres();
    const port = await freePort();
    const bot = await createBot(`http://127.0.0.1:${port}/`);
    const environment = {
      DATABASE_URL: postgres.url,
      TELEGRAM_BOT_TOKEN: bot.token,
      TELEGRAM_SECRET: secretToken,
      TELEGRAM_API_URL: sandbox.telegram.apiUrl,
    };
    const program = [
      recipe('inbox-and-outbox.md', 'inbox-and-outbox.ts'),
      "import { createServer } from 'node:http';",
      "import { toNodeListener } from '@cartie/core/node';",
      `const server = createServer(toNodeListener(webhook)).listen(${port}, '127.0.0.1');`,
      recipe('graceful-stop.md', 'graceful-stop.ts'),
      "server.once('listening', () => console.log('ready'));",
    ].join('\n');
    const everybody = people(30);
    const run = () => runRecipe('graceful-stop.ts', program, environment);
    {
      await using first = await run();
      for (const from of everybody) sandbox.telegram.userSends(bot, { from, text: 'hello' });
      await expect.poll(() => everybody.some(({ id }) => answers(id).length > 0), patience).toBe(true);
      first.child.kill('SIGTERM');
      expect(await first.ended).toBe(0);
    }
    await using second = await run();
    await sandbox.telegram.settled(bot);
    await expect.poll(() => everybody.filter(({ id }) => answers(id).length === 0), patience).toEqual([]);
    second.child.kill('SIGTERM');
    expect(await second.ended).toBe(0);
    expect(everybody.filter(({ id }) => answers(id).length !== 1)).toEqual([]);
    const { rows } = await postgres.pool.query(
      'select status, count(*)::int from cartie_outbox group by status',
    );
    expect(rows).toEqual([{ status: 'sent', count: 30 }]);
  });
});

interface Row {
  readonly key: string;
  readonly version: number;
}

describe('a store of your own', async () => {
  const { myStore } = await importRecipe<{ myStore: (table: unknown) => KeyValueStore }>(
    'my-store.ts',
    recipe('stores.md', 'my-store.ts'),
  );
  const rows = new Map<string, Row>();
  // Each operation takes a moment and is atomic at its end, as in a database.
  const moment = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const table = {
    async find(key: string) {
      await moment();
      return rows.get(key);
    },
    async insert(row: Row) {
      await moment();
      if (rows.has(row.key)) return false;
      rows.set(row.key, row);
      return true;
    },
    async replace(row: Row, version: number) {
      await moment();
      if (rows.get(row.key)?.version !== version) return false;
      rows.set(row.key, row);
      return true;
    },
    async *keys(prefix: string) {
      await moment();
      for (const key of [...rows.keys()]) if (key.startsWith(prefix)) yield key;
    },
  };
  expect(recipe('stores.md', 'my-store.test.ts')).toContain(
    "guardStore(myStore(table), { service: 'my-store' })",
  );
  const store = guardStore(myStore(table), { service: 'my-store' });
  for (const { name, check } of keyValueStoreContract({ create: () => store })) test(name, check);
});
