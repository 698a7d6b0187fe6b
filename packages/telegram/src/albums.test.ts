import { setTimeout as sleep } from 'node:timers/promises';
import { createStores, memoryStore, type Update } from '@cartie/core';
import { createInbox, type Inbox, type InboxWorkOptions, migratePostgres } from '@cartie/core/postgres';
import { startSandbox } from '@cartie/sandbox';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../tests/support/databases.ts';
import { until } from '../tests/support.ts';
import { type AlbumRow, collectAlbums, createTelegramClient, createTelegramPoller } from './index.ts';

const timings = { heartbeatMs: 200, deadMs: 2_000, pollMs: 20, cleanMs: 1_000 };

describe.each(testDatabases)('albums in an inbox on $name', ({ available, open }) => {
  describe.skipIf(!available)('with its tables', () => {
    let opened: TestDatabase;
    let inbox: Inbox;
    /** What the handler was told: `7: 1+2+3` for an album, `7: text` for the rest. */
    let handled: string[];
    let failures: number;
    const workers: AsyncDisposable[] = [];

    beforeAll(async () => {
      opened = await open();
      await migratePostgres(opened.database);
      await opened.database.query('create table handled (what text)');
    });
    afterAll(() => opened?.[Symbol.asyncDispose]());
    beforeEach(async () => {
      await opened.database.query('truncate cartie_inbox, cartie_lane, cartie_worker, handled');
      inbox = createInbox({ database: opened.database, timings });
      handled = [];
      failures = 0;
    });
    afterEach(async () => {
      for (const worker of workers.splice(0)) await worker[Symbol.asyncDispose]();
    });

    const work = async (quietMs: number, options: InboxWorkOptions = {}): Promise<AsyncDisposable> => {
      const handler = collectAlbums(
        inbox,
        async (row: AlbumRow, trx) => {
          const { message } = row.payload as { message: { chat: { id: number }; text?: string } };
          const what = `${message.chat.id}: ${row.album?.map((one) => one.caption).join('+') ?? message.text}`;
          await trx.query('insert into handled (what) values ($1)', [what]);
          if (failures-- > 0) throw new Error('The app failed');
        },
        { quietMs },
      );
      const worker = await inbox.work(handler, { backoffMs: 20, ...options });
      workers.push(worker);
      return worker;
    };
    const settled = async (): Promise<string[]> => {
      const pending = "select from cartie_inbox where status = 'pending'";
      await until(async () => (await opened.database.query(pending)).length === 0);
      const rows = await opened.database.query<{ what: string }>('select what from handled order by ctid');
      handled = rows.map(({ what }) => what);
      return handled;
    };
    let serial = 0;
    const update = (chat: number, content: object): Update => {
      serial += 1;
      return {
        source: 'telegram:1',
        id: String(serial),
        kind: 'message',
        orderKey: `telegram:1:chat:${chat}`,
        payload: { update_id: serial, message: { message_id: serial, chat: { id: chat }, ...content } },
      };
    };
    const item = (chat: number, group: string, caption: string): Update =>
      update(chat, { media_group_id: group, photo: [], caption });
    const text = (chat: number, what: string): Update => update(chat, { text: what });

    it('are handled once and whole, and what was written after them is handled after them', async () => {
      await work(400);
      await inbox.accept(text(7, 'before'));
      await inbox.accept(item(7, 'a', '1'));
      await sleep(100);
      await inbox.accept(item(7, 'a', '2'));
      await inbox.accept([item(7, 'a', '3'), text(7, 'after')]);
      expect(await settled()).toEqual(['7: before', '7: 1+2+3', '7: after']);
      expect((await inbox.counts()).dead).toBe(0);
    });

    it('do not hold up other chats', async () => {
      await work(3_000);
      await inbox.accept(item(7, 'a', '1'));
      await inbox.accept(text(8, 'hello'));
      await until(async () => (await inbox.counts()).pending === 1);
      expect(await settled()).toEqual(['8: hello', '7: 1']);
    });

    it('with ten items are whole at once', async () => {
      await inbox.accept(Array.from({ length: 10 }, (_, n) => item(7, 'a', String(n))));
      await work(600_000);
      expect(await settled()).toEqual(['7: 0+1+2+3+4+5+6+7+8+9']);
    });

    it('are told apart, also where two people of a group send at the same time', async () => {
      await inbox.accept([
        item(-5, 'a', 'a1'),
        item(-5, 'b', 'b1'),
        text(-5, 'nice'),
        item(-5, 'a', 'a2'),
        item(-5, 'b', 'b2'),
      ]);
      await work(50);
      expect(await settled()).toEqual(['-5: a1+a2', '-5: b1+b2', '-5: nice']);
    });

    it('survive a worker that stops in between', async () => {
      const first = await work(500);
      await inbox.accept([item(7, 'a', '1'), item(7, 'a', '2')]);
      await sleep(150);
      await first[Symbol.asyncDispose]();
      expect((await inbox.counts()).pending).toBe(2);
      await inbox.accept([item(7, 'a', '3'), text(7, 'after')]);
      await work(500);
      expect(await settled()).toEqual(['7: 1+2+3', '7: after']);
    });

    it('are tried again as a whole where the handler fails, and leave nothing of the failure behind', async () => {
      failures = 2;
      await inbox.accept([item(7, 'a', '1'), item(7, 'a', '2'), text(7, 'after')]);
      await work(0);
      expect(await settled()).toEqual(['7: 1+2', '7: after']);
    });

    it('that wait use no attempt', async () => {
      await inbox.accept([item(7, 'a', '1')]);
      await work(300, { attempts: 1 });
      expect(await settled()).toEqual(['7: 1']);
    });

    it('that came too late are albums of their own', async () => {
      await work(0);
      await inbox.accept(item(7, 'a', '1'));
      await settled();
      await inbox.accept(item(7, 'a', '2'));
      expect(await settled()).toEqual(['7: 1', '7: 2']);
    });

    it('come from Telegram as it sends them', async () => {
      await using sandbox = await startSandbox();
      const bot = sandbox.telegram.createBot();
      const client = createTelegramClient({ token: bot.token, baseUrl: sandbox.telegram.apiUrl });
      const store = memoryStore();
      const { leases } = createStores(store);
      const poller = createTelegramPoller({ client, leases, store, onUpdate: (one) => inbox.accept(one) });
      await work(300);
      poller.start();
      const photo = { name: 'car.jpg', bytes: 'jpg' };
      sandbox.telegram.userSendsAlbum(bot, [
        { from: 77, photo, caption: 'front' },
        { from: 77, photo, caption: 'back' },
      ]);
      sandbox.telegram.userSends(bot, { from: 77, text: 'What do you think?' });
      await sandbox.telegram.settled(bot);
      await poller.stop();
      expect(await settled()).toEqual(['77: front+back', '77: What do you think?']);
    });
  });
});

describe('collecting albums', () => {
  it('takes a pause that is milliseconds', () => {
    const inbox = { rowsFrom: async () => [], takeAlong: async () => undefined };
    for (const quietMs of [-1, Number.NaN, 1e9]) {
      expect(() => collectAlbums(inbox, async () => undefined, { quietMs })).toThrow(
        expect.objectContaining({ code: 'invalid_config', field: 'quietMs' }),
      );
    }
  });
});
