import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../tests/support/databases.ts';
import { CartieError } from './errors.ts';
import {
  createInbox,
  type Inbox,
  type InboxHandler,
  type InboxOptions,
  type InboxRow,
  type InboxWorkOptions,
} from './inbox.ts';
import { memoryQueue } from './memory-queue.ts';
import { migratePostgres, pgDatabase, type SqlDatabase } from './postgres.ts';
import type { Update } from './webhook.ts';

const timings = { heartbeatMs: 200, deadMs: 800, pollMs: 30, cleanMs: 30 };

describe.each(testDatabases)('an inbox on $name', ({ available, singleConnection, open }) => {
  describe.skipIf(!available)('with its tables', () => {
    let opened: TestDatabase;
    let database: SqlDatabase;
    const workers: AsyncDisposable[] = [];

    beforeAll(async () => {
      opened = await open();
      database = opened.database;
      await migratePostgres(database);
      await database.query('create table effect (n bigint generated always as identity, key text, id text)');
    });
    afterAll(() => opened?.[Symbol.asyncDispose]());
    beforeEach(async () => {
      await database.query('truncate cartie_inbox, cartie_lane, cartie_worker, effect');
    });
    afterEach(async () => {
      for (const worker of workers.splice(0)) await worker[Symbol.asyncDispose]();
    });

    let serial = 0;
    const update = (fields: Partial<Update> = {}): Update => {
      serial += 1;
      return {
        source: 'telegram:1',
        id: `${serial}`,
        kind: 'message',
        orderKey: 'chat',
        payload: {},
        ...fields,
      };
    };
    const inboxWith = (options: Partial<InboxOptions<unknown>> = {}): Inbox =>
      createInbox({ database, timings, ...options });
    const work = async (inbox: Inbox, handler: InboxHandler<unknown>, options: InboxWorkOptions = {}) => {
      const worker = await inbox.work(handler, { backoffMs: 20, ...options });
      workers.push(worker);
      return worker;
    };
    const writeEffect: InboxHandler<unknown> = async (row, trx) => {
      await trx.query('insert into effect (key, id) values ($1, $2)', [row.orderKey, row.id]);
    };
    const effects = async (): Promise<string[]> =>
      (await database.query<{ id: string }>('select id from effect order by n')).map((row) => row.id);
    const settled = async (): Promise<void> => {
      await vi.waitFor(
        async () =>
          expect(await database.query("select 1 from cartie_inbox where status = 'pending'")).toEqual([]),
        { timeout: 15_000, interval: 15 },
      );
    };

    test('gives a group of rows to handleGroup, in order per key', async () => {
      const inbox = inboxWith();
      const groups: number[] = [];
      const updates = Array.from({ length: 12 }, (_, index) => update({ orderKey: `chat ${index % 3}` }));
      await inbox.accept(updates);
      await work(inbox, writeEffect, {
        async handleGroup(rows, trx) {
          groups.push(rows.length);
          for (const row of rows) await writeEffect(row, trx);
        },
      });
      await settled();
      const done = await effects();
      expect(Math.max(...groups)).toBeGreaterThan(1);
      expect([...done].sort()).toEqual(updates.map(({ id }) => id).sort());
      for (const key of ['chat 0', 'chat 1', 'chat 2']) {
        const sent = updates.filter(({ orderKey }) => orderKey === key).map(({ id }) => id);
        expect(done.filter((id) => sent.includes(id))).toEqual(sent);
      }
    });

    test('undoes a group that fails, and gives each of its rows to the handler', async () => {
      const inbox = inboxWith();
      const updates = Array.from({ length: 6 }, (_, index) => update({ orderKey: `chat ${index}` }));
      await inbox.accept(updates);
      const failures: unknown[] = [];
      await work(inbox, writeEffect, {
        async handleGroup(rows, trx) {
          for (const row of rows) await writeEffect(row, trx);
          throw new Error('one of them');
        },
        onFailure: (failure) => failures.push(failure),
      });
      await settled();
      expect((await effects()).sort()).toEqual(updates.map(({ id }) => id).sort());
      expect(failures).toEqual([]);
    });

    test('stores each update once, and tells which were known', async () => {
      const inbox = inboxWith();
      const first = update();
      expect(await inbox.accept(first)).toBe('added');
      expect(await inbox.accept(first)).toBe('duplicate');
      const second = update();
      expect(await inbox.accept([second, first, second])).toEqual(['added', 'duplicate', 'duplicate']);
      expect(await inbox.accept(update({ id: first.id, source: 'telegram:2' }))).toBe('added');
      expect(await inbox.accept([])).toEqual([]);
      expect(await inbox.counts()).toMatchObject({ pending: 3, dead: 0 });
    });

    test('hands over what was stored, and remembers it when it is done', async () => {
      const inbox = inboxWith();
      const payload = { text: 'Привіт 👋🏽', deep: { list: [1, null, true] }, big: '5741311803571721087' };
      const sent = update({ payload, expiresAt: Date.now() + 600_000 });
      const rows: InboxRow[] = [];
      await inbox.accept(sent);
      await work(inbox, async (row) => void rows.push(row));
      await settled();
      expect(rows).toHaveLength(1);
      expect(rows[0]).toMatchObject({ ...sent, attempt: 1 });
      expect(Math.abs((rows[0]?.receivedAt ?? 0) - Date.now())).toBeLessThan(60_000);
      expect(await inbox.accept(sent)).toBe('duplicate');
      expect(await inbox.counts()).toEqual({ pending: 0, dead: 0, oldestPendingMs: undefined });
    });

    test('keeps ids, keys and payloads of any length and character', async () => {
      const inbox = inboxWith();
      const texts = [
        '',
        ' ',
        'nul \0',
        'half \uD800',
        'other \uDC00',
        'k'.repeat(5_000),
        'ї'.repeat(300),
        'sha256:x',
        "';--",
      ];
      const updates = texts.map((text) =>
        update({ source: `viber:${text}`, id: text, kind: text, orderKey: text, payload: { [text]: text } }),
      );
      expect(new Set(await inbox.accept(updates))).toEqual(new Set(['added']));
      expect(new Set(await inbox.accept(updates))).toEqual(new Set(['duplicate']));
      const rows: InboxRow[] = [];
      await work(
        inbox,
        async (row) => {
          rows.push(row);
          if (row.id === 'nul \0') throw new CartieError('rejected', 'to see it dead');
        },
        { attempts: 1 },
      );
      await settled();
      for (const sent of updates) expect(rows).toContainEqual(expect.objectContaining({ ...sent }));
      expect(await inbox.dead()).toMatchObject([
        { source: 'viber:nul \0', kind: 'nul \0', orderKey: 'nul \0' },
      ]);
    });

    test('refuses an update that cannot be stored, naming the field, and stores its neighbours', async () => {
      const inbox = inboxWith();
      const cycle: { self?: unknown } = {};
      cycle.self = cycle;
      const wrong: [Partial<Update>, string][] = [
        [{ payload: undefined }, 'payload'],
        [{ payload: 10n }, 'payload'],
        [{ payload: cycle }, 'payload'],
        [{ payload: 'x'.repeat(16 * 1024 * 1024) }, 'payload'],
        [{ id: 5 as never }, 'id'],
        [{ orderKey: undefined as never }, 'orderKey'],
        [{ expiresAt: Number.NaN }, 'expiresAt'],
      ];
      const answers = await Promise.allSettled(
        wrong.flatMap(([fields]) => [inbox.accept(update(fields)), inbox.accept(update())]),
      );
      for (const [index, [, field]] of wrong.entries()) {
        expect(answers[2 * index]).toMatchObject({ reason: { code: 'invalid_input', field } });
        expect(answers[2 * index + 1]).toMatchObject({ value: 'added' });
      }
      await expect(inbox.accept([update(), update({ id: 1 as never })])).rejects.toMatchObject({
        field: 'updates[1].id',
      });
      expect((await inbox.counts()).pending).toBe(wrong.length);
    });

    test('fails one update alone that only the database refuses', async () => {
      const inbox = inboxWith();
      await database.query("alter table cartie_inbox add constraint no_bad check (kind <> 'bad')");
      try {
        const updates = Array.from({ length: 40 }, (_, n) => update({ kind: n === 17 ? 'bad' : 'good' }));
        const answers = await Promise.allSettled(updates.map((each) => inbox.accept(each)));
        const refused = answers.filter((answer) => answer.status === 'rejected');
        expect(refused).toHaveLength(1);
        expect(answers[17]).toMatchObject({ reason: { code: 'storage_error', provider: { code: '23514' } } });
        expect((await inbox.counts()).pending).toBe(39);
      } finally {
        await database.query('alter table cartie_inbox drop constraint no_bad');
      }
    });

    test('handles a key in order, one at a time, and keys beside each other', async () => {
      const inbox = inboxWith();
      const updates = Array.from({ length: 300 }, (_, n) =>
        update({ orderKey: `chat ${n % 7}`, id: `${n % 7}:${n}` }),
      );
      const busy = new Set<string>();
      let overlaps = 0;
      await work(inbox, async (row, trx) => {
        if (busy.has(row.orderKey)) overlaps += 1;
        busy.add(row.orderKey);
        await writeEffect(row, trx);
        busy.delete(row.orderKey);
      });
      for (let at = 0; at < updates.length; at += 30) await inbox.accept(updates.slice(at, at + 30));
      await settled();
      const ids = await effects();
      expect(ids).toHaveLength(300);
      for (let key = 0; key < 7; key += 1) {
        const own = ids.filter((id) => id.startsWith(`${key}:`));
        expect(own).toEqual(updates.map(({ id }) => id).filter((id) => id.startsWith(`${key}:`)));
      }
      expect(overlaps).toBe(0);
      expect(await database.query('select * from cartie_lane')).toEqual([]);
    });

    test('commits what the handler wrote together with the row, or neither', async () => {
      const inbox = inboxWith();
      const failures: string[] = [];
      await inbox.accept(Array.from({ length: 12 }, (_, n) => update({ id: `${n}`, orderKey: `k${n % 3}` })));
      await work(
        inbox,
        async (row, trx) => {
          await writeEffect(row, trx);
          if (row.id === '5' && row.attempt < 3) throw new Error('after its write');
        },
        { onFailure: ({ row, next }) => failures.push(`${row.id} ${row.attempt} ${next}`) },
      );
      await settled();
      expect((await effects()).sort()).toEqual(Array.from({ length: 12 }, (_, n) => `${n}`).sort());
      expect(failures).toEqual(['5 1 retry', '5 2 retry']);
    });

    test('does not finish a row whose transaction a swallowed error has aborted', async () => {
      const inbox = inboxWith();
      await inbox.accept(update({ id: 'a' }));
      let calls = 0;
      await work(inbox, async (row, trx) => {
        calls += 1;
        await writeEffect(row, trx);
        if (calls <= 2) await trx.query('select 1 / 0').catch(() => undefined);
      });
      await settled();
      expect(calls).toBe(3);
      expect(await effects()).toEqual(['a']);
    });

    test('postpones a row that came at a bad time: it holds its key, starts at its time and uses no attempt', async () => {
      const inbox = inboxWith();
      await inbox.accept([
        update({ id: '1' }),
        update({ id: '2' }),
        update({ id: 'other', orderKey: 'free' }),
      ]);
      const attempts: number[] = [];
      const nexts: string[] = [];
      let firstAt = 0;
      let lastAt = 0;
      await work(
        inbox,
        async (row, trx) => {
          if (row.id === '1') {
            attempts.push(row.attempt);
            lastAt = performance.now();
            firstAt ||= lastAt;
            if (attempts.length < 4)
              throw new CartieError('rate_limited', 'slow down', { retryAfterMs: 120 });
          }
          await writeEffect(row, trx);
        },
        { attempts: 2, onFailure: ({ next }) => nexts.push(next) },
      );
      // A new row of the key must not wake it before its time.
      await sleep(60);
      await inbox.accept(update({ id: '3' }));
      await settled();
      expect(await effects()).toEqual(['other', '1', '2', '3']);
      expect(attempts).toEqual([1, 1, 1, 1]);
      expect(nexts).toEqual(['postponed', 'postponed', 'postponed']);
      expect(lastAt - firstAt).toBeGreaterThanOrEqual(355);
    });

    test.each(['circuit_open', 'overloaded'] as const)('postpones for %s too', async (code) => {
      const inbox = inboxWith();
      await inbox.accept(update());
      const attempts: number[] = [];
      await work(
        inbox,
        async (row) => {
          attempts.push(row.attempt);
          if (attempts.length === 1) throw new CartieError(code, 'later', { retryAfterMs: 10 });
        },
        { attempts: 1 },
      );
      await settled();
      expect(attempts).toEqual([1, 1]);
      expect((await inbox.counts()).dead).toBe(0);
    });

    test('lets a key go on past a row that is dead; somebody can retry it at the key’s end, or forget it', async () => {
      const inbox = inboxWith();
      await inbox.accept([update({ id: 'bad' }), update({ id: 'good' })]);
      let broken = true;
      const nexts: string[] = [];
      await work(
        inbox,
        async (row, trx) => {
          if (row.id.startsWith('bad') && broken) throw new Error('about olena@example.com');
          await writeEffect(row, trx);
        },
        { attempts: 3, onFailure: ({ next }) => nexts.push(next) },
      );
      await settled();
      expect(nexts).toEqual(['retry', 'retry', 'dead']);
      expect(await effects()).toEqual(['good']);
      const [dead] = await inbox.dead();
      expect(dead).toMatchObject({ attempts: 3, reason: 'handler_error', kind: 'message', orderKey: 'chat' });
      expect(JSON.stringify(await database.query('select * from cartie_inbox'))).not.toContain('olena');
      expect(await inbox.counts()).toMatchObject({ pending: 0, dead: 1 });

      broken = false;
      expect(await inbox.retry(dead?.seq ?? -1)).toBe(true);
      expect(await inbox.retry(dead?.seq ?? -1)).toBe(false);
      await settled();
      expect(await effects()).toEqual(['good', 'bad']);

      broken = true;
      await inbox.accept(update({ id: 'bad too' }));
      await vi.waitFor(async () => expect(await inbox.dead()).toHaveLength(1), { timeout: 10_000 });
      const [second] = await inbox.dead();
      expect(await inbox.discard(second?.seq ?? -1)).toBe(true);
      expect(await inbox.discard(second?.seq ?? -1)).toBe(false);
      expect(await inbox.dead()).toEqual([]);
      expect(await inbox.accept(update({ id: 'bad too' }))).toBe('duplicate');
    });

    test('ends an update that expired without handling it, until somebody retries it', async () => {
      const inbox = inboxWith();
      await inbox.accept([
        update({ id: 'late', expiresAt: Date.now() - 1_000 }),
        update({ id: 'alive', expiresAt: Date.now() + 60_000 }),
      ]);
      await work(inbox, writeEffect);
      await settled();
      expect(await effects()).toEqual(['alive']);
      const [dead] = await inbox.dead();
      expect(dead).toMatchObject({ reason: 'expired' });
      await inbox.retry(dead?.seq ?? -1);
      await settled();
      expect(await effects()).toEqual(['alive', 'late']);
    });

    test('drops payloads first and ids later, per source', async () => {
      const inbox = inboxWith({ payloadMs: 40, dedupMs: { telegram: 250, viber: 60_000 } });
      const one = update({ source: 'telegram:9', payload: { phone: '+380501112233' } });
      const two = update({ source: 'viber:9', payload: { phone: '+380501112233' } });
      await inbox.accept([one, two]);
      await work(inbox, async () => undefined);
      await settled();
      const payloads = () => database.query('select 1 from cartie_inbox where payload is not null');
      await vi.waitFor(async () => expect(await payloads()).toHaveLength(0), {
        timeout: 3_000,
        interval: 10,
      });
      expect(await inbox.accept([one, two])).toEqual(['duplicate', 'duplicate']);
      await vi.waitFor(async () => expect(await inbox.accept(one)).toBe('added'), {
        timeout: 3_000,
        interval: 20,
      });
      expect(await inbox.accept(two)).toBe('duplicate');
    });

    test('keeps dead rows whole until their own time is over', async () => {
      const inbox = inboxWith({ payloadMs: 10, dedupMs: 20, deadMs: 1_500 });
      await inbox.accept(update({ payload: { keep: 'me' } }));
      await work(inbox, () => Promise.reject(new Error('no')), { attempts: 1 });
      await settled();
      await sleep(120);
      expect(await database.query('select 1 from cartie_inbox where payload is not null')).toHaveLength(1);
      await vi.waitFor(async () => expect(await inbox.dead()).toEqual([]), { timeout: 10_000 });
    });

    test('stops without losing or repeating anything: rows in hand end, the others wait', async () => {
      const inbox = inboxWith();
      await inbox.accept(
        Array.from({ length: 200 }, (_, n) => update({ id: `${n}`, orderKey: `k${n % 20}` })),
      );
      let started = 0;
      const slow: InboxHandler<unknown> = async (row, trx) => {
        started += 1;
        await sleep(1);
        await writeEffect(row, trx);
      };
      const worker = await inbox.work(slow);
      await vi.waitFor(() => expect(started).toBeGreaterThan(3), { interval: 2 });
      await worker[Symbol.asyncDispose]();
      expect(await effects()).toHaveLength(started);
      expect(started).toBeLessThan(200);
      expect(await database.query('select 1 from cartie_lane where worker is not null')).toEqual([]);
      expect(await database.query('select 1 from cartie_worker')).toEqual([]);
      await work(inbox, slow);
      await settled();
      const ids = await effects();
      expect(ids).toHaveLength(200);
      expect(new Set(ids).size).toBe(200);
    });

    test('survives a claim whose answer got lost: its rows are handled without another worker', async () => {
      let lose = true;
      const lossy: SqlDatabase = {
        ...database,
        async query(text, parameters) {
          const rows = await database.query(text, parameters);
          if (lose && text.includes('cartie_inbox_claim') && rows.length > 0) {
            lose = false;
            throw new CartieError('storage_error', 'the answer got lost');
          }
          return rows as never;
        },
      };
      const inbox = createInbox({ database: lossy, timings });
      await inbox.accept(update({ id: 'a' }));
      await work(inbox, writeEffect);
      await settled();
      expect(lose).toBe(false);
      expect(await effects()).toEqual(['a']);
    });

    test('goes on when the database was away for a while', async () => {
      let away = false;
      const fail = () => {
        if (away) throw new CartieError('storage_error', 'away', { provider: { code: 'ECONNREFUSED' } });
      };
      const flaky: SqlDatabase = {
        ...database,
        async query(text, parameters) {
          fail();
          return await database.query(text, parameters);
        },
        async transaction(run) {
          fail();
          return await database.transaction(async (trx) => {
            const result = await run({
              ...trx,
              query: async (text, parameters) => {
                fail();
                return await trx.query(text, parameters);
              },
            });
            fail();
            return result;
          });
        },
      };
      const inbox = createInbox({ database: flaky, timings });
      const attempts: number[] = [];
      await inbox.accept([update({ id: '1' }), update({ id: '2' })]);
      await work(
        inbox,
        async (row, trx) => {
          attempts.push(row.attempt);
          if (attempts.length === 1) {
            away = true;
            setTimeout(() => (away = false), 150);
          }
          await writeEffect(row, trx);
        },
        { attempts: 1 },
      );
      await vi.waitFor(() => expect(away).toBe(true), { interval: 2 });
      await expect(inbox.accept(update({ id: '3' }))).rejects.toMatchObject({
        code: 'storage_error',
        retryable: true,
      });
      await vi.waitFor(async () => expect(await effects()).toEqual(['1', '2']), { timeout: 5_000 });
      expect(Math.max(...attempts)).toBe(1);
      expect((await inbox.counts()).dead).toBe(0);
    });

    test('wakes workers by the queue, without polling', async () => {
      const queue = memoryQueue();
      // Another database object: as in another process, the two know nothing of each other.
      const other: SqlDatabase = { ...database };
      const slow = { ...timings, pollMs: 60_000 };
      const writer = createInbox({ database: other, queue, timings: slow });
      await work(createInbox({ database, queue, timings: slow }), writeEffect);
      await sleep(50);
      await writer.accept(update({ id: 'a' }));
      await writer.accept(update({ id: 'b' }));
      await vi.waitFor(async () => expect(await effects()).toEqual(['a', 'b']), { timeout: 2_000 });
    });

    test('tells of handled rows after their commit, and ignores what the listener throws', async () => {
      const inbox = inboxWith();
      await inbox.accept([update({ id: '1' }), update({ id: '2' })]);
      const seen: Promise<string[]>[] = [];
      await work(inbox, writeEffect, {
        onHandled() {
          seen.push(effects());
          throw new Error('of the listener');
        },
      });
      await settled();
      await vi.waitFor(() => expect(seen).toHaveLength(2));
      expect(await seen[0]).toContain('1');
    });

    test('names a misspelt option, and refuses what is no database', async () => {
      expect(() => createInbox({ database, payloadsMs: 5 } as never)).toThrow('did you mean `payloadMs`');
      expect(() => createInbox({ database: {} as never })).toThrow('pgDatabase');
      await expect(inboxWith().work(writeEffect, { attempts: 0 })).rejects.toMatchObject({
        code: 'invalid_config',
      });
    });

    if (singleConnection) {
      test('refuses to accept inside a transaction on the only connection', async () => {
        const inbox = inboxWith();
        const work = database.transaction(() => inbox.accept(update()));
        await expect(work).rejects.toMatchObject({ code: 'invalid_input' });
        expect(await inbox.accept(update())).toBe('added');
      });
    } else {
      test('still knows its ids after a restart', async () => {
        const known = update();
        await inboxWith().accept(known);
        await using pool = disposable(new pg.Pool({ connectionString: opened.url }));
        expect(await createInbox({ database: pgDatabase(pool.value) }).accept(known)).toBe('duplicate');
      });

      test('runs again what only collided with another transaction, without using an attempt', async () => {
        await database.query('create table if not exists door (id integer primary key, n integer not null)');
        await database.query('insert into door values (1, 0), (2, 0) on conflict do nothing');
        const inbox = inboxWith();
        await inbox.accept([update({ orderKey: 'a' }), update({ orderKey: 'b' })]);
        const failures: unknown[] = [];
        const bothIn = new Set<string>();
        const options: InboxWorkOptions = { attempts: 1, onFailure: (failure) => failures.push(failure) };
        const cross: InboxHandler<unknown> = async (row, trx) => {
          const doors = row.orderKey === 'a' ? [1, 2] : [2, 1];
          await trx.query('update door set n = n + 1 where id = $1', [doors[0]]);
          bothIn.add(row.orderKey);
          for (let waited = 0; bothIn.size < 2 && waited < 100; waited += 1) await sleep(5);
          await trx.query('update door set n = n + 1 where id = $1', [doors[1]]);
        };
        await work(inbox, cross, { ...options, concurrency: 1 });
        await work(inbox, cross, { ...options, concurrency: 1 });
        await settled();
        expect(failures).toEqual([]);
        expect(await database.query('select n from door')).toEqual([{ n: 2 }, { n: 2 }]);
      });
    }
  });
});

function disposable<T extends { end(): Promise<void> }>(value: T): AsyncDisposable & { value: T } {
  return { value, [Symbol.asyncDispose]: () => value.end() };
}
