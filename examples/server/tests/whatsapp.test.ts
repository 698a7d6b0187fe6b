import { createHmac, randomUUID } from 'node:crypto';
import type { HealthReport } from '@cartie/core';
import type { CustomerMessage, WhatsAppNumber } from '@cartie/sandbox';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ThreadMessage } from '../src/conversation-views.ts';
import { type Conversation, conversationsBy } from './conversations-by.ts';
import { sharedServer, until } from './test-server.ts';

const png = Buffer.from('89504e470d0a1a0a', 'hex');

describe('WhatsApp through the server', () => {
  const server = sharedServer({ AUTO_REPLY_PREFIX: 'hello' });
  let number: WhatsAppNumber;

  beforeAll(async () => {
    number = server.sandbox.whatsapp.numbers()[0] as WhatsAppNumber;
    // Meta is told the webhook in the background.
    await until(
      () => server.sandbox.whatsapp.calls(),
      (calls) => calls.some(({ operation, status }) => operation === 'subscribe' && status === 200),
    );
    // Calls that end well, so that the faults of these tests do not open the circuit.
    write('380670000000', { text: 'hello' });
    await threadOf('380670000000', (messages) => last(messages)?.state === 'sent');
    for (let n = 0; n < 9; n++) await answer('380670000000', { text: `Warm ${n}` });
    await threadOf(
      '380670000000',
      (messages) => messages.filter(({ state }) => state === 'sent').length === 10,
    );
  });

  const write = (from: string, message: Omit<CustomerMessage, 'from'>): string =>
    server.sandbox.whatsapp.customerSends(number, { name: `Customer ${from}`, ...message, from });
  const { conversationOf, threadOf } = conversationsBy('phone', server);
  const answer = async (phone: string, body: object): Promise<Response> =>
    server.post(`/conversations/${(await conversationOf(phone)).id}/messages`, { id: randomUUID(), ...body });
  const attach = async (phone: string, file: { type: string; name: string; bytes: Uint8Array }) => {
    const query = new URLSearchParams({ id: randomUUID(), name: file.name, caption: 'Look' });
    const { id } = await conversationOf(phone);
    return fetch(`${server.url}/api/conversations/${id}/files?${query}`, {
      method: 'POST',
      headers: { 'content-type': file.type },
      body: Buffer.from(file.bytes),
    });
  };
  const fileOf = async (phone: string, message: ThreadMessage | undefined): Promise<Response> =>
    fetch(`${server.url}/api/conversations/${(await conversationOf(phone)).id}/messages/${message?.id}/file`);
  const sentTo = (phone: string) =>
    server.sandbox.whatsapp.messages(phone).filter(({ from }) => from === 'business');
  const last = (messages: ThreadMessage[]): ThreadMessage | undefined => messages.at(-1);

  it('stores a message, answers it, and shows when the answer was delivered and seen', async () => {
    write('380671000001', { text: 'hello', name: 'Olena' });
    const sent = await threadOf('380671000001', (messages) => last(messages)?.deliveredAt != null);
    expect(sent).toMatchObject([
      { direction: 'in', kind: 'text', text: 'hello', author: 'Olena' },
      { direction: 'out', author: 'auto-reply', text: 'Received: hello', state: 'sent', seenAt: null },
    ]);
    server.sandbox.whatsapp.customerReads(number, '380671000001');
    await threadOf('380671000001', (messages) => last(messages)?.seenAt != null);
    expect(await conversationOf('380671000001')).toMatchObject({
      channel: 'whatsapp',
      title: 'Olena',
      externalId: 'UA.13806710000010',
      noReply: null,
    });
  });

  it('takes every kind of message, each in words', async () => {
    const from = '380671000002';
    write(from, { text: 'Hi' });
    const contents: [Omit<CustomerMessage, 'from'>, string, string][] = [
      [{ location: { latitude: 50.45, longitude: 30.52, name: 'Kyiv' } }, 'location', 'Kyiv · 50.45, 30.52'],
      [
        {
          raw: {
            type: 'contacts',
            contacts: [{ name: { formatted_name: 'Taras' }, phones: [{ phone: '+1' }] }],
          },
        },
        'contacts',
        'Taras · +1',
      ],
      [{ reaction: { messageId: 'wamid.x', emoji: '👍' } }, 'reaction', '👍'],
      [{ reaction: { messageId: 'wamid.x', emoji: '' } }, 'reaction_removed', ''],
      [
        {
          raw: {
            type: 'interactive',
            interactive: { type: 'nfm_reply', nfm_reply: { response_json: '{"a":1}' } },
          },
        },
        'flow_reply',
        '{"a":1}',
      ],
      [{ raw: { type: 'button', button: { payload: 'yes', text: 'Yes' } } }, 'button_reply', 'Yes'],
      [
        {
          raw: {
            type: 'order',
            order: {
              catalog_id: 'c',
              product_items: [{ product_retailer_id: 'x5', quantity: 2, item_price: 9, currency: 'UAH' }],
            },
          },
        },
        'order',
        '2 × x5 · 9 UAH',
      ],
      [{ raw: { type: 'unsupported', errors: [{ code: 131051 }] } }, 'unsupported', ''],
      [{ raw: { type: 'hologram', hologram: {} } }, 'hologram', ''],
    ];
    for (const [message] of contents) write(from, message);
    const messages = await threadOf(from, (thread) => thread.length === contents.length + 1);
    expect(messages.slice(1).map(({ kind, text }) => [kind, text])).toEqual(
      contents.map(([, kind, text]) => [kind, text]),
    );
  });

  it('puts edits in place, and empties what was taken back', async () => {
    const from = '380671000003';
    const id = write(from, { text: 'Two' });
    const picture = write(from, { file: { bytes: png, type: 'image/png', caption: 'Mine' } });
    await threadOf(from, (messages) => messages.length === 2);
    write(from, {
      raw: {
        type: 'edit',
        edit: { original_message_id: id, message: { type: 'text', text: { body: 'Three' } } },
      },
    });
    write(from, { raw: { type: 'revoke', revoke: { original_message_id: picture } } });
    const messages = await threadOf(
      from,
      (thread) => last(thread)?.kind === 'revoked' && thread[0]?.text === 'Three',
    );
    expect(messages).toMatchObject([
      { text: 'Three', kind: 'text' },
      { text: '', kind: 'revoked', file: null },
    ]);
  });

  it('shows files through itself, with the type that is safe, and says when they are gone', async () => {
    const from = '380671000004';
    write(from, { file: { bytes: png, type: 'image/png', caption: 'My car' } });
    write(from, { file: { bytes: '<script>alert(1)</script>', type: 'text/html', name: 'a "b".html' } });
    const [picture, page] = await threadOf(from, (messages) => messages.length === 2);
    expect(picture).toMatchObject({ kind: 'image', text: 'My car', file: { type: 'image/png', name: null } });
    const shown = await fileOf(from, picture);
    expect(Buffer.from(await shown.arrayBuffer())).toEqual(png);
    expect(shown.headers.get('content-type')).toBe('image/png');
    expect(shown.headers.get('cache-control')).toBe('private, max-age=3600');
    const saved = await fileOf(from, page);
    expect([saved.headers.get('content-type'), saved.headers.get('content-disposition')]).toEqual([
      'application/octet-stream',
      "attachment; filename*=UTF-8''a%20%22b%22.html",
    ]);
    const calls = server.sandbox.whatsapp.calls().filter(({ operation }) => operation === 'download');
    expect(calls.map(({ tokenIn }) => tokenIn)).toEqual(['header', 'header']);

    write(from, { raw: { type: 'image', image: { id: '404', mime_type: 'image/jpeg', sha256: 'x' } } });
    const gone = await threadOf(from, (messages) => messages.length === 3);
    const answered = await fileOf(from, last(gone));
    expect([answered.status, await answered.json()]).toEqual([
      410,
      { error: 'The provider does not have this file any more.' },
    ]);
    expect((await fileOf(from, { ...(page as ThreadMessage), id: 1 })).status).toBe(404);
  });

  it('shows no file that is too large', async () => {
    const from = '380671000005';
    write(from, { file: { bytes: Buffer.alloc(16 * 1024 * 1024 + 1), type: 'video/mp4' } });
    const messages = await threadOf(from, (thread) => thread.length === 1);
    const answered = await fileOf(from, last(messages));
    expect([answered.status, ((await answered.json()) as { error: string }).error]).toEqual([
      422,
      'The file is too large to be shown here: open it on the phone.',
    ]);
  });

  it('sends texts and files, and a tap on a button comes back', async () => {
    const from = '380671000006';
    write(from, { text: 'Hi' });
    expect((await answer(from, { text: 'It is not sold.' })).status).toBe(202);
    expect((await attach(from, { type: 'image/png', name: 'car.png', bytes: png })).status).toBe(202);
    expect(
      (await attach(from, { type: 'application/pdf', name: 'offer.pdf', bytes: Buffer.from('%PDF') })).status,
    ).toBe(202);
    const messages = await threadOf(
      from,
      (thread) => thread.length === 4 && thread.every(({ state }) => state !== 'queued'),
    );
    expect(messages.slice(1)).toMatchObject([
      { text: 'It is not sold.', state: 'sent' },
      { kind: 'image', text: 'Look', file: { type: 'image/png', name: 'car.png' }, state: 'sent' },
      { kind: 'document', file: { type: 'application/pdf', name: 'offer.pdf' }, state: 'sent' },
    ]);
    expect(sentTo(from).map(({ type, message }) => [type, message[type]])).toMatchObject([
      ['text', { body: 'It is not sold.' }],
      ['image', { caption: 'Look' }],
      ['document', { caption: 'Look', filename: 'offer.pdf' }],
    ]);
    expect(Buffer.from(await (await fileOf(from, messages[2])).arrayBuffer())).toEqual(png);
  });

  it('refuses files that WhatsApp does not take, before anything is stored', async () => {
    const from = '380671000007';
    write(from, { text: 'Hi' });
    const errorOf = async (file: Parameters<typeof attach>[1]) => {
      const response = await attach(from, file);
      return [response.status, ((await response.json()) as { error: string }).error];
    };
    expect(await errorOf({ type: 'text/html', name: 'a.html', bytes: png })).toEqual([
      422,
      'WhatsApp takes no files of the type text/html.',
    ]);
    expect(await errorOf({ type: 'image/png', name: 'a.png', bytes: Buffer.alloc(0) })).toEqual([
      422,
      'The file is empty.',
    ]);
    const [status, message] = await errorOf({
      type: 'image/png',
      name: 'a.png',
      bytes: Buffer.alloc(6_000_000),
    });
    expect(status).toBe(422);
    expect(message).toMatch(/5 MB|bytes/);
    expect(await threadOf(from, (messages) => messages.length > 0)).toHaveLength(1);
  });

  it('says so when WhatsApp refuses a file or does not answer', async () => {
    const from = '380671000018';
    write(from, { text: 'Hi' });
    await conversationOf(from);
    const file = { type: 'image/png', name: 'a.png', bytes: png };
    server.sandbox.faults.set({ provider: 'whatsapp', method: 'media', kind: 'forbidden', times: 1 });
    const answered = await attach(from, file);
    expect([answered.status, await answered.json()]).toEqual([
      502,
      { error: 'The provider does not answer as it should. Try again later.' },
    ]);
    expect(sentTo(from)).toEqual([]);
    expect((await attach(from, file)).status).toBe(202);
  });

  it('sends templates from the list of approved ones, and shows what the person reads', async () => {
    const from = '380671000008';
    write(from, { text: 'Hi' });
    const templates = await server.get<{ name: string; variables: unknown[] }[]>(
      '/channels/whatsapp/templates',
    );
    expect(templates.map(({ name, variables }) => [name, variables.length])).toEqual([
      ['answer', 1],
      ['car_ready', 3],
      ['new_cars', 1],
    ]);
    const template = { name: 'car_ready', language: 'en', values: ['BMW', 'Olena', '5 pm'] };
    expect((await answer(from, { template })).status).toBe(202);
    const messages = await threadOf(from, (thread) => last(thread)?.state === 'sent');
    expect(last(messages)).toMatchObject({
      kind: 'template',
      text: 'Your BMW is ready\nHello Olena! You can fetch it at 5 pm.',
    });
    expect(sentTo(from).at(-1)).toMatchObject({ type: 'template', text: 'car_ready' });
    server.sandbox.whatsapp.customerTaps(number, { from, title: 'I am coming' });
    await threadOf(from, (thread) => last(thread)?.text === 'I am coming');
    const named = { name: 'new_cars', language: 'uk', values: ['Олено'] };
    await answer(from, { template: named });
    const sent = await threadOf(from, (thread) => last(thread)?.state === 'sent');
    expect(last(sent)?.text).toBe('Вітаємо, Олено! Маємо нові авто.');
    expect((await answer(from, { template: { ...template, values: [] } })).status).toBe(422);
    expect((await answer(from, { template: { ...named, name: 'none' } })).status).toBe(422);
  });

  it('sends a text in the fallback template when the 24 hours are over, and no file', async () => {
    const from = '380671000009';
    // WhatsApp says when a message was written: this one came late.
    const timestamp = String(Math.floor(Date.now() / 1000) - 25 * 3_600);
    write(from, { raw: { type: 'text', text: { body: 'Hi' }, timestamp } });
    const { windowEndsAt } = await conversationOf(from);
    expect(windowEndsAt).toBeLessThan(Date.now());
    await answer(from, { text: 'It is\n  ready' });
    const messages = await threadOf(from, (thread) => last(thread)?.state === 'sent');
    expect(last(messages)).toMatchObject({ kind: 'template', text: 'It is\n  ready' });
    expect(sentTo(from)).toMatchObject([
      {
        type: 'template',
        message: {
          template: { name: 'answer', components: [{ parameters: [{ text: 'It is ready' }] }] },
        },
      },
    ]);
    expect((await attach(from, { type: 'image/png', name: 'a.png', bytes: png })).status).toBe(422);
  });

  it('settles a message in doubt by the status that names it, and sends nothing twice', async () => {
    const from = '380671000010';
    write(from, { text: 'Hi' });
    await conversationOf(from);
    server.sandbox.faults.set({
      provider: 'whatsapp',
      method: 'messages',
      kind: 'reset',
      after: true,
      times: 1,
    });
    await answer(from, { text: 'Your car is ready' });
    await answer(from, { text: 'Come by' });
    const messages = await threadOf(
      from,
      (thread) => thread.length === 3 && thread.slice(1).every(({ deliveredAt }) => deliveredAt !== null),
    );
    expect(messages.slice(1)).toMatchObject([
      { text: 'Your car is ready', state: 'sent', reason: null },
      { text: 'Come by', state: 'sent', reason: null },
    ]);
    expect(sentTo(from).map(({ text }) => text)).toEqual(['Your car is ready', 'Come by']);
    expect(await server.get('/queue')).toMatchObject({ outbox: { in_doubt: 0 }, inDoubt: [] });
  });

  it('leaves in doubt what no status names', async () => {
    const from = '380671000011';
    write(from, { text: 'Hi' });
    await conversationOf(from);
    server.sandbox.faults.set({ provider: 'whatsapp', method: 'messages', kind: 'reset', times: 1 });
    await answer(from, { text: 'Lost' });
    await threadOf(from, (thread) => last(thread)?.state === 'in_doubt');
    await answer(from, { text: 'Second' });
    const messages = await threadOf(from, (thread) => last(thread)?.deliveredAt != null);
    expect(messages.slice(1)).toMatchObject([
      { text: 'Lost', state: 'in_doubt', deliveredAt: null },
      { text: 'Second', state: 'sent' },
    ]);
  });

  it('shows what did not arrive as failed, with the reason', async () => {
    const from = '380671000012';
    write(from, { text: 'Hi' });
    await conversationOf(from);
    server.sandbox.whatsapp.setCustomer(from, { unreachable: true });
    await answer(from, { text: 'Are you there?' });
    const messages = await threadOf(from, (thread) => last(thread)?.state === 'failed');
    expect(last(messages)).toMatchObject({ reason: 'undeliverable', wasTaken: true, deliveredAt: null });
  });

  it('shows a refusal by what WhatsApp meant', async () => {
    const from = '380671000013';
    write(from, { text: 'Hi' });
    await conversationOf(from);
    const templates = server.sandbox.whatsapp.templates();
    const ready = templates.find(({ name }) => name === 'car_ready')?.id ?? '';
    server.sandbox.whatsapp.setTemplate(ready, 'DISABLED');
    await answer(from, { template: { name: 'car_ready', language: 'en', values: ['a', 'b', 'c'] } });
    const messages = await threadOf(from, (thread) => last(thread)?.state === 'failed');
    server.sandbox.whatsapp.setTemplate(ready, 'APPROVED');
    expect(last(messages)).toMatchObject({ reason: 'template', wasTaken: false });
  });

  it('keeps one conversation with a customer who hides the phone, and answers by the user id', async () => {
    const from = '380671000014';
    // Before user ids there was the phone alone.
    const value = (message: object) => ({
      messaging_product: 'whatsapp',
      metadata: { display_phone_number: number.displayPhoneNumber, phone_number_id: number.phoneNumberId },
      contacts: [{ profile: { name: 'Iryna' }, wa_id: from }],
      messages: [{ from, timestamp: String(Math.floor(Date.now() / 1000)), ...message }],
    });
    server.sandbox.whatsapp.pushChange(
      number,
      'messages',
      value({ id: 'wamid.old', type: 'text', text: { body: 'By phone' } }),
    );
    const first = await conversationOf(from);
    expect(first.externalId).toBe(from);
    write(from, { text: 'With both', name: 'Iryna' });
    await threadOf(from, (thread) => thread.length === 2);
    write(from, { text: 'Hidden', hidePhone: true, name: 'Iryna' });
    await threadOf(from, (thread) => thread.length === 3);
    expect(await conversationOf(from)).toMatchObject({ id: first.id, externalId: 'UA.13806710000140' });

    write('380671000015', { text: 'Never a phone', hidePhone: true, name: 'Secret' });
    const secret = await until(
      async () =>
        (await server.get<Conversation[]>('/conversations')).find(({ title }) => title === 'Secret'),
      (found) => found !== undefined,
    );
    expect(secret).toMatchObject({ phone: null, externalId: 'UA.13806710000150' });
    await server.post(`/conversations/${secret?.id}/messages`, { id: randomUUID(), text: 'Hello' });
    await until(
      () => sentTo('380671000015'),
      (sent) => sent.length === 1,
    );
    expect(sentTo('380671000015')[0]?.message).toMatchObject({ recipient: 'UA.13806710000150' });

    // Whoever moves to another phone or name gets another user id.
    server.sandbox.whatsapp.pushChange(number, 'user_id_update', {
      messaging_product: 'whatsapp',
      metadata: { display_phone_number: number.displayPhoneNumber, phone_number_id: number.phoneNumberId },
      user_id_update: [{ user_id: { previous: 'UA.13806710000150', current: 'UA.99' }, timestamp: '1' }],
    });
    await until(
      async () =>
        (await server.get<Conversation[]>('/conversations')).find(({ id }) => id === secret?.id)?.externalId,
      (externalId) => externalId === 'UA.99',
    );
  });

  it('keeps what a group says together, and answers the group', async () => {
    const group = 'Y2FwaV9ncm91cDox';
    for (const [index, from] of ['380671000017', '380671000018'].entries()) {
      write(from, {
        name: `Driver ${index}`,
        raw: { type: 'text', text: { body: `From ${index}` }, group_id: group },
      });
    }
    const found = await until(
      async () =>
        (await server.get<Conversation[]>('/conversations')).filter(({ externalId }) => externalId === group),
      (list) => list.length > 0,
    );
    const thread = await until(
      () => server.get<ThreadMessage[]>(`/conversations/${found[0]?.id}/messages`),
      (messages) => messages.length === 2,
    );
    expect(thread.map(({ author, text }) => [author, text])).toEqual([
      ['Driver 0', 'From 0'],
      ['Driver 1', 'From 1'],
    ]);
    await server.post(`/conversations/${found[0]?.id}/messages`, { id: randomUUID(), text: 'To all' });
    const sent = await until(
      () => server.sandbox.whatsapp.messages().find(({ text }) => text === 'To all'),
      (message) => message !== undefined,
    );
    expect(sent?.message).toMatchObject({ to: group, recipient_type: 'group' });
  });

  it('gives a lead the phone', async () => {
    write('380671000016', { text: 'I want one' });
    const { id } = await conversationOf('380671000016');
    expect((await server.post(`/conversations/${id}/lead`, { id: randomUUID() })).status).toBe(201);
    const leads = await server.get<{ phone: string }[]>('/leads');
    expect(leads[0]?.phone).toBe('+380671000016');
  });

  it('has a health card with the number, its quality and the token', async () => {
    const checks = async () =>
      (
        (await (await fetch(`${server.url}/health/integrations`)).json()) as {
          checks: Record<string, HealthReport>;
        }
      ).checks;
    expect((await checks()).whatsapp).toMatchObject({
      status: 'ok',
      facts: { numberStatus: 'CONNECTED', quality: 'GREEN', token: 'valid' },
    });
  });

  it('answers the handshake, and refuses what Meta did not sign', async () => {
    const address = `${server.url}/webhooks/whatsapp`;
    const ask = (token: string) =>
      fetch(
        `${address}?${new URLSearchParams({ 'hub.mode': 'subscribe', 'hub.verify_token': token, 'hub.challenge': '42' })}`,
      );
    expect(await (await ask('sandbox-verify-token')).text()).toBe('42');
    expect((await ask('wrong')).status).toBe(403);
    const body = '{"object":"whatsapp_business_account","entry":[]}';
    const post = (secret: string) =>
      fetch(address, {
        method: 'POST',
        body,
        headers: {
          'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
        },
      });
    expect((await post('wrong')).status).toBe(401);
    expect((await post(number.appSecret)).status).toBe(200);
  });
});
