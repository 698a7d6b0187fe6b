import { setupServer } from 'msw/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { botApi, type CallApi } from '../../tests/bot-api.ts';
import { startReceiver } from '../../tests/receiver.ts';
import { createSandbox, type RunningSandbox, type SandboxBot, startSandbox } from '../index.ts';

let sandbox: RunningSandbox;
let bot: SandboxBot;
let call: CallApi;

async function start(timeScale: number): Promise<void> {
  sandbox = await startSandbox({ timeScale });
  bot = sandbox.telegram.createBot();
  call = botApi(sandbox, bot);
}

beforeEach(() => start(0.01));
afterEach(() => sandbox.close());

describe('webhook delivery', () => {
  it('posts JSON that begins with update_id, with the secret header', async () => {
    await using receiver = await startReceiver();
    await call('setWebhook', { url: receiver.url, secret_token: 'se-cret_1' });
    sandbox.telegram.userSends(bot, { text: '/start now' });
    await sandbox.telegram.settled();

    const [first] = receiver.received;
    expect(first?.raw).toMatch(/^\{"update_id":\d+,"message":\{/);
    expect(first?.headers['x-telegram-bot-api-secret-token']).toBe('se-cret_1');
    expect(first?.headers['content-type']).toBe('application/json');
    expect(first?.update.message).toMatchObject({
      text: '/start now',
      chat: { type: 'private' },
      entities: [{ type: 'bot_command', offset: 0, length: 6 }],
    });
    expect(sandbox.telegram.deliveries()).toMatchObject([
      { updateId: first?.update.update_id, kind: 'message', attempt: 1, status: 200 },
    ]);
  });

  it('sends the updates of one chat one after another and those of several chats in parallel', async () => {
    await using receiver = await startReceiver(() => ({ delayMs: 20 }));
    await call('setWebhook', { url: receiver.url });
    for (let round = 0; round < 4; round++) {
      for (const from of [1, 2, 3]) sandbox.telegram.userSends(bot, { from, text: String(round) });
    }
    await sandbox.telegram.settled();

    for (const from of [1, 2, 3]) {
      const texts = receiver.received
        .filter(({ update }) => update.message.from.id === from)
        .map(({ update }) => update.message.text);
      expect(texts).toEqual(['0', '1', '2', '3']);
    }
    expect(receiver.active.most).toBe(3);
  });

  it('keeps to max_connections', async () => {
    await using receiver = await startReceiver(() => ({ delayMs: 15 }));
    await call('setWebhook', { url: receiver.url, max_connections: 2 });
    for (let from = 1; from <= 8; from++) sandbox.telegram.userSends(bot, { from, text: 'hi' });
    await sandbox.telegram.settled();
    expect(receiver.received).toHaveLength(8);
    expect(receiver.active.most).toBe(2);
  });

  it('sends a failed update again at once, then after 2, 4, 8 seconds, and holds back its chat only', async () => {
    await sandbox.close();
    await start(0.2);
    await using receiver = await startReceiver(({ update }) =>
      update.message.from.id === 1 && update.message.text === 'first' && fails++ < 4 ? { status: 500 } : {},
    );
    let fails = 0;
    await call('setWebhook', { url: receiver.url });
    sandbox.telegram.userSends(bot, { from: 1, text: 'first' });
    sandbox.telegram.userSends(bot, { from: 1, text: 'second' });
    sandbox.telegram.userSends(bot, { from: 2, text: 'other chat' });
    await sandbox.telegram.settled();

    const texts = receiver.received.map(({ update }) => update.message.text);
    expect(texts.filter((text) => text !== 'other chat')).toEqual([...Array(5).fill('first'), 'second']);
    expect(texts.indexOf('other chat')).toBeLessThan(3);
    const times = receiver.received
      .filter(({ update }) => update.message.text === 'first')
      .map(({ at }) => at);
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    // 0, 2, 4 and 8 s at a fifth. Timers may be late, and hardly early.
    expect(gaps[0]).toBeLessThan(390);
    expect(gaps[1]).toBeGreaterThanOrEqual(390);
    expect(gaps[2]).toBeGreaterThanOrEqual(790);
    expect(gaps[3]).toBeGreaterThanOrEqual(1_590);
    expect(sandbox.telegram.deliveries().filter(({ status }) => status === 500)).toHaveLength(4);
    expect((await call('getWebhookInfo')).result).toMatchObject({
      pending_update_count: 0,
      last_error_message: 'Wrong response from the webhook: 500 Internal Server Error',
    });
  });

  it('honours Retry-After instead of its own delay', async () => {
    await using receiver = await startReceiver((_, index) =>
      index === 0 ? { status: 503, headers: { 'retry-after': '10' } } : {},
    );
    await call('setWebhook', { url: receiver.url });
    sandbox.telegram.userSends(bot, { text: 'hello' });
    await sandbox.telegram.settled();
    expect((receiver.received[1]?.at ?? 0) - (receiver.received[0]?.at ?? 0)).toBeGreaterThanOrEqual(98);
  });

  it('gives up a callback query after 150 s but not a message', async () => {
    await sandbox.close();
    await start(0.001);
    await using receiver = await startReceiver(() => ({ status: 500 }));
    await call('setWebhook', { url: receiver.url });
    await call('sendMessage', {
      chat_id: sandbox.telegram.createUser({ id: 5 }).id,
      text: 'Choose',
      reply_markup: { inline_keyboard: [[{ text: 'Yes', callback_data: 'yes' }]] },
    });
    sandbox.telegram.userPresses(bot, { from: 5, button: 'Yes' });
    sandbox.telegram.userSends(bot, { from: 5, text: 'hello' });
    await expect
      .poll(() => sandbox.telegram.pendingUpdates(bot).map((update) => Object.keys(update)[1]))
      .toEqual(['message']);
  });

  it('counts no attempt while nothing listens, and delivers soon after the start', async () => {
    const receiver = await startReceiver();
    const port = Number(new URL(receiver.url).port);
    await receiver[Symbol.asyncDispose]();
    await call('setWebhook', { url: receiver.url });
    sandbox.telegram.userSends(bot, { from: 1, text: 'a' });
    sandbox.telegram.userSends(bot, { from: 2, text: 'b' });
    await expect.poll(() => sandbox.telegram.deliveries().length).toBeGreaterThan(1);
    expect((await call('getWebhookInfo')).result).toMatchObject({
      pending_update_count: 2,
      last_error_message: 'Connection refused',
    });
    await using restarted = await startReceiver(undefined, port);
    await sandbox.telegram.settled();
    expect(restarted.received).toHaveLength(2);
    expect(
      sandbox.telegram
        .deliveries()
        .filter(({ status }) => status === 200)
        .map(({ attempt }) => attempt),
    ).toEqual([1, 1]);
  });

  it('counts no answer within 60 s as a failure', async () => {
    await sandbox.close();
    await start(0.001);
    await using receiver = await startReceiver((_, index) => (index === 0 ? 'hang' : {}));
    await call('setWebhook', { url: receiver.url });
    sandbox.telegram.userSends(bot, { text: 'hello' });
    await sandbox.telegram.settled();
    expect(sandbox.telegram.deliveries().map(({ status, error }) => status ?? error)).toEqual([
      'Read timeout expired',
      200,
    ]);
  });

  it('removes a webhook that has answered 410 for 23 hours', async () => {
    // In process, because at this scale 23 hours are 166 ms and the 60 s of an answer far less than a request takes.
    const fast = createSandbox({
      timeScale: 0.000_002,
      webhookFetch: async () => new Response(null, { status: 410 }),
    });
    const server = setupServer(...fast.handlers);
    server.listen({ onUnhandledFrame: 'bypass' });
    // Updates live for a day: a chain of new ones keeps the 410 going.
    const feeding = setInterval(() => fast.telegram.userSends(fastBot, { text: 'x' }), 10);
    const fastBot = fast.telegram.createBot();
    const fastCall = botApi(fast, fastBot);
    try {
      await fastCall('setWebhook', { url: 'https://app.example/webhook' });
      expect((await fastCall('getWebhookInfo')).result.url).toBe('https://app.example/webhook');
      await expect.poll(async () => (await fastCall('getWebhookInfo')).result.url).toBe('');
    } finally {
      clearInterval(feeding);
      server.close();
      fast.close();
    }
  });

  it('executes the method in the answer, but none that gets or sets', async () => {
    const replies = [
      { method: 'sendMessage', chat_id: 1, text: 'from the answer' },
      { method: 'getMe' },
      { method: 'setWebhook', url: '' },
    ];
    await using receiver = await startReceiver((_, index) => ({
      body: JSON.stringify(replies[index] ?? {}),
    }));
    await call('setWebhook', { url: receiver.url });
    for (let count = 0; count < 3; count++) sandbox.telegram.userSends(bot, { from: 1, text: 'hello' });
    await sandbox.telegram.settled();
    await expect
      .poll(() =>
        sandbox.telegram
          .messages(1)
          .filter(({ from }) => from === 'bot')
          .map(({ text }) => text),
      )
      .toEqual(['from the answer']);
    expect(sandbox.telegram.calls().map(({ method }) => method)).toEqual(['setWebhook', 'sendMessage']);
  });

  it('puts callback queries and reactions into queues of their own', async () => {
    await using receiver = await startReceiver(({ update }) => (update.message ? { delayMs: 80 } : {}));
    await call('setWebhook', {
      url: receiver.url,
      allowed_updates: ['message', 'callback_query', 'message_reaction'],
    });
    const sent = await call('sendMessage', {
      chat_id: sandbox.telegram.createUser({ id: 5 }).id,
      text: 'Choose',
      reply_markup: { inline_keyboard: [[{ text: 'Yes', callback_data: 'yes' }]] },
    });
    sandbox.telegram.userSends(bot, { from: 5, text: 'slow one' });
    sandbox.telegram.userSends(bot, { from: 5, text: 'slow two' });
    sandbox.telegram.userPresses(bot, { from: 5, button: 'Yes' });
    sandbox.telegram.userReacts(bot, { from: 5, message_id: sent.result.message_id, emoji: '👍' });
    await sandbox.telegram.settled();
    const kinds = receiver.received.map(({ update }) => Object.keys(update)[1]);
    expect(kinds.at(-1)).toBe('message');
    expect(kinds).toContain('callback_query');
    expect(kinds).toContain('message_reaction');
  });
});

describe('setWebhook', () => {
  it('keeps opt-in kinds back unless they are asked for, and [] restores the default', async () => {
    const sent = await call('sendMessage', {
      chat_id: sandbox.telegram.createUser({ id: 5 }).id,
      text: 'Hi',
    });
    const react = (): void =>
      sandbox.telegram.userReacts(bot, { from: 5, message_id: sent.result.message_id, emoji: '👍' });
    react();
    expect(sandbox.telegram.pendingUpdates(bot)).toEqual([]);
    await call('getUpdates', { allowed_updates: ['message_reaction'] });
    react();
    expect(sandbox.telegram.pendingUpdates(bot)).toMatchObject([
      { message_reaction: { new_reaction: [{ emoji: '👍' }] } },
    ]);
    sandbox.telegram.userSends(bot, { from: 5, text: 'not wanted' });
    expect(sandbox.telegram.pendingUpdates(bot)).toHaveLength(1);
    await call('getUpdates', { allowed_updates: [] });
    sandbox.telegram.userSends(bot, { from: 5, text: 'wanted' });
    expect(sandbox.telegram.pendingUpdates(bot)).toHaveLength(2);
  });

  it.each([
    [{ url: 'http://example.com/x' }, 'Bad Request: bad webhook: An HTTPS URL must be provided for webhook'],
    [
      { url: 'https://example.com:4000/x' },
      'Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443',
    ],
    [
      { url: 'http://127.0.0.1/x', secret_token: 'no spaces' },
      'Bad Request: secret token contains unallowed characters',
    ],
    [{ url: 'http://127.0.0.1/x', secret_token: 'a'.repeat(257) }, 'Bad Request: secret token is too long'],
    [{ url: 'ftp://example.com' }, 'Bad Request: invalid webhook URL specified'],
  ])('refuses %o', async (params, description) => {
    expect(await call('setWebhook', params)).toMatchObject({ status: 400, error_code: 400, description });
  });

  it('is allowed once a second', async () => {
    await sandbox.close();
    await start(1);
    await using receiver = await startReceiver();
    await call('setWebhook', { url: receiver.url });
    const second = await call('setWebhook', { url: `${receiver.url}/other` });
    expect(second).toMatchObject({ status: 429, parameters: { retry_after: 1 } });
    expect(second.headers.get('retry-after')).toBe('1');
  });

  it('says what it did, and drops pending updates on demand', async () => {
    await using receiver = await startReceiver(() => ({ status: 500 }));
    expect((await call('setWebhook', { url: receiver.url })).description).toBe('Webhook was set');
    sandbox.telegram.userSends(bot, { text: 'hello' });
    await receiver.got(1);
    expect((await call('deleteWebhook', { drop_pending_updates: true })).description).toBe(
      'Webhook was deleted',
    );
    expect((await call('deleteWebhook')).description).toBe('Webhook is already deleted');
    expect((await call('getWebhookInfo')).result).toEqual({
      url: '',
      has_custom_certificate: false,
      pending_update_count: 0,
    });
  });
});
