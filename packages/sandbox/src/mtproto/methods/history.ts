import type { TlObject } from '../codec/tl-object.ts';
import { isTlObject } from '../codec/tl-object.ts';
import { emptyMessage, messageObject } from '../view/messages.ts';
import { mentioned, peerObject } from '../view/peers.ts';
import { type Account, type Chat, isChannel, type Message, messageIdFor } from '../world/types.ts';
import { callerOf } from './caller.ts';
import { channelOf, chatOf } from './input-peers.ts';
import type { Call, Method } from './method.ts';
import { stateObject } from './updates.ts';

/** The largest page, however much is asked for. @see https://core.telegram.org/api/offsets */
const maxPage = 100;

/** Reading messages. */
export const historyMethods: Readonly<Record<string, Method>> = {
  'messages.getHistory'(params, call) {
    const chat = chatOf(params.peer, call);
    const viewer = callerOf(call);
    const all = visible(chat, viewer);
    return messagesResult(pageOf(all, viewer, params), { chat, call, total: all.length });
  },
  'channels.getMessages'({ channel, id }, call) {
    const chat = channelOf(channel, call);
    const ids = inputIds(id);
    const found = chat.messages.filter((message) => ids.includes(message.id));
    const objects = ids.map((wanted) => {
      const message = found.find((one) => one.id === wanted);
      return message === undefined ? emptyMessage(wanted) : messageObject(message, callerOf(call));
    });
    return {
      _: 'messages.channelMessages',
      pts: chat.events.pts,
      count: objects.length,
      messages: objects,
      ...mentioned(callerOf(call), [chat], found),
    };
  },
  'messages.getMessages'({ id }, call) {
    const viewer = callerOf(call);
    const found = inputIds(id).map((wanted) => ({ wanted, message: viewer.box.get(wanted) }));
    const messages = found.flatMap(({ message }) => message ?? []);
    return {
      _: 'messages.messages',
      messages: found.map(({ wanted, message }) =>
        message === undefined ? emptyMessage(wanted) : messageObject(message, viewer),
      ),
      ...mentioned(viewer, new Set(messages.map(({ chat }) => chat)), messages),
    };
  },
  'messages.getDialogs'(params, call) {
    const viewer = callerOf(call);
    const dialogs = [...viewer.dialogs].reverse();
    const offset = isTlObject(params.offset_peer) ? params.offset_peer : { _: 'inputPeerEmpty' };
    const before = dialogs.findIndex((chat) => isPeer(offset, chat, viewer)) + 1;
    const page = dialogs.slice(before, before + Math.min(Number(params.limit) || maxPage, maxPage));
    const top = page.flatMap((chat) => visible(chat, viewer).slice(0, 1));
    const isAll = before === 0 && page.length === dialogs.length;
    return {
      _: isAll ? 'messages.dialogs' : 'messages.dialogsSlice',
      count: dialogs.length,
      dialogs: page.map((chat) => dialogObject(chat, viewer)),
      messages: top.map((message) => messageObject(message, viewer)),
      ...mentioned(viewer, page, top),
    };
  },
  'messages.getPeerDialogs'({ peers }, call) {
    const viewer = callerOf(call);
    const asked = Array.isArray(peers) ? peers : [];
    const chats = asked.map((item) => chatOf(isTlObject(item) ? item.peer : undefined, call));
    const top = chats.flatMap((chat) => visible(chat, viewer).slice(0, 1));
    return {
      _: 'messages.peerDialogs',
      dialogs: chats.map((chat) => dialogObject(chat, viewer)),
      messages: top.map((message) => messageObject(message, viewer)),
      ...mentioned(viewer, chats, top),
      state: stateObject(viewer, call),
    };
  },
  'messages.readHistory'({ peer, max_id }, call) {
    const viewer = callerOf(call);
    const chat = chatOf(peer, call);
    chat.read.set(viewer.id, Number(max_id) || viewer.lastMessageId);
    return { _: 'messages.affectedMessages', pts: viewer.events.pts, pts_count: 0 };
  },
};

function pageOf(all: readonly Message[], viewer: Account, params: TlObject): Message[] {
  const number = (name: string): number => Number(params[name] ?? 0);
  const idOf = (message: Message): number => messageIdFor(message, viewer) ?? 0;
  const between = all.filter(
    (message) =>
      (number('max_id') === 0 || idOf(message) < number('max_id')) && idOf(message) > number('min_id'),
  );
  const isPast = (message: Message): boolean =>
    // Clients that page name both; messages of one second would be lost if the date counted too.
    number('offset_id') === 0
      ? number('offset_date') === 0 || message.date < number('offset_date')
      : idOf(message) < number('offset_id');
  const first = between.findIndex(isPast);
  const start = (first < 0 ? between.length : first) + number('add_offset');
  const limit = Math.min(Math.max(number('limit'), 0), maxPage);
  return between.slice(Math.max(start, 0), Math.max(start + limit, 0));
}

/** Newest first. */
function visible(chat: Chat, viewer: Account): Message[] {
  const all = isChannel(chat)
    ? chat.messages
    : chat.messages.filter((message) => viewer.box.get(message.ids.get(viewer.id) ?? 0) === message);
  return all.toReversed();
}

function messagesResult(
  page: readonly Message[],
  { chat, call, total }: { chat: Chat; call: Call; total: number },
): TlObject {
  const viewer = callerOf(call);
  const content = {
    count: total,
    messages: page.map((message) => messageObject(message, viewer)),
    ...mentioned(viewer, [chat], page),
  };
  if (isChannel(chat)) return { _: 'messages.channelMessages', pts: chat.events.pts, ...content };
  return { _: page.length === total ? 'messages.messages' : 'messages.messagesSlice', ...content };
}

function dialogObject(chat: Chat, viewer: Account): TlObject {
  const [top] = visible(chat, viewer);
  const read = chat.read.get(viewer.id) ?? 0;
  const unread = visible(chat, viewer).filter(
    (message) => message.from !== viewer && (messageIdFor(message, viewer) ?? 0) > read,
  );
  return {
    _: 'dialog',
    peer: peerObject(chat, viewer),
    top_message: top === undefined ? 0 : messageIdFor(top, viewer),
    read_inbox_max_id: read,
    unread_count: unread.length,
    notify_settings: { _: 'peerNotifySettings' },
    pts: isChannel(chat) ? chat.events.pts : undefined,
  };
}

function isPeer(peer: TlObject, chat: Chat, viewer: Account): boolean {
  const own = peerObject(chat, viewer);
  return (['user_id', 'chat_id', 'channel_id'] as const).some(
    (field) =>
      peer[field] !== undefined && own[field] !== undefined && BigInt(own[field] as number) === peer[field],
  );
}

function inputIds(ids: unknown): number[] {
  return (ids as unknown[]).flatMap((id) =>
    typeof id === 'number' ? [id] : isTlObject(id) && id._ === 'inputMessageID' ? [Number(id.id)] : [],
  );
}
