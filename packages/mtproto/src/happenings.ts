import { fromShort, toMessage } from './messages.ts';
import { channelId, isChannelId, peerId } from './peers.ts';
import type { Happening } from './pts-box.ts';
import { type TlObject, tlLong, tlNumber, tlNumbers, tlObject } from './tl.ts';
import type { MtprotoEvent, MtprotoMessage } from './types.ts';

/** What is needed to tell events. */
export interface HappeningContext {
  readonly account: string;
  /** The account's own id. */
  readonly self: bigint;
  /** The chat of a message of the common sequence that passed lately. */
  chatOf(messageId: number): bigint | undefined;
}

/** Whose sequence an update belongs to: a channel's marked id, or `common`. */
export function boxOf(update: TlObject): bigint | 'common' {
  const bare = tlLong(update.channelId);
  if (bare !== undefined) return channelId(bare);
  const chat = peerId(tlObject(update.message)?.peerId);
  return chat !== undefined && isChannelId(chat) ? chat : 'common';
}

/** The events of one update; most updates are none. */
export function happeningsOf(
  update: TlObject,
  origin: MtprotoEvent['origin'],
  context: HappeningContext,
): Happening[] {
  switch (update._) {
    case 'updateNewMessage':
    case 'updateNewChannelMessage':
      return newMessage(tlObject(update.message), origin, context);
    case 'updateShortMessage':
    case 'updateShortChatMessage':
      return newMessage(fromShort(update, context.self), origin, context);
    case 'updateEditMessage':
    case 'updateEditChannelMessage':
      return editedMessage(update, origin, context);
    case 'updateDeleteMessages':
    case 'updateDeleteChannelMessages':
      return deletedMessages(update, origin, context);
    default:
      return [];
  }
}

/** A new message, as an update or a difference brings it. */
export function newMessage(
  raw: TlObject | undefined,
  origin: MtprotoEvent['origin'],
  context: HappeningContext,
): Happening[] {
  const message = raw && toMessage(raw, context.self);
  if (message === undefined) return [];
  return [
    {
      key: `n${message.id}`,
      event: { kind: 'message', ...of('message', message, String(message.id), origin, context), message },
    },
  ];
}

function editedMessage(
  update: TlObject,
  origin: MtprotoEvent['origin'],
  context: HappeningContext,
): Happening[] {
  const raw = tlObject(update.message);
  const message = raw && toMessage(raw, context.self);
  if (message === undefined) return [];
  const pts = tlNumber(update.pts) ?? 0;
  return [
    {
      key: `e${pts}`,
      event: {
        kind: 'edited_message',
        ...of('edited_message', message, `${message.id}:${pts}`, origin, context),
        message,
      },
    },
  ];
}

function of(
  kind: string,
  { chatId }: MtprotoMessage,
  rest: string,
  origin: MtprotoEvent['origin'],
  { account }: HappeningContext,
): { account: string; id: string; orderKey: string; origin: MtprotoEvent['origin']; chatId: bigint } {
  return { account, id: `${kind}:${chatId}:${rest}`, orderKey: `${account}:${chatId}`, origin, chatId };
}

function deletedMessages(
  update: TlObject,
  origin: MtprotoEvent['origin'],
  context: HappeningContext,
): Happening[] {
  const messageIds = tlNumbers(update.messages);
  const pts = tlNumber(update.pts) ?? 0;
  const bare = tlLong(update.channelId);
  const { account } = context;
  if (bare !== undefined) return [deletion(channelId(bare), messageIds, `d${pts}`)];
  // One update may be about several chats, and does not say which.
  const byChat = new Map<bigint | undefined, number[]>();
  for (const id of messageIds) {
    const chat = context.chatOf(id);
    byChat.set(chat, [...(byChat.get(chat) ?? []), id]);
  }
  return Array.from(byChat, ([chat, ids]) => deletion(chat, ids, `d${pts}:${chat ?? ''}`));

  function deletion(chatId: bigint | undefined, ids: readonly number[], key: string): Happening {
    const chat = chatId ?? 'unknown';
    return {
      key,
      event: {
        kind: 'deleted_messages',
        account,
        id: `deleted_messages:${chat}:${pts}`,
        orderKey: `${account}:${chat}`,
        origin,
        chatId,
        messageIds: ids,
      },
    };
  }
}
