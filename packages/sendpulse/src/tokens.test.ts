import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createStores, memoryStore } from '@cartie/core';
import { migratePostgres, pgDatabase } from '@cartie/core/postgres';
import { type RunningSandbox, type SandboxSendPulseAccount, startSandbox } from '@cartie/sandbox';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { freshPostgres, hasPostgres } from '../../../tests/support/postgres.ts';
import { freshRedis, hasRedis } from '../../../tests/support/redis.ts';
import { clientOf, nobody, startSendPulse } from '../tests/support.ts';
import type { TokenPlace } from '../tests/token-process.ts';
import { createSendPulseClient } from './index.ts';

let sandbox: RunningSandbox;
let account: SandboxSendPulseAccount;

beforeEach(async () => {
  sandbox = await startSandbox({ sendpulse: { rateScale: 0 } });
  account = sandbox.sendpulse.createAccount();
});
afterEach(() => sandbox.close());

const times = <T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));
const asked = (): number => sandbox.sendpulse.tokenRequests(account);
const newStores = (kv = memoryStore()) => {
  const { tokens, leases } = createStores(kv, { encryptionKey: randomBytes(32).toString('base64') });
  return { tokens, leases };
};

describe('while SendPulse gives no token', () => {
  const breaker = { openMs: 300 };
  const balance = { currency: 'USD', balance_currency: 7 };
  const codeOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'ok',
      (error: { code: string }) => error.code,
    );

  test('the circuit opens and leaves it alone, and the next probe asks for a token again', async () => {
    let isDown = true;
    const peer = await startSendPulse(
      () => ({ json: balance }),
      () =>
        isDown ? { status: 503 } : { json: { access_token: 'token-of-nobody-1234', expires_in: 3_600 } },
    );
    const sendpulse = createSendPulseClient({
      ...{ clientId: account.clientId, clientSecret: account.clientSecret },
      ...{ baseUrl: peer.url, retries: 0, breaker },
    });
    const codes: string[] = [];
    for (let i = 0; i < 20; i++) codes.push(await codeOf(sendpulse.balance.get()));
    expect(codes.slice(0, 5)).toEqual(Array(5).fill('upstream_error'));
    expect(new Set(codes.slice(5))).toEqual(new Set(['circuit_open']));
    expect(peer.received).toHaveLength(5);
    expect(await sendpulse.health()).toMatchObject({ status: 'down', circuit: 'open' });

    await sleep(320);
    expect(await codeOf(sendpulse.balance.get())).toBe('upstream_error');
    expect(await codeOf(sendpulse.balance.get())).toBe('circuit_open');
    expect(peer.received).toHaveLength(6);

    isDown = false;
    await sleep(320);
    expect(await sendpulse.balance.get()).toEqual(balance);
    expect(await sendpulse.balance.get()).toEqual(balance);
    await peer.close();
  });

  test('50 calls at once ask no more often than the circuit allows', async () => {
    const peer = await startSendPulse(
      () => ({ json: balance }),
      () => ({ status: 503 }),
    );
    const sendpulse = createSendPulseClient({
      ...{ clientId: account.clientId, clientSecret: account.clientSecret },
      ...{ baseUrl: peer.url, deadlineMs: 10_000 },
    });
    for (let round = 0; round < 8; round++) await times(50, () => codeOf(sendpulse.balance.get()));
    expect(peer.received.length).toBe(5);
    await peer.close();
  });
});

describe('one token', () => {
  test('serves 50 first calls at once', async () => {
    const sendpulse = clientOf(sandbox, account);
    const answers = await times(50, () => sendpulse.balance.get());
    expect(answers).toHaveLength(50);
    expect(asked()).toBe(1);
  });

  test('is fetched while all places are taken', async () => {
    const sendpulse = clientOf(sandbox, account, { maxConcurrent: 1, deadlineMs: 10_000 });
    await times(5, () => sendpulse.balance.get());
    expect(asked()).toBe(1);
    // Now it is the call with the only place that finds the token refused.
    sandbox.sendpulse.expireTokens(account);
    await sendpulse.balance.get();
    expect(asked()).toBe(2);
  });

  test('serves clients that share a store, and lies there encrypted', async () => {
    const kv = memoryStore();
    const stores = newStores(kv);
    const clients = [0, 1].map(() => clientOf(sandbox, account, stores));
    await times(50, (index) => clients[index % 2]?.balance.get() as Promise<unknown>);
    expect(asked()).toBe(1);
    for await (const key of kv.list('')) {
      const stored = await kv.get(key);
      expect(key + stored?.value).not.toContain(account.clientSecret);
      expect(key).not.toContain(account.clientId);
    }
  });

  test('is refreshed before it ends, so that no call meets a 401', async () => {
    const short = sandbox.sendpulse.createAccount({ tokenSeconds: 1 });
    const sendpulse = clientOf(sandbox, short);
    const until = performance.now() + 2_500;
    while (performance.now() < until) {
      await sendpulse.balance.get();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(sandbox.sendpulse.tokenRequests(short)).toBeGreaterThan(2);
    expect(sandbox.sendpulse.calls().filter(({ httpStatus }) => httpStatus === 401)).toEqual([]);
  });

  test('is refreshed a minute before it ends, and not earlier', async () => {
    const sendpulse = clientOf(sandbox, account);
    await sendpulse.balance.get();
    try {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_535_000 });
      await sendpulse.balance.get();
      expect(asked()).toBe(1);
      vi.setSystemTime(Date.now() + 10_000);
      await sendpulse.balance.get();
      expect(asked()).toBe(2);
    } finally {
      vi.useRealTimers();
    }
  });

  test('that is refused is replaced once for 50 calls at once, none of which fails', async () => {
    const sendpulse = clientOf(sandbox, account, { maxConcurrent: 50 });
    await sendpulse.balance.get();
    sandbox.sendpulse.expireTokens(account);
    await times(50, () => sendpulse.balance.get());
    expect(asked()).toBe(2);
    expect(sandbox.sendpulse.calls().some(({ httpStatus }) => httpStatus === 401)).toBe(true);
  });

  test('that is refused for good ends the call after one refresh', async () => {
    const sendpulse = clientOf(sandbox, account);
    sandbox.faults.set({ provider: 'sendpulse', method: 'GET /balance', kind: 'unauthorized' });
    await expect(sendpulse.balance.get()).rejects.toMatchObject({ code: 'unauthorized', status: 401 });
    const calls = sandbox.sendpulse.calls().map(({ method }) => method);
    expect(calls.filter((method) => method === 'GET /balance')).toHaveLength(2);
    expect(asked()).toBe(2);
  });

  test('is replaced for a call that may not be repeated too: a 401 did nothing', async () => {
    const sendpulse = clientOf(sandbox, account);
    await sendpulse.balance.get();
    sandbox.sendpulse.expireTokens(account);
    expect(await sendpulse.addressBooks.create({ bookName: 'New' })).toMatchObject({
      id: expect.any(Number),
    });
    expect(sandbox.sendpulse.books(account)).toHaveLength(1);
  });
});

describe('accounts', () => {
  test('never get each other’s tokens, in 1000 calls in between each other, with one store for all', async () => {
    const stores = newStores();
    const accounts = [account, sandbox.sendpulse.createAccount()];
    const clients = accounts.map((one) => clientOf(sandbox, one, { ...stores, maxConcurrent: 20 }));
    await Promise.all(
      clients.map((client, index) => client.addressBooks.create({ bookName: `of ${accounts[index]?.id}` })),
    );
    const wrong = await times(1_000, async (index) => {
      const which = index % 2;
      if (index === 500) for (const one of accounts) sandbox.sendpulse.expireTokens(one);
      const names: string[] = [];
      for await (const { name } of clients[which]?.addressBooks.list() ?? []) names.push(name);
      return names.length === 1 && names[0] === `of ${accounts[which]?.id}` ? [] : [names];
    });
    expect(wrong.flat()).toEqual([]);
    for (const one of accounts) expect(sandbox.sendpulse.tokenRequests(one)).toBeLessThanOrEqual(2);
  }, 60_000);

  test('with the right id and a wrong secret get no token that lies in the store', async () => {
    const stores = newStores();
    await clientOf(sandbox, account, stores).balance.get();
    const thief = clientOf(sandbox, { ...account, clientSecret: 'guessed' }, stores);
    await expect(thief.balance.get()).rejects.toMatchObject({
      code: 'unauthorized',
      operation: 'oauth.accessToken',
    });
  });

  test('whose secret was rotated go on with the new one', async () => {
    let clientSecret = account.clientSecret;
    const sendpulse = clientOf(sandbox, account, { clientSecret: () => clientSecret });
    await sendpulse.balance.get();
    clientSecret = 'the new one';
    sandbox.sendpulse.setSecret(account, clientSecret);
    sandbox.sendpulse.expireTokens(account);
    expect(await sendpulse.balance.get()).toMatchObject({ currency: 'UAH' });
  });

  test('with an API key ask for no token, and a refused key is asked with once', async () => {
    const keyed = sandbox.sendpulse.createAccount({ apiKey: 'sp_apikey_1234567890' });
    const client = (apiKey: string) =>
      createSendPulseClient({ apiKey, baseUrl: sandbox.sendpulse.apiUrl, requestsPerSecond: 1_000 });
    await client('sp_apikey_1234567890').balance.get();
    expect(sandbox.sendpulse.tokenRequests(keyed)).toBe(0);
    await expect(client('sp_apikey_wrong').balance.get()).rejects.toMatchObject({ code: 'unauthorized' });
    expect(sandbox.sendpulse.calls()).toHaveLength(2);
  });
});

describe('a connection that is tested before it is saved', () => {
  test('is good with the right credentials and stores nothing', async () => {
    const kv = memoryStore();
    const stores = newStores(kv);
    const sendpulse = clientOf(sandbox, account, stores);
    expect(await sendpulse.testConnection()).toEqual({ ok: true, currency: 'UAH', balance: 100 });
    const keys: string[] = [];
    for await (const key of kv.list('')) keys.push(key);
    expect(keys).toEqual([]);
  });

  test('is bad with a wrong secret, though a good token is in use', async () => {
    let clientSecret: string = account.clientSecret;
    const sendpulse = clientOf(sandbox, account, { clientSecret: () => clientSecret });
    await sendpulse.balance.get();
    clientSecret = 'wrong';
    const error = expect.objectContaining({ code: 'unauthorized', status: 401 });
    expect(await sendpulse.testConnection()).toEqual({ ok: false, error });
  });

  test('is bad where SendPulse refuses the token that it gave, and leaves the one in use alone', async () => {
    const sendpulse = clientOf(sandbox, account);
    await sendpulse.balance.get();
    sandbox.faults.set({ provider: 'sendpulse', method: 'GET /balance', kind: 'unauthorized', times: 1 });
    expect(await sendpulse.testConnection()).toMatchObject({ ok: false, error: { code: 'unauthorized' } });
    expect(sandbox.sendpulse.calls().filter(({ method }) => method === 'GET /balance')).toHaveLength(2);
    await sendpulse.balance.get();
    expect(asked()).toBe(2);
  });

  test('is bad where nobody answers, and when it was given up', async () => {
    const lonely = clientOf(sandbox, account, { baseUrl: await nobody(), retries: 0 });
    expect(await lonely.testConnection()).toMatchObject({ ok: false, error: { code: 'connection_failed' } });
    const sendpulse = clientOf(sandbox, account);
    expect(await sendpulse.testConnection({ signal: AbortSignal.abort() })).toMatchObject({ ok: false });
  });
});

describe('health', () => {
  test('is ok with the balance, and down with wrong credentials', async () => {
    expect(await clientOf(sandbox, account).health()).toMatchObject({
      status: 'ok',
      facts: { currency: 'UAH', balance: 100 },
    });
    const wrong = clientOf(sandbox, { ...account, clientSecret: 'wrong' });
    expect(await wrong.health()).toMatchObject({
      status: 'down',
      detail: expect.stringContaining('not valid'),
    });
  });
});

const script = fileURLToPath(new URL('../tests/token-process.ts', import.meta.url));
const run = promisify(execFile);

/** Two processes, 25 calls each; tells how many calls went well and how many tokens they cost. */
async function twoProcesses(place: Pick<TokenPlace, 'kind' | 'url' | 'prefix'>): Promise<[number, number]> {
  const { clientId, clientSecret } = account;
  const encryptionKey = randomBytes(32).toString('base64');
  const argument = JSON.stringify({
    ...place,
    encryptionKey,
    baseUrl: sandbox.sendpulse.apiUrl,
    clientId,
    clientSecret,
    calls: 25,
  });
  const ended = await times(2, () =>
    run(process.execPath, ['--conditions=@cartie/source', script, argument]),
  );
  return [ended.reduce((sum, { stdout }) => sum + Number(stdout), 0), asked()];
}

describe.skipIf(!hasRedis)('on one Redis', () => {
  test('two processes cost one token', async () => {
    await using redis = await freshRedis();
    expect(await twoProcesses({ kind: 'redis', url: redis.url, prefix: redis.prefix })).toEqual([50, 1]);
  }, 60_000);
});

describe.skipIf(!hasPostgres)('on one PostgreSQL', () => {
  test('two processes cost one token', async () => {
    await using postgres = await freshPostgres();
    await migratePostgres(pgDatabase(postgres.pool));
    expect(await twoProcesses({ kind: 'postgres', url: postgres.url, prefix: 'p:' })).toEqual([50, 1]);
  }, 60_000);
});
