import { type RunningSandbox, startSandbox } from '@cartie/sandbox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lead, leads } from '../tests/support.ts';
import { createMetaCapiClient, type MetaCapiClientOptions } from './index.ts';

// The sandbox is written from Meta's documents by other hands: what it takes, and what it refuses, is a second opinion.
describe('against the sandbox over HTTP', () => {
  let sandbox: RunningSandbox;
  beforeAll(async () => {
    sandbox = await startSandbox();
  });
  afterAll(() => sandbox.close());

  const setUp = (options: Partial<MetaCapiClientOptions> = {}) => {
    const dataset = sandbox.meta.createDataset({ whatsappBusinessAccountId: '102290129340398' });
    const client = createMetaCapiClient({
      datasetId: dataset.id,
      accessToken: dataset.token,
      baseUrl: sandbox.meta.apiUrl,
      defaultCountry: 'UA',
      ...options,
    });
    return { dataset, client };
  };

  test('everything of a person arrives hashed, and a full event breaks no rule', async () => {
    const { dataset, client } = setUp();
    const result = await client.send(
      lead({
        event_name: 'Purchase',
        action_source: 'website',
        event_source_url: 'https://cars.example/?utm=1&email=olena@example.com',
        user_data: {
          email: 'Olena@Example.com',
          phone: '067 123 45 67',
          firstName: 'Олена',
          lastName: 'Шевченко',
          dateOfBirth: '16.02.1997',
          gender: 'жіноча',
          city: 'Київ',
          state: 'Київська обл.',
          zip: '01001',
          country: 'Україна',
          externalId: 'Customer 7',
          client_ip_address: '93.184.216.34',
          client_user_agent: 'Mozilla/5.0',
          fbp: 'fb.1.1596403881668.1116446470',
        },
        custom_data: { value: 0, currency: 'uah', contents: [{ id: 1, quantity: 0, item_price: 0 }] },
        opt_out: false,
        data_processing_options: ['LDU'],
        data_processing_options_country: 0,
        data_processing_options_state: 0,
        customer_segmentation: 'new_customer_to_business',
      }),
    );
    expect(result).toMatchObject({ status: 'accepted' });
    expect(sandbox.meta.distinct(dataset)).toHaveLength(1);
    expect(JSON.stringify(sandbox.meta.events(dataset))).not.toMatch(/olena|олена|671234567|шевченко|київ/i);
  });

  test('one refused event of 1,000 costs 21 requests at most and takes none with it', async () => {
    const { dataset, client } = setUp();
    sandbox.meta.refuse('e640', 2804019);
    const results = await client.send(leads(1_000));
    expect(results.filter(({ status }) => status === 'accepted')).toHaveLength(999);
    expect(results[640]).toMatchObject({ status: 'rejected', error: { provider: { subcode: 2804019 } } });
    expect(sandbox.meta.distinct(dataset)).toHaveLength(999);
    expect(sandbox.meta.duplicates(dataset)).toHaveLength(0);
  });

  test('events that Meta drops without a word are found', async () => {
    const { dataset, client } = setUp();
    sandbox.meta.discardNext(1);
    const results = await client.send(leads(10));
    expect(results.every(({ status }) => status === 'accepted')).toBe(true);
    expect(sandbox.meta.distinct(dataset)).toHaveLength(10);
  });

  test('a click on WhatsApp is reported, once', async () => {
    const { dataset, client } = setUp();
    const result = await client.send(
      lead({
        event_name: 'LeadSubmitted',
        action_source: 'business_messaging',
        messaging_channel: 'whatsapp',
        user_data: {
          whatsapp_business_account_id: '102290129340398',
          ctwa_clid: sandbox.meta.createClick(dataset),
        },
      }),
    );
    expect(result).toMatchObject({ status: 'accepted' });
  });

  test('a version that Meta serves by another one is noticed; one that has ended is an error', async () => {
    const { client } = setUp({ apiVersion: 'v22.0' });
    sandbox.meta.retireVersion('v22.0', 'v24.0');
    expect(await client.send(lead())).toMatchObject({
      status: 'accepted',
      warnings: [{ field: 'apiVersion' }],
    });
    sandbox.meta.retireVersion('v22.0');
    expect(await client.send(lead())).toMatchObject({ status: 'unsent', error: { code: 'invalid_config' } });
  });

  test('a token that has run out is no fault of the events', async () => {
    const { dataset, client } = setUp();
    sandbox.meta.setToken(dataset.token, 'expired');
    expect(await client.send(lead())).toMatchObject({ status: 'unsent', error: { code: 'unauthorized' } });
    sandbox.meta.setToken(dataset.token, 'valid');
    expect(await client.send(lead())).toMatchObject({ status: 'accepted' });
  });
});
