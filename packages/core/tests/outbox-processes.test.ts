import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createInbox,
  createOutbox,
  migratePostgres,
  type OutboxRow,
  pgDatabase,
  pgliteDatabase,
  type SqlDatabase,
} from '@cartie/core/postgres';
import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { freshPostgres, hasPostgres, type TestPostgres } from '../../../tests/support/postgres.ts';
import { startChild } from './child.ts';
import { type CrashStep, crashSteps } from './crash-steps.ts';

const timings = { heartbeatMs: 150, deadMs: 600, pollMs: 40 };

/** What becomes of a message whose process died at a step, and how often it was sent in all. */
const outcomes: Record<
  CrashStep,
  { once: [status: string, calls: number]; idempotent: [status: string, calls: number] }
> = {
  queued: { once: ['sent', 1], idempotent: ['sent', 1] },
  sending: { once: ['in_doubt', 0], idempotent: ['sent', 1] },
  calling: { once: ['in_doubt', 1], idempotent: ['sent', 2] },
  called: { once: ['in_doubt', 1], idempotent: ['sent', 2] },
  settling: { once: ['in_doubt', 1], idempotent: ['sent', 2] },
  settled: { once: ['sent', 1], idempotent: ['sent', 1] },
};

let folder: string;
let calls: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cartie-outbox-'));
  calls = join(folder, 'calls');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const readCalls = async (): Promise<string[]> =>
  (await readFile(calls, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');

describe.skipIf(!hasPostgres)('outbox senders in several processes on one PostgreSQL', () => {
  let postgres: TestPostgres;
  let database: SqlDatabase;
  beforeAll(async () => {
    postgres = await freshPostgres();
    database = pgDatabase(postgres.pool);
    await migratePostgres(database);
    await database.query('create table message (id text, state text)');
  });
  afterAll(() => postgres?.[Symbol.asyncDispose]());

  test('a crash at any step ends in the state that is promised, never in a second call', async () => {
    const cases = crashSteps.flatMap((step) =>
      ([false, true] as const).map((idempotent) => ({ step, idempotent, topic: `${step}.${idempotent}` })),
    );
    for (let at = 0; at < cases.length; at += 3) {
      const children = cases.slice(at, at + 3).map(({ step, idempotent, topic }) =>
        startChild('outbox-process.ts', {
          url: postgres.url,
          calls,
          topic,
          dieAt: step,
          timings,
          add: { id: 'a', idempotent },
        }),
      );
      await Promise.all(children.map((child) => child.ended));
    }
    const outbox = createOutbox({ database, timings });
    const { appendFile } = await import('node:fs/promises');
    const send = (row: OutboxRow) => appendFile(calls, `${row.topic} ${row.orderKey} ${row.id} test\n`);
    await using _ = await outbox.work(Object.fromEntries(cases.map(({ topic }) => [topic, { send }])), {
      async onSettled(row, trx) {
        await trx.query('insert into message (id, state) values ($1, $2)', [
          `${row.topic} ${row.id}`,
          row.status,
        ]);
      },
    });
    await vi.waitFor(async () => expect(await outbox.counts()).toMatchObject({ queued: 0, sending: 0 }), {
      timeout: 10_000,
    });
    const lines = await readCalls();
    const seen = await Promise.all(
      cases.map(async ({ step, idempotent, topic }) => {
        const row = await outbox.get(topic, 'a');
        const [last] = await database.query<{ states: string[] }>(
          'select array_agg(state) as states from message where id = $1',
          [`${topic} a`],
        );
        const made = lines.filter((line) => line.startsWith(`${topic} `)).length;
        return [step, idempotent, row?.status, made, last?.states?.at(-1)];
      }),
    );
    const expected = cases.map(({ step, idempotent }) => {
      const [status, made] = outcomes[step][idempotent ? 'idempotent' : 'once'];
      return [step, idempotent, status, made, status];
    });
    expect(seen).toEqual(expected);
  }, 60_000);

  test('two processes send 300 messages over 30 keys once each, in order per key', async () => {
    const outbox = createOutbox({ database });
    await using one = startChild('outbox-process.ts', { url: postgres.url, calls, topic: 'two', callMs: 2 });
    await using two = startChild('outbox-process.ts', { url: postgres.url, calls, topic: 'two', callMs: 2 });
    await Promise.all([one.printed('ready'), two.printed('ready')]);
    for (let at = 0; at < 300; at += 25) {
      await database.transaction(async (trx) => {
        for (let n = at; n < at + 25; n += 1) {
          await outbox.add(trx, { topic: 'two', orderKey: `chat${n % 30}`, id: `${n}`, payload: n });
        }
      });
    }
    const made = async () =>
      (await readCalls()).filter((line) => line.startsWith('two ')).map((line) => line.split(' '));
    await vi.waitFor(async () => expect(await made()).toHaveLength(300), { timeout: 15_000 });
    const sent = await made();
    for (let key = 0; key < 30; key += 1) {
      const ids = sent.filter(([, orderKey]) => orderKey === `chat${key}`).map(([, , id]) => Number(id));
      expect(ids).toEqual(Array.from({ length: 10 }, (_, n) => key + 30 * n));
    }
    expect(new Set(sent.map(([, , , pid]) => pid)).size).toBe(2);
  }, 30_000);
});

describe('a folder of PGlite whose process died', () => {
  test('frees at once what the dead process held: the call is in doubt, and its ids are still known', async () => {
    const data = join(folder, 'pglite');
    const update = { source: 'telegram:1', id: '1', kind: 'message', orderKey: 'chat', payload: {} };
    await using child = startChild('outbox-process.ts', {
      folder: data,
      calls,
      topic: 'pglite',
      dieAt: 'calling',
      add: { id: 'a', idempotent: false },
    });
    await child.ended;
    const first = await PGlite.create({ dataDir: data });
    expect(await createInbox({ database: pgliteDatabase(first) }).accept(update)).toBe('added');
    await first.close();

    const pglite = await PGlite.create({ dataDir: data });
    const database = pgliteDatabase(pglite);
    const outbox = createOutbox({ database });
    const started = performance.now();
    const worker = await outbox.work({ pglite: { send: async () => expect.fail('a second call') } });
    await vi.waitFor(
      async () => expect(await outbox.get('pglite', 'a')).toMatchObject({ status: 'in_doubt' }),
      {
        timeout: 5_000,
      },
    );
    // Without waiting for the 15 s after which a worker counts as dead.
    expect(performance.now() - started).toBeLessThan(5_000);
    expect((await readCalls()).filter((line) => line.startsWith('pglite '))).toHaveLength(1);
    expect(await createInbox({ database }).accept(update)).toBe('duplicate');
    await worker[Symbol.asyncDispose]();
    await pglite.close();
  }, 60_000);
});
