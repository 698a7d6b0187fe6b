import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../tests/support/databases.ts';
import { acceptUpdates, storeUpdate } from './inbox-accept.ts';
import { claimLanes } from './inbox-rows.ts';
import { addMessage, storeMessage, takeLanes } from './outbox-rows.ts';
import { migratePostgres, type SqlDatabase, type SqlTransaction } from './postgres.ts';

const backlog = 5_000;
const worker = '00000000-0000-4000-8000-000000000001';
const topic = 'telegram.send';

const isOfFirst = (id: string): boolean => Number(id.split(':')[1]) < 1_000;

/** Rows that the statements of this transaction have read so far, in all tables of the inbox and the outbox. */
async function rowsRead(trx: SqlTransaction): Promise<number> {
  const [row] = await trx.query<{ read: string }>(`
    select coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::text as read
    from pg_stat_xact_user_tables where relname like 'cartie%'`);
  return Number(row?.read);
}

// Waits are what a machine makes of it; what counts is that nobody goes through all that waits.
describe.each(testDatabases)(`with ${backlog} waiting on $name`, ({ available, open }) => {
  describe.skipIf(!available)('the work does not grow with the backlog:', () => {
    let opened: TestDatabase;
    let database: SqlDatabase;
    beforeAll(async () => {
      opened = await open();
      database = opened.database;
      await migratePostgres(database);
      const stored = storeUpdate(
        { source: 'telegram:1', id: 'x', kind: 'message', orderKey: 'x', payload: {} },
        '',
      );
      for (let from = 0; from < backlog; from += 1_000) {
        await acceptUpdates(
          database,
          Array.from({ length: 1_000 }, (_, n) => ({
            ...stored,
            id: `old:${from + n}`,
            orderKey: `${from + n}`,
          })),
        );
        await database.transaction(async (trx) => {
          for (let n = from; n < from + 1_000; n += 1) {
            const message = { topic, id: `old:${n}`, orderKey: `${n}`, payload: {} };
            await trx.query(addMessage, storeMessage(message, String).parameters);
          }
        });
      }
      await database.query('analyze');
      await database.query('insert into cartie_worker (id) values ($1::uuid)', [worker]);
    }, 120_000);
    afterAll(() => opened?.[Symbol.asyncDispose]());

    /** Runs `work` in a transaction and tells how many rows it read. */
    const readBy = (work: (trx: SqlTransaction) => Promise<unknown>): Promise<number> =>
      database.transaction(async (trx) => {
        const before = await rowsRead(trx);
        await work(trx);
        return (await rowsRead(trx)) - before;
      });

    test('a worker claims what waited longest', async () => {
      const read = await readBy(async (trx) => {
        const claimed = await claimLanes(trx, worker, 32);
        expect(claimed).toHaveLength(32);
        expect(claimed.flatMap(({ rows }) => rows).every(({ row }) => isOfFirst(row.id))).toBe(true);
      });
      expect(read).toBeGreaterThan(0);

      expect(read).toBeLessThan(500);
    });

    test('a sender claims what waited longest', async () => {
      const read = await readBy(async (trx) => {
        const taken = await takeLanes(trx, topic, worker, { limit: 10, batchSize: 1 });
        expect(taken).toHaveLength(10);
        expect(taken.flatMap(({ rows }) => rows).every(({ row }) => isOfFirst(row.id))).toBe(true);
      });
      expect(read).toBeGreaterThan(0);

      expect(read).toBeLessThan(500);
    });

    test('new updates and messages are stored', async () => {
      const read = await readBy(async (trx) => {
        const stored = storeUpdate(
          { source: 'telegram:1', id: 'new', kind: 'message', orderKey: 'new', payload: {} },
          '',
        );
        await acceptUpdates(trx, [stored, { ...stored, id: 'old:7', orderKey: '7' }]);
        const message = { topic, id: 'new', orderKey: 'new', payload: {} };
        await trx.query(addMessage, storeMessage(message, String).parameters);
      });

      expect(read).toBeLessThan(100);
    });
  });
});
