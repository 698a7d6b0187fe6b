import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { botApi, type CallApi } from '../../tests/bot-api.ts';
import { startReceiver } from '../../tests/receiver.ts';
import { type RunningSandbox, type SandboxBot, startSandbox } from '../index.ts';

let sandbox: RunningSandbox;
let bot: SandboxBot;
let call: CallApi;

beforeEach(async () => {
  sandbox = await startSandbox({ timeScale: 0.01 });
  bot = sandbox.telegram.createBot();
  call = botApi(sandbox, bot);
});
afterEach(() => sandbox.close());

const say = (text: string): unknown => sandbox.telegram.userSends(bot, { text });
const texts = (updates: { message: { text: string } }[]): string[] =>
  updates.map(({ message }) => message.text);

describe('getUpdates', () => {
  it('gives an update again until its offset is confirmed', async () => {
    say('one');
    say('two');
    const first = await call('getUpdates');
    expect(texts(first.result)).toEqual(['one', 'two']);
    const next = await call('getUpdates', { offset: first.result[0].update_id + 1 });
    expect(texts(next.result)).toEqual(['two']);
    await call('getUpdates', { offset: next.result[0].update_id + 1 });
    expect(sandbox.telegram.pendingUpdates(bot)).toEqual([]);
  });

  it('keeps to its limit, and a negative offset skips to the end', async () => {
    for (const text of ['a', 'b', 'c', 'd']) say(text);
    expect(texts((await call('getUpdates', { limit: 2 })).result)).toEqual(['a', 'b']);
    expect(texts((await call('getUpdates', { offset: -1 })).result)).toEqual(['d']);
    expect(sandbox.telegram.pendingUpdates(bot)).toHaveLength(1);
  });

  it('waits for an update, and answers with nothing when its time is over', async () => {
    const waiting = call('getUpdates', { timeout: 50 });
    setTimeout(() => say('at last'), 30);
    expect(texts((await waiting).result)).toEqual(['at last']);
    await call('getUpdates', { offset: -1 });
    sandbox.telegram.pendingUpdates(bot);
    const empty = await call('getUpdates', { offset: 2_000_000_000, timeout: 5 });
    expect(empty.result).toEqual([]);
  });

  it('ends the first of two pollers with 409, and a repeated conflict 3 s later', async () => {
    const first = call('getUpdates', { timeout: 50 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const second = call('getUpdates', { timeout: 50, offset: 5 });
    expect(await first).toMatchObject({
      status: 409,
      description:
        'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running',
    });
    const began = Date.now();
    const third = call('getUpdates', { timeout: 2, offset: 6 });
    expect((await second).status).toBe(409);
    expect(Date.now() - began).toBeGreaterThanOrEqual(25);
    expect((await third).status).toBe(200);
  });

  it('is refused while a webhook is set, and ended when one is', async () => {
    await using receiver = await startReceiver();
    const waiting = call('getUpdates', { timeout: 50 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await call('setWebhook', { url: receiver.url });
    expect(await waiting).toMatchObject({
      status: 409,
      description: 'Conflict: terminated by setWebhook request',
    });
    expect(await call('getUpdates')).toMatchObject({
      status: 409,
      description:
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
    });
    await call('deleteWebhook');
    say('still here');
    expect(texts((await call('getUpdates', { offset: 1 })).result)).toEqual(['still here']);
  });

  it('lets a poller that hung up make room for the next without a conflict', async () => {
    const hungUp = new AbortController();
    const abandoned = fetch(`${sandbox.telegram.apiUrl}/bot${bot.token}/getUpdates?timeout=50`, {
      signal: hungUp.signal,
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    hungUp.abort();
    await expect(abandoned).rejects.toThrow();
    say('hello');
    expect(texts((await call('getUpdates', { offset: 3, timeout: 1 })).result)).toEqual(['hello']);
  });
});
