import type { DeliveryRecord } from './delivery-record.ts';
import type { CallRecord } from './handlers.ts';
import type { TelegramLoginSandbox } from './login-public.ts';
import type { ConversationEntry } from './message-log.ts';
import type { PersonInput, UserMessage } from './people.ts';
import type { Draft, Member } from './state.ts';
import type { TelegramChat, TelegramMessage, TelegramUpdate, TelegramUser } from './types.ts';
import type { UpdateKind } from './updates.ts';

/** A bot of the simulated Telegram. */
export interface SandboxBot {
  readonly id: number;
  readonly token: string;
  readonly username: string;
}

/** A bot by its token, or as `createBot` gave it. */
export type BotReference = string | { readonly token: string };

/** Settings of the simulated Telegram. */
export interface TelegramOptions {
  /** Scales the windows of the flood rules; 0 turns them off. @default the sandbox's `timeScale` */
  floodScale?: number | undefined;
  /**
   * Simulates a Bot API server of one's own that runs with `--local`: files lie in this directory, uploads may have
   * 2,000 MB.
   * @default Telegram's own server
   */
  localDirectory?: string | undefined;
}

/** Who does something where. */
export interface Whereabouts {
  /** @default one person that every bot knows */
  from?: PersonInput | undefined;
  /** @default the private chat of the bot and that person */
  chat?: number | undefined;
}

/** The simulated Telegram, seen from outside of the Bot API. */
export interface TelegramSandbox {
  /** What a client takes as its base URL: the simulated server's, or the real one's in process. */
  apiUrl: string;

  /** Makes a bot, as BotFather does; with a known token gives that bot. In the test environment it has its own BotFather. */
  createBot(options?: {
    token?: string;
    username?: string;
    name?: string;
    testEnvironment?: boolean;
  }): SandboxBot;
  bots(): SandboxBot[];
  /** Makes a person. With `started: false` today's bots may not write first. */
  createUser(user?: Partial<TelegramUser> & { started?: boolean }): TelegramUser;
  /** Makes a group, supergroup or channel with every bot that exists in it. */
  createChat(chat?: Partial<TelegramChat> & { botStatus?: 'member' | 'administrator' }): TelegramChat;
  /** Chats that a bot knows, the liveliest first. */
  chats(bot: BotReference): TelegramChat[];
  /** Makes someone a member, an administrator, banned …; `user` may be a bot's id. */
  setMember(chat: number, user: number, member: Member): void;

  /** A user writes. The bots that see the chat get an update. */
  userSends(bot: BotReference, message: UserMessage): TelegramMessage;
  /** A user sends an album: each message is an update of its own, all with one `media_group_id`. */
  userSendsAlbum(bot: BotReference, messages: readonly UserMessage[]): TelegramMessage[];
  /** A user changes a message of theirs. */
  userEdits(
    bot: BotReference,
    edit: { chat: number; message_id: number; text?: string; caption?: string },
  ): TelegramMessage;
  /** A user presses an inline button, named by its text or its callback data; gives the id of the callback query. */
  userPresses(bot: BotReference, press: Whereabouts & { button: string; message_id?: number }): string;
  /** A user reacts to a message, or takes the reaction back with `[]`. */
  userReacts(
    bot: BotReference,
    reaction: Whereabouts & { message_id: number; emoji: string | string[] },
  ): void;
  /** A user presses the button that stops a draft. */
  userStops(bot: BotReference, draft: { from?: PersonInput | undefined; draft_id: number }): void;
  /** A user blocks the bot; writing to it again unblocks it. */
  userBlocks(bot: BotReference, user?: PersonInput): void;
  /** A group becomes a supergroup, whose chat is given. */
  migrateChat(chat: number): TelegramChat;
  /** Any other update: inline queries, payments, join requests. Gives its `update_id`, undefined if the bot does not want this kind. */
  pushUpdate(bot: BotReference, kind: UpdateKind, payload: Record<string, unknown>): number | undefined;
  /** What the bot answered to a callback, inline or payment query. */
  answerTo(bot: BotReference, queryId: string): Readonly<Record<string, unknown>> | undefined;

  /** Telegram Login by OpenID Connect. */
  readonly login: TelegramLoginSandbox;
  /** A user opens the bot's Mini App: gives its init data. `date` is in Unix time. */
  initData(
    bot: BotReference,
    options?: { user?: PersonInput; fields?: Readonly<Record<string, string>>; date?: number },
  ): string;
  /** A user logs in by the legacy Login Widget: gives the query that the site gets. `date` is in Unix time. */
  loginWidget(bot: BotReference, options?: { user?: PersonInput; date?: number }): URLSearchParams;

  /** The conversation as it looks now, oldest first. With several bots, name the one whose private chat is meant. */
  messages(chat: number, bot?: BotReference): ConversationEntry[];
  /** What a person sees of messages that the bot is still writing. */
  drafts(bot: BotReference, user?: PersonInput): Draft[];
  /** Calls of the Bot API, oldest first. */
  calls(): CallRecord[];
  /** Attempts to deliver to webhooks, oldest first. */
  deliveries(): DeliveryRecord[];
  /** Updates that are neither delivered nor fetched. */
  pendingUpdates(bot: BotReference): TelegramUpdate[];
  /** Resolves once no update waits, of this bot or of any. Somebody has to take them: a webhook or a poller. */
  settled(bot?: BotReference): Promise<void>;
  /** Forgets everything: bots, chats, logs. */
  reset(): void;
}
