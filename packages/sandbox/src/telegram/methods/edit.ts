import { badRequest } from '../api-failure.ts';
import type { Call, MethodRow } from '../call.ts';
import { isAdministrator, memberOf, resolveChat } from '../chats.ts';
import { checklistContent, locationContent } from '../contents.ts';
import { captionOf, readCaption, readText } from '../formatted-text.ts';
import { readReplyMarkup } from '../keyboards.ts';
import { mediaKind, mediaKinds } from '../media.ts';
import type { MessageContent } from '../sending.ts';
import type { Chat } from '../state.ts';
import type { TelegramMessage } from '../types.ts';

/** Methods that change or remove messages. */
export const editMethods = {
  editMessageText: edits('text', (call) =>
    call.params.has('rich_message')
      ? { rich_message: call.params.object('rich_message') }
      : readText(call.params),
  ),
  editMessageCaption: edits('caption', ({ params }) => readCaption(params)),
  editMessageMedia: edits('media', (call) => {
    const media = call.params.object('media', 'input media');
    if (!media) throw badRequest("can't parse InputMedia: media not found");
    const kind = mediaKind(media.type);
    return {
      ...kind.content(call.files.input(call.params, media.media, kind.folder), media),
      ...captionOf(media),
    };
  }),
  editMessageReplyMarkup: edits('markup', () => ({})),
  editMessageLiveLocation: edits('location', (call) => locationContent(call)),
  stopMessageLiveLocation: edits('location', (_, { location }) => {
    const { latitude, longitude } = location as Record<string, number>;
    return { location: { latitude, longitude } };
  }),
  editMessageChecklist: edits('checklist', checklistContent),
  stopPoll: { run: stopPoll },
  deleteMessage: {
    run(call) {
      const chat = resolveChat(call, 'write');
      const id = messageId(call);
      if (!chat.log.get(id)) throw badRequest('message to delete not found');
      if (!mayDelete(call, chat, id)) throw badRequest("message can't be deleted for everyone");
      remove(call, chat, id);
      return true;
    },
  },
  deleteMessages: {
    run(call) {
      const chat = resolveChat(call, 'write');
      const ids = call.params.array('message_ids') ?? [];
      if (ids.length === 0) throw badRequest('message identifiers are not specified');
      if (ids.length > 100) throw badRequest('too many message identifiers specified');
      for (const id of ids.map(Number)) if (mayDelete(call, chat, id)) remove(call, chat, id);
      return true;
    },
  },
  setMessageReaction: {
    run(call) {
      const chat = resolveChat(call, 'write');
      const id = messageId(call);
      if (!chat.log.get(id)) throw badRequest('message to react not found');
      const reactions = call.params.array('reaction', 'reaction types') ?? [];
      if (reactions.length > 1) throw badRequest('REACTIONS_TOO_MANY');
      chat.log.react(id, call.bot.id, reactions as Record<string, unknown>[]);
      call.state.live.emit({ provider: 'telegram', type: 'message', bot: call.bot.id, chat: chat.info.id });
      return true;
    },
  },
  deleteMessageReaction: {
    run(call) {
      resolveChat(call, 'write').log.react(messageId(call), call.params.integer('user_id'), []);
      return true;
    },
  },
  deleteAllMessageReactions: {
    run(call) {
      const chat = resolveChat(call, 'write');
      for (const { message } of chat.log.entries()) {
        chat.log.react(message.message_id, call.params.integer('user_id'), []);
      }
      return true;
    },
  },
} as const satisfies Record<string, MethodRow>;

type Part = 'text' | 'caption' | 'media' | 'markup' | 'location' | 'checklist';

const contentFields: readonly string[] = [
  ...Object.keys(mediaKinds),
  'text',
  'entities',
  'caption',
  'caption_entities',
];

function edits(part: Part, content: (call: Call, old: TelegramMessage) => MessageContent): MethodRow {
  return {
    run(call) {
      const { params, state, bot } = call;
      if (params.has('inline_message_id')) {
        if (part !== 'location') content(call, { message_id: 0, date: 0, chat: { id: 0, type: 'private' } });
        readReplyMarkup(params);
        return true;
      }
      if (!params.has('chat_id') && !params.has('message_id')) {
        throw badRequest('message identifier is not specified');
      }
      const chat = resolveChat(call, 'write');
      const entry = chat.log.get(messageId(call));
      if (!entry) throw badRequest('message to edit not found');
      const old = entry.message;
      if (entry.from !== 'bot' || (old.from && old.from.id !== bot.id))
        throw badRequest("message can't be edited");
      checkPart(part, old);
      const changed = content(call, old);
      const markup = readReplyMarkup(params).inline;
      const { reply_markup: _, edit_date: _date, ...kept } = old;
      const replaced = part === 'media' || part === 'text' || part === 'caption' ? without(kept, part) : kept;
      const next = { ...replaced, ...changed, ...(markup && { reply_markup: markup }) };
      const { edit_date: _oldDate, ...before } = old;
      if (isSame(before, next)) {
        throw badRequest(
          'message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message',
        );
      }
      const key = `${bot.id}:${chat.info.id}`;
      if (chat.info.type !== 'private') call.flood.check([{ limit: 'groupEdits', key }]);
      const edited = { ...next, edit_date: state.clock.seconds() } as TelegramMessage;
      chat.log.replace(edited);
      state.live.emit({ provider: 'telegram', type: 'message', bot: bot.id, chat: chat.info.id });
      return edited;
    },
  };
}

function checkPart(part: Part, message: TelegramMessage): void {
  const isMedia = Object.keys(mediaKinds).some((name) => message[name] !== undefined);
  if (part === 'text' && message.text === undefined && !message.rich_message) {
    throw badRequest('there is no text in the message to edit');
  }
  if (part === 'caption' && !isMedia) throw badRequest('there is no caption in the message to edit');
  if (part === 'location' && !message.location) throw badRequest("message can't be edited");
  if (part === 'checklist' && !message.checklist) throw badRequest("message can't be edited");
}

function without(message: MessageContent, part: Part): MessageContent {
  const dropped = part === 'caption' ? ['caption', 'caption_entities'] : contentFields;
  return Object.fromEntries(Object.entries(message).filter(([field]) => !dropped.includes(field)));
}

function isSame(a: object, b: object): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: object): string {
  return JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function stopPoll(call: Call): unknown {
  const chat = resolveChat(call, 'write');
  const entry = chat.log.get(messageId(call));
  const poll = entry?.message.poll as Record<string, unknown> | undefined;
  if (!entry) throw badRequest('message with poll to stop not found');
  if (!poll) throw badRequest('message is not a poll');
  if (poll.is_closed === true) throw badRequest('poll has already been closed');
  const closed = { ...poll, is_closed: true };
  chat.log.replace({ ...entry.message, poll: closed });
  return closed;
}

function messageId(call: Call): number {
  const id = call.params.integer('message_id');
  if (id <= 0) throw badRequest('message identifier is not specified');
  return id;
}

// In a private chat a bot may delete both sides; elsewhere its own, and everything as an administrator.
function mayDelete(call: Call, chat: Chat, id: number): boolean {
  const entry = chat.log.get(id);
  if (!entry) return false;
  return (
    chat.info.type === 'private' ||
    entry.message.from?.id === call.bot.id ||
    isAdministrator(memberOf(chat, call.bot.id))
  );
}

function remove(call: Call, chat: Chat, id: number): void {
  chat.log.remove(id);
  chat.pinned = chat.pinned.filter((pinned) => pinned !== id);
  call.state.live.emit({ provider: 'telegram', type: 'message', bot: call.bot.id, chat: chat.info.id });
}
