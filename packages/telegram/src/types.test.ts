import { describe, expect, expectTypeOf, it } from 'vitest';
import { someToken } from '../tests/support.ts';
import {
  createTelegramClient,
  createTelegramWebhook,
  inputFile,
  type Telegram,
  type TelegramFailureKind,
  telegramFailure,
} from './index.ts';

const telegram = createTelegramClient({ token: someToken, fetch: () => new Promise(() => undefined) });

// The compiler is the judge here: a line that should not compile is marked, and an unused mark is an error.
describe('the types', () => {
  it('know parameters and results of every method', () => {
    const calls = () => {
      expectTypeOf(
        telegram.sendMessage({ chat_id: '@x', text: 'y' }),
      ).resolves.toEqualTypeOf<Telegram.Message.TextMessage>();
      expectTypeOf(telegram.getMe()).resolves.toEqualTypeOf<Telegram.UserFromGetMe>();
      expectTypeOf(
        telegram.getMe(undefined, { deadlineMs: 1 }),
      ).resolves.toEqualTypeOf<Telegram.UserFromGetMe>();
      expectTypeOf(telegram.getMyCommands()).resolves.toEqualTypeOf<Telegram.BotCommand[]>();
      expectTypeOf(telegram.getUpdates({ timeout: 5 })).resolves.toEqualTypeOf<Telegram.Update[]>();
      void telegram.sendPhoto({ chat_id: 1, photo: inputFile('./a.jpg') });
      void telegram.sendPhoto({ chat_id: 1, photo: 'https://example.com/a.jpg' });
      // @ts-expect-error: text is required
      void telegram.sendMessage({ chat_id: 1 });
      // @ts-expect-error: so are the parameters as a whole
      void telegram.sendMessage();
      // @ts-expect-error: a misspelt parameter
      void telegram.sendMessage({ chat_id: 1, text: 'x', parsemode: 'HTML' });
      // @ts-expect-error: a method without parameters
      void telegram.getMe({ chat_id: 1 });
      // @ts-expect-error: a path must go through inputFile()
      void telegram.setChatPhoto({ chat_id: 1, photo: './a.jpg' });
      // @ts-expect-error: a misspelt option
      void telegram.getMe(undefined, { deadline: 1 });
    };
    expect(calls).toBeTypeOf('function');
  });

  it('know the methods of call(), and let unknown ones through', () => {
    const calls = async () => {
      expectTypeOf((await telegram.call('getChatMemberCount', { chat_id: 1 })).data).toEqualTypeOf<number>();
      expectTypeOf((await telegram.call('getHologram')).data).toEqualTypeOf<unknown>();
      expectTypeOf(
        (await telegram.call<{ id: string }>('getHologram', { any: 1 })).data.id,
      ).toEqualTypeOf<string>();
    };
    expect(calls).toBeTypeOf('function');
  });

  it('require the secret of a webhook, and give it Telegram’s update', () => {
    const make = () => {
      createTelegramWebhook({
        secretToken: 'x',
        botId: 1,
        onUpdate: async ({ payload }) => expectTypeOf(payload).toEqualTypeOf<Telegram.Update>(),
      });
      // @ts-expect-error: no secret
      createTelegramWebhook({ botId: 1, onUpdate: async () => undefined });
    };
    expect(make).toBeTypeOf('function');
  });

  it('close the list of failures', () => {
    expectTypeOf(telegramFailure(undefined)?.kind).toEqualTypeOf<TelegramFailureKind | undefined>();
    expectTypeOf<'blocked' | 'flood' | 'migrated'>().toExtend<TelegramFailureKind>();
  });
});
