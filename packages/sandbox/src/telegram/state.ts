import type { Clock } from '../clock.ts';
import type { Live } from '../live.ts';
import { createRingBuffer } from '../ring-buffer.ts';
import { createMessageLog, type MessageLog, type MessageMemory } from './message-log.ts';
import type { TelegramChat, TelegramUser } from './types.ts';
import { createUpdateQueue, type UpdateQueue } from './updates.ts';

/** A user of the simulated Telegram. */
export interface User {
  info: TelegramUser;
  /** Bots that the user has not started: they may not write first. */
  readonly notStarted: Set<number>;
  readonly blocked: Set<number>;
  deactivated: boolean;
}

/** How someone belongs to a chat, as in https://core.telegram.org/bots/api#chatmember. */
export interface Member {
  status: 'creator' | 'administrator' | 'member' | 'restricted' | 'left' | 'kicked';
  [field: string]: unknown;
}

/** A chat; a private one belongs to one bot. */
export interface Chat {
  info: TelegramChat;
  readonly members: Map<number, Member>;
  readonly log: MessageLog;
  /** Message ids, newest last. */
  pinned: number[];
  /** The id of the supergroup it became. */
  migratedTo: number | undefined;
  /** Fields of getChat beyond those of {@link TelegramChat}. */
  readonly details: Record<string, unknown>;
  readonly inviteLinks: Map<string, Record<string, unknown>>;
  readonly topics: Map<number, Record<string, unknown>>;
  readonly joinRequests: Map<number, Record<string, unknown>>;
  /** Messages that a bot is writing: they are no messages yet. */
  readonly drafts: Map<number, Draft>;
  lastMessageId: number;
}

/** A preview of a message, shown for 30 s or until the message arrives. */
export interface Draft {
  readonly draft_id: number;
  /** Empty while the bot «thinks». */
  readonly text: string;
  readonly entities: readonly Record<string, unknown>[];
  readonly canStop: boolean;
  readonly keepOnStop: boolean;
  readonly threadId: number | undefined;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** A bot. */
export interface Bot {
  readonly id: number;
  readonly token: string;
  /** Lives in Telegram's test environment: its methods are under `/bot<token>/test/`. */
  readonly testEnvironment: boolean;
  /** Has left this server by logOut until then; epoch milliseconds. */
  loggedOutUntil: number;
  /** When it was first used here: close is refused for ten minutes. Epoch milliseconds. */
  launchedAt: number | undefined;
  readonly info: TelegramUser;
  readonly updates: UpdateQueue;
  readonly privateChats: Map<number, Chat>;
  /** Of its private chats, which share one sequence. */
  lastMessageId: number;
  /** Names, descriptions, commands and other settings, by the name of the setting and its scope. */
  readonly settings: Map<string, unknown>;
  /** Queries that wait for an answer: callback, inline, payments. */
  readonly queries: Map<string, PendingQuery>;
}

/** A query that a bot may answer once. */
export interface PendingQuery {
  readonly kind: 'callback' | 'inline' | 'shipping' | 'pre_checkout' | 'web_app' | 'guest';
  readonly userId: number;
  readonly expiresAt: number;
  answer?: Record<string, unknown>;
}

/** Everything the simulated Telegram knows. */
export interface TelegramState {
  readonly clock: Clock;
  readonly live: Live;
  readonly history: number;
  readonly messages: MessageMemory;
  readonly bots: Map<string, Bot>;
  readonly users: Map<number, User>;
  /** Groups, supergroups and channels. */
  readonly chats: Map<number, Chat>;
  readonly ids: { bot: number; user: number; group: number; supergroup: number; query: number; file: number };
}

/** Creates an empty {@link TelegramState}. */
export function createState(clock: Clock, live: Live, history: number): TelegramState {
  return {
    clock,
    live,
    history,
    messages: createRingBuffer(history),
    bots: new Map(),
    users: new Map(),
    chats: new Map(),
    ids: {
      bot: 7_000_000_000,
      user: 500_000_000,
      group: 4_000_000,
      supergroup: 1_000_000_000,
      query: 0,
      file: 0,
    },
  };
}

/** Makes a bot from its token, whose number is the bot's id. */
export function addBot(
  state: TelegramState,
  options: { token: string; username: string; name: string; testEnvironment?: boolean | undefined },
): Bot {
  const id = Number(options.token.split(':')[0]);
  const bot: Bot = {
    id,
    token: options.token,
    testEnvironment: options.testEnvironment ?? false,
    loggedOutUntil: 0,
    launchedAt: undefined,
    info: { id, is_bot: true, first_name: options.name, username: options.username },
    updates: createUpdateQueue(state.clock.now, state.clock.scaled),
    privateChats: new Map(),
    lastMessageId: 0,
    settings: new Map(),
    queries: new Map(),
  };
  state.bots.set(bot.token, bot);
  return bot;
}

/** The private chat of a bot and a user, made on first use. */
export function privateChat(state: TelegramState, bot: Bot, user: User): Chat {
  const { id, first_name, last_name, username } = user.info;
  let chat = bot.privateChats.get(id);
  if (!chat) {
    chat = createChatRecord(state, {
      id,
      first_name,
      ...(last_name !== undefined && { last_name }),
      ...(username !== undefined && { username }),
      type: 'private',
    });
    bot.privateChats.set(id, chat);
    state.live.emit({ provider: 'telegram', type: 'chat', bot: bot.id, chat: id });
  }
  return chat;
}

/** A chat with nothing in it. */
export function createChatRecord(state: TelegramState, info: TelegramChat): Chat {
  return {
    info,
    members: new Map(),
    log: createMessageLog(state.messages),
    pinned: [],
    migratedTo: undefined,
    details: {},
    inviteLinks: new Map(),
    topics: new Map(),
    joinRequests: new Map(),
    drafts: new Map(),
    lastMessageId: 0,
  };
}

/** The next message id in a chat. Private chats of a bot share one sequence; other chats have their own. */
export function nextMessageId(bot: Bot, chat: Chat): number {
  if (chat.info.type === 'private') {
    bot.lastMessageId += 1;
    return bot.lastMessageId;
  }
  chat.lastMessageId += 1;
  return chat.lastMessageId;
}

/** An id of a query, as long as Telegram's. */
export function nextQueryId(state: TelegramState): string {
  state.ids.query += 1;
  return String(4_382_000_000_000_000_000n + BigInt(state.ids.query));
}
