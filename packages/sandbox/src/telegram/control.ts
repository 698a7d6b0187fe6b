import type { Provider } from '../provider.ts';
import type { UserMessage } from './people.ts';
import type { BotReference, TelegramSandbox } from './public.ts';
import type { UpdateKind } from './updates.ts';

/** The control API of the simulated Telegram: the functions of {@link TelegramSandbox} over JSON. A bot is named by its token. */
export function telegramControl(telegram: TelegramSandbox): Provider['control'] {
  // Without a token the first bot is meant: there is mostly one.
  const botOf = ({ bot }: Record<string, unknown>): BotReference => {
    if (typeof bot === 'string' && bot !== '') return bot;
    const first = telegram.bots()[0];
    if (!first) throw new Error('bot: there is none yet; POST {} to /_sandbox/telegram/bots');
    return first;
  };
  const newest = (items: readonly unknown[], { limit }: Record<string, unknown>): unknown[] =>
    items.slice(-(Number(limit) || 100));
  return {
    reads: {
      bots: () => telegram.bots(),
      chats: (input) => telegram.chats(botOf(input)),
      messages: (input) => newest(telegram.messages(numberOf(input, 'chat'), botOf(input)), input),
      calls: (input) => newest(telegram.calls(), input),
      deliveries: (input) => newest(telegram.deliveries(), input),
      updates: (input) => telegram.pendingUpdates(botOf(input)),
      drafts: (input) => telegram.drafts(botOf(input), Number(input.user) || undefined),
      answer: (input) => telegram.answerTo(botOf(input), String(input.query)) ?? null,
    },
    actions: {
      bots: (input) => telegram.createBot(input),
      users: (input) => telegram.createUser(input),
      chats: (input) => telegram.createChat(input),
      members: ({ chat, user, member }) =>
        telegram.setMember(Number(chat), Number(user), member as Parameters<TelegramSandbox['setMember']>[2]),
      send: (input) =>
        telegram.userSends(botOf(input), { ...rest<UserMessage>(input), ...decodedFiles(input) }),
      album: (input) => telegram.userSendsAlbum(botOf(input), input.messages as UserMessage[]),
      edit: (input) => telegram.userEdits(botOf(input), rest(input)),
      press: (input) => ({
        query: telegram.userPresses(botOf(input), rest(input)),
      }),
      react: (input) => telegram.userReacts(botOf(input), rest(input)),
      stop: (input) => telegram.userStops(botOf(input), rest(input)),
      block: (input) => telegram.userBlocks(botOf(input), input.from as number | undefined),
      migrate: (input) => telegram.migrateChat(numberOf(input, 'chat')),
      push: (input) =>
        telegram.pushUpdate(
          botOf(input),
          input.kind as UpdateKind,
          (input.payload ?? {}) as Record<string, unknown>,
        ),
    },
  };
}

/** The input without the bot. The functions behind it check what matters to them, as they do for JavaScript. */
function rest<Input>({ bot: _, ...input }: Record<string, unknown>): Input {
  return input as Input;
}

function numberOf(input: Record<string, unknown>, name: string): number {
  const value = Number(input[name]);
  if (!Number.isSafeInteger(value) || value === 0) throw new TypeError(`${name} must be the id of a chat`);
  return value;
}

/** Files come as `{ name, base64 }`. */
function decodedFiles(input: Record<string, unknown>): Record<string, unknown> {
  const decoded: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(input)) {
    if (typeof value === 'object' && value !== null && 'base64' in value) {
      const { base64, ...file } = value as { base64: unknown };
      decoded[name] = { ...file, bytes: new Uint8Array(Buffer.from(String(base64), 'base64')) };
    }
  }
  return decoded;
}
