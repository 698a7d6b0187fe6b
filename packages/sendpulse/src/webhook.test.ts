import { randomBytes } from 'node:crypto';
import { createStores, memoryStore } from '@cartie/core';
import { type RunningSandbox, type SandboxSendPulseAccount, startSandbox } from '@cartie/sandbox';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clientOf, type Listening, serve } from '../tests/support.ts';
import { createSendPulseWebhook, type SendPulseUpdate, type SendPulseWebhookOptions } from './index.ts';

const secret = 'a-secret-of-the-path-1234567890';
let sandbox: RunningSandbox;
let account: SandboxSendPulseAccount;
let updates: SendPulseUpdate[];
let listening: Listening | undefined;

beforeEach(async () => {
  sandbox = await startSandbox({ timeScale: 0.01, sendpulse: { rateScale: 0 } });
  account = sandbox.sendpulse.createAccount();
  updates = [];
});
afterEach(async () => {
  await sandbox.close();
  await listening?.close();
});

/** Serves a webhook; gives its address with the secret. */
async function start(options: Partial<SendPulseWebhookOptions> = {}): Promise<string> {
  const onUpdate = async (update: SendPulseUpdate) => void updates.push(update);
  listening = await serve(createSendPulseWebhook({ secret, accountId: 'main', onUpdate, ...options }));
  return `${listening.url}/webhooks/sendpulse/${secret}`;
}

const post = (url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers });

describe('events', () => {
  test('of books and campaigns come in batches, with their times as numbers', async () => {
    const url = await start();
    const sendpulse = clientOf(sandbox, account);
    await sendpulse.webhooks.create({ url, actions: ['new_emails', 'unsubscribe', 'delete'] });
    const { id } = await sendpulse.addressBooks.create({ bookName: 'Book' });
    await sendpulse.addressBooks.addEmails({ id, emails: ['Olena@example.com', 'taras@example.com'] });
    await sendpulse.addressBooks.unsubscribeEmails({ id, emails: ['olena@example.com'] });
    await sendpulse.addressBooks.removeEmails({ id, emails: ['taras@example.com'] });
    await sandbox.sendpulse.flush();
    expect(sandbox.sendpulse.deliveries()).toMatchObject([{ events: 4, status: 200 }]);
    expect(updates.map(({ kind }) => kind).sort()).toEqual([
      'email.delete',
      'email.new_emails',
      'email.new_emails',
      'email.unsubscribe',
    ]);
    const gone = updates.find(({ kind }) => kind === 'email.unsubscribe');
    expect(gone).toMatchObject({
      source: 'sendpulse:main',
      orderKey: expect.stringMatching(/^sendpulse:main:contact:[\w-]{22}$/),
      payload: {
        family: 'email',
        event: 'unsubscribe',
        email: 'olena@example.com',
        data: { book_id: String(id), timestamp: expect.stringMatching(/^\d{10}$/) },
      },
    });
    expect(Math.abs((gone?.payload.at ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  test('of letters tell what became of them', async () => {
    const url = await start();
    sandbox.sendpulse.setWebhook(account, { family: 'smtp', url });
    sandbox.sendpulse.setMailbox('gone@example.com', 'hard_bounces');
    const sendpulse = clientOf(sandbox, account);
    const { id } = await sendpulse.smtp.send({
      from: { name: 'Cars', email: 'cars@example.com' },
      to: [{ email: 'olena@example.com' }, { email: 'gone@example.com' }],
      subject: 'Your car',
      text: 'is ready',
    });
    await sandbox.sendpulse.flush();
    expect(updates).toMatchObject([
      {
        kind: 'smtp.delivered',
        payload: {
          email: 'olena@example.com',
          data: { message_id: Number(id), timestamp: expect.any(Number) },
        },
      },
      { kind: 'email.hard_bounces', payload: { email: 'gone@example.com', data: { task_id: Number(id) } } },
    ]);
  });

  test('of letters are known as such by a webhook that is for them alone', async () => {
    const url = await start({ family: 'smtp' });
    sandbox.sendpulse.setWebhook(account, { family: 'smtp', url });
    sandbox.sendpulse.happens(account, { family: 'smtp', event: 'soft_bounces' });
    await sandbox.sendpulse.flush();
    expect(updates).toMatchObject([{ kind: 'smtp.soft_bounces', payload: { family: 'smtp' } }]);
  });

  test('of chatbots are in the order of their subscriber', async () => {
    const url = await start();
    sandbox.sendpulse.setWebhook(account, { family: 'chatbot', url });
    const contact = { id: '5f0c', name: 'Olena', email: 'Olena@Example.com' };
    sandbox.sendpulse.happens(account, { family: 'chatbot', event: 'incoming_message', fields: { contact } });
    sandbox.sendpulse.happens(account, { family: 'chatbot', event: 'my own webhook', fields: { contact } });
    await sandbox.sendpulse.flush();
    expect(updates.map(({ kind }) => kind).sort()).toEqual([
      'chatbot.incoming_message',
      'chatbot.my own webhook',
    ]);
    expect(new Set(updates.map(({ orderKey }) => orderKey))).toEqual(
      new Set(['sendpulse:main:subscriber:5f0c']),
    );
    expect(updates[0]?.payload).toMatchObject({ email: 'olena@example.com', data: { service: 'telegram' } });
  });

  test('that are sent again, in any order of fields and with times as texts, are the same events', async () => {
    const url = await start();
    await post(url, [{ event: 'open', email: 'a@b.co', timestamp: 1_496_827_941, task_id: '3' }]);
    await post(url, [{ task_id: 3, timestamp: '1496827941', email: 'a@b.co', event: 'open' }]);
    await post(url, { event: 'open', email: 'a@b.co', timestamp: '1496827942', task_id: '3' });
    const [first, second, third] = updates;
    expect(first?.id).toBe(second?.id);
    expect(first?.payload.at).toBe(1_496_827_941_000);
    expect(first?.payload.at).toBe(second?.payload.at);
    expect(third?.id).not.toBe(first?.id);
  });

  test('of a batch that comes again are handled once with dedup', async () => {
    const { dedup } = createStores(memoryStore(), { encryptionKey: randomBytes(32).toString('base64') });
    const url = await start({ dedup });
    sandbox.sendpulse.setWebhook(account, { family: 'smtp', url });
    for (const event of ['delivered', 'opened', 'clicked']) {
      sandbox.sendpulse.happens(account, { family: 'smtp', event });
    }
    await sandbox.sendpulse.flush();
    const [delivery] = sandbox.sendpulse.deliveries();
    await sandbox.sendpulse.redeliver(delivery?.id ?? 0);
    expect(sandbox.sendpulse.deliveries()).toMatchObject([
      { events: 3, status: 200 },
      { events: 3, status: 200 },
    ]);
    expect(updates.map(({ kind }) => kind)).toEqual(['smtp.delivered', 'smtp.opened', 'smtp.clicked']);
  });

  test('that are newer than the package come as they are; a batch without events is good', async () => {
    const url = await start();
    expect((await post(url, [])).status).toBe(200);
    await post(url, [{ event: 'teleported', task_id: 7, extra: { deep: [1] } }]);
    expect(updates).toMatchObject([
      {
        kind: 'email.teleported',
        orderKey: 'sendpulse:main:campaign:7',
        payload: { at: undefined, email: undefined, data: { extra: { deep: [1] } } },
      },
    ]);
  });

  test.each(['no json', '[{]', '[1]', '[{}]', '[{"event":""}]', '"x"', '[{"title":5}]'])(
    '%s is answered with 400',
    async (body) => {
      const url = await start();
      expect((await post(url, body)).status).toBe(400);
      expect(updates).toEqual([]);
    },
  );
});

describe('who may call', () => {
  const event = [{ event: 'open', email: 'a@b.co' }];

  test('is who knows the secret of the path', async () => {
    const url = await start();
    expect((await post(url, event)).status).toBe(200);
    expect((await post(`${url}/?from=sendpulse`, event)).status).toBe(200);
    const others = [
      `${url}x`,
      url.slice(0, -1),
      url.replace(secret, ''),
      `${url}/more`,
      `${url.replace(secret, 'x')}?${secret}`,
    ];
    for (const other of others) expect((await post(other, event)).status, other).toBe(401);
    expect(updates).toHaveLength(2);
  });

  test('is who knows one of two secrets, while one replaces the other', async () => {
    const url = await start({ secret: ['the-new-secret-of-the-path', secret] });
    expect((await post(url, event)).status).toBe(200);
    expect((await post(url.replace(secret, 'the-new-secret-of-the-path'), event)).status).toBe(200);
  });

  test('is who gives the secret in the header', async () => {
    const url = await start({ secretIn: { header: 'X-Webhook-Secret' } });
    expect((await post(url, event)).status).toBe(401);
    expect((await post(url, event, { 'x-webhook-secret': `${secret}x` })).status).toBe(401);
    expect((await post(url, event, { 'x-webhook-secret': secret })).status).toBe(200);
  });

  test('is who comes from an address of the list', async () => {
    const url = await start({ allowedIps: ['203.0.113.0/24', '2001:db8::/32'], ipHeader: 'x-real-ip' });
    const from = async (address?: string): Promise<number> =>
      (await post(url, event, address === undefined ? {} : { 'x-real-ip': address })).status;
    for (const address of ['203.0.113.9', '::ffff:203.0.113.9', '2001:db8::1', '198.51.100.1, 203.0.113.9']) {
      expect(await from(address), address).toBe(200);
    }
    for (const address of [undefined, '', '198.51.100.1', '203.0.113.9, 198.51.100.1', 'x', '2001:db9::1']) {
      expect(await from(address), address).toBe(403);
    }
  });

  test.each<[Partial<SendPulseWebhookOptions>, string]>([
    [{ secret: undefined as never }, 'secret'],
    [{ secret: 'short' }, 'secret'],
    [{ secret: 'with/a/slash/in/the/secret' }, 'secret'],
    [{ secret: [] }, 'secret'],
    [{ secret: 42 as never }, 'secret'],
    [{ secretIn: 'query' as never }, 'secretIn'],
    [{ secretIn: { header: 'x y' } }, 'secretIn'],
    [{ accountId: 'a b' }, 'accountId'],
    [{ family: 'sms' as never }, 'family'],
    [{ allowedIps: ['203.0.113.0/24'] }, 'ipHeader'],
    [{ ipHeader: 'x-real-ip' }, 'allowedIps'],
    [{ allowedIps: ['example.com'], ipHeader: 'x-real-ip' }, 'allowedIps'],
    [{ allowedIps: ['203.0.113.0/33'], ipHeader: 'x-real-ip' }, 'allowedIps'],
    [{ allowedIps: [], ipHeader: 'x-real-ip' }, 'allowedIps'],
    [{ onUpdate: undefined as never }, 'onUpdate'],
    [{ sekret: 1 } as never, 'sekret'],
  ])('%j is refused by name', (options, field) => {
    const given = { secret, onUpdate: async () => undefined, ...options };
    expect(() => createSendPulseWebhook(given)).toThrow(
      expect.objectContaining({ code: 'invalid_config', field }),
    );
    expect(() => createSendPulseWebhook(undefined as never)).toThrow('`secret` must be');
  });
});
