import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createOutbox, migratePostgres, type Outbox, type SqlDatabase } from '@cartie/core/postgres';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../tests/support/databases.ts';
import { clientOptions, type FakeMeta, lead, refusal, startMeta, taken, until } from '../tests/support.ts';
import {
  createEventBuffer,
  createMetaCapiClient,
  type EventBuffer,
  type EventBufferOptions,
  type MetaCapiClientOptions,
} from './index.ts';

const timings = { heartbeatMs: 200, deadMs: 800, pollMs: 20, cleanMs: 60_000 };
const dayMs = 86_400_000;

describe.each(testDatabases)('an event buffer on $name', ({ available, open }) => {
  describe.skipIf(!available)('with an outbox', () => {
    let opened: TestDatabase;
    let database: SqlDatabase;
    let outbox: Outbox;
    let meta: FakeMeta;
    const disposables: AsyncDisposable[] = [];

    beforeAll(async () => {
      opened = await open();
      database = opened.database;
      await migratePostgres(database);
    });
    afterAll(() => opened?.[Symbol.asyncDispose]());
    beforeEach(async () => {
      await database.query('truncate cartie_outbox, cartie_lane, cartie_worker');
      outbox = createOutbox({ database, timings });
    });
    afterEach(async () => {
      for (const one of disposables.splice(0).reverse()) await one[Symbol.asyncDispose]();
    });

    const fake = async (...args: Parameters<typeof startMeta>) => {
      meta = await startMeta(...args);
      disposables.push(meta);
      return meta;
    };
    const bufferWith = (
      options: Partial<EventBufferOptions> = {},
      clientChange: Partial<MetaCapiClientOptions> = {},
    ): EventBuffer =>
      createEventBuffer({
        client: createMetaCapiClient({ ...clientOptions(meta.url), retries: 0, ...clientChange }),
        outbox,
        maxWaitMs: 10,
        outagePauseMs: 30,
        ...options,
      });
    const work = async (buffer: EventBuffer) => {
      disposables.push(await buffer.work());
    };
    const arrived = () =>
      meta.received.flatMap(({ events }) => events.map(({ event_id }) => String(event_id)));
    const rowOf = (id: string, eventName = 'Lead') =>
      outbox.get('meta-capi:1234567890', `${eventName}\n${id}`);
    const message = (id: string) =>
      lead({
        event_id: id,
        event_name: 'LeadSubmitted',
        action_source: 'business_messaging',
        messaging_channel: 'whatsapp',
        user_data: { ctwa_clid: 'ARAkLkA8rmlFeiCktEJQ', whatsapp_business_account_id: '1098765432109' },
      });

    test('stores events hashed and sends them in batches, the oldest first', async () => {
      await fake();
      const buffer = bufferWith();
      for (let index = 0; index < 30; index++) {
        await buffer.track(
          lead({ event_id: `e${index}`, user_data: { email: 'olena@example.com', phone: '0671234567' } }),
        );
      }
      const stored = JSON.stringify(await database.query('select * from cartie_outbox'));
      expect(stored).not.toMatch(/olena|671234567/i);
      expect(await buffer.counts()).toEqual({ waiting: 30, sending: 0, accepted: 0, dead: 0, inDoubt: 0 });
      await sleep(30); // longer than `maxWaitMs`: all of them are due
      await work(buffer);
      await until(async () => (await buffer.counts()).accepted === 30);
      expect(arrived()).toEqual(Array.from({ length: 30 }, (_, index) => `e${index}`));
      expect(meta.received).toHaveLength(1);
      expect(await buffer.health()).toMatchObject({ status: 'ok', facts: { waiting: 0 } });
    });

    test('lets events wait for each other: what comes within the time goes in one batch', async () => {
      await fake();
      const buffer = bufferWith({ maxWaitMs: 1_500 });
      await work(buffer);
      const ids = Array.from({ length: 4 }, (_, index) => `e${index}`);
      for (const id of ids) {
        await buffer.track(lead({ event_id: id }));
        await sleep(20);
      }
      expect(meta.received).toHaveLength(0);
      await until(async () => (await buffer.counts()).accepted === 4);
      expect(meta.received.map(({ events }) => events.map(({ event_id }) => event_id))).toEqual([ids]);
      // Also those of the next batch wait, and one that was there already makes no batch of its own.
      for (const id of ['e0', 'f0', 'f1']) {
        await buffer.track(lead({ event_id: id }));
        await sleep(20);
      }
      await until(async () => (await buffer.counts()).accepted === 6);
      expect(meta.received).toHaveLength(2);
    });

    test('sends a full batch at once, and the rest when its time is over', async () => {
      await fake();
      const buffer = bufferWith({ maxWaitMs: 3_600_000, batchSize: 5 });
      await work(buffer);
      const ids = Array.from({ length: 12 }, (_, index) => `e${index}`);
      for (const id of ids) await buffer.track(lead({ event_id: id }));
      await until(async () => (await buffer.counts()).accepted === 10);
      expect(arrived()).toEqual(ids.slice(0, 10));
      await sleep(100);
      expect(await buffer.counts()).toMatchObject({ accepted: 10, waiting: 2 });
      // Three more, by the app's own transaction, make the next one full.
      await database.transaction(async (trx) => {
        for (const id of ['f0', 'f1', 'f2']) await buffer.track(lead({ event_id: id }), trx);
      });
      await until(async () => (await buffer.counts()).accepted === 15);
    });

    test('stores an event with the app’s own writes or not at all', async () => {
      await fake();
      const buffer = bufferWith();
      await database
        .transaction(async (trx) => {
          await buffer.track(lead({ event_id: 'undone' }), trx);
          throw new Error('back');
        })
        .catch(() => undefined);
      await database.transaction((trx) => buffer.track(lead({ event_id: 'done' }), trx));
      expect(await buffer.counts()).toMatchObject({ waiting: 1 });
    });

    test('sends the same name and id once', async () => {
      await fake();
      const buffer = bufferWith();
      await work(buffer);
      const tracked = await Promise.all(
        Array.from({ length: 20 }, () => buffer.track(lead({ event_id: 'same' }))),
      );
      expect(tracked.filter(({ added }) => added)).toHaveLength(1);
      await buffer.track(lead({ event_id: 'same', event_name: 'Contact' }));
      await until(async () => (await buffer.counts()).accepted === 2);
      expect(await buffer.track(lead({ event_id: 'same' }))).toMatchObject({ added: false });
      expect(arrived().sort()).toEqual(['same', 'same']);
    });

    test('refuses an invalid event at once and names the field', async () => {
      await fake();
      await expect(bufferWith().track(lead({ user_data: {} }))).rejects.toMatchObject({
        code: 'invalid_input',
        field: 'user_data',
      });
    });

    test('buries what Meta refuses, with its reason, and sends the rest', async () => {
      await fake((received) =>
        received.events.some(({ event_id }) => event_id === 'bad') ? refusal(100, 2804003) : taken(received),
      );
      const buffer = bufferWith();
      for (const id of ['a', 'bad', 'b']) await buffer.track(lead({ event_id: id }));
      await work(buffer);
      await until(async () => (await buffer.counts()).dead === 1 && (await buffer.counts()).accepted === 2);
      expect(await buffer.dead()).toMatchObject([
        {
          eventId: 'bad',
          eventName: 'Lead',
          reason: 'rejected',
          code: 100,
          subcode: 2804003,
          field: 'event_time',
          message: 'The event is older than Meta takes',
        },
      ]);
      expect(await buffer.resend('Lead', 'bad')).toBe(true);
      await until(async () => (await buffer.counts()).dead === 1);
    });

    test.each([
      ['trouble of Meta', refusal(2)],
      ['a web page', { status: 503, text: '<html>' }],
      ['a limit', { ...(refusal(4) as object), headers: { 'retry-after': '0' } }],
      ['a token that has run out', refusal(190, 463, {}, 401)],
      ['a lost answer', 'reset' as const],
    ])('keeps events through %s, and uses no attempts', async (_, reply) => {
      let isDown = true;
      await fake((received) => (isDown ? reply : taken(received)));
      const buffer = bufferWith({}, { breaker: { minimumSamples: 3, openMs: 50 } });
      await work(buffer);
      await buffer.track(lead({ event_id: 'kept' }));
      await until(() => meta.received.length >= 3);
      isDown = false;
      await until(async () => (await buffer.counts()).accepted === 1);
      expect((await rowOf('kept'))?.attempts).toBe(1);
    });

    test('puts events off for as long as Meta asks', async () => {
      await fake(() => ({ ...(refusal(4) as object), headers: { 'retry-after': '3600' } }));
      const buffer = bufferWith();
      await work(buffer);
      await buffer.track(lead({ event_id: 'later' }));
      await until(async () => (await rowOf('later'))?.reason === 'rate_limited');
      const [row] = await database.query<{ seconds: number }>(
        'select extract(epoch from run_at - now())::float8 as seconds from cartie_outbox',
      );
      expect(row?.seconds).toBeGreaterThan(3_500);
    });

    test('keeps events while connections are refused, and starts no clock for them', async () => {
      await fake();
      const { url } = meta;
      await meta[Symbol.asyncDispose]();
      const buffer = bufferWith();
      await work(buffer);
      await buffer.track(lead({ event_id: 'kept' }));
      await until(async () =>
        ['connection_failed', 'circuit_open'].includes((await rowOf('kept'))?.reason ?? ''),
      );
      expect(await rowOf('kept')).toMatchObject({ attempts: 0, result: { unsentAt: expect.any(Number) } });
      expect((await rowOf('kept'))?.result).not.toHaveProperty('unknownSince');
      await fake(undefined, Number(new URL(url).port));
      await until(async () => (await buffer.counts()).accepted === 1);
      expect(arrived()).toEqual(['kept']);
    });

    test('repeats what may have arrived for 48 hours after that first attempt, not longer', async () => {
      await fake();
      const buffer = bufferWith();
      await buffer.track(lead({ event_id: 'fresh', event_time: new Date(Date.now() - 3 * dayMs) }));
      await buffer.track(lead({ event_id: 'stale', event_time: new Date(Date.now() - 3 * dayMs) }));
      await buffer.track(lead({ event_id: 'never', event_time: new Date(Date.now() - 3 * dayMs) }));
      for (const [id, hours] of [
        ['fresh', 47],
        ['stale', 49],
      ] as const) {
        await database.query("update cartie_outbox set reason = 'timeout', result = $1 where id = $2", [
          JSON.stringify({ unknownSince: Date.now() - hours * 3_600_000 }),
          `Lead\n${id}`,
        ]);
      }
      await work(buffer);
      await until(async () => (await buffer.counts()).accepted === 2);
      expect(await buffer.counts()).toMatchObject({ inDoubt: 1, waiting: 0 });
      expect(arrived()).toEqual(['fresh', 'never']);
      // A person may decide otherwise.
      expect(await buffer.resend('Lead', 'stale')).toBe(true);
      await until(async () => (await buffer.counts()).accepted === 3);
      expect(arrived()).toEqual(['fresh', 'never', 'stale']);
    });

    test('counts the 48 hours of an attempt that a crash ended from the last one that certainly failed', async () => {
      await fake();
      const buffer = bufferWith();
      for (const id of ['waited', 'unclear']) {
        await buffer.track(lead({ event_id: id, event_time: new Date(Date.now() - 4 * dayMs) }));
      }
      await database.query(
        "update cartie_outbox set reason = 'crashed', created_at = now() - interval '3 days', result = case id when $1 then $2 end",
        ['Lead\nwaited', JSON.stringify({ unsentAt: Date.now() - 60_000 })],
      );
      await work(buffer);
      await until(
        async () => (await buffer.counts()).accepted === 1 && (await buffer.counts()).inDoubt === 1,
      );
      expect(arrived()).toEqual(['waited']);
    });

    test('remembers when the outcome first was unknown', async () => {
      await fake(() => 'reset');
      const buffer = bufferWith({}, { breaker: false });
      const before = Date.now();
      await work(buffer);
      await buffer.track(lead({ event_id: 'x' }));
      await until(() => meta.received.length >= 4);
      const kept = async () =>
        ((await rowOf('x'))?.result as { unknownSince: number } | undefined)?.unknownSince;
      const first = (await kept()) ?? 0;
      expect(first).toBeGreaterThanOrEqual(before);
      const count = meta.received.length;
      await until(() => meta.received.length >= count + 2);
      expect(await kept()).toBe(first);
    });

    test('never repeats a messaging event that may have arrived', async () => {
      await fake(() => 'reset');
      const buffer = bufferWith();
      await work(buffer);
      await buffer.track(message('w'));
      await until(async () => (await buffer.counts()).inDoubt === 1);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(meta.received).toHaveLength(1);
    });

    test('lets expire what Meta would no longer take', async () => {
      await fake();
      const buffer = bufferWith();
      await buffer.track(lead({ event_id: 'old', event_time: new Date(Date.now() - 7 * dayMs + 1_500) }));
      await buffer.track(
        lead({
          event_id: 'shop',
          action_source: 'physical_store',
          event_time: new Date(Date.now() - 30 * dayMs),
        }),
      );
      await new Promise((resolve) => setTimeout(resolve, 1_600));
      await work(buffer);
      await until(async () => (await buffer.counts()).accepted === 1 && (await buffer.counts()).dead === 1);
      expect(await buffer.dead()).toMatchObject([{ eventId: 'old', reason: 'expired' }]);
      expect(arrived()).toEqual(['shop']);
    });

    test('says which option is wrong', () => {
      expect(() => createEventBuffer({ client: {}, outbox } as never)).toThrow('client');
      expect(() => bufferWith({ batchSize: 2_000 })).toThrow('batchSize');
    });
  });
});

describe('with Meta refusing connections', () => {
  test('100 sends at once open at most threshold + maxConcurrent connections', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.resetAndDestroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const client = createMetaCapiClient({
      ...clientOptions(`http://127.0.0.1:${port}`),
      breaker: { minimumSamples: 5, openMs: 60_000 },
      maxConcurrent: 10,
    });
    const results = await Promise.all(
      Array.from({ length: 100 }, (_, index) => client.send(lead({ event_id: `e${index}` }))),
    );
    server.close();
    expect(results.every(({ status }) => status === 'unsent' || status === 'unknown')).toBe(true);
    expect(results.filter(({ status }) => status === 'unsent').length).toBeGreaterThanOrEqual(85);
    expect(connections).toBeLessThanOrEqual(15);
    expect(await client.health()).toMatchObject({ status: 'down', circuit: 'open' });
  });
});
