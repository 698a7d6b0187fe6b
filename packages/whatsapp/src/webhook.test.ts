import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CartieError, type ClientEvent, type RequestHandler } from '@cartie/core';
import { toNodeListener } from '@cartie/core/node';
import { createInbox, migratePostgres, pgliteDatabase } from '@cartie/core/postgres';
import { startSandbox } from '@cartie/sandbox';
import { PGlite } from '@electric-sql/pglite';
import { afterEach, describe, expect, it } from 'vitest';
import {
  bodyOf,
  type Change,
  merged,
  messageChange,
  mixedChanges,
  signed,
  statusChange,
} from '../tests/bodies.ts';
import { sandboxClient } from '../tests/support.ts';
import { createWhatsAppWebhook, type WhatsAppWebhookOptions, type WhatsAppWebhookUpdate } from './index.ts';

const appSecret = 'secret-of-the-app';
const verifyToken = 'token-to-verify';
const url = 'http://localhost/webhooks/whatsapp';

function collecting(options: Partial<WhatsAppWebhookOptions> = {}): {
  webhook: RequestHandler;
  updates: WhatsAppWebhookUpdate[];
} {
  const updates: WhatsAppWebhookUpdate[] = [];
  const webhook = createWhatsAppWebhook({
    appSecret,
    verifyToken,
    onUpdate: async (update) => {
      updates.push(update);
    },
    ...options,
  });
  return { webhook, updates };
}

const post = (webhook: RequestHandler, body: string | Uint8Array, headers = signed(body, appSecret)) =>
  webhook(new Request(url, { method: 'POST', body: body as string, headers }));

async function updatesOf(...changes: Change[]): Promise<WhatsAppWebhookUpdate[]> {
  const { webhook, updates } = collecting();
  expect((await post(webhook, bodyOf(changes))).status).toBe(200);
  return updates;
}

describe('the handshake', () => {
  const ask = (webhook: RequestHandler, query: Record<string, string>) =>
    webhook(new Request(`${url}?${new URLSearchParams(query)}`));
  const good = { 'hub.mode': 'subscribe', 'hub.verify_token': verifyToken, 'hub.challenge': '1158201444' };

  it('is answered with the challenge, as plain text', async () => {
    const response = await ask(collecting({ verifyToken: ['newer', verifyToken] }).webhook, good);
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'text/plain',
      '1158201444',
    ]);
  });

  it.each([
    { ...good, 'hub.mode': 'unsubscribe' },
    { ...good, 'hub.verify_token': 'token-to-verifx' },
    { 'hub.mode': 'subscribe', 'hub.challenge': '1' },
    { 'hub.mode': 'subscribe', 'hub.verify_token': verifyToken },
    {},
  ])('is refused: %o', async (query) => {
    const events: ClientEvent[] = [];
    const { webhook } = collecting({ onEvent: (event) => events.push(event) });
    const answer = await ask(webhook, query as Record<string, string>);
    expect(answer.status).toBe(403);
    expect(await answer.text()).toBe('This is no handshake, or its verify token is not `verifyToken`');
    expect(events).toMatchObject([{ type: 'webhook_received', status: 403, code: 'forbidden' }]);
  });
});

describe('the signature', () => {
  const body = bodyOf([messageChange(1, 'wamid.1', { type: 'text', text: { body: 'Привіт' } })]);

  it.each([
    ['no header', {}],
    ['another secret', signed(body, 'other')],
    ['another body', signed(`${body} `, appSecret)],
    [
      'a part of it',
      { 'x-hub-signature-256': signed(body, appSecret)['x-hub-signature-256']?.slice(0, 40) ?? '' },
    ],
    ['no prefix', { 'x-hub-signature-256': signed(body, appSecret)['x-hub-signature-256']?.slice(7) ?? '' }],
    ['sha1 only', { 'x-hub-signature': 'sha1=aa' }],
  ])('refuses %s', async (_name, headers) => {
    const { webhook, updates } = collecting();
    const response = await post(webhook, body, headers as Record<string, string>);
    expect(response.status).toBe(401);
    expect(updates).toEqual([]);
  });

  it('is taken by any of several secrets, in a header of any case, over the raw bytes', async () => {
    const { webhook, updates } = collecting({ appSecret: ['newer', appSecret] });
    const escaped = body.replace(
      /[\u0080-\uffff]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
    const value = signed(escaped, appSecret)['x-hub-signature-256'] ?? '';
    expect((await post(webhook, escaped, { 'X-HUB-Signature-256': value })).status).toBe(200);
    expect(updates[0]?.payload).toMatchObject({ data: { text: { body: 'Привіт' } } });
  });

  it.each([
    [{ appSecret: '', verifyToken }, 'appSecret'],
    [{ appSecret: [], verifyToken }, 'appSecret'],
    [{ appSecret }, 'verifyToken'],
  ])('needs its secrets: %o', (options, field) => {
    expect(() =>
      createWhatsAppWebhook({ onUpdate: async () => {}, ...options } as WhatsAppWebhookOptions),
    ).toThrow(expect.objectContaining({ code: 'invalid_config', field }));
    expect(() => createWhatsAppWebhook(undefined as never)).toThrow('`verifyToken` must be');
  });
});

describe('an update', () => {
  it('of a message has its contact, its number, and an id and a key that stay', async () => {
    const [update] = await updatesOf(messageChange(1, 'wamid.1', { type: 'text', text: { body: 'Hi' } }));
    expect(update).toEqual({
      source: 'whatsapp:1001',
      id: 'message:wamid.1:text',
      kind: 'message',
      orderKey: 'whatsapp:1001:UA.11',
      payload: {
        kind: 'message',
        accountId: '2002',
        field: 'messages',
        phoneNumberId: '1001',
        displayPhoneNumber: '15550001234',
        time: 1_760_000_002,
        contact: { profile: { name: 'Customer 1' }, wa_id: '380670000001', user_id: 'UA.11' },
        data: expect.objectContaining({ id: 'wamid.1', type: 'text', text: { body: 'Hi' } }),
      },
    });
  });

  it('of a status goes in the order of its contact, and each status counts once', async () => {
    const updates = await updatesOf(
      messageChange(1, 'wamid.1', { type: 'text', text: { body: 'Hi' } }),
      ...['read', 'delivered', 'sent'].map((status) => statusChange(1, 'wamid.9', status)),
    );
    expect(new Set(updates.map(({ orderKey }) => orderKey))).toEqual(new Set(['whatsapp:1001:UA.11']));
    expect(updates.map(({ id }) => id)).toEqual([
      'message:wamid.1:text',
      'status:wamid.9:read:',
      'status:wamid.9:delivered:',
      'status:wamid.9:sent:',
    ]);
  });

  it('without a phone is known by the user id', async () => {
    const change = messageChange(1, 'wamid.1', { type: 'text', text: { body: 'Hi' } });
    const [message] = change.value.messages as Record<string, unknown>[];
    delete message?.from;
    expect((await updatesOf(change))[0]?.orderKey).toBe('whatsapp:1001:UA.11');
  });

  it('comes of every entry, change and item, each with its kind', async () => {
    const updates = await updatesOf(...mixedChanges);
    expect(updates).toHaveLength(40);
    const kinds = new Set(updates.map(({ kind }) => kind));
    for (const kind of [
      'message',
      'status',
      'error',
      'call',
      'echo',
      'history',
      'group',
      'user_preference',
      'security',
      'flows',
      'account_update',
      'message_template_status_update',
    ]) {
      expect(kinds).toContain(kind);
    }
  });

  it('is the same whether it comes alone or among others in one change', async () => {
    const alone = await updatesOf(...mixedChanges);
    const { webhook, updates } = collecting();
    const half = merged(mixedChanges.slice(0, 12));
    expect((await post(webhook, bodyOf(half, undefined, merged(mixedChanges.slice(12))))).status).toBe(200);
    const told = (list: readonly WhatsAppWebhookUpdate[]) =>
      list
        .map(({ id, kind, source, orderKey, payload }) => ({
          id,
          kind,
          source,
          orderKey,
          data: payload.data,
        }))
        .sort((one, other) => (one.id < other.id ? -1 : 1));
    expect(told(updates)).toEqual(told(alone));
    const message = updates.find(({ id }) => id === 'message:wamid.m-video:video');
    expect(message?.payload.contact).toMatchObject({ user_id: 'UA.12' });
  });

  it('that is unknown is kept, also beside what is known', async () => {
    const change = messageChange(1, 'wamid.1', { type: 'text', text: { body: 'Hi' } });
    change.value.moods = [{ mood: 'good' }];
    const updates = await updatesOf(
      change,
      { field: 'tracking_events', value: { a: 1 } },
      { field: 'odd', value: 'text' as never },
    );
    expect(updates.map(({ kind, payload }) => [kind, payload.field])).toEqual([
      ['message', 'messages'],
      ['unknown', 'messages'],
      ['unknown', 'tracking_events'],
      ['unknown', 'odd'],
    ]);
    expect(updates.map(({ payload }) => payload.data)).toMatchObject([
      {},
      { moods: [{ mood: 'good' }] },
      { a: 1 },
      { value: 'text' },
    ]);
  });

  it('that happens again later is another one', async () => {
    const { webhook, updates } = collecting();
    const change = { field: 'account_update', value: { event: 'DISABLED_UPDATE' } };
    for (const time of [1, 1, 2]) await post(webhook, bodyOf([change], time));
    expect(new Set(updates.map(({ id }) => id)).size).toBe(2);
  });

  it('that the app cannot take is asked for again', async () => {
    const { webhook } = collecting({
      onUpdate: async () => Promise.reject(new CartieError('storage_error', 'down')),
    });
    const response = await post(webhook, bodyOf(mixedChanges));
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).not.toBeNull();
  });
});

describe('with an inbox', () => {
  it('40 updates of mixed kinds become 40 rows once, however they are delivered again', async () => {
    const pglite = await PGlite.create();
    try {
      const database = pgliteDatabase(pglite);
      await migratePostgres(database);
      const inbox = createInbox({ database });
      const { webhook } = collecting({ onUpdate: (update) => inbox.accept(update) });
      const rows = async () =>
        (await database.query<{ n: number }>('select count(*)::int as n from cartie_inbox'))[0]?.n;
      expect((await post(webhook, bodyOf(mixedChanges))).status).toBe(200);
      expect(await rows()).toBe(40);
      const other = [...mixedChanges].reverse();
      expect((await post(webhook, bodyOf(other))).status).toBe(200);
      expect((await post(webhook, bodyOf(merged(other)))).status).toBe(200);
      for (let start = 0; start < other.length; start += 7) {
        expect((await post(webhook, bodyOf(other.slice(start, start + 7)))).status).toBe(200);
      }
      expect(await rows()).toBe(40);
      await post(webhook, bodyOf([messageChange(1, 'wamid.new', { type: 'text', text: { body: 'new' } })]));
      expect(await rows()).toBe(41);
    } finally {
      await pglite.close();
    }
  });
});

describe('on a server', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });
  const listen = async (handler: RequestHandler): Promise<string> => {
    const server = createServer(toNodeListener(handler));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/whatsapp`;
  };

  it('gets what the sandbox’s customers and statuses tell, once each, also when the first delivery fails', async () => {
    await using sandbox = await startSandbox({ timeScale: 0.01 });
    const { number, client } = sandboxClient(sandbox);
    let isDown = true;
    const updates: WhatsAppWebhookUpdate[] = [];
    const webhook = createWhatsAppWebhook({
      appSecret: number.appSecret,
      verifyToken,
      onUpdate: async (update) => {
        if (isDown) throw new CartieError('storage_error', 'down');
        updates.push(update);
      },
    });
    await sandbox.whatsapp.setWebhook(number, { url: await listen(webhook), verifyToken });
    await expect(
      sandbox.whatsapp.setWebhook(number, { url: await listen(webhook), verifyToken: 'wrong' }),
    ).rejects.toThrow('handshake');
    sandbox.whatsapp.customerSends(number, { from: '380671234567', text: 'Привіт' });
    while (sandbox.whatsapp.deliveries().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    isDown = false;
    await client.send({
      to: '380671234567',
      type: 'interactive',
      interactive: {
        type: 'button',
        body: { text: 'Come?' },
        action: { buttons: [{ type: 'reply', reply: { id: 'yes', title: 'Yes' } }] },
      },
    });
    sandbox.whatsapp.customerTaps(number, { from: '380671234567', title: 'Yes' });
    sandbox.whatsapp.customerSends(number, {
      from: '380671234567',
      file: { bytes: 'jpeg', type: 'image/jpeg', caption: 'My car' },
    });
    await sandbox.whatsapp.settled();
    const told = updates.map(({ kind, payload }) =>
      payload.kind === 'status'
        ? `${kind} ${payload.data.status}`
        : payload.kind === 'message'
          ? `${kind} ${payload.data.type}`
          : kind,
    );
    expect(told.sort()).toEqual([
      'message image',
      'message interactive',
      'message text',
      'status delivered',
      'status sent',
    ]);
    const image = updates.find(({ payload }) => payload.kind === 'message' && payload.data.type === 'image');
    if (image?.payload.kind !== 'message' || image.payload.data.type !== 'image') throw new Error('no image');
    expect(Buffer.from((await client.media.download(image.payload.data.image)).bytes).toString()).toBe(
      'jpeg',
    );
  });

  it('refuses a storm of malformed and wrongly signed requests with 4xx, and goes on', async () => {
    const { webhook, updates } = collecting();
    const address = await listen(webhook);
    const deep = '['.repeat(5_000);
    const bodies = [
      '',
      '{',
      'null',
      '[]',
      '"x"',
      deep,
      randomBytes(300),
      '\u0000',
      `{"entry":${deep}`,
      bodyOf(mixedChanges),
    ];
    const statuses = new Set<number>();
    const one = async (index: number): Promise<void> => {
      const body = bodies[index % bodies.length] as string | Uint8Array;
      const isSigned = index % 3 === 0 && index % bodies.length !== 9;
      const headers = isSigned
        ? signed(body, appSecret)
        : { 'x-hub-signature-256': `sha256=${index % 2 ? 'f'.repeat(64) : 'Ä'.length}` };
      const response = await fetch(address, { method: 'POST', body: body as string, headers });
      await response.arrayBuffer();
      statuses.add(response.status);
    };
    for (let start = 0; start < 3_000; start += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, index) => one(start + index)));
    }
    for (const status of statuses) expect(Math.floor(status / 100)).toBe(4);
    expect(updates).toEqual([]);
    const body = bodyOf(mixedChanges);
    expect((await fetch(address, { method: 'POST', body, headers: signed(body, appSecret) })).status).toBe(
      200,
    );
    const large = `{"a":"${'x'.repeat(3 * 1024 * 1024)}"}`;
    expect(
      (await fetch(address, { method: 'POST', body: large, headers: signed(large, appSecret) })).status,
    ).toBe(413);
  }, 60_000);
});
