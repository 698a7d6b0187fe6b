import { memberOf } from './chats.ts';
import { ensureChat, ensureUser, type PersonInput, receivers } from './people.ts';
import type { TelegramSandbox } from './public.ts';
import {
  type Bot,
  type Chat,
  createChatRecord,
  nextMessageId,
  nextQueryId,
  type PendingQuery,
  privateChat,
  type TelegramState,
  type User,
} from './state.ts';
import type { TelegramChat, TelegramMessage } from './types.ts';
import { type UpdateKind, updateKinds } from './updates.ts';

type Input<Action extends keyof TelegramSandbox> = TelegramSandbox[Action] extends (
  bot: never,
  input: infer Value,
) => unknown
  ? Value
  : never;

/** A user changes a message. */
export function editMessage(state: TelegramState, bot: Bot, edit: Input<'userEdits'>): TelegramMessage {
  const { chat: chatId, message_id: messageId, ...changes } = edit;
  const chat = knownChat(state, bot, chatId);
  const entry = chat.log.get(messageId);
  if (entry?.from !== 'user') throw new Error(`message_id: no user wrote message ${messageId} in this chat`);
  const edited = { ...entry.message, ...changes, edit_date: state.clock.seconds() };
  if (changes.text !== undefined) delete edited.entities;
  chat.log.replace(edited);
  const kind = chat.info.type === 'channel' ? 'edited_channel_post' : 'edited_message';
  for (const receiver of receivers(state, bot, chat)) receiver.updates.add(kind, chatId, edited);
  state.live.emit({ provider: 'telegram', type: 'message', bot: bot.id, chat: chatId });
  return edited;
}

/** A user presses an inline button; gives the query's id. */
export function pressButton(state: TelegramState, bot: Bot, press: Input<'userPresses'>): string {
  const user = ensureUser(state, press.from);
  const chat = ensureChat(state, bot, user, press.chat);
  const message = buttonMessage(chat, press.button, press.message_id);
  const button = message.reply_markup?.inline_keyboard
    .flat()
    .find(({ text, callback_data }) => text === press.button || callback_data === press.button);
  if (button?.callback_data === undefined) throw new Error('button: this button has no callback data');
  const id = nextQueryId(state);
  remember(state, bot, id, {
    kind: 'callback',
    userId: user.info.id,
    expiresAt: expiry(state, 'callback_query'),
  });
  bot.updates.add('callback_query', user.info.id, {
    id,
    from: user.info,
    message,
    chat_instance: String(-chat.info.id * 7_919),
    data: button.callback_data,
  });
  return id;
}

/** A user reacts. */
export function reactTo(state: TelegramState, bot: Bot, input: Input<'userReacts'>): void {
  const user = ensureUser(state, input.from);
  const chat = ensureChat(state, bot, user, input.chat);
  const emoji = typeof input.emoji === 'string' ? [input.emoji] : input.emoji;
  const reaction = emoji.map((one) => ({ type: 'emoji', emoji: one }));
  if (!chat.log.get(input.message_id))
    throw new Error(`message_id: there is no message ${input.message_id} in this chat`);
  const before = chat.log.react(input.message_id, user.info.id, reaction);
  const update = {
    chat: chat.info,
    message_id: input.message_id,
    user: user.info,
    date: state.clock.seconds(),
    old_reaction: before,
    new_reaction: reaction,
  };
  for (const receiver of receivers(state, bot, chat))
    receiver.updates.add('message_reaction', chat.info.id, update);
  state.live.emit({ provider: 'telegram', type: 'message', bot: bot.id, chat: chat.info.id });
}

/** A user blocks the bot, or unblocks it. */
export function setBlocked(
  state: TelegramState,
  bot: Bot,
  person: PersonInput | undefined,
  blocked: boolean,
): void {
  const user = ensureUser(state, person);
  if (user.blocked.has(bot.id) === blocked) return;
  if (blocked) user.blocked.add(bot.id);
  else user.blocked.delete(bot.id);
  const member = { user: bot.info, status: 'member' };
  const banned = { user: bot.info, status: 'kicked', until_date: 0 };
  bot.updates.add('my_chat_member', user.info.id, {
    chat: privateChat(state, bot, user).info,
    from: user.info,
    date: state.clock.seconds(),
    old_chat_member: blocked ? member : banned,
    new_chat_member: blocked ? banned : member,
  });
}

/** A group becomes a supergroup. */
export function migrate(state: TelegramState, chatId: number): TelegramChat {
  const old = state.chats.get(chatId);
  if (old?.info.type !== 'group') throw new Error(`chat: there is no group ${chatId}`);
  state.ids.supergroup += 1;
  const id = -1_000_000_000_000 - state.ids.supergroup;
  const info: TelegramChat = { ...old.info, id, type: 'supergroup' };
  const chat = createChatRecord(state, info);
  for (const [member, status] of old.members) chat.members.set(member, status);
  state.chats.set(id, chat);
  const first = [...state.bots.values()].find((bot) => memberOf(old, bot.id).status !== 'left');
  if (first) {
    service(state, first, old, { migrate_to_chat_id: id });
    service(state, first, chat, { migrate_from_chat_id: chatId });
  }
  old.migratedTo = id;
  state.live.emit({ provider: 'telegram', type: 'chat', chat: id });
  return info;
}

/** Adds an update of any kind. */
export function pushUpdate(
  state: TelegramState,
  bot: Bot,
  kind: UpdateKind,
  given: Record<string, unknown>,
): number | undefined {
  if (!(kind in updateKinds))
    throw new TypeError(`kind must be one of ${Object.keys(updateKinds).join(', ')}`);
  const queryKind = queryKinds[kind];
  const payload = queryKind ? { id: nextQueryId(state), ...given } : given;
  const user = payload.from as { id?: number } | undefined;
  const chat = payload.chat as { id?: number } | undefined;
  const userId = user?.id ?? 0;
  if (queryKind) {
    remember(state, bot, String(payload.id), { kind: queryKind, userId, expiresAt: expiry(state, kind) });
  }
  if (kind === 'chat_join_request' && chat?.id !== undefined) {
    state.chats.get(chat.id)?.joinRequests.set(userId, payload);
  }
  const byUser =
    !['message', 'edited_message', 'channel_post', 'edited_channel_post'].includes(kind) && userId !== 0;
  return bot.updates.add(kind, byUser ? userId : (chat?.id ?? String(payload.id ?? '')), payload)?.id;
}

const queryKinds: Partial<Record<UpdateKind, PendingQuery['kind']>> = {
  inline_query: 'inline',
  shipping_query: 'shipping',
  pre_checkout_query: 'pre_checkout',
  callback_query: 'callback',
};

function knownChat(state: TelegramState, bot: Bot, id: number): Chat {
  const chat = state.chats.get(id) ?? bot.privateChats.get(id);
  if (!chat) throw new Error(`chat: the bot knows no chat ${id}`);
  return chat;
}

function buttonMessage(chat: Chat, button: string, messageId: number | undefined): TelegramMessage {
  const entries = messageId === undefined ? chat.log.entries() : [chat.log.get(messageId)];
  const found = entries.findLast((entry) =>
    entry?.message.reply_markup?.inline_keyboard
      .flat()
      .some(({ text, callback_data }) => text === button || callback_data === button),
  );
  if (!found) throw new Error('button: no message in this chat has such a button');
  return found.message;
}

function expiry(state: TelegramState, kind: UpdateKind): number {
  return state.clock.now() + state.clock.scaled(updateKinds[kind].seconds * 1_000);
}

function remember(state: TelegramState, bot: Bot, id: string, query: PendingQuery): void {
  bot.queries.set(id, query);
  if (bot.queries.size <= state.history) return;
  const oldest = bot.queries.keys().next();
  if (!oldest.done) bot.queries.delete(oldest.value);
}

function service(state: TelegramState, bot: Bot, chat: Chat, content: Record<string, unknown>): void {
  const by: User['info'] = ensureUser(state).info;
  const message = {
    message_id: nextMessageId(bot, chat),
    from: by,
    chat: chat.info,
    date: state.clock.seconds(),
    ...content,
  };
  chat.log.add('user', message, state.clock.now());
  for (const receiver of receivers(state, bot, chat)) receiver.updates.add('message', chat.info.id, message);
}
