import { startSandbox } from '@cartie/sandbox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { validMessages } from '../tests/messages.ts';
import { clientOf, type FakeGraph, failureOf, startGraph } from '../tests/support.ts';
import { createWhatsAppClient, type OutgoingMessage, type WhatsAppClient } from './index.ts';

let graph: FakeGraph;
let client: WhatsAppClient;

beforeAll(async () => {
  graph = await startGraph();
  client = clientOf(graph.url, {
    rates: { pair: { limit: 10_000, intervalMs: 1 }, throughput: { limit: 10_000, intervalMs: 1 } },
  });
});
afterAll(() => graph[Symbol.asyncDispose]());

describe('a message that keeps to the documentation', () => {
  it.each(Object.entries(validMessages))('goes out as it is: %s', async (_name, message) => {
    const before = graph.received.length;
    const sent = await client.send(message);
    expect(sent.id).toMatch(/^wamid\./);
    const { method, url, headers, json } = graph.received[before] ?? {};
    expect([method, url]).toEqual(['POST', '/v26.0/1001/messages']);
    expect(headers?.authorization).toBe('Bearer EAAtest-token-of-nobody-0123456789');
    expect(json).toEqual({ messaging_product: 'whatsapp', recipient_type: 'individual', ...message });
  });

  it('is taken by the sandbox, whose rules were written apart', async () => {
    await using sandbox = await startSandbox({ whatsapp: { rateScale: 0 } });
    const number = sandbox.whatsapp.createNumber();
    const real = createWhatsAppClient({
      phoneNumberId: number.phoneNumberId,
      accessToken: number.token,
      baseUrl: sandbox.whatsapp.apiUrl,
      rates: { pair: { limit: 10_000, intervalMs: 1 } },
    });
    const codes: Record<string, unknown> = {};
    for (const [name, message] of Object.entries(validMessages)) {
      if (message.type === 'template') continue;
      const error = await real.send(message).then(
        () => undefined,
        (thrown) => thrown,
      );
      // Made-up media ids are the one thing that it cannot know.
      if (error && !/media id/.test(error.provider?.message ?? ''))
        codes[name] = error.provider ?? error.message;
    }
    expect(codes).toEqual({});
  });
});

const to = '380671234567';
const interactive = (value: object): object => ({ to, type: 'interactive', interactive: value });
const body = { text: 'Choose' };
const reply = (id: string, title = id) => ({ type: 'reply', reply: { id, title } });
const row = (id: string) => ({ id, title: id });
const card = (card_index: number, buttons = 1) => ({
  card_index,
  type: 'cta_url',
  header: { type: 'image', image: { id: '1' } },
  action: {
    buttons: Array.from({ length: buttons }, (_, index) => ({
      type: 'quick_reply',
      quick_reply: { id: `${index}`, title: 'A' },
    })),
  },
});
const template = (components: object[]): object => ({
  to,
  type: 'template',
  template: { name: 'a', language: { code: 'en' }, components },
});

describe('a message that breaks a limit', () => {
  it.each<[string, object]>([
    ['to', { type: 'text', text: { body: 'x' } }],
    ['to', { to: '067 123', type: 'text', text: { body: 'x' } }],
    ['recipient', { recipient: '123', type: 'text', text: { body: 'x' } }],
    ['type', { to, type: 'poem' }],
    ['text', { to, type: 'text' }],
    ['text.body', { to, type: 'text', text: { body: '' } }],
    ['text.body', { to, type: 'text', text: { body: 'x'.repeat(4_097) } }],
    [
      'biz_opaque_callback_data',
      { to, type: 'text', text: { body: 'x' }, biz_opaque_callback_data: 'x'.repeat(513) },
    ],
    ['context.message_id', { to, type: 'text', text: { body: 'x' }, context: {} }],
    ['image.id', { to, type: 'image', image: {} }],
    ['image.id', { to, type: 'image', image: { id: '1', link: 'https://example.com' } }],
    ['image.link', { to, type: 'image', image: { link: 'car.jpg' } }],
    ['image.caption', { to, type: 'image', image: { id: '1', caption: 'x'.repeat(1_025) } }],
    ['location.latitude', { to, type: 'location', location: { latitude: 91, longitude: 0 } }],
    ['contacts[0].name.formatted_name', { to, type: 'contacts', contacts: [{ name: {} }] }],
    [
      'contacts[0].birthday',
      { to, type: 'contacts', contacts: [{ name: { formatted_name: 'A' }, birthday: '31.12.1990' }] },
    ],
    ['reaction.message_id', { to, type: 'reaction', reaction: { emoji: '👍' } }],
    ['interactive.type', interactive({ type: 'poem' })],
    [
      'interactive.action.buttons',
      interactive({ type: 'button', body, action: { buttons: ['a', 'b', 'c', 'd'].map((id) => reply(id)) } }),
    ],
    [
      'interactive.action.buttons[0].reply.title',
      interactive({ type: 'button', body, action: { buttons: [reply('a', 'x'.repeat(21))] } }),
    ],
    [
      'interactive.action.buttons[1].reply.id',
      interactive({ type: 'button', body, action: { buttons: [reply('a', '1'), reply('a', '2')] } }),
    ],
    [
      'interactive.body.text',
      interactive({ type: 'button', body: { text: 'x'.repeat(1_025) }, action: { buttons: [reply('a')] } }),
    ],
    [
      'interactive.footer.text',
      interactive({
        type: 'button',
        body,
        footer: { text: 'x'.repeat(61) },
        action: { buttons: [reply('a')] },
      }),
    ],
    [
      'interactive.header.text',
      interactive({
        type: 'button',
        header: { type: 'text', text: 'x'.repeat(61) },
        body,
        action: { buttons: [reply('a')] },
      }),
    ],
    [
      'interactive.action.sections',
      interactive({
        type: 'list',
        body,
        action: {
          button: 'x',
          sections: [
            { title: 'a', rows: 'abcdef'.split('').map(row) },
            { title: 'b', rows: 'ghijk'.split('').map(row) },
          ],
        },
      }),
    ],
    [
      'interactive.action.sections[1].title',
      interactive({
        type: 'list',
        body,
        action: { button: 'x', sections: [{ title: 'a', rows: [row('a')] }, { rows: [row('b')] }] },
      }),
    ],
    [
      'interactive.action.sections[0].rows[0].description',
      interactive({
        type: 'list',
        body,
        action: { button: 'x', sections: [{ rows: [{ ...row('a'), description: 'x'.repeat(73) }] }] },
      }),
    ],
    [
      'interactive.action.parameters.display_text',
      interactive({
        type: 'cta_url',
        body,
        action: { name: 'cta_url', parameters: { display_text: 'x'.repeat(21), url: 'https://a.example' } },
      }),
    ],
    [
      'interactive.action.parameters.flow_id',
      interactive({
        type: 'flow',
        body,
        action: { name: 'flow', parameters: { flow_message_version: '3', flow_cta: 'Go' } },
      }),
    ],
    [
      'interactive.header',
      interactive({
        type: 'product',
        header: { type: 'text', text: 'x' },
        action: { catalog_id: '1', product_retailer_id: '2' },
      }),
    ],
    [
      'interactive.header',
      interactive({
        type: 'product_list',
        body,
        action: { catalog_id: '1', sections: [{ product_items: [{ product_retailer_id: '2' }] }] },
      }),
    ],
    [
      'interactive.footer',
      interactive({
        type: 'location_request_message',
        body,
        footer: { text: 'x' },
        action: { name: 'send_location' },
      }),
    ],
    ['interactive.action.cards', interactive({ type: 'carousel', body, action: { cards: [card(0)] } })],
    [
      'interactive.action.cards[1].action',
      interactive({ type: 'carousel', body, action: { cards: [card(0), card(1, 2)] } }),
    ],
    [
      'interactive.action.cards[1].card_index',
      interactive({ type: 'carousel', body, action: { cards: [card(0), card(0)] } }),
    ],
    [
      'template.language.code',
      { to, type: 'template', template: { name: 'a', language: { code: 'english' } } },
    ],
    [
      'template.components[0].parameters',
      template([
        {
          type: 'body',
          parameters: [
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b', parameter_name: 'b' },
          ],
        },
      ]),
    ],
    [
      'template.components[1].index',
      template([
        { type: 'button', sub_type: 'url', index: '0' },
        { type: 'button', sub_type: 'url', index: 0 },
      ]),
    ],
    [
      'template.components[0].parameters[0].coupon_code',
      template([
        {
          type: 'button',
          sub_type: 'copy_code',
          index: '0',
          parameters: [{ type: 'coupon_code', coupon_code: 'x'.repeat(16) }],
        },
      ]),
    ],
    [
      'template.components[0].cards',
      template([
        { type: 'carousel', cards: [{ card_index: 0, components: [{ type: 'body', parameters: [] }] }] },
      ]),
    ],
    [
      'pin.expiration_days',
      {
        to: 'g',
        recipient_type: 'group',
        type: 'pin',
        pin: { type: 'pin', message_id: 'm', expiration_days: 31 },
      },
    ],
  ])('is refused before it is sent, and the error names %s', async (field, message) => {
    const before = graph.received.length;
    const error = await failureOf(client.send(message as OutgoingMessage));
    expect(error).toMatchObject({ code: 'invalid_input', field, outcome: 'not_executed' });
    expect(graph.received.length).toBe(before);
  });

  const x = (count: number): string => 'x'.repeat(count);
  const many = <T>(count: number, item: (index: number) => T): T[] =>
    Array.from({ length: count }, (_, index) => item(index));
  const buttons = (change: object): object =>
    interactive({ type: 'button', body, action: { buttons: [reply('a')] }, ...change });
  const rows = (change: object, action: object = {}): object =>
    interactive({
      type: 'list',
      body,
      action: { button: 'x', sections: [{ title: 'a', rows: [{ ...row('a'), ...change }] }], ...action },
    });
  const sections = (list: object[]): object => rows({}, { sections: list });
  const products = (list: object[]): object =>
    interactive({
      type: 'product_list',
      header: { type: 'text', text: 'x' },
      body,
      action: { catalog_id: '1', sections: list },
    });
  const product = (index: number): object => ({ product_retailer_id: `p${index}` });
  const cards = (count: number, change: object = {}): object =>
    interactive({
      type: 'carousel',
      body,
      action: { cards: many(count, (index) => ({ ...card(index), ...change })) },
    });

  it.each<[string, number, (count: number) => object]>([
    ['text.body', 4_096, (n) => ({ to, type: 'text', text: { body: x(n) } })],
    ['video.caption', 1_024, (n) => ({ to, type: 'video', video: { id: '1', caption: x(n) } })],
    ['document.caption', 1_024, (n) => ({ to, type: 'document', document: { id: '1', caption: x(n) } })],
    [
      'biz_opaque_callback_data',
      512,
      (n) => ({ to, type: 'text', text: { body: 'x' }, biz_opaque_callback_data: x(n) }),
    ],
    ['interactive.body.text', 1_024, (n) => buttons({ body: { text: x(n) } })],
    ['interactive.footer.text', 60, (n) => buttons({ footer: { text: x(n) } })],
    ['interactive.header.text', 60, (n) => buttons({ header: { type: 'text', text: x(n) } })],
    ['interactive.action.buttons', 3, (n) => buttons({ action: { buttons: many(n, (i) => reply(`${i}`)) } })],
    [
      'interactive.action.buttons[0].reply.id',
      256,
      (n) => buttons({ action: { buttons: [reply(x(n), 'A')] } }),
    ],
    [
      'interactive.action.buttons[0].reply.title',
      20,
      (n) => buttons({ action: { buttons: [reply('a', x(n))] } }),
    ],
    [
      'interactive.body.text',
      4_096,
      (n) =>
        interactive({
          type: 'list',
          body: { text: x(n) },
          action: { button: 'x', sections: [{ rows: [row('a')] }] },
        }),
    ],
    ['interactive.action.button', 20, (n) => rows({}, { button: x(n) })],
    ['interactive.action.sections[0].rows[0].id', 200, (n) => rows({ id: x(n) })],
    ['interactive.action.sections[0].rows[0].title', 24, (n) => rows({ title: x(n) })],
    ['interactive.action.sections[0].rows[0].description', 72, (n) => rows({ description: x(n) })],
    ['interactive.action.sections[0].title', 24, (n) => sections([{ title: x(n), rows: [row('a')] }])],
    [
      'interactive.action.sections[0].rows',
      10,
      (n) => sections([{ title: 'a', rows: many(n, (i) => row(`${i}`)) }]),
    ],
    [
      'interactive.action.sections',
      10,
      (n) => sections(many(n, (i) => ({ title: `${i}`, rows: [row(`${i}`)] }))),
    ],
    [
      'interactive.action.sections[0].product_items',
      30,
      (n) => products([{ title: 'a', product_items: many(n, product) }]),
    ],
    [
      'interactive.action.sections',
      30,
      (n) =>
        products([
          { title: 'a', product_items: many(15, product) },
          { title: 'b', product_items: many(n - 15, product) },
        ]),
    ],
    ['interactive.action.cards', 10, (n) => cards(n)],
    ['interactive.action.cards[0].body.text', 160, (n) => cards(2, { body: { text: x(n) } })],
    ['interactive.action.cards[0].body.text', 2, (n) => cards(2, { body: { text: `a${'\n'.repeat(n)}b` } })],
    [
      'interactive.action.parameters.display_text',
      20,
      (n) =>
        interactive({
          type: 'cta_url',
          body,
          action: { name: 'cta_url', parameters: { display_text: x(n), url: 'https://a.example' } },
        }),
    ],
    [
      'template.components[0].parameters[0].coupon_code',
      15,
      (n) =>
        template([
          {
            type: 'button',
            sub_type: 'copy_code',
            index: '0',
            parameters: [{ type: 'coupon_code', coupon_code: x(n) }],
          },
        ]),
    ],
    [
      'pin.expiration_days',
      30,
      (n) => ({
        to: 'g',
        recipient_type: 'group',
        type: 'pin',
        pin: { type: 'pin', message_id: 'm', expiration_days: n },
      }),
    ],
  ])('may have in %s what is documented, %i, and not one more', async (field, most, make) => {
    await client.send(make(most) as OutgoingMessage);
    const error = await failureOf(client.send(make(most + 1) as OutgoingMessage));
    expect(error).toMatchObject({ code: 'invalid_input', field });
  });

  it('counts characters as a reader does', async () => {
    await client.send({ to, type: 'text', text: { body: '🚗'.repeat(4_096) } });
    const error = await failureOf(client.send({ to, type: 'text', text: { body: '🚗'.repeat(4_097) } }));
    expect(error.field).toBe('text.body');
  });

  it('quotes nothing of the message', async () => {
    const error = await failureOf(client.send({ to: 'olena secret', type: 'text', text: { body: 'x' } }));
    expect(error.message).toBe('`to` must be a phone number with its country code, digits only');
  });
});
