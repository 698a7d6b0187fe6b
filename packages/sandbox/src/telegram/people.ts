import { detectEntities } from './detect-entities.ts';
import {
  type Bot,
  type Chat,
  createChatRecord,
  nextMessageId,
  privateChat,
  type TelegramState,
  type User,
} from './state.ts';
import type { TelegramChat, TelegramMessage, TelegramUser } from './types.ts';

/** Someone to write as: an id, or what is known of a person. Unknown people are made. */
export type PersonInput = number | (Partial<TelegramUser> & { id?: number });

/** What a user sends. Exactly one kind of content; other fields of Message are taken as they are. */
export interface UserMessage {
  /** @default one person that every bot knows */
  from?: PersonInput | undefined;
  /** @default the private chat of the bot and the sender */
  chat?: number | TelegramChat | undefined;
  text?: string | undefined;
  caption?: string | undefined;
  /** The message that this one answers. */
  reply_to_message_id?: number | undefined;
  [field: string]: unknown;
}

const defaultPerson = {
  id: 500_000_000,
  first_name: 'Olena',
  username: 'olena_sandbox',
  language_code: 'uk',
};

/** Finds or makes a person. */
export function ensureUser(state: TelegramState, input: PersonInput = defaultPerson): User {
  const given = typeof input === 'number' ? { id: input } : input;
  const id = given.id ?? nextUserId(state);
  const known = state.users.get(id);
  if (known) {
    Object.assign(known.info, given);
    return known;
  }
  const info: TelegramUser = { is_bot: false, first_name: `User ${id}`, language_code: 'en', ...given, id };
  const user: User = { info, notStarted: new Set(), blocked: new Set(), deactivated: false };
  state.users.set(id, user);
  return user;
}

/** Puts a user's message into a chat and tells the bots there. */
export function receiveMessage(state: TelegramState, bot: Bot, input: UserMessage): TelegramMessage {
  const { from, chat: where, reply_to_message_id: replyTo, ...content } = input;
  const user = ensureUser(state, from);
  const chat = chatOf(state, bot, user, where);
  const isChannel = chat.info.type === 'channel';
  const replied = replyTo === undefined ? undefined : chat.log.get(replyTo)?.message;
  const message: TelegramMessage = {
    message_id: nextMessageId(bot, chat),
    ...(isChannel ? { sender_chat: chat.info } : { from: user.info }),
    chat: chat.info,
    date: state.clock.seconds(),
    ...(replied && { reply_to_message: { ...replied, reply_to_message: undefined } }),
    ...content,
  } as TelegramMessage;
  for (const [text, field] of [
    ['text', 'entities'],
    ['caption', 'caption_entities'],
  ] as const) {
    const value = message[text];
    if (value === undefined || message[field]) continue;
    const entities = detectEntities(value);
    if (entities.length > 0) message[field] = entities;
  }
  chat.log.add('user', message, state.clock.now());
  for (const receiver of receivers(state, bot, chat)) {
    receiver.updates.add(isChannel ? 'channel_post' : 'message', chat.info.id, message);
  }
  state.live.emit({ provider: 'telegram', type: 'message', bot: bot.id, chat: chat.info.id });
  return message;
}

/** The bots that see what happens in a chat. */
export function receivers(state: TelegramState, bot: Bot, chat: Chat): Bot[] {
  if (chat.info.type === 'private') return [bot];
  return [...state.bots.values()].filter((other) => {
    const status = chat.members.get(other.id)?.status;
    return (
      status === 'administrator' || status === 'member' || status === 'creator' || status === 'restricted'
    );
  });
}

function chatOf(state: TelegramState, bot: Bot, user: User, where: UserMessage['chat']): Chat {
  const id = typeof where === 'object' ? where.id : where;
  if (id === undefined || id === user.info.id) {
    if (user.notStarted !== 'all') user.notStarted.delete(bot.id);
    return privateChat(state, bot, user);
  }
  let chat = state.chats.get(id);
  if (!chat) {
    if (typeof where !== 'object') throw new Error(`chat: there is no chat ${id}; make it with createChat()`);
    chat = createChatRecord(state, where);
    state.chats.set(id, chat);
  }
  if (!chat.members.has(bot.id)) {
    chat.members.set(bot.id, { status: chat.info.type === 'channel' ? 'administrator' : 'member' });
  }
  if (chat.info.type !== 'channel' && !chat.members.has(user.info.id)) {
    chat.members.set(user.info.id, { status: 'member' });
  }
  return chat;
}

function nextUserId(state: TelegramState): number {
  do state.ids.user += 1;
  while (state.users.has(state.ids.user));
  return state.ids.user;
}
