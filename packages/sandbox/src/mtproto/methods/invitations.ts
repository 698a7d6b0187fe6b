import { sha1 } from '../crypto/hashes.ts';
import { badRequest } from '../session/rpc-error.ts';
import { chatObject } from '../view/peers.ts';
import { type Chat, isChannel } from '../world/types.ts';
import { callerOf } from './caller.ts';
import { memberUpdate } from './chats.ts';
import type { Call, Method } from './method.ts';

/** Joining by an address of invitation. @see https://core.telegram.org/api/invites */
export const invitationMethods: Readonly<Record<string, Method>> = {
  'messages.checkChatInvite'({ hash }, call) {
    const chat = invitedTo(hash, call);
    const viewer = callerOf(call);
    if (chat.members.has(viewer)) return { _: 'chatInviteAlready', chat: chatObject(chat, viewer) };
    return {
      _: 'chatInvite',
      channel: true,
      broadcast: chat.kind === 'channel',
      megagroup: chat.kind === 'supergroup',
      title: chat.title,
      photo: { _: 'photoEmpty', id: 0 },
      participants_count: chat.members.size,
      color: 0,
    };
  },
  'messages.importChatInvite'({ hash }, call) {
    const chat = invitedTo(hash, call);
    const account = callerOf(call);
    if (chat.members.has(account)) throw badRequest('USER_ALREADY_PARTICIPANT');
    if (chat.banned.has(account)) throw badRequest('INVITE_HASH_EXPIRED');
    call.world.join(chat, account);
    return memberUpdate(chat, call);
  },
};

/** The end of a channel's address of invitation; the same for ever. */
export function inviteHash({ id, accessHash }: Pick<Chat, 'id' | 'accessHash'>): string {
  return sha1(Buffer.from(`${id} ${accessHash}`))
    .toString('base64url')
    .slice(0, 16);
}

function invitedTo(hash: unknown, { world }: Call): Chat {
  for (const chat of world.chats) if (isChannel(chat) && inviteHash(chat) === hash) return chat;
  throw badRequest('INVITE_HASH_INVALID');
}
