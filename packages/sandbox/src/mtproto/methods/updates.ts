import type { TlObject } from '../codec/tl-object.ts';
import { rpcError } from '../session/rpc-error.ts';
import { messageObject } from '../view/messages.ts';
import { chatObject, mentioned } from '../view/peers.ts';
import { updateObject } from '../view/updates.ts';
import { type Account, type Chat, isChannel, messageIdFor, type WorldEvent } from '../world/types.ts';
import { callerOf } from './caller.ts';
import { channelOf } from './input-peers.ts';
import type { Call, Method } from './method.ts';

/** Events in one answer of `updates.getDifference`; the rest comes with the next. */
const maxSlice = 100;
/** A channel's gap larger than this is not filled: the client reads the history instead. */
const maxChannelGap = 1_000;

/** Gaps and their filling. @see https://core.telegram.org/api/updates */
export const updateMethods: Readonly<Record<string, Method>> = {
  'updates.getState': (_params, call) => stateObject(callerOf(call), call),
  'updates.getDifference'({ pts, pts_total_limit, date }, call) {
    const account = callerOf(call);
    const missed = account.events.after(Number(pts));
    const limit = Number(pts_total_limit ?? 0);
    if (missed === undefined || (limit > 0 && missed.length > limit)) {
      return { _: 'updates.differenceTooLong', pts: account.events.pts };
    }
    const channels = changedChannels(account, Number(date));
    if (missed.length === 0 && channels.length === 0)
      return { _: 'updates.differenceEmpty', date: call.clock.seconds(), seq: 0 };
    const slice = missed.slice(0, maxSlice);
    const isAll = slice.length === missed.length;
    const state = stateObject(account, call, isAll ? account.events.pts : slice.at(-1)?.pts);
    const { messages, others, about } = difference(slice, (event) => chatOfEvent(event, account), account);
    return {
      _: isAll ? 'updates.difference' : 'updates.differenceSlice',
      new_messages: messages,
      other_updates: [
        ...others,
        ...channels.map(({ id, events }) => ({ _: 'updateChannelTooLong', channel_id: id, pts: events.pts })),
      ],
      users: about.users,
      chats: [...about.chats, ...channels.map((chat) => chatObject(chat, account))],
      ...(isAll ? { state } : { intermediate_state: state }),
    };
  },
  'updates.getChannelDifference'({ channel, pts, limit }, call) {
    const account = callerOf(call);
    const chat = channelOf(channel, call);
    if (Number(pts) <= 0) throw rpcError(400, 'PERSISTENT_TIMESTAMP_EMPTY');
    const place = { final: true, pts: chat.events.pts, timeout: 30 };
    const missed = chat.events.after(Number(pts));
    if (missed === undefined || missed.length > maxChannelGap) return tooLong(chat, call);
    if (missed.length === 0) return { _: 'updates.channelDifferenceEmpty', ...place };
    const slice = missed.slice(0, Math.min(Math.max(Number(limit), 1), maxSlice));
    const { messages, others, about } = difference(slice, () => chat, account);
    return {
      _: 'updates.channelDifference',
      ...place,
      final: slice.length === missed.length,
      pts: slice.at(-1)?.pts ?? chat.events.pts,
      new_messages: messages,
      other_updates: others,
      ...about,
    };
  },
};

/** Channels have sequences of their own: the client is only told that there is something. */
function changedChannels(account: Account, date: number): Chat[] {
  return [...account.dialogs].filter((chat) => isChannel(chat) && chat.changedAt >= date);
}

export function stateObject(account: Account, { clock }: Call, pts: number = account.events.pts): TlObject {
  return { _: 'updates.state', pts, qts: 0, date: clock.seconds(), seq: 0, unread_count: 0 };
}

function difference(
  events: readonly WorldEvent[],
  chatOf: (event: WorldEvent) => Chat | undefined,
  viewer: Account,
): { messages: TlObject[]; others: TlObject[]; about: ReturnType<typeof mentioned> } {
  // What was posted and deleted within the gap was never there.
  const isThere = (event: WorldEvent): boolean =>
    event.kind === 'delete' || event.message.chat.messages.includes(event.message);
  const shown = events.filter(isThere);
  const named = shown.flatMap((event) => (event.kind === 'delete' ? [] : event.message));
  const posted = shown.flatMap((event) => (event.kind === 'new' ? event.message : []));
  const others = shown.filter(({ kind }) => kind !== 'new');
  return {
    messages: posted.map((message) => messageObject(message, viewer)),
    others: others.flatMap((event) => {
      const chat = chatOf(event);
      return chat === undefined ? [] : updateObject(event, chat, viewer);
    }),
    about: mentioned(viewer, new Set(named.map(({ chat }) => chat)), named),
  };
}

/** A deletion of the common box names no chat, so any chat that is not a channel says as much. */
function chatOfEvent(event: WorldEvent, account: Account): Chat | undefined {
  if (event.kind !== 'delete') return event.message.chat;
  return [...account.dialogs].find(({ kind }) => kind === 'private' || kind === 'group');
}

function tooLong(chat: Chat, call: Call): TlObject {
  const account = callerOf(call);
  const newest = chat.messages.slice(-10).reverse();
  return {
    _: 'updates.channelDifferenceTooLong',
    final: true,
    timeout: 30,
    dialog: {
      _: 'dialog',
      peer: { _: 'peerChannel', channel_id: chat.id },
      top_message: newest[0] === undefined ? 0 : messageIdFor(newest[0], account),
      notify_settings: { _: 'peerNotifySettings' },
      pts: chat.events.pts,
    },
    messages: newest.map((message) => messageObject(message, account)),
    ...mentioned(account, [chat], newest),
  };
}
