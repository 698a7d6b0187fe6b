import { inspect } from 'node:util';
import { isCartieError } from '@cartie/core';
import { type RunningSandbox, type SandboxBot, startSandbox } from '@cartie/sandbox';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTelegramClient, type TelegramClient, telegramFailure } from './index.ts';

let sandbox: RunningSandbox;
let bot: SandboxBot;
let telegram: TelegramClient;

beforeAll(async () => {
  sandbox = await startSandbox();
});

afterAll(() => sandbox.close());

beforeEach(() => {
  sandbox.reset();
  bot = sandbox.telegram.createBot();
  telegram = createTelegramClient({ token: bot.token, baseUrl: sandbox.telegram.apiUrl });
});

const failureOf = async (call: Promise<unknown>) => {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isCartieError(error)) throw new Error('The call should have failed with a CartieError');
  return error;
};

describe('a method of the client', () => {
  it('calls the method of the same name and gives its result', async () => {
    const user = sandbox.telegram.createUser();
    const message = await telegram.sendMessage({ chat_id: user.id, text: 'Your car is ready' });
    expect(message).toMatchObject({ text: 'Your car is ready', chat: { id: user.id } });
    expect(sandbox.telegram.messages(user.id).map(({ message }) => message.text)).toEqual([
      'Your car is ready',
    ]);
  });

  it('needs no parameters where the method has none that are required', async () => {
    expect(await telegram.getMe()).toMatchObject({ id: bot.id, is_bot: true });
  });

  it('refuses with what Telegram meant', async () => {
    const error = await failureOf(telegram.sendMessage({ chat_id: 404, text: 'hello' }));
    expect(error).toMatchObject({
      code: 'not_found',
      service: 'telegram',
      operation: 'sendMessage',
      status: 400,
      outcome: 'not_executed',
      attempts: 1,
    });
    expect(telegramFailure(error)).toEqual({ kind: 'chat_not_found' });
  });
});

describe('call()', () => {
  it('tells how the call went', async () => {
    expect(await telegram.call('getMe')).toMatchObject({ data: { id: bot.id }, status: 200, attempts: 1 });
  });
});

describe('the client', () => {
  it('shows nothing of its token', () => {
    expect(inspect(telegram, { depth: 9, showHidden: true })).not.toContain(bot.token.slice(5));
    expect(JSON.stringify(telegram)).toBe('{}');
  });

  it('is not a promise: it can be given back by an async function', async () => {
    expect('then' in telegram).toBe(false);
    expect(await Promise.resolve(telegram)).toBe(telegram);
  });
});
