import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CartieError, createStores, memoryStore, type RequestHandler, type Update } from '@cartie/core';
import { toNodeListener } from '@cartie/core/node';
import { type RunningSandbox, startSandbox } from '@cartie/sandbox';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../tests/support.ts';
import {
  createTelegramClient,
  createTelegramWebhook,
  type Telegram,
  type TelegramWebhookOptions,
} from './index.ts';

const secretToken = 'A_secret-of-the-bot';
const servers: Server[] = [];

const listen = async (handler: RequestHandler): Promise<string> => {
  const server = createServer(toNodeListener(handler));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/telegram`;
};
const post = (url: string, body: unknown, secret: string | undefined = secretToken) =>
  fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(secret && { 'x-telegram-bot-api-secret-token': secret }),
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const update = { update_id: 10, message: { message_id: 1, chat: { id: 7, type: 'private' }, text: 'hello' } };

let received: Update<Telegram.Update>[];
const onUpdate = async (one: Update<Telegram.Update>) => {
  received.push(one);
};

beforeEach(() => {
  received = [];
});
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

describe('the webhook', () => {
  it('takes an update that comes with the secret', async () => {
    const url = await listen(createTelegramWebhook({ secretToken, botId: 42, onUpdate }));
    const response = await post(url, update);
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(received).toEqual([
      {
        source: 'telegram:42',
        id: '10',
        kind: 'message',
        orderKey: 'telegram:42:chat:7',
        expiresAt: expect.any(Number),
        payload: update,
      },
    ]);
  });

  it.each([
    ['without a secret', ''],
    ['with another secret', 'A_secret-of-the-bou'],
    ['with a part of it', 'A_secret'],
    ['with more than it', `${secretToken}x`],
  ])('refuses a request %s', async (_name, secret) => {
    const url = await listen(createTelegramWebhook({ secretToken, botId: 42, onUpdate }));
    const response = await post(url, update, secret);
    expect(response.status).toBe(401);
    expect(await response.text()).not.toContain('secret-of');
    expect(received).toEqual([]);
  });

  it('takes either secret while one is being replaced', async () => {
    const url = await listen(
      createTelegramWebhook({ secretToken: ['new_one', 'old_one'], botId: 42, onUpdate }),
    );
    const statuses = await Promise.all(
      ['new_one', 'old_one', 'older_one'].map(async (s) => (await post(url, update, s)).status),
    );
    expect(statuses).toEqual([200, 200, 401]);
  });

  it.each(['', 'not json', '[]', 'null', '{}', '{"update_id":"1"}', '{"update_id":1', '"\ud800"'])(
    'refuses %j, which is no update',
    async (body) => {
      const url = await listen(createTelegramWebhook({ secretToken, botId: 42, onUpdate }));
      expect((await post(url, body)).status).toBe(400);
      expect(received).toEqual([]);
    },
  );

  it('keeps a kind that is not known, and numbers and fields as they are', async () => {
    const url = await listen(createTelegramWebhook({ secretToken, botId: 42, onUpdate }));
    await post(url, {
      update_id: 11,
      hologram: { chat: { id: -1001234567890123 }, depth: { of: [1, null] } },
    });
    expect(received[0]).toMatchObject({
      kind: 'hologram',
      orderKey: 'telegram:42:chat:-1001234567890123',
      payload: { hologram: { depth: { of: [1, null] } } },
    });
  });

  it('tells Telegram to send again what could not be taken', async () => {
    const url = await listen(
      createTelegramWebhook({
        secretToken,
        botId: 42,
        onUpdate: async () => {
          throw new CartieError('storage_error', 'down');
        },
      }),
    );
    const response = await post(url, update);
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('handles an update once where it is given a memory', async () => {
    const { dedup } = createStores(memoryStore());
    const url = await listen(createTelegramWebhook({ secretToken, botId: 42, onUpdate, dedup }));
    for (let i = 0; i < 3; i++) expect((await post(url, update)).status).toBe(200);
    expect(received).toHaveLength(1);
  });

  const wrong: [field: string, options: Partial<Record<keyof TelegramWebhookOptions, unknown>>][] = [
    ['secretToken', { secretToken: undefined }],
    ['secretToken', { secretToken: '' }],
    ['secretToken', { secretToken: [] }],
    ['secretToken', { secretToken: ['good', 'not good'] }],
    ['secretToken', { secretToken: 'x'.repeat(257) }],
    ['secretToken', { secretToken: 42 }],
    ['botId', { botId: undefined }],
    ['botId', { botId: 'bot' }],
    ['onUpdate', { onUpdate: undefined }],
    ['onUpdates', { onUpdates: onUpdate } as never],
  ];
  it.each(wrong)('cannot be made with a wrong %s', (field, options) => {
    const make = () =>
      createTelegramWebhook({ secretToken, botId: 42, onUpdate, ...options } as TelegramWebhookOptions);
    expect(make).toThrow(expect.objectContaining({ code: 'invalid_config', field }));
    expect(() => createTelegramWebhook(undefined as never)).toThrow('secretToken');
    expect(make).toThrow(/^(?!.*good)/);
  });
});

describe('over Telegram', () => {
  let sandbox: RunningSandbox;
  beforeAll(async () => {
    sandbox = await startSandbox({ timeScale: 0.01 });
  });
  afterAll(() => sandbox.close());
  beforeEach(() => sandbox.reset());

  const connect = async () => {
    const bot = sandbox.telegram.createBot();
    const telegram = createTelegramClient({ token: bot.token, baseUrl: sandbox.telegram.apiUrl });
    return { bot, telegram, botId: await telegram.botId() };
  };

  it('updates arrive by the webhook that was set, and again until they are taken', async () => {
    const { bot, telegram, botId } = await connect();
    let failures = 2;
    const url = await listen(
      createTelegramWebhook({
        secretToken,
        botId,
        onUpdate: async (one) => {
          if (failures-- > 0) throw new Error('not now');
          received.push(one);
        },
      }),
    );
    await telegram.syncWebhook({ url, secretToken });
    const from = sandbox.telegram.createUser();
    sandbox.telegram.userSends(bot, { from, text: 'hello' });
    await until(() => sandbox.telegram.deliveries().length === 3, 'three deliveries');
    expect(received.map(({ payload }) => payload.message?.text)).toEqual(['hello']);
    expect(sandbox.telegram.deliveries().map(({ status }) => status)).toEqual([500, 500, 200]);
  });

  it('syncWebhook sets what is wanted once, and again only when something differs', async () => {
    const { telegram } = await connect();
    const url = await listen(createTelegramWebhook({ secretToken, botId: 1, onUpdate }));
    const sets = () =>
      sandbox.telegram.calls().filter(({ method, status }) => method === 'setWebhook' && status === 200);
    const settings = { url, secretToken, kinds: ['message', 'chat_member'] as const };
    expect(await telegram.syncWebhook(settings)).toBe('set');
    expect(sets().at(-1)?.params).toMatchObject({
      url,
      secret_token: secretToken,
      allowed_updates: ['chat_member', 'message'],
    });
    expect(await telegram.syncWebhook({ ...settings, kinds: ['chat_member', 'message'] })).toBe('unchanged');
    expect(await telegram.syncWebhook({ ...settings, secretToken: 'another' })).toBe('set');
    expect(await telegram.syncWebhook({ ...settings, secretToken: 'another', kinds: 'default' })).toBe('set');
    expect(await telegram.syncWebhook({ url, secretToken: 'another' })).toBe('unchanged');
    expect(await telegram.syncWebhook({ url, secretToken: 'another', maxConnections: 10 })).toBe('set');
    expect(
      await telegram.syncWebhook({ url: `${url}?v=2`, secretToken: 'another', maxConnections: 10 }),
    ).toBe('set');
    await telegram.deleteWebhook();
    expect(
      await telegram.syncWebhook({ url: `${url}?v=2`, secretToken: 'another', maxConnections: 10 }),
    ).toBe('set');
    expect(sets()).toHaveLength(6);
  });

  it('syncWebhook knows over restarts which secret is set, without keeping it', async () => {
    const { bot, telegram } = await connect();
    const url = await listen(createTelegramWebhook({ secretToken, botId: 1, onUpdate }));
    const store = memoryStore();
    const restarted = () => createTelegramClient({ token: bot.token, baseUrl: sandbox.telegram.apiUrl });
    expect(await telegram.syncWebhook({ url, secretToken, store })).toBe('set');
    expect(await restarted().syncWebhook({ url, secretToken, store })).toBe('unchanged');
    expect(await restarted().syncWebhook({ url, secretToken: 'another', store })).toBe('set');
    expect(await telegram.syncWebhook({ url, secretToken, store })).toBe('set');
    expect(await restarted().syncWebhook({ url, secretToken })).toBe('set');
    for await (const key of store.list('')) expect((await store.get(key))?.value).not.toContain(secretToken);
  });

  it('syncWebhook refuses wrong settings before it asks', async () => {
    const { telegram } = await connect();
    const refused = async (field: string, settings: object) =>
      expect(
        telegram.syncWebhook({ url: 'https://example.com', secretToken, ...settings }),
      ).rejects.toMatchObject({
        code: 'invalid_config',
        field,
      });
    await refused('url', { url: '/webhooks' });
    await refused('url', { url: 'ftp://example.com' });
    await refused('secretToken', { secretToken: '' });
    await refused('maxConnections', { maxConnections: 101 });
    await expect(telegram.syncWebhook(undefined as never)).rejects.toMatchObject({ field: 'url' });
    expect(sandbox.telegram.calls()).toEqual([]);
  });
});
