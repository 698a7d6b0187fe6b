import { createStores, type KeyValueStore, memoryStore, type Update } from '@cartie/core';
import { type RunningSandbox, type SandboxBot, startSandbox } from '@cartie/sandbox';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../tests/support.ts';
import {
  createTelegramClient,
  createTelegramPoller,
  type Telegram,
  type TelegramClient,
  type TelegramPoller,
  type TelegramPollerOptions,
} from './index.ts';

let sandbox: RunningSandbox;
let bot: SandboxBot;
let client: TelegramClient;
let store: KeyValueStore;
let received: string[];
const pollers: TelegramPoller[] = [];

beforeAll(async () => {
  sandbox = await startSandbox({ timeScale: 0.01 });
});
afterAll(() => sandbox.close());
beforeEach(() => {
  sandbox.reset();
  bot = sandbox.telegram.createBot();
  client = createTelegramClient({ token: bot.token, baseUrl: sandbox.telegram.apiUrl });
  store = memoryStore();
  received = [];
});
afterEach(async () => {
  await Promise.all(pollers.splice(0).map((poller) => poller.stop()));
});

const textOf = ({ payload }: Update<Telegram.Update>) => payload.message?.text ?? '';
const pollerOf = (options: Partial<TelegramPollerOptions> = {}) => {
  const poller = createTelegramPoller({
    client,
    store,
    leases: createStores(store).leases,
    onUpdate: async (update) => {
      received.push(textOf(update));
    },
    backoffMs: 10,
    maxBackoffMs: 50,
    leaseMs: 600,
    ...options,
  });
  pollers.push(poller);
  return poller;
};
const say = (text: string, id = 7) =>
  sandbox.telegram.userSends(bot, { from: sandbox.telegram.createUser({ id }), text });
const polls = () =>
  sandbox.telegram.calls().filter(({ method, botId }) => method === 'getUpdates' && botId === bot.id);

describe('a poller', () => {
  it('hands every update on, as the webhook does', async () => {
    const updates: Update<Telegram.Update>[] = [];
    const poller = pollerOf({ onUpdate: async (update) => void updates.push(update) });
    say('before');
    poller.start();
    await until(() => updates.length === 1);
    say('after');
    await until(() => updates.length === 2);
    expect(updates[0]).toMatchObject({
      source: `telegram:${bot.id}`,
      kind: 'message',
      orderKey: `telegram:${bot.id}:chat:7`,
      payload: { message: { text: 'before' } },
    });
    expect(await poller.health()).toMatchObject({ status: 'ok', facts: { phase: 'polling', failures: 0 } });
  });

  it('asks for the kinds that are wanted', async () => {
    pollerOf({ kinds: ['message', 'chat_member'] }).start();
    await until(() => polls().length > 0);
    expect(polls()[0]?.params.allowed_updates).toEqual(['chat_member', 'message']);
  });

  it('forgets an update only after it is taken, and never one that is not', async () => {
    let failures = 3;
    const poller = pollerOf({
      onUpdate: async (update) => {
        if (textOf(update) === 'b' && failures-- > 0) throw new Error('not now');
        received.push(textOf(update));
      },
    });
    for (const text of ['a', 'b', 'c']) say(text);
    poller.start();
    await until(() => received.length === 3);
    expect(received).toEqual(['a', 'b', 'c']);
    await until(() => sandbox.telegram.pendingUpdates(bot).length === 0);
  });

  it('lets other chats pass one that fails', async () => {
    const poller = pollerOf({
      onUpdate: async (update) => {
        if (textOf(update) === 'stuck') throw new Error('for ever');
        received.push(textOf(update));
      },
    });
    say('stuck', 1);
    say('behind', 1);
    say('other', 2);
    poller.start();
    await until(() => received.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(received).toEqual(['other']);
    expect(sandbox.telegram.pendingUpdates(bot)).toHaveLength(3);
  });

  it('handles chats at the same time and each chat in order', async () => {
    const running = new Set<string>();
    let most = 0;
    const poller = pollerOf({
      concurrency: 3,
      onUpdate: async (update) => {
        expect(running.has(update.orderKey)).toBe(false);
        running.add(update.orderKey);
        most = Math.max(most, running.size);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running.delete(update.orderKey);
        received.push(textOf(update));
      },
    });
    for (let i = 0; i < 40; i++) say(String(i), i % 5);
    poller.start();
    await until(() => received.length === 40);
    expect(most).toBe(3);
    for (let chat = 0; chat < 5; chat++) {
      const ofChat = received.map(Number).filter((n) => n % 5 === chat);
      expect(ofChat).toEqual(ofChat.toSorted((a, b) => a - b));
    }
  });

  it('gives up an update that keeps failing once it has expired', async () => {
    const errors: unknown[] = [];
    const expired = createTelegramPoller({
      client: {
        botId: async () => '1',
        getUpdates: async (params) => {
          if (params?.offset === 6) await new Promise((resolve) => setTimeout(resolve, 50));
          return params?.offset === 6
            ? []
            : [{ update_id: 5, inline_query: { id: '1', from: { id: 1 } } } as never];
        },
      },
      store,
      leases: createStores(store).leases,
      backoffMs: 1,
      maxBackoffMs: 1,
      onError: (error) => errors.push(error),
      onUpdate: async (update) => {
        update.expiresAt = 0;
        throw new Error('always');
      },
    });
    pollers.push(expired);
    expired.start();
    await until(async () => (await store.get('telegram-poller:1'))?.value.includes('"offset":6') === true);
    expect(errors.length).toBeGreaterThan(0);
  });
});

describe('two pollers of one bot', () => {
  it('take turns: one polls, the other takes over when it stops', async () => {
    const first = pollerOf();
    const second = pollerOf();
    first.start();
    await until(async () => (await first.health()).facts?.phase === 'polling');
    second.start();
    await until(async () => (await second.health()).detail === 'Another process polls for this bot.');
    say('one');
    await until(() => received.length === 1);
    await first.stop();
    say('two');
    await until(() => received.length === 2);
    expect(received).toEqual(['one', 'two']);
    expect(polls().filter(({ status }) => status === 409)).toEqual([]);
  });
});

describe('a poller survives', () => {
  it.each([
    ['a flood', 'rate_limited'],
    ['an outage', 'server_error'],
    ['a gateway', 'html'],
    ['a reset', 'reset'],
    ['a cut answer', 'cut_body'],
    ['nonsense', 'bad_json'],
    ['a refusal', 'unauthorized'],
  ] as const)('%s, and tells of it meanwhile', async (_name, kind) => {
    const errors: unknown[] = [];
    const poller = pollerOf({ onError: (error) => errors.push(error) });
    const fault = sandbox.faults.set({ method: 'getUpdates', kind, retryAfter: 0.02 });
    poller.start();
    await until(() => errors.length >= 3);
    expect(await poller.health()).toMatchObject({
      status: 'down',
      detail: expect.stringContaining('Polling fails'),
    });
    sandbox.faults.clear(fault);
    say('at last');
    await until(() => received.length === 1);
    expect(await poller.health()).toMatchObject({ status: 'ok' });
  });

  it('a conflict with a poller that is not ours', async () => {
    const errors: unknown[] = [];
    const poller = pollerOf({ onError: (error) => errors.push(error) });
    poller.start();
    await until(async () => (await poller.health()).facts?.phase === 'polling');
    const stranger = createTelegramClient({ token: bot.token, baseUrl: sandbox.telegram.apiUrl });
    await until(async () => {
      await stranger.getUpdates({ timeout: 0 }).catch(() => undefined);
      return errors.length > 0;
    });
    expect(errors[0]).toMatchObject({ code: 'conflict' });
    say('still here');
    await until(() => received.length === 1);
  });

  it('a webhook that is set, and polls once it is deleted', async () => {
    await client.setWebhook({ url: 'http://127.0.0.1:9/', secret_token: 'x' });
    const poller = pollerOf();
    poller.start();
    await until(async () => (await poller.health()).detail?.includes('webhook') === true);
    await client.deleteWebhook();
    say('polled');
    await until(() => received.length === 1);
  });

  it('a store that fails: the updates go on', async () => {
    let isDown = false;
    const flaky: Pick<KeyValueStore, 'get' | 'put'> = {
      get: (key) => store.get(key),
      put: (...args) => (isDown ? Promise.reject(new Error('down')) : store.put(...args)),
    };
    const poller = pollerOf({ store: flaky });
    poller.start();
    await until(async () => (await poller.health()).facts?.phase === 'polling');
    isDown = true;
    for (const text of ['a', 'b']) {
      say(text);
      await until(() => received.includes(text));
    }
    expect(received).toEqual(['a', 'b']);
  });
});

describe('stopping', () => {
  it('waits for what is in hand, and leaves the rest for the next start', async () => {
    let release: (() => void) | undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const signals: AbortSignal[] = [];
    const poller = pollerOf({
      concurrency: 2,
      onUpdate: async (update, { signal }) => {
        signals.push(signal);
        if (textOf(update) === 'slow') await held;
        received.push(textOf(update));
      },
    });
    say('slow', 1);
    say('fast', 2);
    say('after slow', 1);
    poller.start();
    await until(() => received.includes('fast') && signals.length === 2);
    const stopped = poller.stop();
    let hasStopped = false;
    void stopped.then(() => {
      hasStopped = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(hasStopped).toBe(false);
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
    release?.();
    await stopped;
    expect(received).toEqual(['fast', 'slow']);
    expect(sandbox.telegram.pendingUpdates(bot)).toHaveLength(3);

    poller.start();
    await until(() => received.length === 3);
    expect(received).toEqual(['fast', 'slow', 'after slow']);
  });

  it('does not hand on again what was taken behind an update that was not', async () => {
    let isFirstTime = true;
    const poller = pollerOf({
      onUpdate: async (update, { signal }) => {
        if (textOf(update) === 'slow' && isFirstTime) {
          await until(() => signal.aborted);
          throw new Error('stopped');
        }
        received.push(textOf(update));
      },
    });
    say('slow', 1);
    say('fast', 2);
    poller.start();
    await until(() => received.length === 1);
    await poller.stop();
    isFirstTime = false;
    poller.start();
    await until(() => received.includes('slow'));
    say('next', 3);
    await until(() => received.includes('next'));
    expect(received).toEqual(['fast', 'slow', 'next']);
  });

  it('does not lose an update that comes while it stops', async () => {
    const poller = pollerOf();
    for (let i = 0; i < 20; i++) {
      poller.start();
      say(String(i));
      await new Promise((resolve) => setTimeout(resolve, i));
      await poller.stop();
    }
    poller.start();
    await until(() => new Set(received).size === 20);
    expect(received).toHaveLength(20);
  });

  it('can be done at any time, twice, and starting twice starts once', async () => {
    const poller = pollerOf();
    await poller.stop();
    poller.start();
    poller.start();
    await until(async () => (await poller.health()).facts?.phase === 'polling');
    await Promise.all([poller.stop(), poller.stop()]);
    expect(await poller.health()).toMatchObject({ status: 'unknown', facts: { phase: 'stopped' } });
    await using disposed = pollerOf();
    disposed.start();
  });
});

describe('after a restart', () => {
  it('goes on behind what was handled, also if Telegram was not told', async () => {
    say('a');
    const first = pollerOf();
    first.start();
    await until(async () => (await store.get(`telegram-poller:${bot.id}`)) !== undefined);
    await first.stop();
    say('b');
    pollerOf().start();
    await until(() => received.length === 2);
    expect(received).toEqual(['a', 'b']);
  });

  it.each([
    ['is not ours', () => 'nonsense'],
    // Ids may begin anew after a week without updates; an offset above them would hide them.
    [
      'is a week old',
      (id: number) => JSON.stringify({ offset: id + 5, done: [], savedAt: Date.now() - 7 * 86_400_000 }),
    ],
  ])('does not trust a note that %s', async (_name, note) => {
    say('first');
    const [update] = sandbox.telegram.pendingUpdates(bot);
    await store.put(`telegram-poller:${bot.id}`, note(update?.update_id ?? 0));
    pollerOf().start();
    await until(() => received.length === 1);
  });

  it('tells Telegram an offset once, so that ids may begin anew', async () => {
    say('a');
    pollerOf({ waitMs: 1_000 }).start();
    await until(() => polls().length >= 3);
    expect(
      polls()
        .slice(0, 3)
        .map(({ params }) => typeof params.offset),
    ).toEqual(['undefined', 'number', 'undefined']);
  });
});

describe('a wrong option', () => {
  it.each([
    ['client', { client: {} }],
    ['leases', { leases: undefined }],
    ['store', { store: { get: 1 } }],
    ['onUpdate', { onUpdate: undefined }],
    ['waitMs', { waitMs: 60_000 }],
    ['kinds', { kinds: 'everything' }],
    ['onUpdates', { onUpdates: () => undefined }],
  ])('%s is refused by name', (field, options) => {
    expect(() => pollerOf(options as never)).toThrow(
      expect.objectContaining({ code: 'invalid_config', field: expect.stringContaining(field) }),
    );
  });
});
