import { type RunningSandbox, type SandboxBot, startSandbox } from '@cartie/sandbox';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { failureOf, ok, type Received, refusal, someToken, startServer } from '../tests/support.ts';
import { createTelegramClient, type TelegramClient, telegramFailure } from './index.ts';

let sandbox: RunningSandbox;
let bot: SandboxBot;
let telegram: TelegramClient;
let chat_id: number;

beforeAll(async () => {
  sandbox = await startSandbox({ telegram: { floodScale: 0 } });
});
afterAll(() => sandbox.close());
beforeEach(() => {
  sandbox.reset();
  bot = sandbox.telegram.createBot();
  telegram = createTelegramClient({
    token: bot.token,
    baseUrl: sandbox.telegram.apiUrl,
    rates: { chat: { limit: 100, intervalMs: 1 } },
  });
  chat_id = sandbox.telegram.createUser().id;
});

const shown = () => sandbox.telegram.messages(chat_id).map(({ message }) => message);

describe('sendText()', () => {
  it('sends a text that fits as one message, with its markup', async () => {
    const [message] = await telegram.sendText({ chat_id, text: '<b>Hello</b>', parse_mode: 'HTML' });
    expect(message).toMatchObject({ text: 'Hello', entities: [{ type: 'bold', offset: 0, length: 5 }] });
    expect(shown()).toHaveLength(1);
  });

  it('sends a long text as several, with the keyboard under the last and the reply at the first', async () => {
    const { message_id } = await telegram.sendMessage({ chat_id, text: 'question' });
    const text = `<b>${'word '.repeat(1_000)}</b>${'more '.repeat(500)}`;
    const messages = await telegram.sendText({
      chat_id,
      text,
      parse_mode: 'HTML',
      reply_parameters: { message_id },
      reply_markup: { inline_keyboard: [[{ text: 'ok', callback_data: 'ok' }]] },
    });
    expect(messages.map(({ text }) => text).join(' ')).toBe(
      `${'word '.repeat(1_000)}${'more '.repeat(500)}`.trim(),
    );
    expect(messages).toHaveLength(2);
    expect(messages.map(({ entities }) => entities?.[0]?.type)).toEqual(['bold', 'bold']);
    expect(messages.map((each) => 'reply_to_message' in each)).toEqual([true, false]);
    expect(messages.map((each) => 'reply_markup' in each)).toEqual([false, true]);
  });

  it('sends a text whose markup is broken as it is', async () => {
    await telegram.sendText({ chat_id, text: 'a <b>broken text', parse_mode: 'HTML' });
    expect(shown().map(({ text }) => text)).toEqual(['a <b>broken text']);
    await telegram.sendText({ chat_id, text: `*${'long '.repeat(1_000)}`, parse_mode: 'MarkdownV2' });
    expect(
      shown()
        .slice(1)
        .map(({ text }) => text)
        .join(' '),
    ).toBe(`*${'long '.repeat(1_000)}`.trim());
  });

  it('sends entities that Telegram refuses as plain text', async () => {
    const entities = [{ type: 'bold' as const, offset: 0, length: 4 }];
    const server = await startServer(({ body }) =>
      body.includes('entities')
        ? refusal(400, "Bad Request: can't parse MessageEntity: whatever")
        : ok({ message_id: 1, chat: { id: 1 } }),
    );
    try {
      const client = createTelegramClient({
        token: someToken,
        baseUrl: server.url,
        rates: { chat: { limit: 9, intervalMs: 1 } },
      });
      expect(await client.sendText({ chat_id: 1, text: 'some text', entities })).toHaveLength(1);
      expect(await client.sendText({ chat_id: 1, text: 'some '.repeat(1_000), entities })).toHaveLength(2);
      const sent = server.received.map(({ body }: Received) => 'entities' in JSON.parse(body.toString()));
      expect(sent).toEqual([true, false, true, false, false]);
    } finally {
      await server.close();
    }
  });

  it('does not hide other refusals', async () => {
    const error = await failureOf(telegram.sendText({ chat_id: 404, text: 'x', parse_mode: 'HTML' }));
    expect(telegramFailure(error)).toEqual({ kind: 'chat_not_found' });
    expect(error.outcome).toBe('not_executed');
    expect(telegramFailure(await failureOf(telegram.sendText({ chat_id, text: '' })))).toEqual({
      kind: 'empty_message',
    });
  });

  it('says that a part may have arrived when it fails in the middle', async () => {
    let n = 0;
    const server = await startServer(() =>
      ++n < 2
        ? ok({ message_id: n, chat: { id: 1 } })
        : refusal(403, 'Forbidden: bot was blocked by the user'),
    );
    try {
      const client = createTelegramClient({
        token: someToken,
        baseUrl: server.url,
        rates: { chat: { limit: 9, intervalMs: 1 } },
      });
      const error = await failureOf(client.sendText({ chat_id: 1, text: 'long '.repeat(2_000) }));
      expect(error).toMatchObject({ code: 'forbidden', outcome: 'unknown', operation: 'sendMessage' });
      expect(telegramFailure(error)).toEqual({ kind: 'blocked' });
    } finally {
      await server.close();
    }
  });
});
