import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../tests/support/databases.ts';
import { CartieError } from './errors.ts';
import { createOutbox, type Outbox, type OutboxRow, type SendResult } from './outbox.ts';
import { migratePostgres, type SqlDatabase } from './postgres.ts';

const topic = 'events';

describe.each(testDatabases)('an outbox that batches, on $name', ({ available, open }) => {
  describe.skipIf(!available)('with its tables', () => {
    let opened: TestDatabase;
    let database: SqlDatabase;
    let outbox: Outbox;
    const workers: AsyncDisposable[] = [];

    beforeAll(async () => {
      opened = await open();
      database = opened.database;
      await migratePostgres(database);
    });
    afterAll(() => opened?.[Symbol.asyncDispose]());
    beforeEach(async () => {
      await database.query('truncate cartie_outbox, cartie_lane, cartie_worker');
      outbox = createOutbox({ database, timings: { heartbeatMs: 200, deadMs: 800, pollMs: 30 } });
    });
    afterEach(async () => {
      for (const worker of workers.splice(0)) await worker[Symbol.asyncDispose]();
    });

    const message = (id: string) => ({ topic, orderKey: 'one', id, payload: { id }, idempotent: true });
    const work = async (sendBatch: (rows: readonly OutboxRow[]) => Promise<readonly SendResult[]>) => {
      workers.push(await outbox.work({ [topic]: { sendBatch, attempts: 2, backoffMs: 10 } }));
    };
    const becomes = (id: string, status: string) =>
      vi.waitFor(async () => expect((await outbox.get(topic, id))?.status).toBe(status), { timeout: 8_000 });

    test('adds without a transaction of the app, each id once, and starts at once', async () => {
      await work(async (rows) => rows.map(() => ({ result: 'ok' })));
      const ids = Array.from({ length: 300 }, (_, index) => String(index % 200));
      const added = await Promise.all(ids.map((id) => outbox.addNow(message(id))));
      expect(added.filter((one) => one === 'added')).toHaveLength(200);
      expect(added.slice(200)).toEqual(Array.from({ length: 100 }, () => 'duplicate'));
      await becomes('199', 'sent');
    });

    test('refuses a message that cannot be stored, and stores its neighbours', async () => {
      const results = await Promise.allSettled([
        outbox.addNow(message('a')),
        outbox.addNow({ ...message('b'), payload: 1n }),
        outbox.addNow(message('c')),
      ]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(await outbox.get(topic, 'c')).toBeDefined();
    });

    test('puts rows off without using attempts, and keeps what the sender wants to know next time', async () => {
      const seen: unknown[] = [];
      const away = new CartieError('connection_failed', 'away', { outcome: 'not_executed' });
      await work(async ([row]) => {
        seen.push(row?.result);
        expect(row?.attempts).toBe(1);
        return seen.length < 5
          ? [{ error: away, postponeMs: 5, keep: { tries: seen.length } }]
          : [{ result: 'ok' }];
      });
      await outbox.addNow(message('a'));
      await becomes('a', 'sent');
      expect(seen).toEqual([undefined, { tries: 1 }, { tries: 2 }, { tries: 3 }, { tries: 4 }]);
    });

    test('never puts off a row whose outcome is unknown and that may not be repeated', async () => {
      await work(async () => [{ error: new CartieError('timeout', 'late'), postponeMs: 5 }]);
      await outbox.addNow({ ...message('a'), idempotent: false });
      await becomes('a', 'in_doubt');
    });

    test('counts and lists the rows of one topic', async () => {
      await outbox.addNow(message('a'));
      await outbox.addNow({ ...message('b'), topic: 'other' });
      await outbox.addNow({ ...message('c'), topic: 'other' });
      expect(await outbox.counts()).toMatchObject({ queued: 3 });
      expect(await outbox.counts('other')).toMatchObject({ queued: 2, sent: 0 });
      const rows = await outbox.list({ status: 'queued', topic: 'other' });
      expect(rows.map(({ id }) => id)).toEqual(['c', 'b']);
    });

    test('keeps why a row was refused', async () => {
      await work(async () => [{ error: new CartieError('rejected', 'no'), keep: { subcode: 7 } }]);
      await outbox.addNow(message('a'));
      await becomes('a', 'failed');
      expect(await outbox.get(topic, 'a')).toMatchObject({ reason: 'rejected', result: { subcode: 7 } });
    });
  });
});
