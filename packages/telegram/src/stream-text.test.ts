import { setTimeout as sleep } from 'node:timers/promises';
import { type RunningSandbox, type SandboxBot, startSandbox } from '@cartie/sandbox';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { failureOf, ok, someToken, startServer, until } from '../tests/support.ts';
import { createTelegramClient, type TelegramClient } from './index.ts';

let sandbox: RunningSandbox;
let bot: SandboxBot;
let telegram: TelegramClient;
const chat_id = 77;

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());
beforeEach(() => {
  sandbox.reset();
  bot = sandbox.telegram.createBot();
  sandbox.telegram.createUser({ id: chat_id });
  telegram = createTelegramClient({ token: bot.token, baseUrl: sandbox.telegram.apiUrl });
});

async function* slowly(pieces: readonly string[], pauseMs = 60): AsyncGenerator<string> {
  for (const piece of pieces) {
    yield piece;
    await sleep(pauseMs);
  }
}
const fast = { intervalMs: 20 } as const;
const drafts = () => sandbox.telegram.calls().filter(({ method }) => method === 'sendMessageDraft');
const texts = () => drafts().map(({ params }) => params.text);
const messages = () => sandbox.telegram.messages(chat_id).map(({ text }) => text);

describe('a text that is shown while it is written', () => {
  it('begins with a placeholder, grows, and ends as a message', async () => {
    const writing = telegram.streamText({ chat_id }, slowly(['', 'Hello, ', 'dear ', 'reader']), fast);
    await until(() => sandbox.telegram.drafts(bot, chat_id)[0]?.text === 'Hello, dear');
    expect(messages()).toEqual([]);
    const sent = await writing;
    expect(sent.map(({ text }) => text)).toEqual(['Hello, dear reader']);
    expect(messages()).toEqual(['Hello, dear reader']);
    expect(sandbox.telegram.drafts(bot, chat_id)).toEqual([]);
    expect(texts()[0]).toBe('');
    expect(texts()).toContain('Hello,');
    expect(new Set(drafts().map(({ params }) => params.draft_id)).size).toBe(1);
  });

  it('is shown no faster than it may be, the newest text each time', async () => {
    const words = Array.from({ length: 60 }, (_, n) => `${n} `);
    await telegram.streamText({ chat_id }, slowly(words, 5), { intervalMs: 150 });
    expect(drafts().length).toBeLessThan(12);
    const shown = drafts();
    for (const [n, { at }] of shown.entries()) {
      if (n > 0) expect(at - Number(shown[n - 1]?.at)).toBeGreaterThan(100);
    }
    expect(messages()).toEqual([words.join('').trim()]);
  });

  it('is sent once, after its last draft has arrived', async () => {
    const order: string[] = [];
    const slow = await startServer(async ({ url }) => {
      const method = url.split('/').at(-1) ?? '';
      if (method === 'sendMessageDraft') await sleep(150);
      order.push(method);
      return ok({ message_id: 1, date: 1, chat: { id: chat_id, type: 'private' }, text: 'one two' });
    });
    try {
      const client = createTelegramClient({ token: someToken, baseUrl: slow.url });
      await client.streamText({ chat_id }, slowly(['one ', 'two']), fast);
      await sleep(300);
      expect(order.filter((method) => method === 'sendMessage')).toHaveLength(1);
      expect(order.length).toBeGreaterThan(1);
      expect(order.at(-1)).toBe('sendMessage');
    } finally {
      await slow.close();
    }
  });

  it('keeps its markup, and shows none that is still open', async () => {
    const pieces = ['Your <b>ca', 'r</b> is', ' ready'];
    await telegram.streamText({ chat_id, parse_mode: 'HTML' }, slowly(pieces), fast);
    expect(texts().some((text) => text === undefined || String(text).includes('<b>'))).toBe(false);
    expect(drafts().at(-1)?.params).toMatchObject({ text: expect.stringMatching(/^Your car is/) });
    expect(drafts().at(-1)?.params.entities).toMatchObject([{ type: 'bold', offset: 5, length: 3 }]);
    expect(sandbox.telegram.messages(chat_id)[0]?.message.entities).toMatchObject([{ type: 'bold' }]);
  });

  it('may be longer than a message: its end is shown, all of it is sent', async () => {
    const line = 'A line of a long answer.\n';
    const pieces = Array.from({ length: 6 }, (_, n) => `${line.repeat(40)}Part ${n}\n`);
    const sent = await telegram.streamText({ chat_id }, slowly(pieces, 40), fast);
    expect(sent.length).toBeGreaterThan(1);
    expect(messages().join('\n')).toContain('Part 5');
    expect(texts().some((text) => String(text).includes('Part 4') && !String(text).includes('Part 0'))).toBe(
      true,
    );
    for (const { status } of drafts()) expect(status).toBe(200);
  });

  it('can be stopped by its reader', async () => {
    const pieces = async function* () {
      for (;;) {
        yield 'more ';
        await sleep(20);
        const [stopped] = sandbox.telegram.pendingUpdates(bot);
        if (stopped?.stopped_message_generation) return;
      }
    };
    const writing = telegram.streamText({ chat_id, draft_id: 9, can_stop: true }, pieces(), fast);
    await until(() => sandbox.telegram.drafts(bot, chat_id)[0]?.text.startsWith('more') === true);
    sandbox.telegram.userStops(bot, { from: chat_id, draft_id: 9 });
    const [sent] = await writing;
    expect(sent?.text).toMatch(/^more/);
  });
});

describe('where drafts fail', () => {
  it('the message is sent all the same', async () => {
    sandbox.faults.set({ provider: 'telegram', method: 'sendMessageDraft', kind: 'reset', times: 100 });
    await telegram.streamText({ chat_id }, slowly(['one ', 'two']), fast);
    expect(messages()).toEqual(['one two']);
  });

  it('again and again they come more seldom, and open no circuit for the message', async () => {
    sandbox.faults.set({ provider: 'telegram', method: 'sendMessageDraft', kind: 'server_error' });
    const words = Array.from({ length: 30 }, (_, n) => `${n} `);
    await telegram.streamText({ chat_id }, slowly(words, 30), fast);
    expect(drafts().length).toBeLessThan(5);
    expect(messages()).toEqual([words.join('').trim()]);
  });

  it('a flood is heeded, and holds up neither the message nor other chats', async () => {
    sandbox.telegram.createUser({ id: 78 });
    sandbox.faults.set({
      provider: 'telegram',
      method: 'sendMessageDraft',
      kind: 'rate_limited',
      retryAfter: 30,
      times: 1,
    });
    await telegram.streamText({ chat_id }, slowly(['one ', 'two ', 'three'], 200), fast);
    expect(drafts()).toHaveLength(1);
    expect(messages()).toEqual(['one two three']);
    await telegram.streamText({ chat_id: 78 }, slowly(['other']), fast);
    expect(drafts().filter(({ params }) => params.chat_id === 78).length).toBeGreaterThan(0);
  });

  it('because the reader has blocked the bot, they are not tried again, and the message says so', async () => {
    sandbox.telegram.userBlocks(bot, chat_id);
    const error = await failureOf(telegram.streamText({ chat_id }, slowly(['one ', 'two ', 'three']), fast));
    expect(error).toMatchObject({ code: 'forbidden', operation: 'sendMessage' });
    expect(drafts()).toHaveLength(1);
  });

  it('because the chat is a group, there is only the message', async () => {
    const group = sandbox.telegram.createChat();
    await telegram.streamText({ chat_id: group.id }, slowly(['one ', 'two']), fast);
    expect(drafts()).toEqual([]);
    expect(sandbox.telegram.messages(group.id).map(({ text }) => text)).toEqual(['one two']);
  });
});

describe('where the pieces fail', () => {
  it('nothing is sent', async () => {
    const broken = async function* () {
      yield 'Half an ';
      throw new Error('The model is away');
    };
    await expect(telegram.streamText({ chat_id }, broken(), fast)).rejects.toThrow('The model is away');
    expect(messages()).toEqual([]);
  });

  it('by being none, nothing is sent', async () => {
    expect(await telegram.streamText({ chat_id }, [])).toEqual([]);
    expect(await telegram.streamText({ chat_id }, [' ', '\n'])).toEqual([]);
    expect(messages()).toEqual([]);
  });

  it('by being no texts, that is said', async () => {
    for (const pieces of [[7], 7, {}, undefined, null]) {
      const error = await failureOf(telegram.streamText({ chat_id }, pieces as never));
      expect(error).toMatchObject({ code: 'invalid_input', field: 'pieces' });
    }
    expect(await failureOf(telegram.streamText(undefined as never, ['x']))).toMatchObject({
      code: 'invalid_input',
      field: 'params',
    });
  });

  it('by being one text, that is sent as it is', async () => {
    await telegram.streamText({ chat_id }, 'all at once', fast);
    expect(messages()).toEqual(['all at once']);
    expect(texts().every((text) => text === '' || text === 'all at once')).toBe(true);
  });

  it('by never coming, an abort ends it at once and lets go of them', async () => {
    let closed = false;
    const hanging = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => undefined),
        return: async () => {
          closed = true;
          return { done: true as const, value: undefined };
        },
      }),
    };
    const controller = new AbortController();
    const reason = new Error('changed my mind');
    const writing = telegram.streamText({ chat_id }, hanging, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 50);
    await expect(writing).rejects.toBe(reason);
    expect(closed).toBe(true);
    expect(messages()).toEqual([]);
  });

  it.each([
    [{ chat_id, draft_id: 0 }, {}, 'draft_id'],
    [{ chat_id }, { intervalMs: 0 }, 'intervalMs'],
    [{ chat_id }, { intervalMs: 60_000 }, 'intervalMs'],
  ])('%j with %j is refused', async (params, options, field) => {
    expect(await failureOf(telegram.streamText(params, ['x'], options))).toMatchObject({
      code: 'invalid_input',
      field,
    });
  });
});
