import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lead } from '../tests/support.ts';
import { createMetaCapiClient, type MetaCapiClientOptions, type MetaEvent } from './index.ts';

const client = (options: Partial<MetaCapiClientOptions> = {}) =>
  createMetaCapiClient({ datasetId: '1', accessToken: 'of-nobody', defaultCountry: 'UA', ...options });
const prepare = (change: object) => client().prepare(lead(change as Partial<MetaEvent>));
const fieldOf = (change: object): string | undefined => {
  try {
    prepare(change);
  } catch (error) {
    return (error as { field?: string }).field;
  }
  return undefined;
};
const secondsAgo = (seconds: number): number => Math.floor(Date.now() / 1_000) - seconds;
const day = 86_400;

const app = {
  action_source: 'app',
  app_data: {
    advertiser_tracking_enabled: 0,
    extinfo: [
      'a2',
      'com.example',
      '1',
      '1.0',
      '14',
      'Pixel',
      'uk_UA',
      'EET',
      '',
      1080,
      1920,
      '2',
      8,
      '',
      '',
      '',
    ],
  },
} as const;
const extinfo = (change: (list: unknown[]) => unknown[]) => ({
  ...app,
  app_data: { ...app.app_data, extinfo: change([...app.app_data.extinfo]) },
});
const whatsapp = {
  event_name: 'LeadSubmitted',
  action_source: 'business_messaging',
  messaging_channel: 'whatsapp',
  user_data: { whatsapp_business_account_id: '102290129340398', ctwa_clid: 'ARAk' },
} as const;
const circular: { a?: object } = {};
circular.a = circular;
const vehicle = { content_type: 'vehicle', make: 'BMW', price: 18_500.5, currency: 'usd' } as const;

describe('an event that breaks a rule is refused by the name of the field', () => {
  test.each<[string, object]>([
    ['event_name', { event_name: ' ' }],
    ['event_time', { event_time: secondsAgo(7 * day + 60) }],
    ['event_time', { event_time: secondsAgo(62 * day + 60), action_source: 'physical_store' }],
    ['event_time', { event_time: secondsAgo(-120) }],
    ['event_time', { event_time: '2026-01-01' }],
    ['event_time', { event_time: Number.NaN }],
    ['event_id', { event_id: '' }],
    ['action_source', { action_source: 'web' }],
    ['action_source', { action_source: undefined }],
    ['user_data', { user_data: null }],
    ['user_data', { user_data: {} }],
    ['user_data', { user_data: { city: 'Київ', country: 'UA', zip: '01001', client_user_agent: 'x' } }],
    ['user_data', { user_data: { dateOfBirth: '1990-01-01', client_user_agent: 'x' } }],
    ['user_data', { user_data: { firstName: 'Olena', gender: 'f' } }],
    ['user_data', { user_data: { lastName: 'Shevchenko', gender: 'f' } }],
    ['user_data', { user_data: { email: 'none' } }],
    ['user_data.lead_id', { user_data: { lead_id: 'abc' } }],
    ['user_data.lead_id', { user_data: { lead_id: 2 ** 60 } }],
    ['user_data.leadId', { user_data: { lead_id: '1', leadId: '2' } }],
    ['user_data.fist_name', { user_data: { fist_name: 'x' } }],
    ['evnt_id', { evnt_id: 'x' }],
    ['event_source_url', { event_source_url: 'cars.example' }],
    ['opt_out', { opt_out: 'yes' }],
    ['customer_segmentation', { customer_segmentation: 'new' }],
    ['custom_data.value', { event_name: 'Purchase', custom_data: { currency: 'UAH' } }],
    ['custom_data.currency', { event_name: 'Purchase', custom_data: { value: 0 } }],
    ['custom_data.value', { event_name: 'Purchase' }],
    ['custom_data.value', { custom_data: { value: '12 грн' } }],
    ['custom_data.value', { custom_data: { value: Number.POSITIVE_INFINITY } }],
    ['custom_data.currency', { custom_data: { currency: 'грн' } }],
    ['custom_data.contents[0].id', { custom_data: { contents: [{ quantity: 1 }] } }],
    [
      'custom_data.contents[0].delivery_category',
      { custom_data: { contents: [{ id: 1, delivery_category: 'x' }] } },
    ],
    ['custom_data.num_items', { custom_data: { num_items: -1 } }],
    ['custom_data.content_ids', { custom_data: { content_ids: 'a' } }],
    ['custom_data.content_ids[0]', { custom_data: { content_ids: [2 ** 60] } }],
    ['custom_data.lead_event_source', { custom_data: { event_source: 'crm' } }],
    ['custom_data.content_type', { custom_data: { ...vehicle, content_type: 'product' } }],
    ['custom_data.price', { custom_data: { ...vehicle, price: 1.005 } }],
    ['custom_data.currency', { custom_data: { ...vehicle, currency: null } }],
    ['custom_data.state_of_vehicle', { custom_data: { ...vehicle, state_of_vehicle: 'old' } }],
    ['custom_data.year', { custom_data: { ...vehicle, year: 97 } }],
    ['custom_data.preferred_price_range', { custom_data: { ...vehicle, preferred_price_range: [2, 1] } }],
    ['app_data', { action_source: 'app' }],
    ['app_data.extinfo', extinfo((list) => list.slice(1))],
    ['app_data.extinfo', extinfo((list) => [...list, '', ''])],
    ['app_data.extinfo[0]', extinfo((list) => ['', ...list.slice(1)])],
    ['app_data.extinfo[4]', extinfo((list) => list.with(4, ''))],
    ['app_data.extinfo[5]', extinfo((list) => list.with(5, 'phone of olena@example.com'))],
    ['app_data.vendor_id', { ...app, app_data: { ...app.app_data, vendor_id: 'olena@example.com' } }],
    ['custom_data.a.a.a.a.a.a.a.a.a.a', { custom_data: circular }],
    ['app_data.advertiser_tracking_enabled', { ...app, app_data: { extinfo: app.app_data.extinfo } }],
    ['data_processing_options', { data_processing_options: ['ldu'] }],
    ['data_processing_options_state', { data_processing_options: ['LDU'] }],
    ['data_processing_options_state', { data_processing_options_country: 1 }],
    ['data_processing_options_state', { data_processing_options_state: 1011 }],
    ['data_processing_options_country', { data_processing_options_country: 2 }],
    ['messaging_channel', { messaging_channel: 'whatsapp' }],
    ['messaging_channel', { ...whatsapp, messaging_channel: 'sms' }],
    ['event_name', { ...whatsapp, event_name: 'Lead' }],
    ['user_data.ctwa_clid', { ...whatsapp, user_data: { whatsapp_business_account_id: '1' } }],
    ['user_data.whatsapp_business_account_id', { ...whatsapp, user_data: { ctwa_clid: 'A' } }],
    ['user_data.whatsapp_business_account_id', { user_data: { ctwa_clid: 'A', email: 'a@b.ua' } }],
    [
      'user_data.page_scoped_user_id',
      { ...whatsapp, messaging_channel: 'messenger', user_data: { page_id: '1' } },
    ],
    ['user_data.ig_sid', { ...whatsapp, messaging_channel: 'instagram', user_data: { ig_account_id: '1' } }],
    ['custom_data.currency', { ...whatsapp, event_name: 'OrderCreated' }],
    ['messaging_outcome_data.outcome_type', { messaging_outcome_data: { outcome_type: 'x' } }],
    ['original_event_data.order', { original_event_data: { order: 1 } }],
  ])('%s: %j', (field, change) => {
    expect(fieldOf(change)).toBe(field);
  });

  test('whatever it is: only by a CartieError that quotes no value', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (user, custom) => {
        try {
          client().prepare(lead({ user_data: user as never, custom_data: custom as never }));
        } catch (error) {
          expect(error).toMatchObject({ name: 'CartieError', code: 'invalid_input' });
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('an event that keeps the rules', () => {
  test.each<[string, object]>([
    ['of an app', app],
    ['of WhatsApp', whatsapp],
    ['of a shop, 61 days old', { action_source: 'physical_store', event_time: secondsAgo(61 * day) }],
    ['of a vehicle', { custom_data: { ...vehicle, state_of_vehicle: 'used', year: '2021' } }],
    [
      'with limited data use',
      {
        data_processing_options: ['LDU'],
        data_processing_options_country: 0,
        data_processing_options_state: 0,
      },
    ],
    ['of an IP address only', { user_data: { client_ip_address: '2a02:2378::1' } }],
    ['of a name and a city', { user_data: { firstName: 'Olena', city: 'Lviv' } }],
  ])('%s is prepared, and stays as it is when prepared again', (_, change) => {
    const { event } = prepare(change);
    expect(client().prepare(event).event).toEqual(event);
  });

  test('keeps every zero', () => {
    const { event } = prepare({
      event_name: 'Purchase',
      custom_data: {
        value: 0,
        currency: 'uah',
        net_revenue: '0',
        predicted_ltv: 0,
        num_items: 0,
        contents: [{ id: 0, quantity: 0, item_price: 0 }],
      },
      data_processing_options: [],
      data_processing_options_country: 0,
      data_processing_options_state: 0,
      opt_out: false,
    });
    expect(event).toMatchObject({
      custom_data: {
        value: 0,
        currency: 'UAH',
        net_revenue: 0,
        predicted_ltv: 0,
        num_items: 0,
        contents: [{ id: '0', quantity: 0, item_price: 0 }],
      },
      data_processing_options: [],
      data_processing_options_country: 0,
      data_processing_options_state: 0,
      opt_out: false,
    });
  });

  test('may have properties of its own of any name', () => {
    const custom_data = { constructor: 'x', toString: 1, car: { id: 7 } };
    expect(prepare({ custom_data }).event.custom_data).toEqual(custom_data);
  });

  test('understands a Date, seconds and milliseconds, and a clock that is a little ahead', () => {
    const at = secondsAgo(3_600);
    for (const event_time of [at, at * 1_000, new Date(at * 1_000)]) {
      expect(prepare({ event_time }).event.event_time).toBe(at);
    }
    expect(prepare({ event_time: secondsAgo(-30) }).event.event_time).toBeLessThanOrEqual(secondsAgo(0));
    expect(prepare({}).event.event_time).toBeGreaterThanOrEqual(secondsAgo(2));
  });

  test('gets an id where it has none, and tells until when Meta takes it', () => {
    const [first, second] = [prepare({}), prepare({})];
    expect(first.event.event_id).not.toBe(second.event.event_id);
    expect(first.event.event_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(first.expiresAt).toBe(first.event.event_time * 1_000 + 7 * day * 1_000);
    expect(prepare(whatsapp).deduplicated).toBe(false);
    expect(first.deduplicated).toBe(true);
  });

  test('loses a datum that has no normal form, with a warning, and keeps the rest', () => {
    const { event, warnings } = prepare({
      user_data: { email: 'olena@example.com', phone: '12', dateOfBirth: '31.04.1990' },
    });
    expect(Object.keys(event.user_data)).toEqual(['em']);
    expect(warnings.map(({ field }) => field)).toEqual(['user_data.phone', 'user_data.dateOfBirth']);
  });

  test('takes several values, and the same value once', () => {
    const { event } = prepare({
      user_data: { email: ['a@b.ua', ' A@B.ua', 'c@d.ua'], em: 'c@d.ua', phone: [null, '0671234567'] },
    });
    expect(event.user_data.em).toHaveLength(2);
    expect(event.user_data.ph).toBe('240406bc84a49ab3469b6ac78b8475a2f15cd6ffb8de40693216bb370aab4529');
  });

  test('reads a phone by the person’s own country first', () => {
    const own = prepare({ user_data: { phone: '501 234 567', country: 'Poland' } }).event.user_data.ph;
    expect(own).toBe(prepare({ user_data: { phone: '+48501234567' } }).event.user_data.ph);
    const fallback = prepare({ user_data: { phone: '067 123 45 67', country: 'PL' } }).event.user_data.ph;
    expect(fallback).toBe('240406bc84a49ab3469b6ac78b8475a2f15cd6ffb8de40693216bb370aab4529');
  });

  test('may have a messaging event’s name that the client allows', () => {
    const prepared = client({ messagingEvents: ['Lead'] }).prepare(lead({ ...whatsapp, event_name: 'Lead' }));
    expect(prepared.event.event_name).toBe('Lead');
  });
});
