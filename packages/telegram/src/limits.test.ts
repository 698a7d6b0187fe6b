import {
  type CartieError,
  type Limiter,
  type LimitKey,
  memoryLimiter,
  memoryStore,
  storeLimiter,
} from '@cartie/core';
import { describe, expect, it } from 'vitest';
import { chatFirstLimiter, createChatBook, limitsOf } from './limits.ts';
import { operationOf } from './operations.ts';

const keysOf = (
  method: string,
  chat: string | undefined,
  extra: { paid?: boolean; messages?: number } = {},
) =>
  limitsOf({
    bot: '42',
    method,
    operation: operationOf(method),
    chat,
    paid: false,
    messages: 1,
    rates: {},
    ...extra,
  }).map(({ key, limit, intervalMs }) => `${key} ${limit}/${intervalMs}`);

describe('a message', () => {
  it('counts against its chat and the bot', () => {
    expect(keysOf('sendMessage', '7')).toEqual(['telegram:42:chat:7 1/1000', 'telegram:42:overall 30/1000']);
  });

  it.each(['-5', '-1001234', '@channel'])('to %s counts against the minute of its group too', (chat) => {
    expect(keysOf('sendPhoto', chat)).toEqual([
      `telegram:42:chat:${chat} 1/1000`,
      'telegram:42:overall 30/1000',
      `telegram:42:group:${chat} 20/60000`,
    ]);
  });

  it('that is paid for counts against the paid rate', () => {
    expect(keysOf('sendMessage', '7', { paid: true })).toContain('telegram:42:paid 1000/1000');
  });

  it('that is an album counts once for each of its items', () => {
    const keys = keysOf('sendMediaGroup', '-5', { messages: 3 });
    expect(keys.filter((key) => key.includes('overall'))).toHaveLength(3);
    expect(keys.filter((key) => key.includes('group'))).toHaveLength(3);
    expect(keys.filter((key) => key.includes('chat:'))).toHaveLength(1);
  });
});

describe('a key that is named several times', () => {
  it.each([
    ['memory', () => memoryLimiter()],
    ['a store', () => storeLimiter(memoryStore())],
  ])('takes as many places, with a limiter in %s', async (_name, create) => {
    const limiter = create();
    const key: LimitKey = { key: 'k', limit: 4, intervalMs: 1_500 };
    const startedAt = performance.now();
    await limiter.acquire([key, key, key]);
    await limiter.acquire([key]);
    expect(performance.now() - startedAt).toBeLessThan(1_400);
    await limiter.acquire([key]);
    expect(performance.now() - startedAt).toBeGreaterThan(1_400);
  });
});

describe('other methods', () => {
  it('are not paced by chats, but for edits in groups', () => {
    expect(keysOf('getChat', '-5')).toEqual(['telegram:42:method:getChat 1000/1000']);
    expect(keysOf('sendChatAction', '7')).toEqual(['telegram:42:method:sendChatAction 1000/1000']);
    expect(keysOf('editMessageText', '7')).toEqual(['telegram:42:method:editMessageText 1000/1000']);
    expect(keysOf('editMessageText', undefined)).toEqual(['telegram:42:method:editMessageText 1000/1000']);
    expect(keysOf('editMessageText', '-5')).toEqual(['telegram:42:edits:-5 20/60000']);
  });
});

describe('a chat', () => {
  it('is one, whether it is named by number, digits or name', () => {
    const chats = createChatBook();
    expect(chats.key(-1001)).toBe(chats.key('-1001'));
    expect(chats.key('@Channel')).toBe(chats.key('@channel'));
    expect(chats.key('@one')).not.toBe(chats.key('@two'));
    chats.learn('@Channel', { message_id: 1, chat: { id: -1001, type: 'channel' } });
    expect(chats.key('@channel')).toBe(chats.key(-1001));
  });

  it('learns a name from an album, and nothing from other answers', () => {
    const chats = createChatBook();
    chats.learn('@group', [{ chat: { id: -7 } }, { chat: { id: -7 } }]);
    expect(chats.key('@group')).toBe('-7');
    for (const answer of [undefined, true, [], {}, { chat: null }, { chat: { id: 'x' } }])
      chats.learn('@other', answer);
    chats.learn(-8, { chat: { id: -9 } });
    expect(chats.key('@other')).toBe('@other');
    expect(chats.key(-8)).toBe('-8');
  });

  it('that has migrated is sent to and paced by its new id', () => {
    const chats = createChatBook();
    chats.migrated(-5, -1005);
    expect(chats.current('-5')).toBe(-1005);
    expect(chats.current(-6)).toBe(-6);
    expect(chats.key(-5)).toBe(chats.key(-1005));
  });

  it('is forgotten when there are too many', () => {
    const chats = createChatBook(2);
    for (const id of [-1, -2, -3]) chats.migrated(id, id - 1000);
    expect(chats.current(-1)).toBe(-1);
    expect(chats.current(-3)).toBe(-1003);
  });
});

describe('a 429', () => {
  const chat = (id: number): LimitKey => ({ key: `telegram:42:chat:${id}`, limit: 1000, intervalMs: 1000 });
  const overall: LimitKey = { key: 'telegram:42:overall', limit: 1000, intervalMs: 1000 };
  /** How long a call would have to wait, as the limiter says itself. */
  const waitMs = (limiter: Limiter, keys: LimitKey[]): Promise<number> =>
    limiter.acquire(keys, { maxWaitMs: 1 }).then(
      () => 0,
      (error: CartieError) => error.retryAfterMs ?? Number.NaN,
    );
  const refuse = async (limiter: Limiter, id: number) => {
    await limiter.pause(chat(id).key, 60_000);
    await limiter.pause(overall.key, 60_000);
  };

  it('for one chat stops that chat, and the others for a moment only', async () => {
    const limiter = chatFirstLimiter(memoryLimiter(), 20_000);
    await refuse(limiter, 1);
    const others = await waitMs(limiter, [chat(2), overall]);
    expect(others).toBeGreaterThan(0);
    expect(others).toBeLessThanOrEqual(20_000);
    expect(await waitMs(limiter, [chat(1), overall])).toBeGreaterThan(20_000);
  });

  it('for many chats at once stops the bot as a whole', async () => {
    const limiter = chatFirstLimiter(memoryLimiter(), 20_000);
    for (const id of [1, 2, 3]) await refuse(limiter, id);
    expect(await waitMs(limiter, [chat(4), overall])).toBeGreaterThan(20_000);
  });

  it('for a method that is not paced stops that method, without asking a shared limiter', async () => {
    const asked: string[] = [];
    const shared: Limiter = {
      acquire: async (keys) => void asked.push(...keys.map(({ key }) => key)),
      pause: async (key) => void asked.push(key),
    };
    const limiter = chatFirstLimiter(shared, 40);
    const method = (name: string): LimitKey => ({
      key: `telegram:42:method:${name}`,
      limit: 1000,
      intervalMs: 1000,
    });
    await limiter.pause(method('getChat').key, 60_000);
    expect(await waitMs(limiter, [method('getChat')])).toBeGreaterThan(20_000);
    expect(await waitMs(limiter, [method('getMe')])).toBe(0);
    expect(asked).toEqual([]);
  });
});
