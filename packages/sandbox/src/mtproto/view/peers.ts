import type { TlObject } from '../codec/tl-object.ts';
import { type Account, type Chat, isChannel, type Message } from '../world/types.ts';

/** A user as this viewer sees it. */
export function userObject(account: Account, viewer: Account | undefined): TlObject {
  const isSelf = account === viewer;
  return {
    _: 'user',
    self: isSelf,
    id: account.id,
    access_hash: account.accessHash,
    first_name: account.firstName,
    last_name: account.lastName,
    username: account.username,
    // Others see it only of their contacts.
    phone: isSelf ? account.phone : undefined,
    status: { _: 'userStatusRecently' },
  };
}

/** A channel, supergroup or group as this viewer sees it. */
export function chatObject(chat: Chat, viewer: Account): TlObject {
  if (isChannel(chat)) {
    if (chat.banned.has(viewer)) {
      return {
        _: 'channelForbidden',
        broadcast: chat.kind === 'channel',
        megagroup: chat.kind === 'supergroup',
        id: chat.id,
        access_hash: chat.accessHash,
        title: chat.title,
      };
    }
    return {
      _: 'channel',
      broadcast: chat.kind === 'channel',
      megagroup: chat.kind === 'supergroup',
      left: !chat.members.has(viewer),
      id: chat.id,
      access_hash: chat.accessHash,
      title: chat.title,
      username: chat.username,
      photo: { _: 'chatPhotoEmpty' },
      date: chat.date,
      participants_count: chat.members.size,
    };
  }
  if (!chat.members.has(viewer)) return { _: 'chatForbidden', id: chat.id, title: chat.title };
  return {
    _: 'chat',
    id: chat.id,
    title: chat.title,
    photo: { _: 'chatPhotoEmpty' },
    participants_count: chat.members.size,
    date: chat.date,
    version: 1,
  };
}

/** The peer under which this viewer has the chat. */
export function peerObject(chat: Chat, viewer: Account): TlObject {
  if (isChannel(chat)) return { _: 'peerChannel', channel_id: chat.id };
  if (chat.kind === 'group') return { _: 'peerChat', chat_id: chat.id };
  return { _: 'peerUser', user_id: otherMember(chat, viewer).id };
}

/** Whom a private chat is with; oneself in «saved messages». */
function otherMember(chat: Chat, viewer: Account): Account {
  return [...chat.members].find((member) => member !== viewer) ?? viewer;
}

/** The users and chats that objects about these chats and messages name. */
export function mentioned(
  viewer: Account,
  chats: Iterable<Chat>,
  messages: Iterable<Message> = [],
): { users: TlObject[]; chats: TlObject[] } {
  const users = new Set<Account>([viewer]);
  const groups = new Set<Chat>();
  for (const chat of chats) {
    if (chat.kind === 'private') for (const member of chat.members) users.add(member);
    else groups.add(chat);
  }
  for (const { from } of messages) if (from !== undefined) users.add(from);
  return {
    users: [...users].map((account) => userObject(account, viewer)),
    chats: [...groups].map((chat) => chatObject(chat, viewer)),
  };
}
