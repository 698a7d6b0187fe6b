import { afterEach, describe, expect, test } from 'vitest';
import {
  clientOptions,
  type FakeMeta,
  lead,
  leads,
  type Received,
  type Reply,
  refusal,
  startMeta,
  taken,
} from '../tests/support.ts';
import { createMetaCapiClient, type EventResult, type MetaCapiClientOptions } from './index.ts';

let meta: FakeMeta;
afterEach(() => meta?.[Symbol.asyncDispose]());

const client = (options: Partial<MetaCapiClientOptions> = {}) =>
  createMetaCapiClient({ ...clientOptions(meta.url), breaker: false, ...options });
const idsOf = ({ events }: Received): string[] => events.map(({ event_id }) => String(event_id));
const statuses = (results: readonly EventResult[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { status } of results) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};
/** Refuses a whole batch where one of these is in it. */
const refusing =
  (...bad: string[]) =>
  (received: Received): Reply =>
    idsOf(received).some((id) => bad.includes(id)) ? refusal(100, 2804050) : taken(received);
const whatsapp = (change: object = {}) =>
  lead({
    event_name: 'LeadSubmitted',
    action_source: 'business_messaging',
    messaging_channel: 'whatsapp',
    user_data: { ctwa_clid: 'ARAkLkA8rmlFeiCktEJQ', whatsapp_business_account_id: '1098765432109' },
    ...change,
  });

describe('a batch', () => {
  test('of 1,000 events goes in one request, one result each', async () => {
    meta = await startMeta();
    const results = await client().send(leads(1_000));
    expect(meta.received).toHaveLength(1);
    expect(statuses(results)).toEqual({ accepted: 1_000 });
    expect(results[7]).toMatchObject({ eventId: 'e7', traceId: 'Atrace1' });
  });

  test('never holds more than 1,000 events or a megabyte, and keeps the order', async () => {
    meta = await startMeta();
    const many = leads(2_300).map((event) => ({ ...event, custom_data: { note: 'x'.repeat(1_500) } }));
    const results = await client().send(many);
    expect(statuses(results)).toEqual({ accepted: 2_300 });
    expect(meta.received.length).toBeGreaterThan(3);
    for (const { events, text } of meta.received) {
      expect(events.length).toBeLessThanOrEqual(1_000);
      expect(Buffer.byteLength(text)).toBeLessThan(1_000_200);
    }
    expect(meta.received.flatMap(idsOf)).toEqual(many.map(({ event_id }) => event_id));
  });

  test.each([0, 1, 333, 499, 500, 777, 998, 999])(
    'with one bad event of 1,000 at %i: 999 arrive, the one is named with its reason, in 21 requests at most',
    async (at) => {
      meta = await startMeta(refusing(`e${at}`));
      const results = await client().send(leads(1_000));
      expect(statuses(results)).toEqual({ accepted: 999, rejected: 1 });
      expect(results[at]).toMatchObject({
        status: 'rejected',
        error: {
          code: 'rejected',
          field: 'user_data',
          message: 'There is too little in user_data to match a person by',
          provider: { code: 100, subcode: 2804050 },
        },
      });
      expect(meta.received.length).toBeLessThanOrEqual(2 + 2 * Math.log2(1_000));
    },
  );

  test('of which the left half was good asks for the right one only in parts', async () => {
    meta = await startMeta(refusing('e999'));
    await client().send(leads(1_000));
    expect(meta.received.length).toBe(1 + Math.ceil(Math.log2(1_000)));
  });

  test('with several bad events loses only those', async () => {
    meta = await startMeta(refusing('e0', 'e1', 'e250', 'e999'));
    const results = await client().send(leads(1_000));
    expect(statuses(results)).toEqual({ accepted: 996, rejected: 4 });
    const arrived = meta.received.filter((one) => !idsOf(one).some((id) => /^e(0|1|250|999)$/.test(id)));
    expect(new Set(arrived.flatMap(idsOf)).size).toBe(996);
    // Nobody was sent twice by a batch that was taken.
    expect(arrived.flatMap(idsOf)).toHaveLength(996);
  });

  test('of bad events only ends the search, and what was not looked at is unsent', async () => {
    meta = await startMeta((received) =>
      received.events.length > 0 ? refusal(100, 2804050) : taken(received),
    );
    const results = await client().send(leads(1_000));
    expect(meta.received.length).toBeLessThanOrEqual(201);
    const counts = statuses(results);
    expect(counts.rejected).toBeGreaterThan(50);
    expect((counts.rejected ?? 0) + (counts.unsent ?? 0)).toBe(1_000);
    expect(results.at(-1)).toMatchObject({
      status: 'unsent',
      error: { code: 'overloaded', retryable: true },
    });
  });

  test('of bad events of both sorts ends the search at the same bound', async () => {
    meta = await startMeta(() => refusal(100, 2804050));
    const results = await client().send([
      ...leads(500),
      ...Array.from({ length: 500 }, (_, index) => whatsapp({ event_id: `w${index}` })),
    ]);
    expect(meta.received.length).toBeLessThanOrEqual(202);
    expect(results.every(({ status }) => status === 'rejected' || status === 'unsent')).toBe(true);
  });

  test('that is too large for a gateway is divided until it fits', async () => {
    meta = await startMeta((received) =>
      received.events.length > 100 ? { status: 413, text: '<html>413</html>' } : taken(received),
    );
    expect(statuses(await client().send(leads(500)))).toEqual({ accepted: 500 });
  });

  test('is not divided for a fault of the request, which is no event’s', async () => {
    for (const [reply, code] of [
      [refusal(190, 463, {}, 401), 'unauthorized'],
      [refusal(100, 33), 'not_found'],
      [refusal(100, undefined, { type: 'GraphMethodException' }), 'forbidden'],
      [refusal(2635), 'invalid_config'],
      [refusal(80004), 'rate_limited'],
    ] as const) {
      meta = await startMeta(() => reply);
      const results = await client().send(leads(10));
      expect(meta.received).toHaveLength(1);
      expect(statuses(results)).toEqual({ unsent: 10 });
      expect(results[0]).toMatchObject({ error: { code } });
      await meta[Symbol.asyncDispose]();
    }
  });

  test('whose search meets an outage leaves the rest unsent', async () => {
    meta = await startMeta((received, n) => {
      if (n === 1) return refusal(100, 2804050);
      return n === 2 ? refusal(4) : taken(received);
    });
    const results = await client().send(leads(10));
    expect(meta.received).toHaveLength(2);
    expect(statuses(results)).toEqual({ unsent: 10 });
  });

  test('keeps invalid events at home and sends the others', async () => {
    meta = await startMeta();
    const results = await client().send([
      lead({ event_id: 'good' }),
      lead({ event_id: 'old', event_time: new Date(Date.now() - 8 * 86_400_000) }),
      lead({ event_id: 'nobody', user_data: {} }),
    ]);
    expect(results).toMatchObject([
      { status: 'accepted', eventId: 'good' },
      { status: 'invalid', eventId: 'old', error: { code: 'invalid_input', field: 'event_time' } },
      { status: 'invalid', eventId: 'nobody', error: { field: 'user_data' } },
    ]);
    expect(meta.received.map(idsOf)).toEqual([['good']]);
  });
});

describe('events_received', () => {
  const counting =
    (...dropped: string[]) =>
    (received: Received): Reply => ({
      json: { events_received: idsOf(received).filter((id) => !dropped.includes(id)).length },
    });

  test('below what was sent is looked into: Meta recognises the others when they come again', async () => {
    meta = await startMeta(counting('e3'));
    const results = await client().send(leads(8));
    expect(statuses(results)).toEqual({ accepted: 7, rejected: 1 });
    expect(results[3]).toMatchObject({ status: 'rejected', error: { provider: { code: 'discarded' } } });
  });

  test('below what was sent makes messaging events doubtful, and none is sent again', async () => {
    meta = await startMeta(counting('w1'));
    const results = await client().send([whatsapp({ event_id: 'w0' }), whatsapp({ event_id: 'w1' })]);
    expect(meta.received).toHaveLength(1);
    expect(statuses(results)).toEqual({ unknown: 2 });
  });

  test('that is missing is no success', async () => {
    meta = await startMeta(() => ({ json: { ok: true } }));
    const result = await client({ retries: 0 }).send(lead());
    expect(result).toMatchObject({ status: 'unknown', error: { code: 'invalid_response' } });
  });
});

describe('a repetition', () => {
  test.each<[string, Reply]>([
    ['reset', 'reset'],
    ['503', { status: 503, text: '<html>Sorry</html>' }],
    ['code 2', refusal(2)],
    ['is_transient', refusal(100, 2804050, { is_transient: true })],
    ['200 with a web page', { text: '<!doctype html><title>Gateway</title>' }],
  ])('after %s is made for what Meta recognises', async (_, failure) => {
    meta = await startMeta((received, n) => (n === 1 ? failure : taken(received)));
    expect(await client().send(lead())).toMatchObject({ status: 'accepted' });
    expect(meta.received).toHaveLength(2);
    expect(meta.received[0]?.text).toBe(meta.received[1]?.text);
  });

  test('is never made for a messaging event with an unknown outcome', async () => {
    for (const failure of ['reset', refusal(2), { status: 503, text: '<html>' }] as const) {
      meta = await startMeta(() => failure);
      expect(await client().send(whatsapp())).toMatchObject({
        status: 'unknown',
        error: { outcome: 'unknown' },
      });
      expect(meta.received).toHaveLength(1);
      await meta[Symbol.asyncDispose]();
    }
  });

  test('that meets the refusal of an event after a lost answer names it', async () => {
    meta = await startMeta((received, n) => (n === 1 ? 'reset' : refusing('e1')(received)));
    expect(statuses(await client().send(leads(4)))).toEqual({ accepted: 3, rejected: 1 });
  });

  test('does not mix messaging events with others in one request', async () => {
    meta = await startMeta();
    await client().send([lead({ event_id: 'a' }), whatsapp({ event_id: 'w' }), lead({ event_id: 'b' })]);
    expect(meta.received.map(idsOf)).toEqual([['a', 'b'], ['w']]);
  });

  test('ends at the deadline of the whole send, and says of each event where it stands', async () => {
    meta = await startMeta(async (received, n) => (n === 1 ? taken(received) : 'hang'));
    const results = await client({ batchSize: 2 }).send(leads(6), { deadlineMs: 400, timeoutMs: 5_000 });
    expect(results.map(({ status }) => status)).toEqual([
      'accepted',
      'accepted',
      'unknown',
      'unknown',
      'unsent',
      'unsent',
    ]);
  });

  test('stops at once when the caller aborts, with his reason', async () => {
    meta = await startMeta(() => 'hang');
    const reason = new Error('changed my mind');
    const sending = client()
      .send(leads(3), { signal: AbortSignal.timeout(50) })
      .catch(() => 'ended');
    expect(await sending).toBe('ended');
    await expect(client().send(lead(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
