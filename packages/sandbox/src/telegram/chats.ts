import { badRequest, forbidden } from './api-failure.ts';
import type { Call } from './call.ts';
import { type Bot, type Chat, type Member, privateChat, type TelegramState, type User } from './state.ts';

/**
 * Finds the chat that a parameter names, as the bot may see it. `write` also demands that the bot may write there.
 */
export function resolveChat(call: Call, access: 'read' | 'write', name = 'chat_id'): Chat {
  const value = call.params.text(name).trim();
  if (value === '') throw badRequest(`${name} is empty`);
  const chat = findChat(call.state, call.bot, value);
  if (!chat) throw badRequest('chat not found');
  checkAccess(call.state, call.bot, chat, access);
  return chat;
}

/** Finds a chat by id or `@name`; private ones are this bot's. */
function findChat(state: TelegramState, bot: Bot, value: string): Chat | undefined {
  if (value.startsWith('@')) {
    const username = value.slice(1).toLowerCase();
    for (const chat of state.chats.values()) {
      if (chat.info.username?.toLowerCase() === username) return chat;
    }
    return undefined;
  }
  const id = Number(value);
  if (!Number.isSafeInteger(id)) return undefined;
  if (id < 0) return state.chats.get(id);
  const user = state.users.get(id);
  return user && privateChat(state, bot, user);
}

/** Throws what Telegram answers a bot that may not use the chat. */
function checkAccess(state: TelegramState, bot: Bot, chat: Chat, access: 'read' | 'write'): void {
  const { id, type } = chat.info;
  if (chat.migratedTo !== undefined) {
    throw badRequest('group chat was upgraded to a supergroup chat', { migrate_to_chat_id: chat.migratedTo });
  }
  if (type === 'private') {
    const user = state.users.get(id);
    if (!user) throw badRequest('chat not found');
    if (user.deactivated) throw forbidden('user is deactivated');
    if (access === 'write' && user.notStarted.has(bot.id)) {
      throw forbidden("bot can't initiate conversation with a user");
    }
    if (access === 'write' && user.blocked.has(bot.id)) throw forbidden('bot was blocked by the user');
    return;
  }
  const member = memberOf(chat, bot.id);
  if (member.status === 'kicked') throw forbidden(`bot was kicked from the ${type} chat`);
  if (member.status === 'left' && !(access === 'read' && chat.info.username)) {
    throw forbidden(`bot is not a member of the ${type} chat`);
  }
  if (access === 'write' && type === 'channel' && !isAdministrator(member)) {
    throw badRequest('need administrator rights in the channel chat');
  }
}

/** How a user belongs to a chat; `left` for strangers. */
export function memberOf(chat: Chat, userId: number): Member {
  return chat.members.get(userId) ?? { status: 'left' };
}

/** Whether a member may do what administrators do. */
export function isAdministrator(member: Member): boolean {
  return member.status === 'creator' || member.status === 'administrator';
}

/** Throws unless the chat is a group and the bot administers it. */
export function demandAdministrator(call: Call, chat: Chat): void {
  if (chat.info.type === 'private')
    throw badRequest('method is available only for groups, supergroups and channels');
  if (!isAdministrator(memberOf(chat, call.bot.id))) throw badRequest('not enough rights');
}

/** Finds the user that a parameter names. */
export function resolveUser(call: Call, name = 'user_id'): User {
  const id = call.params.integer(name);
  if (id <= 0) throw badRequest('invalid user_id specified');
  const user = call.state.users.get(id);
  if (!user) throw badRequest('user not found');
  return user;
}
