import type { Update } from '@cartie/core';
import type { Telegram } from '@cartie/telegram';
import type { InboundEvent, InboundMessage } from './inbound.ts';

/** Reads an update of Telegram. `undefined` for the kinds that a conversation does not show. */
export function readTelegramUpdate(update: Update): InboundEvent | undefined {
  const { message, channel_post, edited_message, edited_channel_post, callback_query } =
    update.payload as Partial<Telegram.Update>;
  const account = update.source.replace(/^telegram:/, '');
  const written = message ?? channel_post;
  if (written !== undefined) return { type: 'message', message: readMessage(written, account) };
  const edited = edited_message ?? edited_channel_post;
  if (edited !== undefined) return { type: 'edit', message: readMessage(edited, account) };
  if (callback_query?.message === undefined) return undefined;
  const { id, from, data = '', message: pressed } = callback_query;
  return {
    type: 'message',
    message: {
      ...readMessage({ ...pressed, from }, account),
      kind: 'callback_query',
      text: data,
      externalId: id,
      sentAt: Date.now(),
    },
  };
}

function readMessage(message: MessageLike, account: string): InboundMessage {
  const { chat, from } = message;
  const sender = from && { id: String(from.id), name: nameOf(from), username: from.username };
  return {
    channel: 'telegram',
    account,
    chatId: String(chat.id),
    title: chat.title ?? (chat.first_name === undefined ? (sender?.name ?? 'Chat') : nameOf(chat)),
    isPrivate: chat.type === 'private' && from?.is_bot !== true,
    contact: sender,
    kind: mediaKinds.find((kind) => kind in message) ?? 'text',
    text: message.text ?? message.caption ?? '',
    externalId: String(message.message_id),
    sentAt: message.date * 1_000,
  };
}

/** What a message can be beside a text; the first that it has names it. */
const mediaKinds = [
  'photo',
  'animation',
  'video_note',
  'video',
  'voice',
  'audio',
  'sticker',
  'document',
  'contact',
  'venue',
  'location',
  'poll',
  'dice',
  'new_chat_members',
  'left_chat_member',
  'pinned_message',
] as const satisfies readonly (keyof Telegram.Message)[];

function nameOf(person: { first_name?: string | undefined; last_name?: string | undefined }): string {
  return [person.first_name, person.last_name].filter(Boolean).join(' ') || 'Somebody';
}

type MessageLike = Pick<Telegram.Message, 'message_id' | 'date' | 'chat'> &
  Partial<Pick<Telegram.Message, 'from' | 'text' | 'caption'>>;
