import { badRequest } from '../api-failure.ts';
import type { Call, MethodRow } from '../call.ts';
import { resolveChat } from '../chats.ts';
import { readCaption } from '../formatted-text.ts';
import { type MessageContent, messageFlood, post, readExtras } from '../sending.ts';
import type { Chat } from '../state.ts';
import type { TelegramMessage } from '../types.ts';

/** Methods that send what is already there. */
export const forwardMethods = {
  forwardMessage: {
    run(call) {
      const { to, from } = chats(call);
      const message = original(call, from, call.params.integer('message_id'), 'forward');
      call.flood.check(messageFlood(call, to));
      return post(call, to, forwarded(message));
    },
  },
  forwardMessages: { run: (call) => many(call, forwarded) },
  copyMessage: {
    run(call) {
      const { to, from } = chats(call);
      const message = original(call, from, call.params.integer('message_id'), 'copy');
      const content = contentOf(message);
      const caption = call.params.has('caption') ? readCaption(call.params) : {};
      const extras = readExtras(call, to);
      call.flood.check(messageFlood(call, to));
      return { message_id: post(call, to, { ...content, ...caption, ...extras }).message_id };
    },
  },
  copyMessages: { run: (call) => many(call, contentOf) },
} as const satisfies Record<string, MethodRow>;

function chats(call: Call): { to: Chat; from: Chat } {
  return { to: resolveChat(call, 'write'), from: resolveChat(call, 'read', 'from_chat_id') };
}

function original(_call: Call, from: Chat, id: number, verb: 'forward' | 'copy'): TelegramMessage {
  const message = from.log.get(id)?.message;
  if (!message) throw badRequest(`message to ${verb} not found`);
  if (message.has_protected_content === true) {
    throw badRequest(
      `message has protected content and can't be ${verb === 'copy' ? 'copied' : 'forwarded'}`,
    );
  }
  return message;
}

function many(call: Call, content: (message: TelegramMessage) => MessageContent): { message_id: number }[] {
  const { to, from } = chats(call);
  const ids = (call.params.array('message_ids') ?? []).map(Number);
  if (ids.length === 0) throw badRequest('message identifiers are not specified');
  if (ids.length > 100) throw badRequest('too many message identifiers specified');
  if (ids.some((id, index) => index > 0 && id <= (ids[index - 1] ?? 0))) {
    throw badRequest('message identifiers must be in a strictly increasing order');
  }
  const found = ids.map((id) => from.log.get(id)?.message).filter((message) => message !== undefined);
  if (found.length === 0) throw badRequest('there are no messages to send');
  call.flood.check(messageFlood(call, to, found.length));
  return found.map((message) => ({ message_id: post(call, to, content(message)).message_id }));
}

function forwarded(message: TelegramMessage): MessageContent {
  const known = message.forward_origin as Record<string, unknown> | undefined;
  const origin = message.from
    ? { type: 'user', sender_user: message.from, date: message.date }
    : { type: 'channel', chat: message.chat, message_id: message.message_id, date: message.date };
  return { ...contentOf(message), forward_origin: known ?? origin };
}

/** Fields of a message that belong to the message and not to its content. */
const own: ReadonlySet<string> = new Set([
  'message_id',
  'from',
  'sender_chat',
  'chat',
  'date',
  'edit_date',
  'reply_markup',
  'reply_to_message',
  'forward_origin',
  'message_thread_id',
  'is_topic_message',
  'media_group_id',
  'has_protected_content',
]);

function contentOf(message: TelegramMessage): MessageContent {
  return Object.fromEntries(Object.entries(message).filter(([field]) => !own.has(field)));
}
