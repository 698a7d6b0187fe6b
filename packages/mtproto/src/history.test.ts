import { memoryLimiter, memoryStore } from '@cartie/core';
import { describe, expect, it } from 'vitest';
import { addReady, collect, makeHub, startScene, thrown, until } from '../tests/support.ts';
import { MAX_HISTORY_LIMIT, type MtprotoMessage } from './index.ts';

const patient = { historyRate: { limit: 1_000, intervalMs: 1_000 } };
const textsOf = (messages: readonly MtprotoMessage[]) => messages.map(({ text }) => text);

describe('history', () => {
  it('gives 100 messages, newest first, unless more are asked for', async () => {
    await using scene = await startScene(patient);
    const { dc, account } = scene;
    dc.createChannel({ username: 'autos' }).fill(350, (index) => `m${index}`);
    const hundred = await collect(account.history('@autos'));
    expect(textsOf(hundred)).toEqual(Array.from({ length: 100 }, (_, index) => `m${349 - index}`));
    expect(dc.requests.count({ method: 'messages.getHistory' })).toBe(1);
    expect(textsOf(await collect(account.history('https://t.me/autos', { limit: 7 })))).toHaveLength(7);
    const all = await collect(account.history('autos', { limit: Number.POSITIVE_INFINITY }));
    expect(new Set(textsOf(all)).size).toBe(350);
    expect(
      dc.requests
        .list({ method: 'messages.getHistory' })
        .every(({ params }) => Number(params.limit) <= MAX_HISTORY_LIMIT),
    ).toBe(true);
  });

  it('keeps to ids and dates', async () => {
    await using scene = await startScene(patient);
    const { dc, account } = scene;
    const channel = dc.createChannel({ username: 'autos' });
    for (let index = 1; index <= 20; index += 1)
      channel.post({ text: `m${index}`, date: 1_700_000_000 + index, silent: true });
    const ids = async (options: Parameters<typeof account.history>[1]) =>
      (await collect(account.history('autos', options))).map(({ id }) => id);
    expect(await ids({ minId: 15 })).toEqual([20, 19, 18, 17, 16]);
    expect(await ids({ maxId: 4 })).toEqual([3, 2, 1]);
    expect(await ids({ since: new Date((1_700_000_000 + 18) * 1_000) })).toEqual([20, 19, 18]);
    expect(await ids({ minId: 20 })).toEqual([]);
  });

  it('goes on from its stored cursor, also in another process, and begins anew after the end', async () => {
    const kv = memoryStore();
    await using scene = await startScene({ ...patient, kv });
    const { dc, person, account, watched } = scene;
    dc.createChannel({ username: 'autos', members: [person] }).fill(250, (index) => `m${index}`);
    const options = { limit: Number.POSITIVE_INFINITY, cursor: 'import' };
    const first: string[] = [];
    for await (const { text } of account.history('autos', options)) {
      if (first.length === 120) break;
      first.push(text);
    }
    await watched.hub.stop();
    await using again = makeHub(dc, { ...patient, kv });
    await again.hub.start();
    const other = again.hub.account('cars');
    if (other === undefined) throw new Error('the account is gone');
    const rest = textsOf(await collect(other.history('autos', options)));
    expect([...first, ...rest]).toEqual(Array.from({ length: 250 }, (_, index) => `m${249 - index}`));
    expect(await collect(other.history('autos', { ...options, limit: 1 }))).toHaveLength(1);
  });

  it('asks for no more than its pages of one chat in a time, over all processes', async () => {
    const kv = memoryStore();
    const options = { kv, historyRate: { limit: 4, intervalMs: 1_500 } };
    await using scene = await startScene(options);
    const { dc, account } = scene;
    const channel = dc.createChannel({ username: 'autos' });
    const free = dc.createChannel({ username: 'others' });
    channel.fill(600);
    free.fill(300);
    await using second = makeHub(dc, options);
    const other = await addReady(second.hub, dc, dc.addAccount(), 'second');
    const read = (from: typeof account, name: string) =>
      collect(from.history(name, { limit: Number.POSITIVE_INFINITY }));
    const [one, two, three] = await Promise.all([
      read(account, 'autos'),
      read(other, 'autos'),
      read(other, 'others'),
    ]);
    expect([one.length, two.length, three.length]).toEqual([600, 600, 300]);
    expect(dc.requests.most({ method: 'messages.getHistory', channel }, 900)).toBeLessThanOrEqual(4);
    expect(dc.requests.count({ method: 'messages.getHistory', channel })).toBe(14);
  });

  it('is 10 pages a minute by default', async () => {
    await using scene = await startScene();
    const { dc, account } = scene;
    dc.createChannel({ username: 'autos' }).fill(1_200);
    const waiting = new AbortController();
    const got: number[] = [];
    const reading = thrown(
      (async () => {
        for await (const { id } of account.history('autos', {
          limit: Number.POSITIVE_INFINITY,
          signal: waiting.signal,
        }))
          got.push(id);
      })(),
    );
    await until(() => got.length === 1_000);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(dc.requests.count({ method: 'messages.getHistory' })).toBe(10);
    waiting.abort(new Error('enough'));
    expect(await reading).toEqual(new Error('enough'));
  });

  it('obeys floods, shows them, and can be ended while it waits', async () => {
    await using scene = await startScene(patient);
    const { dc, account, watched } = scene;
    dc.createChannel({ username: 'autos' }).fill(250);
    dc.faults.set({ kind: 'flood_wait', method: 'messages.getHistory', seconds: 1, times: 1 });
    expect(await collect(account.history('autos', { limit: 250 }))).toHaveLength(250);
    expect(watched.seen).toContainEqual({
      type: 'rate_limited',
      service: 'mtproto',
      operation: 'messages.getHistory',
      retryAfterMs: 1_000,
    });
    const times = dc.requests.list({ method: 'messages.getHistory' }).map(({ at }) => at);
    expect(Number(times[1]) - Number(times[0])).toBeGreaterThan(990);

    dc.faults.set({ kind: 'flood_wait', method: 'messages.getHistory', seconds: 3_000 });
    const ending = new AbortController();
    const reading = thrown(collect(account.history('autos', { signal: ending.signal })));
    await until(() =>
      watched.seen.some((event) => event.type === 'rate_limited' && event.retryAfterMs === 3_000_000),
    );
    const asked = dc.requests.count({ method: 'messages.getHistory' });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(dc.requests.count({ method: 'messages.getHistory' })).toBe(asked);
    ending.abort(new Error('enough'));
    expect(await reading).toEqual(new Error('enough'));
  });

  it('is read around a message that this version does not know, at the same pace', async () => {
    await using scene = await startScene({ historyRate: { limit: 6, intervalMs: 1_500 } });
    const { dc, account } = scene;
    const channel = dc.createChannel({ username: 'autos' });
    channel.fill(100, (index) => `m${index}`);
    // The whole page, and every smaller one that has the newest message: 50, 25, 13, 7, 4, 2, 1.
    dc.faults.set({ kind: 'unknown_constructor', method: 'messages.getHistory', times: 8 });
    const messages = await collect(account.history('autos', { limit: Number.POSITIVE_INFINITY }));
    expect(textsOf(messages)).toEqual(Array.from({ length: 99 }, (_, index) => `m${98 - index}`));
    expect(dc.requests.most({ method: 'messages.getHistory', channel }, 900)).toBeLessThanOrEqual(6);
  });

  it('says so where a whole page has nothing that this version knows', async () => {
    await using scene = await startScene(patient);
    const { dc, account } = scene;
    dc.createChannel({ username: 'autos' }).fill(3);
    dc.faults.set({ kind: 'unknown_constructor', method: 'messages.getHistory' });
    expect(await thrown(collect(account.history('autos', { limit: 4 })))).toMatchObject({
      code: 'invalid_response',
      operation: 'history',
      retryable: false,
    });
  });

  it('goes on over a lost connection', async () => {
    await using scene = await startScene(patient);
    const { dc, account } = scene;
    dc.createChannel({ username: 'autos' }).fill(500);
    dc.faults.set({ kind: 'drop', method: 'messages.getHistory', times: 2 });
    const messages = await collect(account.history('autos', { limit: 500 }));
    expect(new Set(messages.map(({ id }) => id)).size).toBe(500);
  });

  it('fetches nothing before its first message is asked for, and refuses limits that make no sense', async () => {
    await using scene = await startScene({ ...patient, limiter: memoryLimiter() });
    const { dc, account } = scene;
    dc.createChannel({ username: 'autos' }).fill(5);
    account.history('autos');
    await account.me();
    expect(dc.requests.count({ method: 'messages.getHistory' })).toBe(0);
    for (const limit of [0, -1, 1.5, Number.NaN]) {
      expect(await thrown(collect(account.history('autos', { limit })))).toMatchObject({
        code: 'invalid_input',
        field: 'limit',
      });
    }
    expect(await thrown(collect(account.history('autos', { cursor: 'a/b' })))).toMatchObject({
      code: 'invalid_input',
      field: 'cursor',
    });
  });
});
