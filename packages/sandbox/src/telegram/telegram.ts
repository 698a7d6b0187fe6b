import type { Provider, ProviderContext } from '../provider.ts';
import { createRingBuffer } from '../ring-buffer.ts';
import type { TelegramParts } from './call.ts';
import { createFiles } from './files.ts';
import { createFlood } from './flood.ts';
import { type CallRecord, createApiServer, telegramOrigin } from './handlers.ts';
import type { ConversationEntry } from './message-log.ts';
import { createParams } from './params.ts';
import { ensureUser, type PersonInput, receiveMessage, type UserMessage } from './people.ts';
import { createPolling } from './polling.ts';
import { addBot, type Bot, createChatRecord, createState } from './state.ts';
import type { TelegramChat, TelegramMessage, TelegramUpdate, TelegramUser } from './types.ts';
import { createWebhooks } from './webhooks.ts';

/** A bot of the simulated Telegram. */
export interface SandboxBot {
  readonly id: number;
  readonly token: string;
  readonly username: string;
}

/** A bot by its token, or as `createBot` gave it. */
export type BotReference = string | { readonly token: string };

/** One attempt to deliver an update to a webhook. */
export interface DeliveryRecord {
  /** Epoch milliseconds when the attempt began. */
  readonly at: number;
  readonly durationMs: number;
  readonly botId: number;
  readonly updateId: number;
  /** `message`, `callback_query` … */
  readonly kind: string;
  /** 1 for the first. */
  readonly attempt: number;
  /** The HTTP status; undefined if none came. */
  readonly status: number | undefined;
  /** Why none came. */
  readonly error: string | undefined;
}

/** Settings of the simulated Telegram. */
export interface TelegramOptions {
  /** Scales the windows of the flood rules; 0 turns them off. @default the sandbox's `timeScale` */
  floodScale?: number | undefined;
}

/** The simulated Telegram, from outside of the Bot API. */
export interface TelegramSandbox {
  /** What a client takes as its base URL. */
  apiUrl: string;
  /** Makes a bot, as BotFather does. */
  createBot(options?: { token?: string; username?: string; name?: string }): SandboxBot;
  bots(): SandboxBot[];
  /** Makes a person. With `started: false` bots may not write first. */
  createUser(user?: Partial<TelegramUser> & { started?: boolean }): TelegramUser;
  /** Makes a group, supergroup or channel, with every bot that exists inside (in a channel as administrator). */
  createChat(chat?: Partial<TelegramChat>): TelegramChat;
  /** A user writes. The bots that see the chat get an update. */
  userSends(bot: BotReference, message: UserMessage): TelegramMessage;
  /** The conversation as it looks now, oldest first. A private chat is shown for one bot if there are several. */
  messages(chatId: number, bot?: BotReference): ConversationEntry[];
  /** Calls of the Bot API, oldest first. */
  calls(): CallRecord[];
  /** Webhook attempts, oldest first. */
  deliveries(): DeliveryRecord[];
  /** Updates that are neither delivered nor fetched. */
  pendingUpdates(bot: BotReference): TelegramUpdate[];
  /** Resolves once no update waits, of this bot or of any. */
  settled(bot?: BotReference): Promise<void>;
  /** Forgets everything: bots, chats, logs. */
  reset(): void;
}

/** Creates the simulated Telegram and its place among the providers. */
export function createTelegram(
  context: ProviderContext,
  options: TelegramOptions & { floodScale: number },
): { sandbox: TelegramSandbox; provider: Provider } {
  const { clock, live, history } = context;
  const state = createState(clock, live, history);
  const calls = createRingBuffer<CallRecord>(history);
  const deliveries = createRingBuffer<DeliveryRecord>(history);
  const waiters = new Set<() => void>();

  const webhooks = createWebhooks(context, {
    attempted(bot, { update, attempt, startedAt, durationMs, answer }) {
      deliveries.push({
        at: startedAt,
        durationMs,
        botId: bot.id,
        updateId: update.id,
        kind: update.kind,
        attempt,
        status: answer.outcome === 'answered' ? answer.status : undefined,
        error: answer.outcome === 'answered' ? undefined : answer.error,
      });
      live.emit({ provider: 'telegram', type: 'delivery', bot: bot.id });
    },
    replied: (bot, body) => void executeReply(bot, body),
    setting: (bot) => parts.polling.abort(bot, 'webhook'),
  });
  const parts: TelegramParts = {
    state,
    webhooks,
    flood: createFlood(clock.now, options.floodScale),
    files: createFiles(),
    polling: createPolling(state, webhooks.active),
  };
  const record = (call: CallRecord): void => {
    calls.push(call);
    live.emit({ provider: 'telegram', type: 'call', bot: call.botId });
  };
  const server = createApiServer(context, parts, record);

  async function executeReply(bot: Bot, body: string): Promise<void> {
    const reply = parseReply(body);
    if (!reply) return;
    const at = clock.now();
    const { method, ...values } = reply;
    const { response, result, description } = await server.execute(
      bot,
      method,
      createParams(values),
      new AbortController().signal,
    );
    record({
      at,
      durationMs: clock.now() - at,
      botId: bot.id,
      method,
      params: values,
      status: response.status,
      description,
      result,
      executed: true,
      fault: undefined,
    });
  }

  function botOf(reference: BotReference): Bot {
    const bot = state.bots.get(typeof reference === 'string' ? reference : reference.token);
    if (!bot) throw new Error('bot: the sandbox has no bot with this token; make it with createBot()');
    return bot;
  }

  function pendingCount(reference: BotReference | undefined): number {
    const bots = reference === undefined ? [...state.bots.values()] : [botOf(reference)];
    return bots.reduce((sum, bot) => sum + bot.updates.size(), 0);
  }

  const sandbox: TelegramSandbox = {
    apiUrl: telegramOrigin,
    createBot(given = {}) {
      state.ids.bot += 1;
      const token = given.token ?? `${state.ids.bot}:${randomTokenPart()}`;
      if (!/^[1-9]\d*:[\w-]{3,}$/.test(token)) {
        throw new TypeError('token must look like 123456:ABC-DEF');
      }
      const username = given.username ?? `sandbox_${token.split(':')[0]}_bot`;
      const existing = state.bots.get(token);
      const bot = existing ?? addBot(state, { token, username, name: given.name ?? 'Sandbox bot' });
      if (!existing) {
        bot.updates.onRemove(() => {
          for (const waiter of waiters) waiter();
        });
        live.emit({ provider: 'telegram', type: 'bot', bot: bot.id });
      }
      return { id: bot.id, token, username: bot.info.username ?? username };
    },
    bots: () =>
      [...state.bots.values()].map(({ id, token, info }) => ({ id, token, username: info.username ?? '' })),
    createUser({ started = true, ...input }: Partial<TelegramUser> & { started?: boolean } = {}) {
      const user = ensureUser(state, input as PersonInput);
      if (!started)
        for (const bot of state.bots.values()) if (user.notStarted !== 'all') user.notStarted.add(bot.id);
      return user.info;
    },
    createChat({ id, type = 'supergroup', ...rest } = {}) {
      if (type === 'private') throw new TypeError('type: a private chat is made by createUser()');
      const chatId = id ?? nextChatId(type);
      const info: TelegramChat = { id: chatId, title: rest.title ?? 'Sandbox chat', ...rest, type };
      const chat = createChatRecord(state, info);
      state.chats.set(chatId, chat);
      const status = type === 'channel' ? 'administrator' : 'member';
      for (const bot of state.bots.values()) chat.members.set(bot.id, { status });
      live.emit({ provider: 'telegram', type: 'chat', chat: chatId });
      return info;
    },
    userSends: (reference, message) => receiveMessage(state, botOf(reference), message),
    messages(chatId, reference) {
      const shared = state.chats.get(chatId);
      if (shared) return shared.log.entries();
      const bots = reference === undefined ? [...state.bots.values()] : [botOf(reference)];
      return bots
        .flatMap((bot) => bot.privateChats.get(chatId)?.log.entries() ?? [])
        .sort((a, b) => a.at - b.at);
    },
    calls: calls.items,
    deliveries: deliveries.items,
    pendingUpdates: (reference) =>
      botOf(reference)
        .updates.pending()
        .map((stored) => stored.update),
    settled(reference) {
      if (pendingCount(reference) === 0) return Promise.resolve();
      return new Promise((resolve) => {
        // Timers of the sandbox do not keep a process alive; waiting for them must.
        const keepAlive = setInterval(() => undefined, 60_000);
        const check = (): void => {
          if (pendingCount(reference) > 0) return;
          waiters.delete(check);
          clearInterval(keepAlive);
          resolve();
        };
        waiters.add(check);
      });
    },
    reset() {
      webhooks.clear();
      parts.polling.clear();
      parts.flood.clear();
      parts.files.clear();
      state.bots.clear();
      state.users.clear();
      state.chats.clear();
      calls.clear();
      deliveries.clear();
      live.emit({ provider: 'telegram', type: 'reset' });
    },
  };

  function nextChatId(type: TelegramChat['type']): number {
    if (type === 'group') {
      state.ids.group += 1;
      return -state.ids.group;
    }
    state.ids.supergroup += 1;
    return -1_000_000_000_000 - state.ids.supergroup;
  }

  return {
    sandbox,
    provider: {
      name: 'telegram',
      origin: telegramOrigin,
      handlers: server.handlers,
      control: { reads: {}, actions: {} },
      reset: sandbox.reset,
      close() {
        webhooks.clear();
        parts.polling.clear();
      },
    },
  };
}

function randomTokenPart(): string {
  return `AA${Buffer.from(crypto.getRandomValues(new Uint8Array(24))).toString('base64url')}x`;
}

/** Methods that a webhook's answer may not hold. */
const refusedInReply = /^(get|setwebhook$|deletewebhook$|close$|logout$)/i;

function parseReply(body: string): { method: string; [parameter: string]: unknown } | undefined {
  if (!body.startsWith('{')) return undefined;
  try {
    const reply = JSON.parse(body);
    if (typeof reply.method !== 'string' || refusedInReply.test(reply.method)) return undefined;
    return reply;
  } catch {
    return undefined;
  }
}
