import type { TlObject } from '../codec/tl-object.ts';
import { type Account, type Chat, isChannel, type WorldEvent } from '../world/types.ts';
import { messageObject } from './messages.ts';
import { mentioned } from './peers.ts';

/** An event as the update that a viewer gets. @see https://core.telegram.org/type/Update */
export function updateObject(event: WorldEvent, chat: Chat, viewer: Account): TlObject {
  const place = { pts: event.pts, pts_count: event.count };
  const inChannel = isChannel(chat);
  if (event.kind === 'delete') {
    return inChannel
      ? { _: 'updateDeleteChannelMessages', channel_id: chat.id, messages: event.ids, ...place }
      : { _: 'updateDeleteMessages', messages: event.ids, ...place };
  }
  const message = messageObject(event.message, viewer);
  if (event.kind === 'new')
    return { _: inChannel ? 'updateNewChannelMessage' : 'updateNewMessage', message, ...place };
  return { _: inChannel ? 'updateEditChannelMessage' : 'updateEditMessage', message, ...place };
}

/** One event, as it is pushed. */
export function pushedUpdates(
  event: WorldEvent,
  chat: Chat,
  given: { readonly viewer: Account; readonly date: number },
): TlObject {
  return updatesObject([updateObject(event, chat, given.viewer)], {
    ...given,
    ...mentioned(given.viewer, [chat], event.kind === 'delete' ? [] : [event.message]),
  });
}

/** Updates with the users and chats that they name. */
export function updatesObject(
  updates: readonly TlObject[],
  { users = [], chats = [], date }: { users?: TlObject[]; chats?: TlObject[]; date: number },
): TlObject {
  return { _: 'updates', updates, users, chats, date, seq: 0 };
}
