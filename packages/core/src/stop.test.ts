import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../tests/support/databases.ts';
import { type Absence, type AwayDatabase, awayDatabase } from '../tests/away-database.ts';
import type { CartieError } from './errors.ts';
import { createInbox } from './inbox.ts';
import { createOutbox, type Outbox, type OutboxMessage, type Sender } from './outbox.ts';
import { migratePostgres } from './postgres.ts';

const timings = { heartbeatMs: 100, deadMs: 400, pollMs: 30, cleanMs: 30 };
const topic = 'telegram.send';

/** How long a stop took. Milliseconds. */
async function stop(worker: AsyncDisposable): Promise<number> {
  const startedAt = performance.now();
  await worker[Symbol.asyncDispose]();
  return performance.now() - startedAt;
}

describe.each(testDatabases)('a stop on $name', ({ available, open }) => {
  describe.skipIf(!available)('with its tables', () => {
    let opened: TestDatabase;
    let database: AwayDatabase;

    beforeAll(async () => {
      opened = await open();
      await migratePostgres(opened.database);
      await opened.database.query('create table effect (id text)');
    });
    afterAll(() => opened?.[Symbol.asyncDispose]());
    beforeEach(async () => {
      database = awayDatabase(opened.database);
      await opened.database.query('truncate cartie_inbox, cartie_outbox, cartie_lane, cartie_worker, effect');
    });

    const add = (outbox: Outbox, message: Partial<OutboxMessage> & { id: string }) =>
      outbox.addNow({ topic, orderKey: message.id, payload: {}, ...message });
    const outboxOf = () => createOutbox({ database, timings });

    test.each<Absence>(['refuses', 'is silent'])(
      'of senders ends in bounded time while the database %s; what was not recorded is in doubt, or sent again if it may be',
      async (absence) => {
        const outbox = outboxOf();
        const calls: string[] = [];
        const unrecorded: [string, unknown][] = [];
        const sender: Sender = {
          async send({ id }) {
            calls.push(id);
            if (calls.length === 2) database.absence = absence;
            while (database.absence === undefined && calls.length < 2) await sleep(5);
          },
        };
        const worker = await outbox.work(
          { [topic]: sender },
          {
            graceMs: 300,
            onFailure: ({ row, error }) => unrecorded.push([row.id, (error as CartieError).code]),
          },
        );
        await add(outbox, { id: 'once' });
        await add(outbox, { id: 'again', idempotent: true });
        await vi.waitFor(() => expect(calls).toHaveLength(2), { timeout: 10_000 });
        await sleep(50);
        expect(await stop(worker)).toBeLessThan(10_000);
        expect(unrecorded.sort()).toEqual([
          ['again', 'storage_error'],
          ['once', 'storage_error'],
        ]);

        database.absence = undefined;
        const next = await outboxOf().work({ [topic]: sender });
        await vi.waitFor(async () => expect(await outbox.counts()).toMatchObject({ sending: 0, queued: 0 }), {
          timeout: 10_000,
        });
        await stop(next);
        expect(await outbox.get(topic, 'once')).toMatchObject({ status: 'in_doubt', reason: 'crashed' });
        expect(await outbox.get(topic, 'again')).toMatchObject({ status: 'sent' });
        expect(calls.sort()).toEqual(['again', 'again', 'once']);
      },
    );

    test('of senders ends in bounded time though a call ignores its signal, whose row is then in doubt', async () => {
      const outbox = outboxOf();
      const send = vi.fn(() => new Promise(() => undefined));
      const worker = await outbox.work({ [topic]: { send } }, { graceMs: 100 });
      await add(outbox, { id: 'stuck' });
      await vi.waitFor(() => expect(send).toHaveBeenCalledOnce(), { timeout: 10_000 });
      expect(await stop(worker)).toBeLessThan(10_000);
      const next = await outboxOf().work({ [topic]: { send } });
      await vi.waitFor(
        async () => expect(await outbox.get(topic, 'stuck')).toMatchObject({ status: 'in_doubt' }),
        { timeout: 10_000 },
      );
      await stop(next);
      expect(send).toHaveBeenCalledOnce();
    });

    test('gives back what a claim brought after it, unsent', async () => {
      const outbox = outboxOf();
      await add(outbox, { id: 'late' });
      const send = vi.fn(async () => undefined);
      let stopping: Promise<number> | undefined;
      const { query } = database;
      database.query = (async (text: string, parameters?: readonly unknown[]) => {
        const rows = await query(text, parameters);
        if (rows.length > 0 && text.includes('cartie_outbox_claim')) stopping ??= stop(worker);
        return rows;
      }) as typeof query;
      const worker = await outbox.work({ [topic]: { send } });
      await vi.waitFor(() => expect(stopping).toBeDefined(), { timeout: 10_000 });
      await stopping;
      expect(send).not.toHaveBeenCalled();
      expect(await outbox.get(topic, 'late')).toMatchObject({ status: 'queued', attempts: 0 });
    });

    test.each<Absence>(['refuses', 'is silent'])(
      'of an inbox ends in bounded time while the database %s; what was in hand is handled once by the next worker',
      async (absence) => {
        const inbox = createInbox({ database, timings });
        await inbox.accept({ source: 'shop:1', id: 'a', kind: 'order', orderKey: 'k', payload: {} });
        let handled = 0;
        const handler: Parameters<typeof inbox.work>[0] = async ({ id }, trx) => {
          handled += 1;
          if (handled === 1) {
            database.absence = absence;
            throw new Error('this row fails, and nobody can record it');
          }
          await trx.query('insert into effect values ($1)', [id]);
        };
        const worker = await inbox.work(handler, { graceMs: 300, attempts: 3 });
        await vi.waitFor(() => expect(handled).toBe(1), { timeout: 10_000 });
        expect(await stop(worker)).toBeLessThan(10_000);

        database.absence = undefined;
        const next = await createInbox({ database, timings }).work(handler);
        await vi.waitFor(
          async () => expect(await opened.database.query('select id from effect')).toEqual([{ id: 'a' }]),
          { timeout: 10_000 },
        );
        await stop(next);
        expect(await inbox.counts()).toMatchObject({ pending: 0, dead: 0 });
      },
    );

    test('of an inbox does not wait for ever for a handler that hangs', async () => {
      const inbox = createInbox({ database, timings });
      await inbox.accept({ source: 'shop:1', id: 'a', kind: 'order', orderKey: 'k', payload: {} });
      let release: () => void = () => undefined;
      const hanging = new Promise<void>((resolve) => {
        release = resolve;
      });
      const handler = vi.fn(() => hanging);
      const worker = await inbox.work(handler, { graceMs: 100 });
      await vi.waitFor(() => expect(handler).toHaveBeenCalled(), { timeout: 10_000 });
      expect(await stop(worker)).toBeLessThan(10_000);
      release();
      await vi.waitFor(async () => expect(await inbox.counts()).toMatchObject({ dead: 0 }), {
        timeout: 10_000,
      });
    });
  });
});
