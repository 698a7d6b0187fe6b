import { isTlObject, type TlObject } from '../codec/tl-object.ts';
import { badRequest, rpcError } from '../session/rpc-error.ts';
import { mentioned } from '../view/peers.ts';
import { updateObject, updatesObject } from '../view/updates.ts';
import {
  type Account,
  type Chat,
  isChannel,
  type MediaFile,
  type Message,
  messageIdFor,
  type WorldEvent,
} from '../world/types.ts';
import { callerOf } from './caller.ts';
import { channelOf, chatOf } from './input-peers.ts';
import type { Call, Method } from './method.ts';
import { uploadedMedia } from './uploads.ts';

/** The longest text. @see https://core.telegram.org/api/config */
const maxText = 4096;

/** Random ids of a key's messages: one is taken once. */
const randomIds = new WeakMap<object, Set<unknown>>();

/** Writing, editing and deleting. */
export const sendingMethods: Readonly<Record<string, Method>> = {
  'messages.sendMessage'(params, call) {
    const text = String(params.message ?? '');
    if (text.trim() === '') throw badRequest('MESSAGE_EMPTY');
    return post(params, call, { text });
  },
  'messages.sendMedia'(params, call) {
    const text = String(params.message ?? '');
    const media = call.world.file(uploadedMedia(params.media, call.key.id, call.uploads));
    return post(params, call, { text, media });
  },
  'messages.editMessage'(params, call) {
    const chat = chatOf(params.peer, call);
    const [message] = messagesOf([Number(params.id)], chat, call);
    if (message === undefined) throw badRequest('MESSAGE_ID_INVALID');
    if (!mayChange(message, callerOf(call))) throw rpcError(403, 'MESSAGE_AUTHOR_REQUIRED');
    const text = params.message === undefined ? undefined : String(params.message);
    const media =
      params.media === undefined
        ? undefined
        : call.world.file(uploadedMedia(params.media, call.key.id, call.uploads));
    if (media === undefined && (text === undefined || text === message.text))
      throw badRequest('MESSAGE_NOT_MODIFIED');
    checkText(text ?? '');
    const before = eventsOf(chat, callerOf(call)).pts;
    call.world.edit(message, { text, media });
    return answerWith(call, chat, before);
  },
  'messages.deleteMessages'({ id, revoke }, call) {
    const account = callerOf(call);
    const before = account.events.pts;
    const found = (id as number[]).flatMap((one) => account.box.get(one) ?? []);
    for (const chat of new Set(found.map((message) => message.chat))) {
      const messages = found.filter((message) => message.chat === chat);
      if (revoke === true) call.world.remove(chat, messages);
      else call.world.removeFor(account, messages);
    }
    return {
      _: 'messages.affectedMessages',
      pts: account.events.pts,
      pts_count: account.events.pts - before,
    };
  },
  'channels.deleteMessages'({ channel, id }, call) {
    const chat = channelOf(channel, call);
    const messages = messagesOf(id as number[], chat, call);
    if (!messages.every((message) => mayChange(message, callerOf(call))))
      throw rpcError(403, 'MESSAGE_DELETE_FORBIDDEN');
    const before = chat.events.pts;
    call.world.remove(chat, messages);
    return { _: 'messages.affectedMessages', pts: chat.events.pts, pts_count: chat.events.pts - before };
  },
};

function post(params: TlObject, call: Call, content: { text: string; media?: MediaFile }): TlObject {
  const account = callerOf(call);
  const chat = chatOf(params.peer, call);
  checkText(content.text);
  if (chat.kind === 'channel' && !chat.admins.has(account)) throw badRequest('CHAT_ADMIN_REQUIRED');
  if (!chat.members.has(account)) throw rpcError(403, 'CHAT_WRITE_FORBIDDEN');
  const used = randomIds.get(call.key) ?? new Set();
  randomIds.set(call.key, used);
  if (used.has(params.random_id)) throw rpcError(500, 'RANDOM_ID_DUPLICATE');
  used.add(params.random_id);
  const before = eventsOf(chat, account).pts;
  const message = call.world.post(chat, { ...content, from: account, replyTo: replyOf(params) });
  const id = messageIdFor(message, account);
  if (!isChannel(chat) && content.media === undefined) {
    // Telegram leaves out what the request said.
    const { pts } = account.events;
    return { _: 'updateShortSentMessage', out: true, id, pts, pts_count: pts - before, date: message.date };
  }
  return answerWith(call, chat, before, [{ _: 'updateMessageID', id, random_id: params.random_id }]);
}

function checkText(text: string): void {
  if (text.length > maxText) throw badRequest('MESSAGE_TOO_LONG');
}

function replyOf({ reply_to, reply_to_msg_id }: TlObject): number | undefined {
  if (isTlObject(reply_to, 'inputReplyToMessage')) return Number(reply_to.reply_to_msg_id);
  // Layers before 158.
  return reply_to_msg_id === undefined ? undefined : Number(reply_to_msg_id);
}

function messagesOf(ids: readonly number[], chat: Chat, call: Call): Message[] {
  return chat.messages.filter((message) => ids.includes(messageIdFor(message, callerOf(call)) ?? -1));
}

function mayChange(message: Message, account: Account): boolean {
  return message.from === account || message.chat.admins.has(account);
}

function eventsOf(chat: Chat, account: Account): Account['events'] {
  return isChannel(chat) ? chat.events : account.events;
}

/** The caller gets as its answer what its other sessions get as updates. */
function answerWith(call: Call, chat: Chat, before: number, first: readonly TlObject[] = []): TlObject {
  const account = callerOf(call);
  const events: readonly WorldEvent[] = eventsOf(chat, account).after(before) ?? [];
  const messages = events.flatMap((event) => (event.kind === 'delete' ? [] : event.message));
  return updatesObject([...first, ...events.map((event) => updateObject(event, chat, account))], {
    ...mentioned(account, [chat], messages),
    date: call.clock.seconds(),
  });
}
