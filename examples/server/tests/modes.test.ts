import { startSandbox, type WhatsAppNumber } from '@cartie/sandbox';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { freshPostgres, hasPostgres } from '../../../tests/support/postgres.ts';
import { freshRedis, hasRedis } from '../../../tests/support/redis.ts';
import { loadConfig } from '../src/config.ts';
import { createLog } from '../src/log.ts';
import { startServer } from '../src/wiring.ts';
import { freshFolder, startTestServer, until } from './test-server.ts';

vi.setConfig({ testTimeout: 60_000 });

const token = '7100000001:AAa-bot-of-a-customer-of-the-real-one';
const adminToken = 'a-token-of-an-operator';
const closing: (() => PromiseLike<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** The server as with a real bot: the sandbox stands in as its Bot API server. */
async function startReal(environment: Record<string, string> = {}) {
  const folder = await freshFolder();
  closing.push(() => folder[Symbol.asyncDispose]());
  const sandbox = await startSandbox({ timeScale: 0.01 });
  closing.push(() => sandbox.close());
  const bot = sandbox.telegram.createBot({ token });
  const config = loadConfig({
    PORT: '0',
    DATA_DIR: folder.path,
    TELEGRAM_BOT_TOKEN: token,
    TELEGRAM_API_URL: `${sandbox.url}/telegram`,
    ADMIN_TOKEN: adminToken,
    CARTIE_ENCRYPTION_KEY: Buffer.alloc(32, 5).toString('base64'),
    AUTO_REPLY: 'all',
    ...environment,
  });
  const server = await startServer(config, createLog('silent'));
  closing.push(() => server.stop());
  const answersTo = (id: number) => sandbox.telegram.messages(id).filter(({ from }) => from === 'bot');
  const health = async () => {
    const response = await fetch(`${server.url}/health/integrations`);
    return ((await response.json()) as { checks: { telegram: { status: string } } }).checks.telegram;
  };
  return { sandbox, bot, server, answersTo, health };
}

it('asks a real bot for updates where there is no public address, also where a webhook was set before', async () => {
  const { sandbox, bot, server, answersTo, health } = await startReal();
  const olena = { id: 4_001, first_name: 'Olena' };
  sandbox.telegram.userSends(bot, { text: 'hello', from: olena });
  await until(
    () => answersTo(olena.id).length,
    (count) => count === 1,
  );
  const methods = sandbox.telegram.calls().map(({ method }) => method);
  expect(methods.indexOf('deleteWebhook')).toBeLessThan(methods.indexOf('getUpdates'));
  expect((await fetch(`${server.url}/webhooks/telegram`, { method: 'POST' })).status).toBe(404);
  expect((await health()).status).toBe('ok');
});

it('tells a real bot its public address and a secret of its own, and again only when they change', async () => {
  const { sandbox } = await startReal({ PUBLIC_URL: 'https://bot.example.com' });
  const set = await until(
    () => sandbox.telegram.calls().filter(({ method }) => method === 'setWebhook'),
    ({ length }) => length > 0,
  );
  expect(set[0]?.params.url).toBe('https://bot.example.com/webhooks/telegram');
  expect(set[0]?.params.secret_token).toMatch(/^[\w-]{43}$/);
  expect(set[0]?.params.secret_token).not.toContain(token.slice(0, 10));
});

it('starts while Telegram is down, and tells it its address when it is back', async () => {
  const folder = await freshFolder();
  closing.push(() => folder[Symbol.asyncDispose]());
  const sandbox = await startSandbox({ timeScale: 0.01 });
  closing.push(() => sandbox.close());
  sandbox.telegram.createBot({ token });
  const fault = sandbox.faults.set({ provider: 'telegram', kind: 'html' });
  const config = loadConfig({
    PORT: '0',
    DATA_DIR: folder.path,
    TELEGRAM_BOT_TOKEN: token,
    TELEGRAM_API_URL: `${sandbox.url}/telegram`,
    PUBLIC_URL: 'https://bot.example.com',
    ADMIN_TOKEN: adminToken,
    CARTIE_ENCRYPTION_KEY: Buffer.alloc(32, 5).toString('base64'),
  });
  const server = await startServer(config, createLog('silent'));
  closing.push(() => server.stop());
  expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
  await until(
    () => sandbox.telegram.calls().some(({ executed }) => !executed),
    (tried) => tried,
  );
  sandbox.faults.clear(fault);
  await until(
    () => sandbox.telegram.calls().some(({ method, executed }) => method === 'setWebhook' && executed),
    (set) => set,
    40_000,
  );
});

it('listens on all addresses with a token, and reaches itself by one that can be called', async () => {
  const { server, sandbox, bot, answersTo } = await startReal({ HOST: '0.0.0.0' });
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  sandbox.telegram.userSends(bot, { text: 'hello', from: { id: 4_002, first_name: 'Petro' } });
  await until(
    () => answersTo(4_002).length,
    (count) => count === 1,
  );
});

describe.skipIf(!hasPostgres)('several processes on one PostgreSQL', () => {
  it('keep the rates of every provider together in it', async () => {
    await using postgres = await freshPostgres();
    await using folder = await freshFolder();
    await using server = await startTestServer({ DATA_DIR: folder.path, DATABASE_URL: postgres.url });
    const { whatsapp, viber } = server.sandbox;
    server.write('hello');
    viber.userSends(viber.accounts()[0]?.id ?? '', { from: 'olena', text: 'hello' });
    whatsapp.customerSends(whatsapp.numbers()[0] as WhatsAppNumber, { from: '380671234567', text: 'hello' });
    const limiters = async (): Promise<string[]> => {
      const { rows } = await postgres.pool.query<{ key: string }>(
        "select key from cartie_key_value where key like 'limiter:%' order by key",
      );
      return rows.map(({ key }) => key);
    };
    const all = ['limiter:sendpulse', 'limiter:telegram:7000000001', 'limiter:viber', 'limiter:whatsapp'];
    await until(limiters, (found) => all.every((key) => found.includes(key)));
  });
});

describe.skipIf(!hasRedis || !hasPostgres)('several processes', () => {
  it('keep leases and Telegram’s limits together, in Redis where there is one', async () => {
    await using postgres = await freshPostgres();
    await using redis = await freshRedis();
    const url = new URL(redis.url);
    url.searchParams.set('keyPrefix', redis.prefix);
    const { sandbox, bot, answersTo } = await startReal({ REDIS_URL: url.href, DATABASE_URL: postgres.url });
    sandbox.telegram.userSends(bot, { text: 'hello', from: { id: 4_003, first_name: 'Ida' } });
    await until(
      () => answersTo(4_003).length,
      (count) => count === 1,
    );
    const keys = await redis.client.keys(`${redis.prefix}*`);
    expect(keys.filter((key) => key.includes('limiter:telegram:7100000001'))).toHaveLength(1);
    expect(keys.some((key) => key.includes('poll'))).toBe(true);
    // Workers are woken by BullMQ; what they work on is in the database.
    expect(keys).toContain(`${redis.prefix}bull:cartie.inbox:meta`);
    const [{ jobs } = { jobs: '' }] = await postgres.pool
      .query<{ jobs: string }>("select count(*)::text as jobs from pgboss.queue where name like 'cartie.%'")
      .then(({ rows }) => rows);
    expect(jobs).toBe('0');
    for (const close of closing.splice(0).reverse()) await close();
  });

  it('keep the token of SendPulse, its pace and AUTO.RIA’s quota there, and what must not be lost in the database', async () => {
    await using postgres = await freshPostgres();
    await using redis = await freshRedis();
    await using folder = await freshFolder();
    await using sandbox = await startSandbox({ timeScale: 0.01 });
    const url = new URL(redis.url);
    url.searchParams.set('keyPrefix', redis.prefix);
    const config = loadConfig({
      PORT: '0',
      DATA_DIR: folder.path,
      SANDBOX_URL: sandbox.url,
      REDIS_URL: url.href,
      DATABASE_URL: postgres.url,
    });
    const server = await startServer(config, createLog('silent'));
    closing.push(() => server.stop());
    await fetch(`${server.url}/api/valuation/brands`);
    await fetch(`${server.url}/api/leads`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Olena', email: 'olena@example.com' }),
    });
    const stored = (table: string) =>
      postgres.pool.query<{ text: string }>(`select to_jsonb(one)::text as text from ${table} as one`);
    await until(
      async () => (await stored('mailing_contacts')).rows.map(({ text }) => text).join(),
      (contact) => contact.includes('"synced"'),
    );
    const keys = await redis.client.keys(`${redis.prefix}*`);
    const token = keys.filter((key) => key.includes('value:token:sendpulse:'));
    expect(token).toHaveLength(1);
    const value = await redis.client.hget(token[0] ?? '', 'value');
    expect(value?.length).toBeGreaterThan(40);
    // What is stored of a token in plain text.
    expect(value).not.toContain('expiresAt');
    expect(keys.some((key) => key.includes('limiter:sendpulse'))).toBe(true);
    expect(keys.some((key) => key.includes('value:autoria:quota:'))).toBe(true);
    expect((await stored('cartie_key_value')).rows.map(({ text }) => text).join()).not.toMatch(
      /sendpulse|autoria/,
    );
    const rows = (await stored('cartie_outbox')).rows.map(({ text }) => text);
    expect(rows.some((text) => text.includes('sendpulse.contact'))).toBe(true);
    for (const close of closing.splice(0).reverse()) await close();
  });
});
