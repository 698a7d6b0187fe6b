import { badRequest } from './api-failure.ts';
import type { Call } from './call.ts';
import { resolveChat } from './chats.ts';
import type { FloodKey } from './flood.ts';
import { type ReplyMarkup, readReplyMarkup } from './keyboards.ts';
import { isRecord } from './params.ts';
import { type Bot, type Chat, nextMessageId } from './state.ts';
import type { TelegramMessage } from './types.ts';

/** What of a message differs between methods: text, photo, caption … */
export type MessageContent = Omit<Partial<TelegramMessage>, 'message_id' | 'date' | 'chat' | 'from'>;

/** Sends one message to the chat of the call. */
export function sendContent(
  call: Call,
  content: (call: Call, chat: Chat) => MessageContent,
): TelegramMessage {
  const chat = resolveChat(call, 'write');
  const built = content(call, chat);
  const extras = readExtras(call, chat);
  call.flood.check(messageFlood(call, chat));
  return post(call, chat, { ...extras, ...built });
}

/** The limits that messages to this chat count against. Several at once are one action in the chat. */
export function messageFlood(call: Call, chat: Chat, weight = 1): FloodKey[] {
  const key = `${call.bot.id}:${chat.info.id}`;
  const keys: FloodKey[] = [
    call.params.boolean('allow_paid_broadcast')
      ? { limit: 'paid', key: String(call.bot.id), weight }
      : { limit: 'overall', key: String(call.bot.id), weight },
    { limit: 'chat', key },
  ];
  if (chat.info.type !== 'private') keys.push({ limit: 'group', key, weight });
  return keys;
}

/** What every send method takes beside its content: reply, keyboard, thread, effect. */
export function readExtras(call: Call, chat: Chat): MessageContent {
  const { params } = call;
  const markup: ReplyMarkup = readReplyMarkup(params);
  const thread = params.integer('message_thread_id');
  if (thread !== 0 && chat.info.is_forum && !chat.topics.has(thread))
    throw badRequest('message thread not found');
  return {
    ...(thread !== 0 && { message_thread_id: thread, is_topic_message: chat.info.is_forum === true }),
    ...replyOf(call, chat),
    ...(markup.inline && { reply_markup: markup.inline }),
    ...(params.boolean('protect_content') && { has_protected_content: true }),
    ...(params.has('message_effect_id') && { effect_id: params.text('message_effect_id') }),
    ...(params.has('business_connection_id') && {
      business_connection_id: params.text('business_connection_id'),
    }),
  };
}

/** Puts a message of the bot into the chat. */
export function post(
  call: { bot: Bot; state: Call['state'] },
  chat: Chat,
  content: MessageContent,
): TelegramMessage {
  const { bot, state } = call;
  const message: TelegramMessage = {
    message_id: nextMessageId(bot, chat),
    ...(chat.info.type === 'channel' ? { sender_chat: chat.info } : { from: bot.info }),
    chat: chat.info,
    date: state.clock.seconds(),
    ...content,
  };
  // The message takes the place of what was shown of it.
  chat.drafts.clear();
  chat.log.add('bot', message, state.clock.now());
  state.live.emit({ provider: 'telegram', type: 'message', bot: bot.id, chat: chat.info.id });
  return message;
}

function replyOf(call: Call, chat: Chat): MessageContent {
  const { params } = call;
  const reply = params.object('reply_parameters', 'reply parameters');
  const messageId = reply ? Number(reply.message_id) : params.integer('reply_to_message_id');
  if (!messageId || (isRecord(reply) && reply.chat_id !== undefined)) return {};
  const original = chat.log.get(messageId);
  if (original) {
    const { reply_to_message: _, ...shown } = original.message;
    return { reply_to_message: shown };
  }
  if (reply?.allow_sending_without_reply === true || params.boolean('allow_sending_without_reply')) return {};
  throw badRequest('message to be replied not found');
}
