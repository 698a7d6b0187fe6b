import { memberOf } from './chats.ts';
import type { Bot, Chat, Member, TelegramState } from './state.ts';

/** Rights of administrators. https://core.telegram.org/bots/api#chatadministratorrights */
export const administratorRights = [
  'is_anonymous',
  'can_manage_chat',
  'can_delete_messages',
  'can_manage_video_chats',
  'can_restrict_members',
  'can_promote_members',
  'can_change_info',
  'can_invite_users',
  'can_post_stories',
  'can_edit_stories',
  'can_delete_stories',
  'can_post_messages',
  'can_edit_messages',
  'can_pin_messages',
  'can_manage_topics',
  'can_manage_direct_messages',
  'can_manage_tags',
  'can_send_welcome_messages',
] as const;

/** A ChatMember as the API shows it. */
export function shownMember(state: TelegramState, chat: Chat, userId: number): Record<string, unknown> {
  const member = memberOf(chat, userId);
  return { user: personInfo(state, userId), ...member };
}

/** What is known of a user or a bot. */
function personInfo(state: TelegramState, userId: number): unknown {
  for (const bot of state.bots.values()) if (bot.id === userId) return bot.info;
  return state.users.get(userId)?.info ?? { id: userId, is_bot: false, first_name: '' };
}

/** Changes how someone belongs to a chat, and tells the bots that want to know. */
export function changeMember(
  state: TelegramState,
  chat: Chat,
  userId: number,
  change: { by: unknown; to: Member },
): void {
  const before = shownMember(state, chat, userId);
  if (change.to.status === 'left') chat.members.delete(userId);
  else chat.members.set(userId, change.to);
  const update = {
    chat: chat.info,
    from: change.by,
    date: state.clock.seconds(),
    old_chat_member: before,
    new_chat_member: shownMember(state, chat, userId),
  };
  for (const bot of botsOf(state, chat, userId)) {
    if (bot.id === userId) bot.updates.add('my_chat_member', chat.info.id, update);
    else bot.updates.add('chat_member', userId, update);
  }
}

function botsOf(state: TelegramState, chat: Chat, userId: number): Bot[] {
  return [...state.bots.values()].filter((bot) => {
    if (bot.id === userId) return true;
    const { status } = memberOf(chat, bot.id);
    return status === 'administrator' || status === 'creator';
  });
}
