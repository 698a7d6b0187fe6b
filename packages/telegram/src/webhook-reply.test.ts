import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CartieError } from '@cartie/core';
import { toNodeListener } from '@cartie/core/node';
import { type RunningSandbox, type SandboxBot, startSandbox } from '@cartie/sandbox';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../tests/support.ts';
import {
  createTelegramClient,
  createTelegramWebhook,
  inputFile,
  type TelegramClient,
  type TelegramReply,
  type TelegramWebhookOptions,
} from './index.ts';

const secretToken = 'A_secret-of-the-bot';
let sandbox: RunningSandbox;
let bot: SandboxBot;
let telegram: TelegramClient;
let server: Server | undefined;
let errors: CartieError[];

beforeAll(async () => {
  sandbox = await startSandbox({ timeScale: 0.01 });
});
afterAll(() => sandbox.close());
beforeEach(() => {
  sandbox.reset();
  errors = [];
  bot = sandbox.telegram.createBot();
  telegram = createTelegramClient({ token: bot.token, baseUrl: sandbox.telegram.apiUrl });
});
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function receiveWith(options: Partial<TelegramWebhookOptions>): Promise<void> {
  const webhook = createTelegramWebhook({
    secretToken,
    botId: bot.id,
    onUpdate: async () => undefined,
    onError: (error) => errors.push(error as CartieError),
    ...options,
  });
  server = createServer(toNodeListener(webhook));
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await telegram.syncWebhook({ url, secretToken });
}

async function askWithButton(): Promise<string> {
  sandbox.telegram.userSends(bot, { from: 77, text: 'hello' });
  await telegram.sendMessage({
    chat_id: 77,
    text: 'Sure?',
    reply_markup: { inline_keyboard: [[{ text: 'Yes', callback_data: 'yes' }]] },
  });
  return sandbox.telegram.userPresses(bot, { from: 77, button: 'Yes' });
}

const answerButtons: TelegramWebhookOptions['reply'] = ({ payload }) =>
  payload.callback_query && {
    method: 'answerCallbackQuery',
    callback_query_id: payload.callback_query.id,
    text: 'Done',
  };

describe('a call in the webhook’s answer', () => {
  it('is executed by Telegram, without a request of ours', async () => {
    await receiveWith({ reply: answerButtons });
    const query = await askWithButton();
    await until(() => sandbox.telegram.answerTo(bot, query) !== undefined);
    expect(sandbox.telegram.answerTo(bot, query)).toMatchObject({ text: 'Done' });
    expect(errors).toEqual([]);
  });

  it('travels only once the update is taken, and then with the delivery that Telegram repeats', async () => {
    let refusals = 2;
    const replies: string[] = [];
    await receiveWith({
      onUpdate: async ({ kind }) => {
        if (kind === 'callback_query' && refusals-- > 0) throw new Error('The database is away');
      },
      reply: (update) => {
        replies.push(update.kind);
        return answerButtons(update);
      },
    });
    const query = await askWithButton();
    await until(() => sandbox.telegram.answerTo(bot, query) !== undefined);
    expect(replies.filter((kind) => kind === 'callback_query')).toHaveLength(1);
  });

  const later = async (): Promise<never> => {
    throw new Error('unseen');
  };
  const rejected: [string, unknown, string][] = [
    ['sends a message', { method: 'sendMessage', chat_id: 77, text: 'Hi' }, 'method'],
    ['sends by another spelling', { method: 'SENDMESSAGE', chat_id: 77, text: 'Hi' }, 'method'],
    ['edits a message, which is paced', { method: 'editMessageText', chat_id: 77, text: 'Hi' }, 'method'],
    ['pays', { method: 'sendGift', user_id: 77, gift_id: '1' }, 'method'],
    ['asks', { method: 'getMe' }, 'method'],
    ['sets the webhook', { method: 'setWebhook', url: '' }, 'method'],
    ['logs out', { method: 'logOut' }, 'method'],
    ['nobody knows', { method: 'sendHologram', chat_id: 77 }, 'method'],
    ['names no method', { chat_id: 77 }, 'method'],
    ['uploads', { method: 'setUserEmojiStatus', user_id: 77, file: inputFile(new Uint8Array(1)) }, 'reply'],
    ['is a promise', later, 'reply'],
    ['is a text', 'sendMessage', 'reply'],
  ];
  it.each(rejected)('that %s does not travel', async (_, call, field) => {
    await receiveWith({ reply: () => (typeof call === 'function' ? call() : call) as TelegramReply });
    const before = sandbox.telegram.calls().length;
    sandbox.telegram.userSends(bot, { from: 77, text: 'hello' });
    await sandbox.telegram.settled(bot);
    await until(() => errors.length > 0);
    expect(errors[0]).toMatchObject({ code: 'invalid_input', operation: 'reply', field });
    expect(sandbox.telegram.calls()).toHaveLength(before);
  });

  it('that has an option of its own must be a function', () => {
    expect(() =>
      createTelegramWebhook({ secretToken, botId: 1, onUpdate: async () => 0, reply: 7 as never }),
    ).toThrow(expect.objectContaining({ code: 'invalid_config', field: 'reply' }));
  });
});
