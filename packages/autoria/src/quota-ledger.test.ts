import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type KeyValueStore, memoryStore } from '@cartie/core';
import { migratePostgres, pgDatabase } from '@cartie/core/postgres';
import { type RunningSandbox, startSandbox } from '@cartie/sandbox';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { closedPort } from '../../../tests/support/http.ts';
import { freshPostgres, hasPostgres } from '../../../tests/support/postgres.ts';
import { freshRedis, hasRedis } from '../../../tests/support/redis.ts';
import { clientOf, thrownBy } from '../tests/support.ts';
import type { AutoRiaClient, AutoRiaClientOptions } from './index.ts';

let sandbox: RunningSandbox;
let key: string;

beforeEach(async () => {
  sandbox = await startSandbox();
  key = sandbox.autoria.createKey().key;
});
afterEach(() => sandbox.close());

const client = (options: Partial<AutoRiaClientOptions> = {}): AutoRiaClient =>
  clientOf(sandbox.autoria.apiUrl, { apiKey: key, ...options });
const ask = (autoria: AutoRiaClient, times = 1): Promise<unknown> =>
  Promise.all(Array.from({ length: times }, () => autoria.call('/auto/type')));

interface End {
  ok?: true;
  code?: string;
  attempts?: number;
  retryAfterMs?: number;
  retryable?: boolean;
}

/** Lets a process of its own call, and tells how its calls ended. */
async function callsOf(place: { kind: string; url: string; prefix: string }, calls: number): Promise<End[]> {
  const script = fileURLToPath(new URL('../tests/quota-process.ts', import.meta.url));
  const argument = { ...place, apiKey: key, baseUrl: sandbox.autoria.apiUrl, calls };
  const child = spawn(process.execPath, ['--conditions=@cartie/source', script, JSON.stringify(argument)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  for await (const chunk of child.stdout) printed += String(chunk);
  return JSON.parse(printed) as End[];
}

const services = [
  ...(hasRedis
    ? [
        {
          name: 'Redis',
          async open() {
            const redis = await freshRedis();
            return {
              kind: 'redis',
              url: redis.url,
              prefix: redis.prefix,
              close: () => redis[Symbol.asyncDispose](),
            };
          },
        },
      ]
    : []),
  ...(hasPostgres
    ? [
        {
          name: 'PostgreSQL',
          async open() {
            const postgres = await freshPostgres();
            await migratePostgres(pgDatabase(postgres.pool));
            return {
              kind: 'postgres',
              url: postgres.url,
              prefix: '',
              close: () => postgres[Symbol.asyncDispose](),
            };
          },
        },
      ]
    : []),
];

describe('three processes on one store', () => {
  test.each(services)(
    'make 30 calls an hour together, and the others are refused before they leave ($name)',
    async ({ open }) => {
      const { close, ...place } = await open();
      try {
        const ends = (await Promise.all([1, 2, 3].map(() => callsOf(place, 11)))).flat();
        expect(ends.filter(({ ok }) => ok)).toHaveLength(30);
        const refused = ends.filter(({ ok }) => !ok);
        expect(refused).toHaveLength(3);
        for (const end of refused) {
          expect(end).toMatchObject({ code: 'rate_limited', attempts: 0, retryable: true });
          expect(end.retryAfterMs).toBeGreaterThan(50 * 60_000);
          expect(end.retryAfterMs).toBeLessThanOrEqual(61 * 60_000);
        }
        // AUTO.RIA saw no 31st call: nothing was refused there.
        expect(sandbox.autoria.calls().map(({ status }) => status)).toEqual(Array(30).fill(200));
      } finally {
        await close();
      }
    },
    120_000,
  );
});

describe('the quota', () => {
  test('can be read, and a call over it fails at once with when it may be repeated', async () => {
    const store = memoryStore();
    const [one, two] = [client({ store }), client({ store })];
    await ask(one, 20);
    expect(await two.quota()).toEqual({
      hour: { limit: 30, used: 20, remaining: 10 },
      month: { limit: 1_000, used: 20, remaining: 980 },
      retryAfterMs: 0,
    });
    await ask(two, 10);
    const startedAt = performance.now();
    expect(await thrownBy(ask(one))).toMatchObject({
      code: 'rate_limited',
      field: 'quota',
      attempts: 0,
      outcome: 'not_executed',
      retryable: true,
      retryAfterMs: expect.any(Number),
    });
    // It would be the deadline's 30 s if it waited.
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect((await one.quota())?.retryAfterMs).toBeGreaterThan(50 * 60_000);
    expect(sandbox.autoria.calls()).toHaveLength(30);
  });

  test('does not wait for a place that comes within the deadline', async () => {
    const store = memoryStore();
    const autoria = client({ store });
    await ask(autoria);
    await changeLedger(store, (state) => {
      state.blockedUntil = Date.now() + 3_000;
    });
    expect(await thrownBy(ask(autoria))).toMatchObject({ code: 'rate_limited', attempts: 0 });
  });

  test('is free again when the calls are an hour old', async () => {
    const store = memoryStore();
    const autoria = client({ store, quota: { perHour: 2 } });
    await ask(autoria, 2);
    await thrownBy(ask(autoria));
    await changeLedger(store, (state) => {
      state.hour = state.hour.map(([minute, calls]) => [minute - 62, calls]);
    });
    await ask(autoria);
    expect((await autoria.quota())?.hour).toEqual({ limit: 2, used: 1, remaining: 1 });
    expect((await autoria.quota())?.month.used).toBe(3);
  });

  test('ends with the month, too', async () => {
    const autoria = client({ quota: { perHour: 100, perMonth: 5 } });
    await ask(autoria, 5);
    const error = await thrownBy(ask(autoria));
    expect(error).toMatchObject({ code: 'rate_limited', attempts: 0 });
    expect((error as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(30 * 86_400_000);
    const calendar = client({ quota: { perMonth: 5, month: 'calendar' } });
    await ask(calendar, 5);
    const now = new Date();
    const restMs = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1) - now.getTime();
    const { retryAfterMs } = (await thrownBy(ask(calendar))) as { retryAfterMs: number };
    expect(Math.abs(retryAfterMs - restMs)).toBeLessThan(60_000);
  });

  test('belongs to a key', async () => {
    const store = memoryStore();
    await ask(client({ store, quota: { perHour: 1 } }));
    const other = sandbox.autoria.createKey().key;
    await ask(client({ store, apiKey: other, quota: { perHour: 1 } }));
    expect(sandbox.autoria.usage(other).hour).toBe(1);
  });

  test('counts each attempt, and no call about own listings', async () => {
    const { key: own, userId } = sandbox.autoria.createKey();
    const autoria = client({ apiKey: own, userId });
    sandbox.faults.set({ provider: 'autoria', kind: 'server_error', times: 1 });
    await autoria.dictionaries.fuels();
    await autoria.listings.ids();
    expect((await autoria.quota())?.hour.used).toBe(2);
  });

  test('gives back calls that never got through', async () => {
    const autoria = client({ baseUrl: `http://127.0.0.1:${await closedPort()}` });
    expect(await thrownBy(ask(autoria))).toMatchObject({
      code: 'connection_failed',
      outcome: 'not_executed',
    });
    expect((await autoria.quota())?.hour.used).toBe(0);
  });

  test('stays counted where the outcome is unknown', async () => {
    sandbox.faults.set({ provider: 'autoria', kind: 'reset' });
    const autoria = client();
    await thrownBy(autoria.dictionaries.fuels({ retries: 0 }));
    expect((await autoria.quota())?.hour.used).toBe(1);
  });

  test('that AUTO.RIA says is used up holds everybody back, whatever was counted', async () => {
    const store = memoryStore();
    sandbox.autoria.use(key, 30);
    expect(await thrownBy(ask(client({ store })))).toMatchObject({
      code: 'rate_limited',
      status: 429,
      attempts: 1,
      retryAfterMs: 600_000,
    });
    expect(await thrownBy(ask(client({ store })))).toMatchObject({ code: 'rate_limited', attempts: 0 });
    expect(sandbox.autoria.calls()).toHaveLength(1);
  });

  test('can be left to somebody else', async () => {
    const autoria = client({ quota: false });
    expect(await autoria.quota()).toBeUndefined();
    await ask(autoria, 30);
    expect(await thrownBy(ask(autoria))).toMatchObject({ status: 429 });
  });

  test('lets no call go uncounted while the store fails', async () => {
    const broken: KeyValueStore = {
      ...memoryStore(),
      put: async () => {
        throw new Error('down');
      },
    };
    const error = await thrownBy(ask(client({ store: broken })));
    expect(error).toMatchObject({ code: 'storage_error', attempts: 0, outcome: 'not_executed' });
    expect(sandbox.autoria.calls()).toHaveLength(0);
  });
});

interface Ledger {
  hour: [minute: number, calls: number][];
  blockedUntil?: number;
}

/** Changes what was counted: real time would take an hour. */
async function changeLedger(store: KeyValueStore, change: (state: Ledger) => void): Promise<void> {
  for await (const name of store.list('autoria:quota:')) {
    const state = JSON.parse((await store.get(name))?.value ?? '{}') as Ledger;
    change(state);
    await store.put(name, JSON.stringify(state), { ttlMs: 86_400_000 });
  }
}
