import { badRequest } from '../api-failure.ts';
import type { Call, MethodRow } from '../call.ts';
import { demandAdministrator, isAdministrator, memberOf, resolveChat, resolveUser } from '../chats.ts';
import { administratorRights, changeMember, shownMember } from '../members.ts';
import type { Chat, Member, User } from '../state.ts';

/** Who belongs to a chat and with which rights. */
export const memberMethods = {
  getChatMember: {
    run(call) {
      const chat = resolveChat(call, 'read');
      const id = call.params.integer('user_id');
      if (id <= 0) throw badRequest('invalid user_id specified');
      if (id !== call.bot.id && !call.state.users.has(id) && !chat.members.has(id))
        throw badRequest('user not found');
      return shownMember(call.state, chat, id);
    },
  },
  getChatMemberCount: { run: countMembers },
  getChatMembersCount: { run: countMembers },
  getChatAdministrators: {
    run(call) {
      const chat = resolveChat(call, 'read');
      if (chat.info.type === 'private') throw badRequest('there are no administrators in the private chat');
      return [...chat.members]
        .filter(([, member]) => isAdministrator(member))
        .map(([id]) => shownMember(call.state, chat, id));
    },
  },
  banChatMember: { run: ban },
  kickChatMember: { run: ban },
  unbanChatMember: changes(({ params }, member) => {
    if (member.status === 'kicked' || !params.boolean('only_if_banned')) return { status: 'left' };
    return member;
  }),
  restrictChatMember: changes(({ params }) => {
    const permissions = params.object('permissions');
    if (!permissions) throw badRequest('parameter "permissions" is required');
    return {
      status: 'restricted',
      is_member: true,
      until_date: params.integer('until_date'),
      ...permissions,
    };
  }),
  promoteChatMember: changes(({ params }) => {
    const rights = Object.fromEntries(administratorRights.map((right) => [right, params.boolean(right)]));
    if (!Object.values(rights).includes(true)) return { status: 'member' };
    return { status: 'administrator', can_be_edited: true, ...rights };
  }),
  setChatAdministratorCustomTitle: changes(({ params }, member) => {
    if (member.status !== 'administrator') throw badRequest('user is not an administrator');
    return { ...member, custom_title: params.text('custom_title') };
  }),
  setChatMemberTag: changes(({ params }, member) => ({ ...member, tag: params.text('tag') })),
  approveChatJoinRequest: joinRequest({ status: 'member' }),
  declineChatJoinRequest: joinRequest(undefined),
  banChatSenderChat: { required: ['sender_chat_id'], run: administered },
  unbanChatSenderChat: { required: ['sender_chat_id'], run: administered },
} as const satisfies Record<string, MethodRow>;

function countMembers(call: Call): number {
  const chat = resolveChat(call, 'read');
  if (chat.info.type === 'private') return 2;
  return [...chat.members.values()].filter(({ status }) => status !== 'left' && status !== 'kicked').length;
}

function administered(call: Call): true {
  demandAdministrator(call, resolveChat(call, 'write'));
  return true;
}

const banned: MethodRow = changes(({ params }, member) => {
  if (isAdministrator(member)) throw badRequest('user is an administrator of the chat');
  return { status: 'kicked', until_date: params.integer('until_date') };
});

function ban(call: Call): unknown {
  return banned.run(call);
}

function changes(to: (call: Call, member: Member) => Member): MethodRow {
  return {
    required: ['user_id'],
    run(call) {
      const chat = resolveChat(call, 'write');
      demandAdministrator(call, chat);
      const user = memberUser(call, chat);
      const member = memberOf(chat, user.info.id);
      if (member.status === 'creator') throw badRequest("can't remove chat owner");
      const next = to(call, member);
      if (next !== member) changeMember(call.state, chat, user.info.id, { by: call.bot.info, to: next });
      return true;
    },
  };
}

function memberUser(call: Call, chat: Chat): User {
  const user = resolveUser(call);
  if (user.deactivated && !chat.members.has(user.info.id)) throw badRequest('user not found');
  return user;
}

function joinRequest(to: Member | undefined): MethodRow {
  return {
    required: ['user_id'],
    run(call) {
      const chat = resolveChat(call, 'write');
      demandAdministrator(call, chat);
      const id = call.params.integer('user_id');
      if (!chat.joinRequests.delete(id)) throw badRequest('HIDE_REQUESTER_MISSING');
      if (to) changeMember(call.state, chat, id, { by: call.bot.info, to });
      return true;
    },
  };
}
