import { type RunningSandbox, type SandboxSendPulseAccount, startSandbox } from '@cartie/sandbox';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { all, clientOf } from '../tests/support.ts';
import type { NewCampaign, SendPulseClient, SendPulseLetter } from './index.ts';
import type { Operation } from './operation.ts';
import { operations } from './operations.ts';

let sandbox: RunningSandbox;
let account: SandboxSendPulseAccount;
let sendpulse: SendPulseClient;

beforeEach(async () => {
  sandbox = await startSandbox({ sendpulse: { rateScale: 0 } });
  account = sandbox.sendpulse.createAccount();
  sendpulse = clientOf(sandbox, account);
});
afterEach(() => sandbox.close());

const book = async (bookName = 'Book'): Promise<number> =>
  (await sendpulse.addressBooks.create({ bookName })).id;
const activeSender = async (email = 'cars@example.com'): Promise<void> => {
  await sendpulse.senders.add({ email, name: 'Cars' });
  await sendpulse.senders.activate({ email, code: sandbox.sendpulse.senderCode(account, email) ?? '' });
};

describe('the table of operations', () => {
  const { chatbots, ...areas } = operations;
  const services = Object.entries(chatbots).map(([service, own]) => [`chatbots.${service}`, own] as const);
  const rows = [...Object.entries(areas), ...services].flatMap(([area, own]) =>
    Object.entries(own as Record<string, Operation>).map(([name, row]) => [`${area}.${name}`, row] as const),
  );

  test('has a method of the client for each row, and leads each to an address of SendPulse', async () => {
    expect(rows.length).toBeGreaterThan(250);
    for (const [name, row] of rows.filter(([one]) => one !== 'oauth.accessToken')) {
      const method = name
        .split('.')
        .reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], sendpulse);
      expect(method, name).toBeTypeOf('function');
      const path = row.path.replaceAll(/\{\w+\}/g, '1').replace('/stats/1/', '/stats/email/');
      await sendpulse
        .call({ method: row.method, path, json: row.method === 'GET' ? undefined : {} })
        .catch(() => undefined);
      // The sandbox, which was written without this table, knows the route.
      expect(
        sandbox.sendpulse.calls().at(-1)?.method.split(' ')[1],
        `${name}: ${row.method} ${path}`,
      ).not.toBe('');
    }
  }, 30_000);

  test('lets nothing be repeated that sends, makes or pays', () => {
    const repeatable = rows
      .filter(([, { idempotent, method }]) => idempotent && method !== 'GET')
      .map(([name]) => name);
    for (const name of repeatable)
      expect(name).not.toMatch(/\.(send(?!Typing)|create|run|invite|check|resubscribe|request)/i);
    const once = rows.filter(([, { idempotent }]) => !idempotent).map(([name]) => name);
    expect(once).toEqual(
      expect.arrayContaining([
        'smtp.send',
        'sms.send',
        'sms.createCampaign',
        'campaigns.create',
        'viber.create',
        'push.create',
        'automation.sendEvent',
        'verifier.checkEmail',
        'senders.requestCode',
        'addressBooks.inviteEmails',
        'chatbots.whatsapp.sendTemplateByPhone',
        'chatbots.telegram.runFlow',
      ]),
    );
  });
});

describe('address books', () => {
  test('are made, listed page by page, renamed and deleted', async () => {
    for (let index = 0; index < 7; index += 1) await book(`Book ${index}`);
    const names = async (options: object): Promise<string[]> =>
      (await all(sendpulse.addressBooks.list({}, options))).map(({ name }) => name);
    expect(await names({ pageSize: 3 })).toEqual(Array.from({ length: 7 }, (_, index) => `Book ${index}`));
    expect(await names({ pageSize: 2, offset: 4 })).toEqual(['Book 4', 'Book 5', 'Book 6']);
    expect(await names({ limit: 2 })).toEqual(['Book 0', 'Book 1']);
    await expect(names({ pageSize: 101 })).rejects.toMatchObject({
      code: 'invalid_input',
      field: 'pageSize',
    });
    const [first] = await all(sendpulse.addressBooks.list());
    const id = first?.id ?? 0;
    await sendpulse.addressBooks.update({ id, name: 'New' });
    expect(await sendpulse.addressBooks.get({ id })).toMatchObject({ id, name: 'New', all_email_qty: 0 });
    await sendpulse.addressBooks.delete({ id });
    await expect(sendpulse.addressBooks.get({ id })).rejects.toMatchObject({
      code: 'not_found',
      status: 404,
    });
  });

  test('take, show and lose any number of contacts, 100 in a request', async () => {
    const id = await book();
    const emails = Array.from({ length: 250 }, (_, index) => `p${index}@example.com`);
    await sendpulse.addressBooks.addEmails({
      id,
      emails: emails.map((email) => ({ email, variables: { city: 'Київ' } })),
    });
    expect(await sendpulse.addressBooks.total({ id })).toEqual({ total: 250 });
    expect((await all(sendpulse.addressBooks.emails({ id }))).map(({ email }) => email)).toEqual(emails);
    expect(await sendpulse.addressBooks.variables({ id })).toEqual([{ name: 'city', type: 'string' }]);
    expect(await sendpulse.addressBooks.emailsByVariable({ id, name: 'city', value: 'Київ' })).toHaveLength(
      250,
    );
    await sendpulse.addressBooks.unsubscribeEmails({ id, emails: emails.slice(0, 120) });
    expect(await all(sendpulse.addressBooks.emails({ id, active: true }))).toHaveLength(130);
    await sendpulse.addressBooks.removeEmails({ id, emails });
    expect(await sendpulse.addressBooks.total({ id })).toEqual({ total: 0 });
    const added = sandbox.sendpulse
      .calls()
      .filter(({ method }) => method === 'POST /addressbooks/{id}/emails');
    expect(added).toHaveLength(3);
    await expect(sendpulse.addressBooks.addEmails({ id, emails: [] })).rejects.toMatchObject({
      field: 'emails',
    });
  });

  test('invite contacts, who become active when they confirm', async () => {
    const id = await book();
    await activeSender();
    const invitation = { id, emails: ['a@example.com'], sender_email: 'cars@example.com', template_id: '1' };
    await sendpulse.addressBooks.inviteEmails(invitation);
    expect(sandbox.sendpulse.contacts(account, id)).toMatchObject([{ status: 2 }]);
    sandbox.sendpulse.confirm(account, id, 'a@example.com');
    expect(await sendpulse.addressBooks.getEmail({ id, email: 'a@example.com' })).toMatchObject({
      status: 1,
    });
    sandbox.faults.set({ provider: 'sendpulse', kind: 'server_error', after: true, times: 1 });
    await expect(sendpulse.addressBooks.inviteEmails(invitation)).rejects.toMatchObject({
      outcome: 'unknown',
    });
  });

  test('set what is known of a contact', async () => {
    const id = await book();
    const email = 'a@example.com';
    await sendpulse.addressBooks.addEmails({ id, emails: [email] });
    await sendpulse.addressBooks.setVariables({ id, email, variables: [{ name: 'city', value: 'Львів' }] });
    await sendpulse.addressBooks.setPhone({ id, email, phone: '+380671234567' });
    expect(await sendpulse.addressBooks.getEmail({ id, email })).toMatchObject({
      phone: '+380671234567',
      variables: expect.arrayContaining([{ name: 'city', type: 'string', value: 'Львів' }]),
    });
    expect(await sendpulse.emails.get({ email })).toMatchObject([{ book_id: id }]);
    await sendpulse.emails.delete({ email });
    await expect(sendpulse.emails.get({ email })).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('the e-mail service', () => {
  test('keeps a blacklist, in base64 on the wire alone', async () => {
    await sendpulse.blacklist.add({ emails: ['a@example.com', 'b@example.com'], comment: 'asked' });
    expect(await sendpulse.blacklist.list()).toEqual(['a@example.com', 'b@example.com']);
    await sendpulse.blacklist.remove({ emails: ['a@example.com'] });
    expect(sandbox.sendpulse.blacklist(account)).toEqual(['b@example.com']);
  });

  test('sends a campaign to a book', async () => {
    const id = await book();
    await sendpulse.addressBooks.addEmails({ id, emails: ['a@example.com'] });
    await activeSender();
    const campaign = { sender_name: 'Cars', sender_email: 'cars@example.com', subject: 'New', list_id: id };
    const sent = await sendpulse.campaigns.create({ ...campaign, body: '<b>Київ</b>' });
    expect(sent).toMatchObject({ status: 1, count: 1 });
    expect(await sendpulse.campaigns.get({ id: sent.id })).toMatchObject({ name: 'New' });
    expect(await all(sendpulse.campaigns.list())).toHaveLength(1);
    expect(await all(sendpulse.addressBooks.campaigns({ id }))).toEqual([
      { task_id: sent.id, task_name: 'New' },
    ]);
    const draft = await sendpulse.campaigns.create({ ...campaign, body: 'x', type: 'draft' });
    await sendpulse.campaigns.update({ id: draft.id, subject: 'Newer' });
    await sendpulse.campaigns.cancel({ id: draft.id });
    await expect(sendpulse.campaigns.get({ id: draft.id })).rejects.toMatchObject({ code: 'not_found' });
  });

  const campaign: NewCampaign = {
    sender_name: 'Cars',
    sender_email: 'cars@example.com',
    subject: 'New',
    list_id: 1,
    body: 'x',
  };
  const many = Array.from({ length: 11 }, (_, n) => n + 1);
  test.each<[string, Partial<NewCampaign>, string]>([
    ['without a sender’s name', { sender_name: '' }, 'sender_name'],
    ['from no address', { sender_email: 'cars' }, 'sender_email'],
    ['without a subject', { subject: undefined as never }, 'subject'],
    ['without a text', { body: undefined }, 'body'],
    ['to nobody', { list_id: undefined }, 'list_id'],
    ['to eleven books', { list_id: many }, 'list_id'],
    [
      'with six files',
      { attachments: Object.fromEntries(many.slice(5).map((n) => [n, 'x'])) },
      'attachments',
    ],
  ])('sends no campaign %s', async (_, wrong, field) => {
    await expect(sendpulse.campaigns.create({ ...campaign, ...wrong })).rejects.toMatchObject({
      code: 'invalid_input',
      operation: 'campaigns.create',
      field,
    });
    expect(sandbox.sendpulse.calls()).toEqual([]);
  });

  test('keeps templates, senders, tags and webhooks', async () => {
    const { real_id: id } = await sendpulse.templates.create({ name: 'Hello', body: '<b>Київ</b>' });
    await sendpulse.templates.update({ id, body: '<i>Київ</i>' });
    expect(await sendpulse.templates.get({ id })).toMatchObject({ name: 'Hello', body: '<i>Київ</i>' });
    expect(await sendpulse.templates.getBySlug({ slug: 'hello' })).toMatchObject({ real_id: id });
    expect(await all(sendpulse.templates.list())).toHaveLength(1);

    await activeSender();
    expect(await sendpulse.senders.list()).toMatchObject([{ email: 'cars@example.com', status: 'Active' }]);
    await sendpulse.senders.requestCode({ email: 'cars@example.com' });
    await expect(sendpulse.senders.requestCode({ email: 'cars@example.com' })).rejects.toMatchObject({
      code: 'rate_limited',
      retryAfterMs: 900_000,
    });
    await sendpulse.senders.delete({ email: 'cars@example.com' });

    await sendpulse.tags.create({ name: 'VIP', color: '#fff' });
    const [tag] = await sendpulse.tags.list();
    await sendpulse.tags.pinEmail({ email: 'a@example.com', tags: [tag?.id ?? 0] });
    await sendpulse.tags.delete({ id: tag?.id ?? 0 });
    expect(await sendpulse.tags.list()).toEqual([]);

    const rows = await sendpulse.webhooks.create({ url: 'https://example.com/x', actions: ['open', 'spam'] });
    expect(rows.map(({ action }) => action)).toEqual(['open', 'spam']);
    const row = rows[0]?.id ?? 0;
    await sendpulse.webhooks.update({ id: row, url: 'https://example.com/y' });
    expect(await sendpulse.webhooks.get({ id: row })).toMatchObject({ url: 'https://example.com/y' });
    await sendpulse.webhooks.delete({ id: row });
    expect(await sendpulse.webhooks.list()).toHaveLength(1);
    expect(await sendpulse.balance.getIn({ currency: 'usd' })).toMatchObject({ currency: 'USD' });
  });
});

describe('letters', () => {
  const letter: SendPulseLetter = {
    from: { name: 'Cars', email: 'cars@example.com' },
    to: [{ name: 'Олена', email: 'olena@example.com' }],
    subject: 'Ваше авто',
    html: '<p>Київ</p>',
    text: 'Київ',
    attachments: { 'note.txt': 'Привіт', 'photo.jpg': new Uint8Array([0xff, 0xd8, 0x00]) },
  };

  test('arrive as they were written, with their files', async () => {
    const { id } = await sendpulse.smtp.send(letter);
    expect(sandbox.sendpulse.mails(account)).toMatchObject([
      {
        id,
        html: '<p>Київ</p>',
        text: 'Київ',
        to: ['olena@example.com'],
        email: { attachments: { 'note.txt': 'Привіт' }, attachments_binary: { 'photo.jpg': '/9gA' } },
      },
    ]);
    expect(await sendpulse.smtp.get({ id })).toMatchObject({ id, subject: 'Ваше авто' });
    expect(await sendpulse.smtp.info({ emails: [id] })).toHaveLength(1);
    const tooMany = Array.from({ length: 501 }, () => id);
    await expect(sendpulse.smtp.info({ emails: tooMany })).rejects.toMatchObject({
      code: 'invalid_input',
      field: 'emails',
    });
    expect(await all(sendpulse.smtp.list({ recipient: 'olena@example.com' }))).toHaveLength(1);
    expect(await sendpulse.smtp.total()).toEqual({ total: 1 });
  });

  test('that bounce and people who unsubscribe are listed', async () => {
    sandbox.sendpulse.setMailbox('gone@example.com', 'hard_bounces');
    await sendpulse.smtp.send({ ...letter, to: [{ email: 'gone@example.com' }] });
    expect(await all(sendpulse.smtp.bounces())).toMatchObject([{ email_to: 'gone@example.com' }]);
    await sendpulse.smtp.unsubscribe({ emails: [{ email: 'a@example.com', comment: 'asked' }] });
    expect(await sendpulse.smtp.isUnsubscribed({ email: 'a@example.com' })).toEqual({ result: true });
    expect(await all(sendpulse.smtp.unsubscribed())).toMatchObject([{ email: 'a@example.com' }]);
    await sendpulse.smtp.removeUnsubscribed({ emails: ['a@example.com'] });
    expect(await sendpulse.smtp.isUnsubscribed({ email: 'a@example.com' })).toEqual({ result: false });
    await sendpulse.smtp.addDomain({ domain: 'cars.example' });
    expect(await sendpulse.smtp.domains()).toMatchObject([{ service_value: 'cars.example' }]);
  });

  test.each<[string, Partial<SendPulseLetter>, string]>([
    ['without a sender', { from: undefined as never }, 'from'],
    ['from no address', { from: { name: 'x', email: 'x' } }, 'from.email'],
    ['to nobody', { to: [] }, 'to'],
    ['to no address', { to: [{ email: 'x y@z' }] }, 'to[0].email'],
    ['without a subject', { subject: '' }, 'subject'],
    ['without a text', { html: undefined, text: undefined }, 'html'],
    ['with a file that is none', { attachments: { a: 5 as never } }, 'attachments.a'],
  ])('%s are refused before anything is sent', async (_, wrong, field) => {
    await expect(sendpulse.smtp.send({ ...letter, ...wrong })).rejects.toMatchObject({
      code: 'invalid_input',
      operation: 'smtp.send',
      field,
    });
    expect(sandbox.sendpulse.calls()).toEqual([]);
  });
});

describe('other channels', () => {
  test('send SMS and keep phones', async () => {
    const addressBookId = await book();
    await sendpulse.sms.addPhones({ addressBookId, phones: ['380671234567', '380671234568'] });
    const value = [[{ name: 'city', type: 'string' as const, value: 'Київ' }]];
    await sendpulse.sms.addPhonesWithVariables({ addressBookId, phones: { '380671234569': value } });
    expect(await sendpulse.sms.getPhone({ addressBookId, phone: '380671234569' })).toMatchObject({
      result: true,
    });
    await sendpulse.sms.addToBlacklist({ phones: ['380671234567'], description: 'asked' });
    expect(await sendpulse.sms.findInBlacklist({ phones: ['380671234567', '380671234568'] })).toMatchObject([
      { phone: '380671234567' },
    ]);
    const sent = await sendpulse.sms.send({
      sender: 'CARS',
      phones: ['+380671234568', '380671234567'],
      body: 'Готово',
    });
    expect(sent).toMatchObject({ counters: { exceptions: 1, sends: 1 } });
    expect(await sendpulse.sms.cost({ body: 'x', sender: 'CARS', addressBookId })).toMatchObject({
      currency: 'UAH',
    });
    await sendpulse.sms.cancelCampaign({ id: sent.campaign_id });
    expect(await sendpulse.sms.campaigns()).toMatchObject([{ status: 'cancelled' }]);
    const tooLong = { sender: 'CARS OF KYIV', phones: ['380671234567'], body: 'x' };
    await expect(sendpulse.sms.send(tooLong)).rejects.toMatchObject({
      code: 'invalid_input',
      field: 'sender',
    });
  });

  test('tell Automation 360 of events, whatever their names', async () => {
    await sendpulse.automation.sendEvent({ event: 'нова заявка/1', phone: '+380671234567', model: 'X5' });
    expect(sandbox.sendpulse.events(account)).toMatchObject([
      { name: 'нова заявка/1', phone: '380671234567', fields: { model: 'X5' } },
    ]);
    expect(await all(sendpulse.automation.list())).toMatchObject([{ id: 1 }]);
    expect(await sendpulse.automation.blockStats({ block: 'email', id: 1 })).toMatchObject({ sent: 0 });
  });

  test('send Viber campaigns and web push', async () => {
    const viber = {
      message_type: 2,
      message_live_time: 60,
      send_date: 'now',
      sender_id: 1,
      message: 'Hi',
    } as const;
    await sendpulse.viber.create({ ...viber, recipients: [380671234567] });
    const [task] = await all(sendpulse.viber.list());
    expect(await sendpulse.viber.recipients({ id: task?.id ?? 0 })).toMatchObject([
      { phone: '380671234567' },
    ]);
    await expect(sendpulse.viber.create({ ...viber, message_live_time: 59 })).rejects.toMatchObject({
      field: 'message_live_time',
    });
    await expect(sendpulse.viber.create(viber)).rejects.toMatchObject({ field: 'recipients' });

    const site = sandbox.sendpulse.createWebsite(account, 'https://cars.example');
    const push = { title: 'New', body: 'X5', website_id: site.id, ttl: 3_600 };
    const { id } = await sendpulse.push.create(push);
    expect(await sendpulse.push.get({ id })).toMatchObject({ message: { title: 'New' } });
    await expect(sendpulse.push.create(push)).rejects.toMatchObject({ code: 'rate_limited' });
    await expect(sendpulse.push.create({ ...push, ttl: 86_401 })).rejects.toMatchObject({ field: 'ttl' });
    expect(await all(sendpulse.push.websites())).toMatchObject([{ url: 'https://cars.example' }]);
  });

  test('verify addresses; a report is a file', async () => {
    const id = await book();
    await sendpulse.addressBooks.addEmails({ id, emails: ['a@example.com'] });
    await sendpulse.verifier.checkBook({ id });
    expect(await sendpulse.verifier.progress({ id })).toEqual({ total: 1, processed: 1 });
    await sendpulse.verifier.makeReport({ id, format: 2 });
    expect(await sendpulse.verifier.downloadReport({ id })).toBe('email,status\na@example.com,valid');
    await sendpulse.verifier.checkEmail({ email: 'a@example.com' });
    expect(await sendpulse.verifier.emailResult({ email: 'a@example.com' })).toMatchObject({
      checks: { status: 1 },
    });
  });
});

describe('chatbots', () => {
  test.each(['whatsapp', 'telegram', 'instagram', 'messenger', 'viber'] as const)(
    'of %s',
    async (service) => {
      const bot = sandbox.sendpulse.createBot(account, service);
      const { id: contact_id } = sandbox.sendpulse.createChatContact(account, bot.id);
      const chatbot = sendpulse.chatbots[service];
      await chatbot.setTags({ contact_id, tags: ['buyer'] });
      await chatbot.setVariables({
        contact_id,
        variables: [{ variable_name: 'city', variable_value: 'Київ' }],
      });
      expect(await chatbot.getContact({ id: contact_id })).toMatchObject({
        id: contact_id,
        tags: ['buyer'],
        variables: { city: 'Київ' },
      });
      expect(await all(chatbot.contactsByTag({ bot_id: bot.id, tag: 'buyer' }))).toHaveLength(1);
      await chatbot.runFlow({ contact_id, flow_id: 'flow-1' });
      await chatbot.markRead({ contact_id });
      expect(await all(chatbot.messages({ contact_id }))).toMatchObject([{ flow_id: 'flow-1' }]);
      expect(await all(chatbot.bots())).toMatchObject([{ id: bot.id }]);
      const missing = chatbot.getContact({ id: 'nobody' });
      await expect(missing).rejects.toMatchObject({ code: 'not_found', provider: { code: 404 } });
    },
  );

  test('of WhatsApp know people by their phones', async () => {
    const { id: bot_id } = sandbox.sendpulse.createBot(account, 'whatsapp');
    const { whatsapp } = sendpulse.chatbots;
    const phone = '380671234567';
    const contact = await whatsapp.createContact({ bot_id, phone, name: 'Олена', tags: ['buyer'] });
    expect(await whatsapp.getContactByPhone({ bot_id, phone })).toMatchObject({ id: contact.id });
    await whatsapp.sendByPhone({ bot_id, phone, message: { type: 'text', text: { body: 'Готово' } } });
    await whatsapp.send({ contact_id: contact.id, message: { type: 'text', text: { body: 'Hi' } } });
    expect(sandbox.sendpulse.chatMessages(account, contact.id)).toHaveLength(2);
    expect(await whatsapp.templates({ bot_id })).toMatchObject([{ name: 'hello' }]);
  });

  test('list subscribers page by page', async () => {
    const bot = sandbox.sendpulse.createBot(account, 'telegram');
    for (let index = 0; index < 5; index += 1) {
      const { id } = sandbox.sendpulse.createChatContact(account, bot.id);
      await sendpulse.chatbots.telegram.setTags({ contact_id: id, tags: ['all'] });
    }
    const found = sendpulse.chatbots.telegram.contactsByTag({ bot_id: bot.id, tag: 'all' }, { pageSize: 2 });
    expect(new Set((await all(found)).map(({ id }) => id)).size).toBe(5);
  });
});

test('what the client has no method for goes the same way', async () => {
  const { data, status, attempts } = await sendpulse.call<{ currency: string }>(
    { method: 'GET', path: '/balance', query: { detailed: true, x: undefined } },
    { idempotent: true },
  );
  expect({ data, status, attempts }).toMatchObject({ data: { currency: 'UAH' }, status: 200, attempts: 1 });
  await expect(sendpulse.call({ method: 'GET', path: '/no/such/thing' })).rejects.toMatchObject({
    code: 'not_found',
  });
  for (const path of ['balance', '//evil.example', '/a?b=1', '/a b']) {
    await expect(sendpulse.call({ method: 'GET', path })).rejects.toMatchObject({
      code: 'invalid_input',
      field: 'path',
    });
  }
  await expect(sendpulse.call({ method: 'BREW' as never, path: '/' })).rejects.toMatchObject({
    field: 'method',
  });
  await expect(sendpulse.call(undefined as never)).rejects.toMatchObject({
    code: 'invalid_input',
    field: 'method',
  });
});
