import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../tests/support/databases.ts';
import { claimLanes, inboxQueue } from './inbox-rows.ts';
import { giveBackLanes, startLaneWorker } from './lanes.ts';
import { migratePostgres } from './postgres.ts';

const timings = { heartbeatMs: 200, deadMs: 60_000, pollMs: 1_000, cleanMs: 60_000 };

describe.each(testDatabases)('lanes on $name', ({ available, open }) => {
  describe.skipIf(!available)('of a worker', () => {
    let opened: TestDatabase;
    beforeAll(async () => {
      opened = await open();
      await migratePostgres(opened.database);
    });
    afterAll(() => opened?.[Symbol.asyncDispose]());

    test('that are abandoned while another claim is under way are free for the next one', async () => {
      const { database } = opened;
      await database.query('insert into cartie_lane (queue, key) values ($1, $2)', [inboxQueue, 'chat']);
      const lanes = await startLaneWorker({
        database,
        queue: inboxQueue,
        giveBack: giveBackLanes,
        timings,
        onFreed: () => undefined,
      });
      const read = () => claimLanes(database, lanes.id, 10);
      const held = (await lanes.claim(read)).map(({ lane }) => lane);
      expect(held.map(({ key }) => key)).toEqual(['chat']);
      expect(await lanes.claim(read)).toEqual([]);

      await lanes.claim(async () => {
        const claimed = await read();
        lanes.abandon(held); // by another slot, whose work failed just now
        return claimed;
      });

      expect((await lanes.claim(read)).map(({ lane }) => lane.key)).toEqual(['chat']);
      await lanes.stop(10_000);
    });
  });
});
