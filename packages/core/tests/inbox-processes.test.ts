import { setTimeout as sleep } from 'node:timers/promises';
import { createInbox, migratePostgres, pgDatabase, type SqlDatabase } from '@cartie/core/postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { freshPostgres, hasPostgres, type TestPostgres } from '../../../tests/support/postgres.ts';
import { startChild } from './child.ts';

const timings = { heartbeatMs: 150, deadMs: 600, pollMs: 40 };

describe.skipIf(!hasPostgres)('inbox workers in several processes on one PostgreSQL', () => {
  let postgres: TestPostgres;
  let database: SqlDatabase;
  beforeAll(async () => {
    postgres = await freshPostgres();
    database = pgDatabase(postgres.pool);
    await migratePostgres(database);
    await database.query(
      'create table effect (n bigint generated always as identity, key text, id text, worker text)',
    );
  });
  afterAll(() => postgres?.[Symbol.asyncDispose]());
  beforeEach(() =>
    database.query('truncate cartie_inbox, cartie_lane, cartie_worker, effect').then(() => undefined),
  );

  const accept = (...ids: string[]) =>
    createInbox({ database }).accept(
      ids.map((id) => ({ source: 'telegram:1', id, kind: 'message', orderKey: id.slice(0, 1), payload: {} })),
    );
  const effects = async () =>
    (await database.query<{ id: string; key: string }>('select id, key from effect order by n')) as {
      id: string;
      key: string;
    }[];
  const settled = (timeout: number) =>
    vi.waitFor(
      async () =>
        expect(await database.query("select 1 from cartie_inbox where status = 'pending'")).toEqual([]),
      { timeout, interval: 20 },
    );

  test('a worker that is killed in the middle of a row is replaced, and the row has its effect once', async () => {
    await accept('a1', 'a2', 'b1');
    await using first = startChild('inbox-process.ts', {
      url: postgres.url,
      timings,
      hang: { id: 'a1', ms: 60_000 },
    });
    await first.printed('hangs at attempt 1');
    first.kill('SIGKILL');
    await first.ended;
    await using second = startChild('inbox-process.ts', { url: postgres.url, timings });
    await second.printed('ready');
    await settled(10_000);
    expect((await effects()).map(({ id }) => id).filter((id) => id.startsWith('a'))).toEqual(['a1', 'a2']);
    expect(await effects()).toHaveLength(3);
    const [row] = await database.query<{ attempt: number }>(
      "select attempt from cartie_inbox where id = 'a1'",
    );
    expect(row?.attempt).toBe(2);
  });

  test('a worker that was paused and replaced cannot commit when it wakes up', async () => {
    await accept('a1', 'a2');
    await using paused = startChild('inbox-process.ts', {
      url: postgres.url,
      timings,
      hang: { id: 'a1', ms: 300 },
    });
    await paused.printed('hangs at attempt 1');
    paused.kill('SIGSTOP');
    await using other = startChild('inbox-process.ts', { url: postgres.url, timings });
    await other.printed('ready');
    await settled(10_000);
    const before = await effects();
    expect(before.map(({ id }) => id)).toEqual(['a1', 'a2']);
    paused.kill('SIGCONT');
    await paused.printed('awake');
    await sleep(400);
    expect(await effects()).toEqual(before);
    expect(paused.lines).not.toContain('handled');
    // It goes on as a worker like any other.
    other.kill('SIGKILL');
    await accept('a3');
    await settled(10_000);
    expect((await effects()).map(({ id }) => id)).toEqual(['a1', 'a2', 'a3']);
  });

  test('a worker that wakes up while another handles its row cannot commit before it either', async () => {
    await accept('a1');
    await using paused = startChild('inbox-process.ts', {
      url: postgres.url,
      timings,
      hang: { id: 'a1', ms: 300 },
    });
    await paused.printed('hangs at attempt 1');
    paused.kill('SIGSTOP');
    await using other = startChild('inbox-process.ts', {
      url: postgres.url,
      timings,
      hang: { id: 'a1', ms: 1_500 },
    });
    await other.printed('hangs at attempt 2');
    paused.kill('SIGCONT');
    await paused.printed('awake');
    await settled(10_000);
    const rows = await database.query<{ worker: string }>('select worker from effect');
    expect(rows.map(({ worker }) => worker.split('.')[0])).toEqual([String(other.pid)]);
    expect(paused.lines).not.toContain('handled');
  });

  test('a row that kills its worker dies in the end, and its neighbours live', async () => {
    await accept('a1', 'b1', 'b2', 'c1', 'd1', 'e1');
    for (let deaths = 0; deaths < 2; deaths += 1) {
      await using worker = startChild('inbox-process.ts', {
        url: postgres.url,
        timings,
        die: 'b1',
        attempts: 2,
      });
      await worker.ended;
    }
    await using last = startChild('inbox-process.ts', { url: postgres.url, timings, die: 'b1', attempts: 2 });
    await last.printed('ready');
    await settled(10_000);
    expect((await effects()).map(({ id }) => id).sort()).toEqual(['a1', 'b2', 'c1', 'd1', 'e1']);
    expect(await createInbox({ database }).dead()).toMatchObject([{ orderKey: 'b', reason: 'crashed' }]);
  });

  test('4 workers in 2 processes handle 10,000 rows over 200 keys once each, in order per key', async () => {
    const rows = 10_000;
    const keys = 200;
    await using one = startChild('inbox-process.ts', { url: postgres.url, timings: {}, workers: 2 });
    await using two = startChild('inbox-process.ts', { url: postgres.url, timings: {}, workers: 2 });
    await Promise.all([one.printed('ready'), two.printed('ready')]);
    const inbox = createInbox({ database });
    for (let at = 0; at < rows; at += 500) {
      await inbox.accept(
        Array.from({ length: 500 }, (_, n) => ({
          source: 'telegram:1',
          id: `${at + n}`,
          kind: 'message',
          orderKey: `chat ${(at + n) % keys}`,
          payload: { n: at + n },
        })),
      );
    }
    await settled(18_000);
    const seen = await effects();
    expect(seen).toHaveLength(rows);
    const last = new Map<string, number>();
    for (const { key, id } of seen) {
      expect(Number(id) - (last.get(key) ?? Number(id) - keys), `order of ${key}`).toBe(keys);
      last.set(key, Number(id));
    }
    expect([...last.values()].sort((a, b) => a - b)).toEqual(
      Array.from({ length: keys }, (_, n) => rows - keys + n),
    );
    const workers = await database.query<{ n: string }>(
      'select count(distinct worker)::text as n from effect',
    );
    expect(Number(workers[0]?.n)).toBeGreaterThan(2);
    expect(await database.query('select 1 from cartie_lane')).toEqual([]);
  }, 20_000);
});
