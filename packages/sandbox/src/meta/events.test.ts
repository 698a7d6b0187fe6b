import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { graphApi, lead, type SendEvents, sha256 } from '../../tests/graph-api.ts';
import { type RunningSandbox, type SandboxDataset, startSandbox } from '../index.ts';

let sandbox: RunningSandbox;
let dataset: SandboxDataset;
let send: SendEvents;

beforeEach(async () => {
  sandbox = await startSandbox();
  dataset = sandbox.meta.createDataset();
  send = graphApi(sandbox, dataset);
});
afterEach(() => sandbox.close());

const now = (): number => Math.floor(Date.now() / 1000);
const day = 86_400;

describe('the events endpoint', () => {
  it('takes events and keeps them in the order they came', async () => {
    const answer = await send([lead({ event_id: 'a' }), lead({ event_id: 'b' })]);
    expect(answer).toMatchObject({ status: 200, body: { events_received: 2, messages: [] } });
    expect(answer.body.fbtrace_id).toMatch(/^A[\w-]{20,}$/);
    expect(answer.headers.get('facebook-api-version')).toBe('v26.0');
    expect(sandbox.meta.events().map(({ eventId, outcome }) => [eventId, outcome])).toEqual([
      ['a', 'counted'],
      ['b', 'counted'],
    ]);
    expect(sandbox.meta.calls()).toMatchObject([
      { operation: 'events', datasetId: dataset.id, tokenIn: 'header', eventCount: 2, eventsReceived: 2 },
    ]);
  });

  it('takes a form, multipart and the token in the body or the query too', async () => {
    const url = `${sandbox.meta.apiUrl}/v26.0/${dataset.id}/events`;
    const data = JSON.stringify([lead()]);
    const form = new URLSearchParams({ data, access_token: dataset.token });
    expect((await fetch(url, { method: 'POST', body: form })).status).toBe(200);
    const multipart = new FormData();
    multipart.set('data', data);
    const inQuery = `${url}?access_token=${dataset.token}`;
    expect((await fetch(inQuery, { method: 'POST', body: multipart })).status).toBe(200);
    expect(sandbox.meta.calls().map(({ tokenIn }) => tokenIn)).toEqual(['body', 'query']);
    expect(JSON.stringify(sandbox.meta.calls())).not.toContain(dataset.token);
  });

  it('answers at the address of a gateway too', async () => {
    const answer = await fetch(`${sandbox.meta.apiUrl}/capi/${dataset.id}/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${dataset.token}` },
      body: JSON.stringify({ data: [lead()] }),
    });
    expect(await answer.json()).toMatchObject({ events_received: 1 });
  });

  it('processes nothing of a batch with one event that it refuses', async () => {
    const batch = Array.from({ length: 7 }, (_, index) => lead({ event_id: `e${index}` }));
    batch[4] = lead({ event_id: 'e4', user_data: {} });
    const answer = await send(batch);
    expect(answer).toMatchObject({
      status: 400,
      body: { error: { code: 100, error_subcode: 2804050, type: 'OAuthException', is_transient: false } },
    });
    expect(sandbox.meta.events()).toEqual([]);
    expect(sandbox.meta.refusals()).toMatchObject([
      { batchSize: 7, index: 4, field: 'user_data', subcode: 2804050, event: { event_id: 'e4' } },
    ]);
    // Nothing of the batch was remembered, so the same ids count when they come again.
    expect((await send(batch.filter((_, index) => index !== 4))).body.events_received).toBe(6);
    expect(sandbox.meta.distinct()).toHaveLength(6);
  });

  it.each([
    ['no data', undefined],
    ['data that is no array', { event_name: 'Lead' }],
    ['an empty array', []],
    ['an event that is no object', ['Lead']],
    ['1001 events', Array.from({ length: 1001 }, () => lead())],
  ])('refuses %s', async (_, data) => {
    expect(await send(data)).toMatchObject({ status: 400, body: { error: { code: 100 } } });
    expect(sandbox.meta.refusals()).toHaveLength(1);
  });

  it('takes 1000 events at once', async () => {
    const answer = await send(Array.from({ length: 1000 }, (_, index) => lead({ event_id: String(index) })));
    expect(answer.body.events_received).toBe(1000);
    expect(sandbox.meta.distinct()).toHaveLength(1000);
  });

  it('marks test events and counts them', async () => {
    await send([lead({ event_id: 't' })], { body: { test_event_code: 'TEST123' } });
    expect(sandbox.meta.distinct()).toMatchObject([{ eventId: 't', testEventCode: 'TEST123' }]);
  });

  it('refuses what a test wants it to, for a reason that nobody foresaw', async () => {
    sandbox.meta.refuse('a', 2804019);
    sandbox.meta.refuse('b');
    const subcodeOf = async (event_id: string): Promise<number> =>
      (await send([lead(), lead({ event_id })])).body.error.error_subcode;
    expect([await subcodeOf('a'), await subcodeOf('b')]).toEqual([2804019, 2804050]);
    expect((await send([lead()])).status).toBe(200);
  });

  it('says only in events_received that it dropped something', async () => {
    sandbox.meta.discardNext(2);
    const batch = ['a', 'b', 'c'].map((event_id) => lead({ event_id }));
    expect(await send(batch)).toMatchObject({ status: 200, body: { events_received: 1 } });
    expect(await send(batch)).toMatchObject({ body: { events_received: 3 } });
    expect(sandbox.meta.distinct().map(({ eventId }) => eventId)).toEqual(['a', 'b', 'c']);
    expect(sandbox.meta.duplicates().map(({ eventId }) => eventId)).toEqual(['a']);
  });
});

describe('an event is refused', () => {
  it.each<[string, number | undefined, Record<string, unknown>]>([
    ['older than 7 days', 2804003, { event_time: now() - 7 * day - 60 }],
    [
      'of a physical store, older than 62 days',
      2804003,
      { action_source: 'physical_store', event_time: now() - 63 * day },
    ],
    ['from the future', undefined, { event_time: now() + 3600 }],
    ['with milliseconds', undefined, { event_time: Date.now() }],
    ['without a name', undefined, { event_name: '' }],
    ['without a time', undefined, { event_time: undefined }],
    ['without an action source', undefined, { action_source: undefined }],
    ['with an unknown action source', undefined, { action_source: 'web' }],
    ['without user_data', undefined, { user_data: undefined }],
    ['with a raw e-mail', 2804016, { user_data: { em: 'olena@example.com' } }],
    ['with a raw e-mail among hashes', 2804016, { user_data: { em: [sha256('a'), 'olena@example.com'] } }],
    ['with a raw phone', 2804016, { user_data: { ph: '380671234567' } }],
    ['with an MD5', 2804016, { user_data: { em: '0cc175b9c0f1b6a831c399e269772661' } }],
    ['with a raw city', 2804016, { user_data: { em: sha256('a'), ct: 'київ' } }],
    ['with nothing usable', 2804050, { user_data: { em: '', ph: [] } }],
    [
      'with a place and a browser only',
      2804050,
      { user_data: { ct: sha256('kyiv'), client_user_agent: 'Mozilla/5.0' } },
    ],
    ['with a birthday only', 2804050, { user_data: { db: sha256('19970216') } }],
    ['with a first name and gender only', 2804050, { user_data: { fn: sha256('olena'), ge: sha256('f') } }],
    ['with two addresses', undefined, { user_data: { client_ip_address: ['198.51.100.7', '::1'] } }],
    ['as a purchase without a value', 2804009, { event_name: 'Purchase', custom_data: { currency: 'UAH' } }],
    ['as a purchase without a currency', 2804010, { event_name: 'Purchase', custom_data: { value: 0 } }],
    ['with a value that is no number', undefined, { custom_data: { value: 'much' } }],
    ['with a currency that is none', undefined, { custom_data: { value: 1, currency: 'hryvnia' } }],
    ['of an app without extinfo', undefined, { action_source: 'app', app_data: {} }],
    [
      'of an app without a version of its system',
      2804043,
      { action_source: 'app', app_data: { extinfo: Array.from({ length: 16 }, () => '') } },
    ],
    ['with LDU and no place', 2804030, { data_processing_options: ['LDU'], user_data: { em: sha256('a') } }],
    [
      'with LDU and a country without a state',
      2804030,
      { data_processing_options: ['LDU'], data_processing_options_country: 1 },
    ],
    ['with an unknown processing option', undefined, { data_processing_options: ['CCPA'] }],
    ['with an unknown segment', undefined, { customer_segmentation: 'vip' }],
    ['with an opt-out that is no boolean', undefined, { opt_out: 'yes' }],
    [
      'with the account of WhatsApp on a website',
      2804132,
      { user_data: { em: sha256('a'), whatsapp_business_account_id: '1' } },
    ],
  ])('%s', async (_, subcode, changes) => {
    const answer = await send([lead({ event_id: 'good' }), lead(changes)]);
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 100 } } });
    expect(answer.body.error.error_subcode).toBe(subcode);
    expect(sandbox.meta.refusals()).toMatchObject([{ index: 1, subcode }]);
    expect(sandbox.meta.events()).toEqual([]);
  });
});

describe('an event is taken', () => {
  it.each<[string, Record<string, unknown>]>([
    ['of almost 7 days', { event_time: now() - 7 * day + 60 }],
    ['of a physical store, of 61 days', { action_source: 'physical_store', event_time: now() - 61 * day }],
    ['by a clock that is ahead a little', { event_time: now() + 30 }],
    ['with an address only', { user_data: { client_ip_address: '198.51.100.7' } }],
    ['with a place and an own id', { user_data: { ct: sha256('kyiv'), external_id: 'customer-7' } }],
    ['with hashes in capitals', { user_data: { em: sha256('a').toUpperCase() } }],
    ['with hashes that a parameter builder marked', { user_data: { em: `${sha256('a')}.AQQCAQMC` } }],
    ['as a purchase of nothing', { event_name: 'Purchase', custom_data: { value: 0, currency: 'uah' } }],
    [
      'of an app',
      {
        action_source: 'app',
        app_data: { extinfo: ['a2', '', '', '', '14', ...Array.from({ length: 11 }, () => '')] },
      },
    ],
    [
      'with LDU and zeros',
      {
        data_processing_options: ['LDU'],
        data_processing_options_country: 0,
        data_processing_options_state: 0,
      },
    ],
    ['with a name of its own', { event_name: 'TestDrive' }],
  ])('%s', async (_, changes) => {
    expect(await send([lead(changes)])).toMatchObject({ status: 200, body: { events_received: 1 } });
  });
});
