import type { TlObject } from '../codec/tl-object.ts';
import { badRequest } from '../session/rpc-error.ts';
import { chatObject, mentioned } from '../view/peers.ts';
import { updatesObject } from '../view/updates.ts';
import type { Chat } from '../world/types.ts';
import { callerOf } from './caller.ts';
import { channelOf, knownChannel } from './input-peers.ts';
import type { Call, Method } from './method.ts';

/** Channels and groups. */
export const chatMethods: Readonly<Record<string, Method>> = {
  'channels.getChannels'({ id }, call) {
    const viewer = callerOf(call);
    return {
      _: 'messages.chats',
      chats: (id as unknown[]).map((channel) => chatObject(knownChannel(channel, call), viewer)),
    };
  },
  'channels.getFullChannel'({ channel }, call) {
    const chat = channelOf(channel, call);
    return {
      _: 'messages.chatFull',
      full_chat: {
        _: 'channelFull',
        id: chat.id,
        about: '',
        participants_count: chat.members.size,
        read_inbox_max_id: chat.read.get(callerOf(call).id) ?? 0,
        chat_photo: { _: 'photoEmpty' },
        notify_settings: { _: 'peerNotifySettings' },
        pts: chat.events.pts,
      },
      ...mentioned(callerOf(call), [chat]),
    };
  },
  'channels.joinChannel'({ channel }, call) {
    const chat = knownChannel(channel, call);
    const account = callerOf(call);
    if (chat.banned.has(account)) throw badRequest('USER_BANNED_IN_CHANNEL');
    if (chat.username === undefined && !chat.members.has(account)) throw badRequest('CHANNEL_PRIVATE');
    call.world.join(chat, account);
    return memberUpdate(chat, call);
  },
  'channels.leaveChannel'({ channel }, call) {
    const chat = channelOf(channel, call);
    if (!chat.members.has(callerOf(call))) throw badRequest('USER_NOT_PARTICIPANT');
    call.world.leave(chat, callerOf(call));
    return memberUpdate(chat, call);
  },
  'channels.readHistory'({ channel, max_id }, call) {
    const chat = channelOf(channel, call);
    chat.read.set(callerOf(call).id, Number(max_id) || chat.lastMessageId);
    return true;
  },
  'messages.getChats'({ id }, call) {
    const viewer = callerOf(call);
    const groups = (id as bigint[]).map((one) => call.world.group(Number(one)));
    return {
      _: 'messages.chats',
      chats: groups.filter((group) => group !== undefined).map((group) => chatObject(group, viewer)),
    };
  },
};

/** Tells the caller and its other sessions that its membership has changed. */
export function memberUpdate(chat: Chat, call: Call): TlObject {
  const updates = updatesObject([{ _: 'updateChannel', channel_id: chat.id }], {
    ...mentioned(callerOf(call), [chat]),
    date: call.clock.seconds(),
  });
  call.push(callerOf(call), updates);
  return updates;
}
