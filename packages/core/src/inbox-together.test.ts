import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../tests/support/databases.ts';
import { createInbox, type Inbox, type InboxRow } from './inbox.ts';
import type { WaitingRow } from './inbox-together.ts';
import { migratePostgres } from './postgres.ts';

describe.each(testDatabases)('a handler that looks further than its row, on $name', ({ available, open }) => {
  describe.skipIf(!available)('with its tables', () => {
    let opened: TestDatabase;
    let inbox: Inbox;
    beforeAll(async () => {
      opened = await open();
      await migratePostgres(opened.database);
    });
    afterAll(() => opened?.[Symbol.asyncDispose]());
    beforeEach(async () => {
      await opened.database.query('truncate cartie_inbox, cartie_lane, cartie_worker');
      inbox = createInbox({ database: opened.database, timings: { pollMs: 20 } });
    });

    const accept = (orderKey: string, ...ids: string[]) =>
      inbox.accept(ids.map((id) => ({ source: 'shop', id, kind: 'order', orderKey, payload: { id } })));
    const handle = async (handler: Parameters<Inbox['work']>[0]): Promise<void> => {
      await using _ = await inbox.work(handler, { backoffMs: 10, attempts: 2 });
      await expect.poll(async () => (await inbox.counts()).pending, { timeout: 10_000 }).toBe(0);
    };

    test('finds the rows of its key that wait, in order, and no others', async () => {
      // A key that is stored as a digest.
      const key = `ї${'\0'.repeat(3)}`;
      await accept(key, 'a', 'b', 'c');
      await accept('another', 'x');
      const found: string[][] = [];
      await handle(async (row, trx) => {
        const rows = await inbox.rowsFrom(trx, row);
        expect(rows[0]).toMatchObject({ seq: row.seq, orderKey: row.orderKey, payload: row.payload });
        for (const { ageMs } of rows) expect(ageMs).toBeLessThan(60_000);
        found.push(rows.map(({ id }) => id));
        expect(await inbox.rowsFrom(trx, row, 1)).toHaveLength(1);
      });
      expect(found.toSorted()).toEqual([['a', 'b', 'c'], ['b', 'c'], ['c'], ['x']]);
    });

    test('takes later rows along, unless its transaction fails', async () => {
      await accept('key', 'a', 'b', 'c');
      const seen: string[] = [];
      let fails = true;
      await handle(async (row, trx) => {
        const [own, ...later] = (await inbox.rowsFrom(trx, row)) as [WaitingRow, ...WaitingRow[]];
        if (row.id === 'a') {
          await inbox.takeAlong(
            trx,
            row,
            later.filter(({ id }) => id === 'c').map(({ seq }) => seq),
          );
          if (fails) {
            fails = false;
            throw new Error('not yet');
          }
        }
        seen.push(`${row.id}${own.takenBy === undefined ? '' : ' taken'}`);
      });
      expect(seen).toEqual(['a', 'b', 'c taken']);
    });

    test('cannot take along what does not wait after it', async () => {
      await accept('key', 'a', 'b');
      await accept('another', 'x');
      const rows = new Map<string, InboxRow>();
      const fields: unknown[] = [];
      await handle(async (row, trx) => {
        rows.set(row.id, row);
        for (const id of ['a', 'x']) {
          const other = rows.get(id);
          if (row.id !== 'b' || other === undefined) continue;
          await inbox.takeAlong(trx, row, [other.seq]).catch((error: unknown) => fields.push(error));
        }
      });
      expect(fields.length).toBeGreaterThan(0);
      for (const error of fields) expect(error).toMatchObject({ code: 'invalid_input', field: 'seqs' });
    });
  });
});
