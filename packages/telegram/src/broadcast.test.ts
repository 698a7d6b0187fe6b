import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createOutbox, migratePostgres, type Outbox } from '@cartie/core/postgres';
import { type RunningSandbox, type SandboxBot, startSandbox } from '@cartie/sandbox';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../tests/support/databases.ts';
import { failureOf, until } from '../tests/support.ts';
import {
  type BroadcastResult,
  broadcast,
  createTelegramClient,
  inputFile,
  type TelegramClient,
} from './index.ts';

const timings = { heartbeatMs: 200, deadMs: 1_000, pollMs: 30, cleanMs: 60_000 };
const text = 'New cars';

describe.each(testDatabases)(
  'a broadcast through an outbox on $name',
  ({ available, singleConnection, open }) => {
    describe.skipIf(!available)('with its tables', () => {
      let opened: TestDatabase;
      let outbox: Outbox;
      let sandbox: RunningSandbox;
      let bot: SandboxBot;
      let telegram: TelegramClient;
      let chats: number[];

      beforeAll(async () => {
        opened = await open();
        await migratePostgres(opened.database);
      });
      afterAll(() => opened?.[Symbol.asyncDispose]());
      beforeEach(async () => {
        await opened.database.query('truncate cartie_outbox, cartie_lane, cartie_worker');
        outbox = createOutbox({ database: opened.database, timings });
        sandbox = await startSandbox({ telegram: { floodScale: 0 } });
        bot = sandbox.telegram.createBot();
        telegram = createTelegramClient({
          token: bot.token,
          baseUrl: sandbox.telegram.apiUrl,
          rates: { overall: { limit: 1_000, intervalMs: 1_000 } },
        });
        chats = Array.from({ length: 60 }, () => sandbox.telegram.createUser().id);
      });
      afterEach(() => sandbox.close());

      const received = (chat: number): number => sandbox.telegram.messages(chat, bot).length;
      const sends = () => sandbox.telegram.calls().filter(({ method }) => method === 'sendMessage');

      it('reaches everybody once, and says who cannot be reached', async () => {
        const [blocked, gone] = chats as [number, number];
        sandbox.telegram.userBlocks(bot, blocked);
        sandbox.telegram.createUser({ id: gone, started: false });
        const results: BroadcastResult[] = [];
        const report = await broadcast(
          telegram,
          { id: 'a', outbox, to: [...chats, chats[5] as number, 1], params: { text } },
          { onResult: (result) => results.push(result) },
        );
        expect(report.sent).toBe(58);
        expect(report.inDoubt).toEqual([]);
        expect(report.failed).toHaveLength(3);
        expect(report.failed).toContainEqual({
          chat_id: blocked,
          status: 'failed',
          kind: 'blocked',
          reason: 'forbidden',
        });
        expect(report.unreachable.toSorted()).toEqual([1, blocked, gone].toSorted());
        expect(results).toHaveLength(61);
        for (const chat of chats.slice(2)) expect(received(chat)).toBe(1);
      });

      it('keeps Telegram’s pace', async () => {
        await using strict = await startSandbox();
        const paced = strict.telegram.createBot();
        const client = createTelegramClient({ token: paced.token, baseUrl: strict.telegram.apiUrl });
        const to = Array.from({ length: 100 }, () => strict.telegram.createUser().id);
        const report = await broadcast(client, { id: 'pace', outbox, to, params: { text } });
        expect(report.sent).toBe(100);
        expect(strict.telegram.calls().filter(({ status }) => status === 429)).toEqual([]);
      }, 60_000);

      it('makes each chat’s own message, by any method that sends', async () => {
        const photo = { file_id: '' };
        const uploaded = await telegram.sendPhoto({
          chat_id: chats[0] as number,
          photo: inputFile(Buffer.from('jpg'), { name: 'car.jpg' }),
        });
        photo.file_id = uploaded.photo[0]?.file_id ?? '';
        async function* subscribers() {
          yield* chats.slice(1, 4);
        }
        await broadcast(telegram, {
          id: 'b',
          outbox,
          to: subscribers(),
          method: 'sendPhoto',
          params: (chat) => ({ photo: photo.file_id, caption: `For ${chat}` }),
        });
        for (const chat of chats.slice(1, 4)) {
          expect(sandbox.telegram.messages(chat, bot).map((entry) => entry.text)).toEqual([`For ${chat}`]);
        }
      });

      it('that ended sends nothing when it is run again', async () => {
        await broadcast(telegram, { id: 'c', outbox, to: chats, params: { text } });
        const again = await broadcast(telegram, { id: 'c', outbox, to: chats, params: { text: 'changed' } });
        expect(again.sent).toBe(60);
        expect(sends()).toHaveLength(60);
        await broadcast(telegram, { id: 'd', outbox, to: chats.slice(0, 1), params: { text } });
        expect(sends()).toHaveLength(61);
      });

      it('that is stopped goes on where it was', async () => {
        const controller = new AbortController();
        const reason = new Error('deploying');
        let ended = 0;
        const options = {
          signal: controller.signal,
          concurrency: 2,
          onResult: () => {
            ended += 1;
            if (ended === 10) controller.abort(reason);
          },
        };
        const message = { id: 'e', outbox, to: chats, params: { text } };
        await expect(broadcast(telegram, message, options)).rejects.toBe(reason);
        const before = sends().length;
        expect(before).toBeLessThan(60);
        await sleep(200);
        expect(sends()).toHaveLength(before);
        expect((await broadcast(telegram, message)).sent).toBe(60);
        expect(sends()).toHaveLength(60);
        for (const chat of chats) expect(received(chat)).toBe(1);
      });

      it('run twice at the same time reaches everybody once', async () => {
        const message = { id: 'f', outbox, to: chats, params: { text } };
        const [one, two] = await Promise.all([broadcast(telegram, message), broadcast(telegram, message)]);
        expect([one.sent, two.sent]).toEqual([60, 60]);
        expect(sends()).toHaveLength(60);
      });

      it('sends nothing again whose outcome is unknown, and names it', async () => {
        sandbox.faults.set({ provider: 'telegram', method: 'sendMessage', kind: 'reset', times: 3 });
        const message = { id: 'g', outbox, to: chats, params: { text } };
        const report = await broadcast(telegram, message);
        expect(report.sent).toBe(57);
        expect(report.inDoubt).toHaveLength(3);
        expect((await broadcast(telegram, message)).inDoubt).toEqual(report.inDoubt);
        for (const chat of chats) expect(received(chat)).toBeLessThanOrEqual(1);
        expect(sends()).toHaveLength(60);
      });

      it('waits where Telegram asks for it, and fails nobody', async () => {
        sandbox.faults.set({
          provider: 'telegram',
          method: 'sendMessage',
          kind: 'rate_limited',
          retryAfter: 1,
          times: 2,
        });
        const report = await broadcast(telegram, {
          id: 'h',
          outbox,
          to: chats.slice(0, 8),
          params: { text },
        });
        expect(report).toMatchObject({ sent: 8, failed: [], inDoubt: [] });
      }, 60_000);

      it('keeps the rest for later where Telegram does not take the token', async () => {
        const other = createTelegramClient({ token: `${bot.id}:AAwrong`, baseUrl: sandbox.telegram.apiUrl });
        const message = { id: 'i', outbox, to: chats, params: { text } };
        const error = await failureOf(broadcast(other, message));
        expect(error).toMatchObject({ code: 'unauthorized', message: expect.stringContaining('`token`') });
        expect(sandbox.telegram.calls().length).toBeLessThan(60);
        expect((await broadcast(telegram, message)).sent).toBe(60);
      });

      it('gives up at once where the message is at fault', async () => {
        const message = {
          id: 'j',
          outbox,
          to: chats,
          params: { text: '<b>broken', parse_mode: 'HTML' },
        } as const;
        const error = await failureOf(broadcast(telegram, message, { concurrency: 3 }));
        expect(error.message).toContain("can't parse entities");
        expect(sends().length).toBeLessThan(10);
        const report = await broadcast(telegram, message);
        expect(report).toMatchObject({ sent: 0, unreachable: [] });
        expect(report.failed.filter(({ reason }) => reason === 'discarded').length).toBeGreaterThan(50);
      });

      it('goes on where it is one chat’s own message that is at fault', async () => {
        const [first] = chats as [number];
        const message = {
          id: 'm',
          outbox,
          to: chats,
          params: (chat: number | string) => ({
            text: chat === first ? '<b>broken' : `<b>For ${chat}</b>`,
            parse_mode: 'HTML' as const,
          }),
        };
        const report = await broadcast(telegram, message, { concurrency: 1 });
        expect(report.sent).toBe(59);
        expect(report.failed).toEqual([
          { chat_id: first, status: 'failed', kind: 'cannot_parse_entities', reason: 'rejected' },
        ]);
        expect(report.unreachable).toEqual([]);
      });

      it.each([
        [{ id: '' }, 'id'],
        [{ method: 'getMe' }, 'method'],
        [{ to: 7 }, 'to'],
        [{ to: [{}] }, 'to'],
        [{ params: 7 }, 'params'],
        [{ params: () => undefined }, 'params'],
        [{ method: 'sendDocument', params: { document: inputFile(new Uint8Array(1)) } }, 'params'],
      ])('%j is refused', async (wrong, field) => {
        const message = { id: 'k', outbox, to: chats, params: { text }, ...wrong } as never;
        expect(await failureOf(broadcast(telegram, message))).toMatchObject({ code: 'invalid_input', field });
        expect(sends()).toEqual([]);
      });

      // Another process cannot reach a database in memory.
      if (!singleConnection) {
        it('that is killed again and again sends to nobody twice, and loses nobody', async () => {
          chats = Array.from({ length: 200 }, () => sandbox.telegram.createUser().id);
          const file = fileURLToPath(new URL('../tests/broadcast-process.ts', import.meta.url));
          const { token } = bot;
          const argument = JSON.stringify({
            url: opened.url,
            token,
            baseUrl: sandbox.telegram.apiUrl,
            id: 'l',
            chats,
          });
          for (let kill = 1; kill <= 4; kill += 1) {
            const child = spawn(process.execPath, ['--conditions=@cartie/source', file, argument], {
              stdio: 'inherit',
            });
            const ended = once(child, 'exit');
            const before = sends().length;
            await until(() => sends().length >= before + 20);
            child.kill('SIGKILL');
            await ended;
          }
          const { length: atKill } = sends();
          expect(atKill).toBeLessThan(200);
          const report = await broadcast(telegram, { id: 'l', outbox, to: chats, params: { text } });
          const counts = chats.map(received);
          expect(Math.max(...counts)).toBe(1);
          expect(report.sent + report.inDoubt.length).toBe(200);
          expect(report.failed).toEqual([]);
          const doubtful = new Set(report.inDoubt.map(({ chat_id }) => chat_id));
          const missing = chats.filter((chat) => received(chat) === 0);
          for (const chat of missing) expect(doubtful.has(chat)).toBe(true);
          // No more than were under way at the kills.
          expect(doubtful.size).toBeLessThanOrEqual(4 * 30);
        }, 120_000);
      }
    });
  },
);
