import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../tests/support/databases.ts';
import { CartieError, type CartieErrorDetails, type ErrorCode } from './errors.ts';
import { memoryQueue } from './memory-queue.ts';
import {
  createOutbox,
  type Outbox,
  type OutboxMessage,
  type OutboxOptions,
  type OutboxRow,
  type OutboxWorkOptions,
  type Sender,
} from './outbox.ts';
import { migratePostgres, type SqlDatabase } from './postgres.ts';

const timings = { heartbeatMs: 200, deadMs: 800, pollMs: 30, cleanMs: 30 };
const topic = 'telegram.send';

describe.each(testDatabases)('an outbox on $name', ({ available, open, singleConnection }) => {
  describe.skipIf(!available)('with its tables', () => {
    let opened: TestDatabase;
    let database: SqlDatabase;
    const workers: AsyncDisposable[] = [];

    beforeAll(async () => {
      opened = await open();
      database = opened.database;
      await migratePostgres(database);
      await database.query('create table message (id text, state text)');
    });
    afterAll(() => opened?.[Symbol.asyncDispose]());
    beforeEach(async () => {
      await database.query('truncate cartie_outbox, cartie_lane, cartie_worker, message');
    });
    afterEach(async () => {
      for (const worker of workers.splice(0)) await worker[Symbol.asyncDispose]();
    });

    const outboxWith = (options: Partial<OutboxOptions<unknown>> = {}): Outbox =>
      createOutbox({ database, timings, ...options });
    const add = (outbox: Outbox, ...messages: (Partial<OutboxMessage> & { id: string })[]) =>
      database.transaction(async (trx) => {
        for (const message of messages) {
          await outbox.add(trx, { topic, orderKey: 'chat', payload: { text: message.id }, ...message });
        }
      });
    const work = async (outbox: Outbox, sender: Sender, options: OutboxWorkOptions<unknown> = {}) => {
      const worker = await outbox.work({ [topic]: { backoffMs: 20, ...sender } as Sender<never> }, options);
      workers.push(worker);
      return worker;
    };
    const statusOf = async (outbox: Outbox, id: string) => (await outbox.get(topic, id))?.status;
    const becomes = (outbox: Outbox, id: string, status: string) =>
      vi.waitFor(async () => expect(await statusOf(outbox, id)).toBe(status), {
        timeout: 8_000,
        interval: 10,
      });
    const failing = (code: ErrorCode, details?: CartieErrorDetails) => () => {
      throw new CartieError(code, 'on purpose', details);
    };

    test('adds a message with the app’s own writes or not at all, and each id once', async () => {
      const outbox = outboxWith();
      await database
        .transaction(async (trx) => {
          await outbox.add(trx, { topic, orderKey: 'chat', payload: 1, id: 'undone' });
          throw new Error('back');
        })
        .catch(() => undefined);
      expect(await outbox.get(topic, 'undone')).toBeUndefined();
      await database.transaction(async (trx) => {
        expect(await outbox.add(trx, { topic, orderKey: 'chat', payload: 1, id: 'a' })).toBe('added');
        expect(await outbox.add(trx, { topic, orderKey: 'chat', payload: 2, id: 'a' })).toBe('duplicate');
        expect(await outbox.add(trx, { topic: 'viber.send', orderKey: 'chat', payload: 3, id: 'a' })).toBe(
          'added',
        );
        expect(await outbox.add(trx, { topic, orderKey: 'chat', payload: 4 })).toBe('added');
      });
      expect(await outbox.counts()).toEqual({ queued: 3, sending: 0, sent: 0, failed: 0, in_doubt: 0 });
      expect(await outbox.get(topic, 'a')).toMatchObject({
        topic,
        id: 'a',
        orderKey: 'chat',
        payload: 1,
        idempotent: false,
        status: 'queued',
        attempts: 0,
        settledAt: undefined,
      });
    });

    test('sends each message once and keeps what the sender returned', async () => {
      const outbox = outboxWith();
      const rows: OutboxRow[] = [];
      const changes: OutboxRow[] = [];
      await work(
        outbox,
        {
          async send(row) {
            rows.push(row);
            return { message_id: 7 };
          },
        },
        { onChange: (row) => changes.push(row) },
      );
      await add(outbox, { id: 'a', payload: { text: 'Привіт \0 \uD800' } });
      await becomes(outbox, 'a', 'sent');
      expect(rows).toMatchObject([
        { id: 'a', status: 'sending', attempts: 1, payload: { text: 'Привіт \0 \uD800' } },
      ]);
      expect(await outbox.get(topic, 'a')).toMatchObject({
        result: { message_id: 7 },
        reason: undefined,
        attempts: 1,
      });
      expect((await outbox.list({ status: 'sent' })).map((row) => row.id)).toEqual(['a']);
      await vi.waitFor(() =>
        expect(changes).toMatchObject([{ id: 'a', status: 'sent', result: { message_id: 7 } }]),
      );
      expect(await database.query('select 1 from cartie_lane')).toEqual([]);
    });

    test('sends a key in order and one at a time, keys beside each other, within the concurrency', async () => {
      const outbox = outboxWith();
      const sent: string[] = [];
      const busy = new Set<string>();
      let overlaps = 0;
      let most = 0;
      await work(outbox, {
        concurrency: 4,
        async send(row) {
          if (busy.has(row.orderKey)) overlaps += 1;
          busy.add(row.orderKey);
          most = Math.max(most, busy.size);
          await sleep(3);
          busy.delete(row.orderKey);
          sent.push(row.id);
        },
      });
      const ids = Array.from({ length: 80 }, (_, n) => `${n % 8}:${n}`);
      for (let at = 0; at < 80; at += 20) {
        await add(outbox, ...ids.slice(at, at + 20).map((id) => ({ id, orderKey: id.slice(0, 1) })));
      }
      await vi.waitFor(async () => expect((await outbox.counts()).sent).toBe(80), { timeout: 15_000 });
      for (let key = 0; key < 8; key += 1) {
        expect(sent.filter((id) => id.startsWith(`${key}:`))).toEqual(
          ids.filter((id) => id.startsWith(`${key}:`)),
        );
      }
      expect(sent).toHaveLength(80);
      expect(overlaps).toBe(0);
      expect(most).toBeGreaterThan(1);
      expect(most).toBeLessThanOrEqual(4);
    });

    test.each([
      ['refused', failing('rejected'), 'failed', 'rejected'],
      ['a timeout after the request was written', failing('timeout'), 'in_doubt', 'timeout'],
      [
        'an error that is no CartieError',
        () => Promise.reject(new Error('about olena@example.com')),
        'in_doubt',
        'sender_error',
      ],
      ['a sender that throws at once', failing('unauthorized'), 'failed', 'unauthorized'],
    ] as const)('ends a message for good: %s', async (_, send, status, reason) => {
      const outbox = outboxWith();
      const failures: unknown[] = [];
      await work(outbox, { send: send as never }, { onFailure: (failure) => failures.push(failure) });
      await add(outbox, { id: 'a' });
      await becomes(outbox, 'a', status);
      expect(await outbox.get(topic, 'a')).toMatchObject({ reason, attempts: 1 });
      expect(JSON.stringify(await database.query('select * from cartie_outbox'))).not.toContain('olena');
      await vi.waitFor(() => expect(failures).toHaveLength(1));
    });

    test('sends again what was certainly not executed, up to its attempts, holding its key', async () => {
      const outbox = outboxWith();
      const sent: string[] = [];
      await work(outbox, {
        attempts: 3,
        async send(row) {
          sent.push(`${row.id}${row.attempts}`);
          if (row.id !== 'c') failing('connection_failed', { outcome: 'not_executed' })();
        },
      });
      await add(outbox, { id: 'a' }, { id: 'b' }, { id: 'c' });
      await becomes(outbox, 'c', 'sent');
      expect(sent).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'b3', 'c1']);
      expect(await outbox.get(topic, 'a')).toMatchObject({
        status: 'failed',
        reason: 'connection_failed',
        attempts: 3,
      });
    });

    test('sends an idempotent message again when its outcome is unknown; after all attempts it is in doubt', async () => {
      const outbox = outboxWith();
      let calls = 0;
      await work(outbox, {
        attempts: 3,
        async send(row) {
          calls += 1;
          if (row.id === 'never' || calls === 1) failing('timeout')();
        },
      });
      await add(outbox, { id: 'once', idempotent: true });
      await becomes(outbox, 'once', 'sent');
      expect(calls).toBe(2);
      await add(outbox, { id: 'never', idempotent: true });
      await becomes(outbox, 'never', 'in_doubt');
      expect(calls).toBe(5);
    });

    test('postpones by the provider’s wish without using an attempt, holding the key', async () => {
      const outbox = outboxWith();
      const sent: string[] = [];
      const times: number[] = [];
      await work(outbox, {
        attempts: 1,
        async send(row) {
          sent.push(`${row.id}${row.attempts}`);
          times.push(performance.now());
          if (sent.length < 3) failing('rate_limited', { retryAfterMs: 100 })();
        },
      });
      await add(outbox, { id: 'a' }, { id: 'b' });
      await becomes(outbox, 'b', 'sent');
      expect(sent).toEqual(['a1', 'a1', 'a1', 'b1']);
      expect((times[2] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(198);
    });

    test('starts a delayed message at its time, and what is behind it in its key after it', async () => {
      const outbox = outboxWith();
      const sent: string[] = [];
      let lateAt = 0;
      await work(outbox, {
        async send(row) {
          if (row.id === 'late') lateAt = performance.now();
          sent.push(row.id);
        },
      });
      const addedAt = performance.now();
      await add(outbox, { id: 'late', delayMs: 300 }, { id: 'behind' }, { id: 'free', orderKey: 'other' });
      await becomes(outbox, 'behind', 'sent');
      await becomes(outbox, 'free', 'sent');
      expect(sent.filter((id) => id !== 'free')).toEqual(['late', 'behind']);
      expect(lateAt - addedAt).toBeGreaterThanOrEqual(300);
    });

    test('lets a delayed message go when it is hurried, but not one that failed or is behind another', async () => {
      const outbox = outboxWith();
      const sent: string[] = [];
      await add(outbox, { id: 'late', delayMs: 60_000 }, { id: 'behind', delayMs: 60_000 });
      await work(outbox, {
        backoffMs: 60_000,
        async send(row) {
          sent.push(row.id);
          if (row.id === 'behind') failing('upstream_error', { outcome: 'not_executed' })();
        },
      });
      expect(await outbox.hurry(topic, 'behind')).toBe(true);
      expect(sent).toEqual([]);
      expect(await outbox.hurry(topic, 'late')).toBe(true);
      await becomes(outbox, 'late', 'sent');
      await vi.waitFor(async () =>
        expect((await outbox.get(topic, 'behind'))?.reason).toBe('upstream_error'),
      );
      for (const id of ['late', 'behind', 'nothing']) expect(await outbox.hurry(topic, id)).toBe(false);
      expect(sent).toEqual(['late', 'behind']);
    });

    if (!singleConnection) {
      test.each(['hurry', 'discard'] as const)(
        'ends a wait by %s also while the lane is being given back',
        async (end) => {
          const outbox = outboxWith();
          let finish = (): void => {};
          const first = new Promise<void>((resolve) => {
            finish = resolve;
          });
          await work(outbox, { send: async (row) => (row.id === 'a' ? await first : undefined) });
          await add(outbox, { id: 'a' });
          await becomes(outbox, 'a', 'sending');
          await add(outbox, { id: 'b', delayMs: 3_600_000 }, { id: 'c' });
          let ending: Promise<boolean> | undefined;
          await database.transaction(async (trx) => {
            // It has looked at the lane, which is taken, and waits for the row.
            await trx.query("select 1 from cartie_outbox where id = 'b' for update");
            ending = outbox[end](topic, 'b');
            await vi.waitFor(async () => {
              const waiting = await database.query(
                "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
              );
              expect(waiting).toHaveLength(1);
            });
            finish();
            await becomes(outbox, 'a', 'sent');
            await vi.waitFor(async () => {
              expect(await database.query('select 1 from cartie_lane where worker is null')).toHaveLength(1);
            });
          });
          expect(await ending).toBe(true);
          await becomes(outbox, 'c', 'sent');
          expect(await statusOf(outbox, 'b')).toBe(end === 'hurry' ? 'sent' : 'failed');
        },
      );
    }

    test('fails an expired message without a call, and lets its key go on', async () => {
      const outbox = outboxWith();
      const sent: string[] = [];
      await add(
        outbox,
        { id: 'late', expiresAt: Date.now() - 1 },
        { id: 'alive', expiresAt: Date.now() + 60_000 },
      );
      await work(outbox, { send: async (row) => void sent.push(row.id) });
      await becomes(outbox, 'alive', 'sent');
      expect(sent).toEqual(['alive']);
      expect(await outbox.get(topic, 'late')).toMatchObject({
        status: 'failed',
        reason: 'expired',
        attempts: 0,
      });
    });

    test('does not let a message in doubt hold its key', async () => {
      const outbox = outboxWith();
      await work(outbox, {
        async send(row) {
          if (row.id === 'a') failing('timeout')();
        },
      });
      await add(outbox, { id: 'a' }, { id: 'b' });
      await becomes(outbox, 'b', 'sent');
      expect(await statusOf(outbox, 'a')).toBe('in_doubt');
    });

    test('lets a person or a status decide what is in doubt', async () => {
      const outbox = outboxWith();
      let calls = 0;
      await work(outbox, {
        async send() {
          calls += 1;
          if (calls <= 3) failing('timeout')();
          return calls;
        },
      });
      await add(outbox, { id: 'arrived' }, { id: 'again' }, { id: 'forget' });
      await becomes(outbox, 'forget', 'in_doubt');
      expect(await outbox.confirm(topic, 'arrived', { message_id: 1 })).toBe(true);
      expect(await outbox.confirm(topic, 'arrived')).toBe(false);
      expect(await outbox.get(topic, 'arrived')).toMatchObject({ status: 'sent', result: { message_id: 1 } });
      expect(await outbox.resend(topic, 'arrived')).toBe(false);
      expect(await outbox.resend(topic, 'again')).toBe(true);
      await becomes(outbox, 'again', 'sent');
      expect(await outbox.discard(topic, 'forget')).toBe(true);
      expect(await outbox.get(topic, 'forget')).toMatchObject({ status: 'failed', reason: 'discarded' });
      expect(await outbox.resend(topic, 'forget')).toBe(true);
      await becomes(outbox, 'forget', 'sent');
      expect(calls).toBe(5);
    });

    test('does not wait any longer for a postponed message that somebody discarded', async () => {
      const outbox = outboxWith();
      await work(outbox, {
        async send(row) {
          if (row.id === 'a') failing('rate_limited', { retryAfterMs: 600_000 })();
        },
      });
      await add(outbox, { id: 'a' }, { id: 'b' });
      await vi.waitFor(async () =>
        expect(await outbox.get(topic, 'a')).toMatchObject({ reason: 'rate_limited' }),
      );
      expect(await outbox.discard(topic, 'a')).toBe(true);
      await becomes(outbox, 'b', 'sent');
    });

    test('decides inside the app’s own transaction, if it is given one', async () => {
      const outbox = outboxWith();
      await add(outbox, { id: 'a' });
      const undone = database.transaction(async (trx) => {
        expect(await outbox.discard(topic, 'a', trx)).toBe(true);
        throw new Error('back');
      });
      await expect(undone).rejects.toThrow('back');
      expect(await statusOf(outbox, 'a')).toBe('queued');
    });

    test('lets the app’s state follow in the same transaction, for each way a message ends', async () => {
      const outbox = outboxWith();
      await work(
        outbox,
        {
          async send(row) {
            if (row.id === 'doubt') failing('timeout')();
            if (row.id === 'no') failing('rejected')();
            if (row.id === 'later' && row.attempts === 1)
              failing('upstream_error', { outcome: 'not_executed' })();
          },
        },
        {
          async onSettled(row, trx) {
            await trx.query('insert into message values ($1, $2)', [row.id, row.status]);
          },
        },
      );
      const ids = ['ok', 'doubt', 'no', 'later'];
      await add(outbox, ...ids.map((id) => ({ id, orderKey: id })));
      await becomes(outbox, 'later', 'sent');
      await vi.waitFor(async () => expect(await database.query('select 1 from message')).toHaveLength(5));
      const states = await database.query<{ id: string; state: string }>('select * from message');
      expect(states.map(({ id, state }) => `${id} ${state}`).sort()).toEqual(
        ['doubt in_doubt', 'later queued', 'later sent', 'no failed', 'ok sent'].sort(),
      );
    });

    test('settles a message in the end also where onSettled always throws, and never calls twice', async () => {
      const outbox = outboxWith();
      let calls = 0;
      const failures: unknown[] = [];
      await work(
        outbox,
        {
          async send() {
            calls += 1;
          },
        },
        {
          async onSettled(row, trx) {
            await trx.query('insert into message values ($1, $2)', [row.id, row.status]);
            if (row.id === 'a') throw new Error('a bug of the app');
          },
          onFailure: ({ error }) => failures.push(error),
        },
      );
      await add(outbox, { id: 'a' }, { id: 'b', orderKey: 'other' });
      await becomes(outbox, 'a', 'sent');
      await becomes(outbox, 'b', 'sent');
      expect(calls).toBe(2);
      expect(failures.length).toBeGreaterThan(0);
      expect(await database.query('select id from message')).toEqual([{ id: 'b' }]);
    });

    test('keeps trying to record how a call ended while the database is away, and never calls again', async () => {
      let away = false;
      let refused = 0;
      const flaky: SqlDatabase = {
        ...database,
        async transaction(run) {
          if (away) {
            refused += 1;
            throw new CartieError('storage_error', 'away', { provider: { code: 'ECONNREFUSED' } });
          }
          return await database.transaction(run);
        },
      };
      const outbox = createOutbox({ database: flaky, timings });
      let calls = 0;
      await work(outbox, {
        async send() {
          calls += 1;
          away = true;
          setTimeout(() => (away = false), 100);
          return calls;
        },
      });
      await add(outbox, { id: 'a' });
      await becomes(outbox, 'a', 'sent');
      expect(calls).toBe(1);
      expect(refused).toBeGreaterThan(0);
    });

    test('sends batches of a key in order, and settles each message by its own result', async () => {
      const outbox = outboxWith();
      const batches: string[][] = [];
      await add(outbox, ...Array.from({ length: 25 }, (_, n) => ({ id: `${n}` })));
      await work(outbox, {
        batchSize: 10,
        async sendBatch(rows) {
          batches.push(rows.map((row) => row.id));
          return rows.map((row) => {
            if (row.id === '3') return { error: new CartieError('rejected', 'this one') };
            if (row.id === '4') return { error: new CartieError('timeout', 'this one') };
            return { result: Number(row.id) };
          });
        },
      });
      await becomes(outbox, '24', 'sent');
      expect(batches.map((batch) => batch.length)).toEqual([10, 10, 5]);
      expect(batches.flat()).toEqual(Array.from({ length: 25 }, (_, n) => `${n}`));
      expect(await statusOf(outbox, '3')).toBe('failed');
      expect(await statusOf(outbox, '4')).toBe('in_doubt');
      expect(await outbox.get(topic, '7')).toMatchObject({ status: 'sent', result: 7 });
    });

    test('holds what a batch got no result for as in doubt', async () => {
      const outbox = outboxWith();
      await add(outbox, { id: 'a' }, { id: 'b' });
      await work(outbox, { sendBatch: async () => [{ result: 1 }] });
      await becomes(outbox, 'b', 'in_doubt');
      expect(await statusOf(outbox, 'a')).toBe('sent');
    });

    test('stops: begins no call, and waits for those under way', async () => {
      const outbox = outboxWith();
      let started = 0;
      const worker = await outbox.work({
        [topic]: {
          concurrency: 2,
          async send() {
            started += 1;
            await sleep(60);
          },
        },
      });
      await add(outbox, ...Array.from({ length: 6 }, (_, n) => ({ id: `${n}`, orderKey: `${n}` })));
      await vi.waitFor(() => expect(started).toBe(2), { interval: 5 });
      await worker[Symbol.asyncDispose]();
      expect(await outbox.counts()).toMatchObject({ sent: 2, queued: 4, sending: 0 });
    });

    test('aborts calls that do not end in the grace of a stop; they are in doubt', async () => {
      const outbox = outboxWith();
      let started = false;
      const hang = (_: unknown, { signal }: { signal: AbortSignal }) =>
        new Promise((_resolve, reject) => {
          started = true;
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        });
      // As long as this a stop also tries to write down how the calls ended.
      const worker = await outbox.work({ [topic]: { send: hang } }, { graceMs: 1_000 });
      await add(outbox, { id: 'a' });
      await vi.waitFor(() => expect(started).toBe(true), { interval: 5 });
      await worker[Symbol.asyncDispose]();
      expect(await statusOf(outbox, 'a')).toBe('in_doubt');
    });

    test('wakes senders by the queue, without polling', async () => {
      const queue = memoryQueue();
      const slow = { ...timings, pollMs: 60_000 };
      const writer = createOutbox({ database: { ...database }, queue, timings: slow });
      const outbox = outboxWith({ queue, timings: slow });
      await work(outbox, { send: async () => 1 });
      await sleep(50);
      await add(writer, { id: 'a' });
      await becomes(outbox, 'a', 'sent');
    });

    test('leaves topics alone that it has no sender for', async () => {
      const outbox = outboxWith();
      await work(outbox, { send: async () => 1 });
      await add(outbox, { id: 'a', topic: 'viber.send' }, { id: 'b' });
      await becomes(outbox, 'b', 'sent');
      expect(await outbox.get('viber.send', 'a')).toMatchObject({ status: 'queued' });
    });

    test('forgets settled messages after their time, and keeps what is in doubt', async () => {
      const outbox = outboxWith({ keepMs: 150 });
      await work(outbox, {
        async send(row) {
          if (row.id === 'doubt') failing('timeout')();
        },
      });
      await add(outbox, { id: 'a' }, { id: 'doubt' });
      await becomes(outbox, 'doubt', 'in_doubt');
      await vi.waitFor(async () => expect(await outbox.get(topic, 'a')).toBeUndefined(), { timeout: 3_000 });
      expect(await statusOf(outbox, 'doubt')).toBe('in_doubt');
    });

    test('keeps topics, ids and keys of any length and character', async () => {
      const outbox = outboxWith();
      const texts = ['', ' ', 'nul \0', 'half \uD800', 'k'.repeat(5_000), 'sha256:x', "';--"];
      const sent: string[] = [];
      for (const text of texts) {
        const worker = await outbox.work({
          [text]: { send: async (row: OutboxRow) => void sent.push(row.topic + row.id) } as Sender<never>,
        });
        workers.push(worker);
      }
      await add(outbox, ...texts.map((text) => ({ id: text, topic: text, orderKey: text })));
      await vi.waitFor(() => expect(sent).toHaveLength(texts.length), { timeout: 5_000 });
      expect(new Set(sent)).toEqual(new Set(texts.map((text) => text + text)));
    });

    test('refuses a message that cannot be stored, naming the field', async () => {
      const outbox = outboxWith();
      const wrong: [object, string][] = [
        [{ payload: undefined }, 'payload'],
        [{ payload: 1n }, 'payload'],
        [{ topic: 1 }, 'topic'],
        [{ orderKey: undefined }, 'orderKey'],
        [{ id: 1 }, 'id'],
        [{ delayMs: -1 }, 'delayMs'],
        [{ expiresAt: Number.NaN }, 'expiresAt'],
      ];
      await database.transaction(async (trx) => {
        for (const [fields, field] of wrong) {
          const message = { topic, orderKey: 'chat', payload: 1, ...fields } as OutboxMessage;
          await expect(outbox.add(trx, message)).rejects.toMatchObject({ code: 'invalid_input', field });
        }
      });
      await expect(outbox.work({ [topic]: {} })).rejects.toThrow('either send or sendBatch');
      expect(() => createOutbox({ database, keepsMs: 1 } as never)).toThrow('did you mean `keepMs`');
    });
  });
});
