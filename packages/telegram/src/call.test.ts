import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type RunningSandbox, type SandboxBot, startSandbox } from '@cartie/sandbox';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { failureOf, ok, refusal, someToken, startServer } from '../tests/support.ts';
import { createTelegramClient, inputFile, type TelegramClientOptions, telegramFailure } from './index.ts';

let sandbox: RunningSandbox;
let bot: SandboxBot;

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());
beforeEach(() => {
  sandbox.reset();
  bot = sandbox.telegram.createBot();
});

const clientOf = (options: Partial<TelegramClientOptions> = {}) =>
  createTelegramClient({ token: bot.token, baseUrl: sandbox.telegram.apiUrl, ...options });
const executed = (method: string) =>
  sandbox.telegram.calls().filter((call) => call.method === method && call.executed).length;

describe('a call whose outcome is unknown', () => {
  it.each(['reset', 'cut_body', 'bad_json', 'html', 'empty', 'server_error'] as const)(
    'because of %s is not repeated if it sends',
    async (kind) => {
      const { id: chat_id } = sandbox.telegram.createUser();
      sandbox.faults.set({ method: 'sendMessage', kind, after: true, times: 1 });
      const error = await failureOf(clientOf().sendMessage({ chat_id, text: 'once' }));
      expect(error).toMatchObject({ outcome: 'unknown', retryable: true, attempts: 1 });
      expect(sandbox.telegram.messages(chat_id)).toHaveLength(1);
    },
  );

  it('because the answer did not come in time is not repeated if it sends', async () => {
    const { id: chat_id } = sandbox.telegram.createUser();
    sandbox.faults.set({ method: 'sendMessage', kind: 'hang', after: true, times: 1 });
    const error = await failureOf(clientOf({ timeoutMs: 100 }).sendMessage({ chat_id, text: 'once' }));
    expect(error).toMatchObject({ code: 'timeout', outcome: 'unknown', attempts: 1 });
    expect(sandbox.telegram.messages(chat_id)).toHaveLength(1);
  });

  it('is repeated if a second run changes nothing', async () => {
    const { id: chat_id } = sandbox.telegram.createUser();
    const telegram = clientOf();
    const { message_id } = await telegram.sendMessage({ chat_id, text: 'old' });
    sandbox.faults.set({ method: 'editMessageReplyMarkup', kind: 'reset', times: 1 });
    sandbox.faults.set({ method: 'getMe', kind: 'server_error', times: 1 });
    await telegram.editMessageReplyMarkup({
      chat_id,
      message_id,
      reply_markup: { inline_keyboard: [[{ text: 'a', callback_data: 'a' }]] },
    });
    expect(await telegram.call('getMe')).toMatchObject({ attempts: 2 });
  });

  it('is repeated where the caller knows that it may be', async () => {
    const { id: chat_id } = sandbox.telegram.createUser();
    sandbox.faults.set({ method: 'sendMessage', kind: 'reset', after: true, times: 1 });
    await clientOf().sendMessage({ chat_id, text: 'twice is fine' }, { idempotent: true });
    expect(executed('sendMessage')).toBe(2);
  });

  it('of an unknown method is repeated only as far as the caller says', async () => {
    const server = await startServer((_request, n) => (n % 2 === 1 ? 'reset' : ok(n)));
    try {
      const telegram = createTelegramClient({ token: someToken, baseUrl: server.url });
      const error = await failureOf(telegram.call('sendHologram', { chat_id: 1 }));
      expect(error).toMatchObject({ outcome: 'unknown', operation: 'sendHologram', attempts: 1 });
      server.received.length = 0;
      expect(await telegram.call('getHologram', {}, { idempotent: true })).toEqual({
        data: 2,
        status: 200,
        requestId: undefined,
        attempts: 2,
      });
    } finally {
      await server.close();
    }
  });
});

describe('a call that was certainly not executed', () => {
  it('is repeated, also if it sends: after a 429', async () => {
    const { id: chat_id } = sandbox.telegram.createUser();
    sandbox.faults.set({ method: 'sendMessage', kind: 'rate_limited', retryAfter: 1, times: 1 });
    const startedAt = performance.now();
    const { attempts } = await clientOf().call('sendMessage', { chat_id, text: 'late' });
    expect(attempts).toBe(2);
    expect(performance.now() - startedAt).toBeGreaterThan(990);
    expect(sandbox.telegram.messages(chat_id)).toHaveLength(1);
  });

  it('is repeated, also if it sends: while nobody listens', async () => {
    const server = await startServer(() => ok({ message_id: 1, chat: { id: 1 } }));
    await server.close();
    const telegram = createTelegramClient({ token: someToken, baseUrl: server.url });
    const error = await failureOf(telegram.sendMessage({ chat_id: 1, text: 'hello' }));
    expect(error).toMatchObject({ code: 'connection_failed', outcome: 'not_executed', attempts: 3 });
  });
});

describe('pacing', () => {
  it('sends 100 messages to 50 chats, never more than 30 in a second nor two of a chat', async () => {
    const sent: { at: number; body: string }[] = [];
    const telegram = clientOf({
      deadlineMs: 20_000,
      // A place for each, so that a slow answer here holds back no call that has passed the limiter.
      maxConcurrent: 100,
      fetch: async (url, init) => {
        sent.push({ at: performance.now(), body: String(init?.body) });
        // What passed the limiter together is timed together, and not after the work of sending what came before.
        await new Promise((resolve) => setTimeout(resolve, 50));
        return fetch(url, init);
      },
    });
    // A machine that stood still held calls up that had passed the limiter.
    const stalls = monitorEventLoopDelay({ resolution: 5 });
    stalls.enable();
    const within = (each: { at: number }) =>
      sent.filter(({ at }) => at >= each.at && at < each.at + 980 - (2 * stalls.max) / 1e6);
    const users = Array.from({ length: 50 }, () => sandbox.telegram.createUser());
    await Promise.all(
      [...users, ...users].map(({ id }, n) => telegram.sendMessage({ chat_id: id, text: `message ${n}` })),
    );
    stalls.disable();
    for (const each of sent) {
      const chats = within(each).map(({ body }) => (JSON.parse(body) as { chat_id: number }).chat_id);
      expect(chats.length).toBeLessThanOrEqual(30);
      expect(new Set(chats).size).toBe(chats.length);
    }
    expect(users.map(({ id }) => sandbox.telegram.messages(id).length)).toEqual(Array(50).fill(2));
  }, 30_000);

  it('keeps a chat’s messages apart, whatever name it is given', async () => {
    const chat = sandbox.telegram.createChat({ type: 'channel', username: 'cartie_news' });
    const telegram = clientOf({ rates: { chat: { limit: 1, intervalMs: 600 } } });
    await telegram.sendMessage({ chat_id: '@cartie_news', text: '0' });
    await Promise.all(
      ['@Cartie_News', chat.id, String(chat.id)].map((chat_id) =>
        telegram.sendMessage({ chat_id, text: 'more' }),
      ),
    );
    const times = sandbox.telegram.calls().map(({ at }) => at);
    for (let i = 2; i < times.length; i++) expect((times[i] ?? 0) - (times[i - 1] ?? 0)).toBeGreaterThan(300);
  });

  it('slows edits in groups, not in private chats', async () => {
    const telegram = clientOf({
      rates: { groupEdits: { limit: 1, intervalMs: 800 }, chat: { limit: 100, intervalMs: 1 } },
    });
    const elapsedMs = async (chat_id: number) => {
      const { message_id } = await telegram.sendMessage({ chat_id, text: '0' });
      const startedAt = performance.now();
      for (const text of ['1', '2', '3']) await telegram.editMessageText({ chat_id, message_id, text });
      return performance.now() - startedAt;
    };
    expect(await elapsedMs(sandbox.telegram.createUser().id)).toBeLessThan(800);
    expect(await elapsedMs(sandbox.telegram.createChat().id)).toBeGreaterThan(1_500);
  });

  it('lets other methods pass a chat that must wait', async () => {
    const { id: chat_id } = sandbox.telegram.createUser();
    const telegram = clientOf({ rates: { chat: { limit: 1, intervalMs: 10_000 } } });
    await telegram.sendMessage({ chat_id, text: 'first' });
    const waiting = failureOf(telegram.sendMessage({ chat_id, text: 'second' }, { deadlineMs: 300 }));
    await telegram.sendChatAction({ chat_id, action: 'typing' });
    await telegram.getChat({ chat_id });
    expect(await waiting).toMatchObject({ code: 'rate_limited', outcome: 'not_executed', attempts: 0 });
    expect(executed('sendMessage')).toBe(1);
  });

  it('cools a chat down after a 429 and leaves the others alone', async () => {
    const [refused, other] = [sandbox.telegram.createUser(), sandbox.telegram.createUser()];
    const telegram = clientOf({ retries: 0, rates: { overall: { limit: 30, intervalMs: 50 } } });
    sandbox.faults.set({ method: 'sendMessage', kind: 'rate_limited', retryAfter: 60, times: 1 });
    await failureOf(telegram.sendMessage({ chat_id: refused.id, text: 'x' }));
    await telegram.sendMessage({ chat_id: other.id, text: 'y' }, { deadlineMs: 2_000 });
    const again = await failureOf(
      telegram.sendMessage({ chat_id: refused.id, text: 'x' }, { deadlineMs: 500 }),
    );
    expect(again).toMatchObject({ code: 'rate_limited', attempts: 0 });
    expect(again.retryAfterMs).toBeGreaterThan(50_000);
  });

  it('sends faster where the broadcast is paid for, and tells Telegram so', async () => {
    const users = Array.from({ length: 150 }, () => sandbox.telegram.createUser());
    const telegram = clientOf({ paidBroadcast: true });
    const startedAt = performance.now();
    await Promise.all(users.map(({ id }) => telegram.sendMessage({ chat_id: id, text: 'paid' })));
    // At 30 a second it would take four seconds and more.
    expect(performance.now() - startedAt).toBeLessThan(4_000);
    for (const { params } of sandbox.telegram.calls()) expect(params.allow_paid_broadcast).toBe(true);
    await telegram.sendMessage({
      chat_id: sandbox.telegram.createUser().id,
      text: 'free',
      allow_paid_broadcast: false,
    });
    expect(sandbox.telegram.calls().at(-1)?.params.allow_paid_broadcast).toBe(false);
  });
});

describe('a group that has become a supergroup', () => {
  const migrating = () =>
    startServer(({ body }) => {
      const sent = body.toString();
      return sent.includes('-1005')
        ? ok({ message_id: 1, chat: { id: -1005 } })
        : refusal(400, 'Bad Request: group chat was upgraded to a supergroup chat', {
            migrate_to_chat_id: -1005,
          });
    });

  it('is followed once, remembered, and told of', async () => {
    const server = await migrating();
    try {
      const moves: unknown[] = [];
      const telegram = createTelegramClient({
        token: someToken,
        baseUrl: server.url,
        onMigrated: (move) => moves.push(move),
      });
      expect(await telegram.call('sendMessage', { chat_id: -5, text: 'a' })).toMatchObject({ attempts: 2 });
      await telegram.sendMessage({ chat_id: '-5', text: 'b' });
      await telegram.getChat({ chat_id: -5 });
      await telegram.forwardMessage({ chat_id: -1005, from_chat_id: -5, message_id: 1 });
      expect(server.received.map(({ body }) => JSON.parse(body.toString()).chat_id)).toEqual([
        -5, -1005, -1005, -1005, -1005,
      ]);
      expect(server.received.map(({ body }) => JSON.parse(body.toString()).from_chat_id).at(-1)).toBe(-1005);
      expect(moves).toEqual([{ from: -5, to: -1005 }]);
    } finally {
      await server.close();
    }
  });

  it('is followed with files that can be read again, and told of where they cannot', async () => {
    const server = await migrating();
    try {
      const telegram = createTelegramClient({ token: someToken, baseUrl: server.url });
      await telegram.sendDocument({ chat_id: -5, document: inputFile(new Uint8Array(10)) });
      const fresh = createTelegramClient({ token: someToken, baseUrl: server.url });
      const stream = ReadableStream.from([new Uint8Array(10)]);
      const error = await failureOf(fresh.sendDocument({ chat_id: -5, document: inputFile(stream) }));
      expect(telegramFailure(error)).toEqual({ kind: 'migrated', migrateToChatId: -1005 });
    } finally {
      await server.close();
    }
  });

  it('that moves again and again is not followed for ever', async () => {
    let to = -100;
    const server = await startServer(() => {
      to -= 1;
      return refusal(400, 'Bad Request: group chat was upgraded to a supergroup chat', {
        migrate_to_chat_id: to,
      });
    });
    try {
      const telegram = createTelegramClient({ token: someToken, baseUrl: server.url });
      const error = await failureOf(telegram.sendMessage({ chat_id: -5, text: 'a' }));
      expect(telegramFailure(error)).toEqual({ kind: 'migrated', migrateToChatId: -102 });
      expect(server.received).toHaveLength(2);
    } finally {
      await server.close();
    }
  });
});

describe('where calls go', () => {
  it('is the test environment if that is wanted, with the newest token', async () => {
    const server = await startServer(() => ok(true));
    try {
      const tokens = [someToken, `${someToken}2`];
      const telegram = createTelegramClient({
        token: async () => tokens.shift() ?? 'none left',
        baseUrl: server.url,
        testEnvironment: true,
      });
      expect(await telegram.botId()).toBe('123456');
      await telegram.getMe();
      expect(server.received.map(({ url }) => url)).toEqual([`/bot${someToken}2/test/getMe`]);
      const error = await failureOf(telegram.getMe());
      expect(error).toMatchObject({ code: 'invalid_config', field: 'token', attempts: 0 });
      expect(JSON.stringify([error, error.message])).not.toContain('none left');
    } finally {
      await server.close();
    }
  });
});

describe('a token that is asked for', () => {
  it('and never comes ends the call at its deadline, and at once when it is aborted', async () => {
    const telegram = clientOf({ token: () => new Promise<string>(() => undefined), deadlineMs: 50 });
    const error = await failureOf(telegram.getMe());
    expect(error).toMatchObject({ code: 'timeout', outcome: 'not_executed', attempts: 0 });
    expect(await failureOf(telegram.botId())).toMatchObject({ code: 'timeout', field: 'token' });
    const reason = new Error('enough');
    const controller = new AbortController();
    const call = telegram.sendMessage(
      { chat_id: 1, text: 'x' },
      { deadlineMs: 10_000, signal: controller.signal },
    );
    setTimeout(() => controller.abort(reason), 10);
    await expect(call).rejects.toBe(reason);
  });

  it('and fails after the call was aborted leaves no unhandled rejection', async () => {
    const unhandled: unknown[] = [];
    const listener = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', listener);
    try {
      const telegram = clientOf({ token: () => Promise.reject(new Error('the vault is closed')) });
      const signal = AbortSignal.abort('enough');
      await expect(telegram.getMe({}, { signal })).rejects.toBe('enough');
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', listener);
    }
  });
});

describe('a wrong call', () => {
  it('never gets on the wire', async () => {
    const telegram = clientOf();
    const calls = [
      telegram.call('../getMe'),
      telegram.call(''),
      telegram.call('getMe', 'text' as never),
      telegram.call('getMe', [] as never),
      telegram.getMe(undefined, { timeoutMs: -1 }),
      telegram.sendMessage({ chat_id: 1, text: 10n as never }),
    ];
    for (const call of calls)
      expect(await failureOf(call)).toMatchObject({ code: 'invalid_input', attempts: 0 });
    expect(sandbox.telegram.calls()).toEqual([]);
  });
});

describe('wrong options', () => {
  it.each([
    ['token', { token: '' }],
    ['token', { token: 'not a token' }],
    ['token', { token: undefined }],
    ['paidBroadcast', { paidBroadcast: 'yes' }],
    ['rates', { rates: { chats: { limit: 1, intervalMs: 1 } } }],
    ['rates', { rates: { chat: { limit: 0, intervalMs: 1 } } }],
    ['rates', { rates: { chat: { limit: 1.5, intervalMs: 1 } } }],
    ['rates', { rates: { chat: { limit: 1, intervalMs: 1, burst: 0.5 } } }],
    ['maxUploadBytes', { maxUploadBytes: -1 }],
    ['onMigrated', { onMigrated: 1 }],
    ['tokn', { tokn: someToken }],
    ['baseUrl', { baseUrl: 'not a URL' }],
  ])('are refused by name: %s', (field, options) => {
    const create = () => createTelegramClient({ token: someToken, ...options } as never);
    expect(create).toThrow(
      expect.objectContaining({ code: 'invalid_config', field: expect.stringContaining(field) }),
    );
    expect(create).toThrow(/^(?!.*not a)/);
  });

  it.each([null, 5, 'text'])('of a call cannot be %j', async (options) => {
    const telegram = createTelegramClient({ token: someToken });
    await expect(telegram.getMe(options as never)).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(telegram.call('getMe', {}, options as never)).rejects.toMatchObject({
      code: 'invalid_input',
      operation: 'getMe',
    });
  });
});
