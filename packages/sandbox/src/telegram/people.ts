import { detectEntities } from './entities/detect.ts';
import type { Files } from './files.ts';
import { type MediaName, mediaKinds } from './media.ts';
import { isRecord, type Upload } from './params.ts';
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

/** Someone to act as: an id, or what is known of a person. Unknown people are made. */
export type PersonInput = number | (Partial<TelegramUser> & { id?: number });

/** A file that a user sends. */
export interface UserFile {
  readonly name?: string | undefined;
  readonly type?: string | undefined;
  readonly bytes: Uint8Array | string;
}

/** What a user sends. Other fields of Message are taken as they are: `location`, `contact`, `new_chat_members` … */
export interface UserMessage {
  /** @default one person that every bot knows */
  from?: PersonInput | undefined;
  /** @default the private chat of the bot and the sender */
  chat?: number | TelegramChat | undefined;
  text?: string | undefined;
  caption?: string | undefined;
  photo?: UserFile | unknown[] | undefined;
  document?: UserFile | undefined;
  video?: UserFile | undefined;
  voice?: UserFile | undefined;
  audio?: UserFile | undefined;
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
    if (typeof input !== 'number') Object.assign(known.info, input);
    return known;
  }
  const name = given.first_name ?? `User ${id}`;
  const info: TelegramUser = { id, is_bot: false, first_name: name, language_code: 'en', ...given };
  const user: User = { info, notStarted: new Set(), blocked: new Set(), deactivated: false };
  state.users.set(id, user);
  return user;
}

/** Puts a user's message into a chat and tells the bots there. */
export function receiveMessage(
  state: TelegramState,
  files: Files,
  bot: Bot,
  input: UserMessage,
): TelegramMessage {
  const { from, chat: where, reply_to_message_id: replyTo, ...content } = input;
  const user = ensureUser(state, from);
  const chat = ensureChat(state, bot, user, where);
  const isChannel = chat.info.type === 'channel';
  const replied = replyTo === undefined ? undefined : chat.log.get(replyTo)?.message;
  const message: TelegramMessage = {
    message_id: nextMessageId(bot, chat),
    ...(isChannel ? { sender_chat: chat.info } : { from: user.info }),
    chat: chat.info,
    date: state.clock.seconds(),
    ...(replied && { reply_to_message: shownReply(replied) }),
    ...storedContent(files, content),
  };
  addEntities(message);
  chat.log.add('user', message, state.clock.now());
  const kind = isChannel ? 'channel_post' : 'message';
  for (const receiver of receivers(state, bot, chat)) receiver.updates.add(kind, chat.info.id, message);
  state.live.emit({ provider: 'telegram', type: 'message', bot: bot.id, chat: chat.info.id });
  return message;
}

/** The bots that see what happens in a chat. */
export function receivers(state: TelegramState, bot: Bot, chat: Chat): Bot[] {
  if (chat.info.type === 'private') return [bot];
  return [...state.bots.values()].filter((other) => {
    const status = chat.members.get(other.id)?.status;
    return status !== undefined && status !== 'left' && status !== 'kicked';
  });
}

/** Finds the chat that a user acts in; makes the private one, and the members it needs. */
export function ensureChat(state: TelegramState, bot: Bot, user: User, where: UserMessage['chat']): Chat {
  const id = typeof where === 'object' ? where.id : where;
  if (id === undefined || id === user.info.id) {
    user.notStarted.delete(bot.id);
    return privateChat(state, bot, user);
  }
  let chat = state.chats.get(id);
  if (!chat) {
    if (typeof where !== 'object') throw new Error(`chat: there is no chat ${id}; make it with createChat()`);
    chat = createChatRecord(state, where);
    state.chats.set(id, chat);
  }
  const isChannel = chat.info.type === 'channel';
  if (!chat.members.has(bot.id)) chat.members.set(bot.id, { status: isChannel ? 'administrator' : 'member' });
  if (!isChannel && !chat.members.has(user.info.id)) chat.members.set(user.info.id, { status: 'member' });
  return chat;
}

/** Adds to a message what Telegram finds in its text. */
function addEntities(message: TelegramMessage): void {
  if (message.text !== undefined && !message.entities) {
    const entities = detectEntities(message.text);
    if (entities.length > 0) message.entities = entities;
  }
  if (message.caption !== undefined && !message.caption_entities) {
    const entities = detectEntities(message.caption);
    if (entities.length > 0) message.caption_entities = entities;
  }
}

function storedContent(files: Files, content: Record<string, unknown>): Record<string, unknown> {
  const stored: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(content)) {
    if (value === undefined) continue;
    if (name in mediaKinds && isRecord(value) && 'bytes' in value) {
      const kind = mediaKinds[name as MediaName];
      Object.assign(stored, kind.content(files.store(uploadOf(name, value), kind.folder), value));
    } else stored[name] = value;
  }
  if (Object.keys(stored).length === 0)
    throw new TypeError('message: give it a text, a photo, a document or other content');
  return stored;
}

function uploadOf(name: string, { name: fileName, type, bytes }: Record<string, unknown>): Upload {
  return {
    name: typeof fileName === 'string' ? fileName : name,
    type: typeof type === 'string' ? type : '',
    bytes: typeof bytes === 'string' ? new TextEncoder().encode(bytes) : (bytes as Uint8Array),
  };
}

function shownReply({ reply_to_message: _, ...message }: TelegramMessage): TelegramMessage {
  return message;
}

function nextUserId(state: TelegramState): number {
  do state.ids.user += 1;
  while (state.users.has(state.ids.user));
  return state.ids.user;
}
