import type { Provider, ProviderContext } from '../provider.ts';
import { createRingBuffer } from '../ring-buffer.ts';
import { editMessage, migrate, pressButton, pushUpdate, reactTo, setBlocked } from './actions.ts';
import type { TelegramParts } from './call.ts';
import { telegramControl } from './control.ts';
import { type DeliveryRecord, deliveryRecord } from './delivery-record.ts';
import { stopDraft, visibleDrafts } from './drafts.ts';
import { createFiles } from './files.ts';
import { createFlood } from './flood.ts';
import { type CallRecord, createApiServer, telegramOrigin } from './handlers.ts';
import { createTelegramLogin } from './login-server.ts';
import { changeMember } from './members.ts';
import { createParams } from './params.ts';
import { ensureUser, receiveMessage } from './people.ts';
import { createPolling } from './polling.ts';
import type { BotReference, TelegramSandbox } from './public.ts';
import { signedInitData, signedWidgetData } from './signed-data.ts';
import { addBot, type Bot, createChatRecord, createState, type TelegramState } from './state.ts';
import type { TelegramChat, TelegramUser } from './types.ts';
import { parseWebhookReply } from './webhook-reply.ts';
import { createWebhooks } from './webhooks.ts';

const tokenPattern = /^[1-9]\d*:[\w-]{3,}$/;

/** Creates the simulated Telegram and its place among the providers. */
export function createTelegram(
  context: ProviderContext,
  options: { floodScale: number; localDirectory?: string | undefined },
): { sandbox: TelegramSandbox; providers: Provider[] } {
  const { clock, live, history } = context;
  const state = createState(clock, live, history);
  const calls = createRingBuffer<CallRecord>(history);
  const deliveries = createRingBuffer<DeliveryRecord>(history);
  const waiters = new Set<() => void>();

  const webhooks = createWebhooks(context, {
    attempted(bot, attempt) {
      deliveries.push(deliveryRecord(bot.id, attempt));
      live.emit({ provider: 'telegram', type: 'delivery', bot: bot.id });
    },
    replied: (bot, body) => void executeReply(bot, body),
    setting: (bot) => parts.polling.abort(bot, 'webhook'),
  });
  const files = createFiles(options.localDirectory);
  const parts: TelegramParts = {
    state,
    webhooks,
    files,
    flood: createFlood(clock.now, options.floodScale),
    polling: createPolling(state, webhooks.active),
  };
  const server = createApiServer(context, parts, record);
  const login = createTelegramLogin(context, state, botOf);

  function record(call: CallRecord): void {
    calls.push(call);
    live.emit({ provider: 'telegram', type: 'call', bot: call.botId });
  }

  async function executeReply(bot: Bot, body: string): Promise<void> {
    const reply = parseWebhookReply(body);
    if (!reply) return;
    const at = clock.now();
    const { method, values } = reply;
    const done = await server.execute(bot, method, createParams(values), new AbortController().signal);
    record({
      at,
      durationMs: clock.now() - at,
      botId: bot.id,
      method,
      params: values,
      status: done.response.status,
      description: done.description,
      result: done.result,
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
      if (given.token !== undefined && !tokenPattern.test(given.token)) {
        throw new TypeError('token must look like 123456:ABC-DEF');
      }
      const known = given.token === undefined ? undefined : state.bots.get(given.token);
      return shownBot(known ?? makeBot(given));
    },
    bots: () => [...state.bots.values()].map(shownBot),
    createUser({ started = true, ...input }: Partial<TelegramUser> & { started?: boolean } = {}) {
      const user = ensureUser(state, input);
      if (!started) for (const bot of state.bots.values()) user.notStarted.add(bot.id);
      return user.info;
    },
    createChat({ id, type = 'supergroup', botStatus, ...rest } = {}) {
      if (type === 'private') throw new TypeError('type: a private chat comes with createUser()');
      const chatId = id ?? nextChatId(state, type);
      const info: TelegramChat = { id: chatId, title: 'Sandbox chat', ...rest, type };
      const chat = createChatRecord(state, info);
      state.chats.set(chatId, chat);
      const status = botStatus ?? (type === 'channel' ? 'administrator' : 'member');
      for (const bot of state.bots.values()) chat.members.set(bot.id, { status });
      live.emit({ provider: 'telegram', type: 'chat', chat: chatId });
      return info;
    },
    chats(reference) {
      const bot = botOf(reference);
      const shared = [...state.chats.values()].filter((chat) => chat.members.has(bot.id));
      return [...bot.privateChats.values(), ...shared]
        .sort((a, b) => (b.log.last()?.at ?? 0) - (a.log.last()?.at ?? 0))
        .map((chat) => chat.info);
    },
    setMember(chatId, userId, member) {
      const chat = state.chats.get(chatId);
      if (!chat) throw new Error(`chat: there is no chat ${chatId}`);
      changeMember(state, chat, userId, { by: ensureUser(state).info, to: member });
    },
    userSends(reference, message) {
      const bot = botOf(reference);
      if (message.chat === undefined) setBlocked(state, bot, message.from, false);
      return receiveMessage(state, files, bot, message);
    },
    userSendsAlbum(reference, messages) {
      state.ids.query += 1;
      const media_group_id = String(13_000_000_000_000_000 + state.ids.query);
      return messages.map((message) => sandbox.userSends(reference, { media_group_id, ...message }));
    },
    userEdits: (reference, edit) => editMessage(state, botOf(reference), edit),
    userPresses: (reference, press) => pressButton(state, botOf(reference), press),
    userReacts: (reference, reaction) => reactTo(state, botOf(reference), reaction),
    userStops(reference, { from, draft_id }) {
      stopDraft(state, botOf(reference), from, draft_id);
    },
    userBlocks: (reference, user) => setBlocked(state, botOf(reference), user, true),
    migrateChat: (chatId) => migrate(state, chatId),
    pushUpdate: (reference, kind, payload) => pushUpdate(state, botOf(reference), kind, payload),
    answerTo: (reference, queryId) => botOf(reference).queries.get(queryId)?.answer,
    login: login.sandbox,
    initData: (reference, { user, fields = {}, date = clock.seconds() } = {}) =>
      signedInitData(botOf(reference), ensureUser(state, user).info, fields, date),
    loginWidget: (reference, { user, date = clock.seconds() } = {}) =>
      signedWidgetData(botOf(reference), ensureUser(state, user).info, date),
    messages(chatId, reference) {
      const shared = state.chats.get(chatId);
      if (shared) return shared.log.entries();
      const bots = reference === undefined ? [...state.bots.values()] : [botOf(reference)];
      return bots
        .flatMap((bot) => bot.privateChats.get(chatId)?.log.entries() ?? [])
        .sort((a, b) => a.at - b.at);
    },
    drafts: (reference, user) => visibleDrafts(state, botOf(reference), user),
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
      files.clear();
      for (const bot of state.bots.values()) bot.updates.clear();
      state.bots.clear();
      state.users.clear();
      state.chats.clear();
      state.messages.clear();
      calls.clear();
      deliveries.clear();
      login.provider.reset();
      live.emit({ provider: 'telegram', type: 'reset' });
    },
  };

  function makeBot(given: Parameters<TelegramSandbox['createBot']>[0] & object): Bot {
    state.ids.bot += 1;
    const token = given.token ?? `${state.ids.bot}:${randomTokenPart()}`;
    const username = given.username ?? `sandbox_${token.split(':')[0]}_bot`;
    const { testEnvironment } = given;
    const bot = addBot(state, { token, username, name: given.name ?? 'Sandbox bot', testEnvironment });
    bot.updates.onRemove(() => {
      for (const waiter of waiters) waiter();
    });
    live.emit({ provider: 'telegram', type: 'bot', bot: bot.id });
    return bot;
  }

  return {
    sandbox,
    providers: [
      {
        name: 'telegram',
        origin: telegramOrigin,
        handlers: server.handlers,
        control: telegramControl(sandbox),
        reset: sandbox.reset,
        close() {
          webhooks.clear();
          parts.polling.clear();
        },
      },
      login.provider,
    ],
  };
}

function shownBot({ id, token, info }: Bot): { id: number; token: string; username: string } {
  return { id, token, username: info.username ?? '' };
}

function nextChatId(state: TelegramState, type: TelegramChat['type']): number {
  if (type === 'group') {
    state.ids.group += 1;
    return -state.ids.group;
  }
  state.ids.supergroup += 1;
  return -1_000_000_000_000 - state.ids.supergroup;
}

function randomTokenPart(): string {
  return `AA${Buffer.from(crypto.getRandomValues(new Uint8Array(24))).toString('base64url')}x`;
}
