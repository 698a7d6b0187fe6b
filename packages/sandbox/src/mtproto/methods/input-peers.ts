import { isTlObject } from '../codec/tl-object.ts';
import { badRequest } from '../session/rpc-error.ts';
import { type Account, type Chat, isChannel } from '../world/types.ts';
import { callerOf } from './caller.ts';
import type { Call } from './method.ts';

/** The chat that an `InputPeer` names, if the caller may see it. */
export function chatOf(peer: unknown, call: Call): Chat {
  const account = callerOf(call);
  if (!isTlObject(peer)) throw badRequest('PEER_ID_INVALID');
  switch (peer._) {
    case 'inputPeerSelf':
      return call.world.privateChat(account, account);
    case 'inputPeerUser':
      return call.world.privateChat(account, userOf(peer, call));
    case 'inputPeerChat': {
      const group = call.world.group(Number(peer.chat_id));
      if (group === undefined || !group.members.has(account)) throw badRequest('PEER_ID_INVALID');
      return group;
    }
    case 'inputPeerChannel':
      return channelOf(peer, call);
    default:
      throw badRequest('PEER_ID_INVALID');
  }
}

/** The channel that an `InputChannel` (or an `InputPeer` of one) names, if the caller may see it. */
export function channelOf(channel: unknown, call: Call): Chat {
  const chat = knownChannel(channel, call);
  const account = callerOf(call);
  if (chat.banned.has(account) || (chat.username === undefined && !chat.members.has(account))) {
    throw badRequest('CHANNEL_PRIVATE');
  }
  return chat;
}

/** The channel that an `InputChannel` names, whoever may see it. */
export function knownChannel(channel: unknown, call: Call): Chat {
  if (!isTlObject(channel)) throw badRequest('CHANNEL_INVALID');
  const chat = call.world.channel(Number(channel.channel_id));
  if (chat === undefined || !isChannel(chat) || chat.accessHash !== channel.access_hash)
    throw badRequest('CHANNEL_INVALID');
  return chat;
}

/** The account that an `InputUser` (or an `InputPeer` of one) names. */
export function userOf(user: unknown, call: Call): Account {
  if (!isTlObject(user)) throw badRequest('USER_ID_INVALID');
  if (user._ === 'inputUserSelf') return callerOf(call);
  const account = call.world.accounts.get(Number(user.user_id));
  const isOwn = account !== undefined && account === call.account;
  if (account === undefined || (!isOwn && account.accessHash !== user.access_hash)) {
    throw badRequest(user._ === 'inputPeerUser' ? 'PEER_ID_INVALID' : 'USER_ID_INVALID');
  }
  return account;
}
