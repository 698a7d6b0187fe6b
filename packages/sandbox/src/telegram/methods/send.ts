import { badRequest } from '../api-failure.ts';
import type { Call, MethodRow } from '../call.ts';
import { resolveChat } from '../chats.ts';
import {
  checklistContent,
  contactContent,
  diceContent,
  invoiceContent,
  locationContent,
  mediaContent,
  paidMediaContent,
  pollContent,
  richContent,
  venueContent,
} from '../contents.ts';
import { captionOf, readText } from '../formatted-text.ts';
import { mediaKind } from '../media.ts';
import { isRecord } from '../params.ts';
import { type MessageContent, messageFlood, post, readExtras, sendContent } from '../sending.ts';
import type { TelegramMessage } from '../types.ts';

/** Methods that put a message into a chat. */
export const sendMethods = {
  sendMessage: sends(({ params }) => readText(params)),
  sendRichMessage: sends(richContent),
  sendPhoto: sends(mediaContent('photo')),
  sendLivePhoto: sends(mediaContent('live_photo')),
  sendAudio: sends(mediaContent('audio')),
  sendDocument: sends(mediaContent('document')),
  sendVideo: sends(mediaContent('video')),
  sendAnimation: sends(mediaContent('animation')),
  sendVoice: sends(mediaContent('voice')),
  sendVideoNote: sends(mediaContent('video_note')),
  sendSticker: sends(mediaContent('sticker')),
  sendPaidMedia: sends(paidMediaContent),
  sendLocation: sends(locationContent),
  sendVenue: sends(venueContent, 'title', 'address'),
  sendContact: sends(contactContent, 'phone_number', 'first_name'),
  sendPoll: sends(pollContent),
  sendChecklist: sends(checklistContent, 'business_connection_id'),
  sendDice: sends(diceContent),
  sendInvoice: sends(invoiceContent, 'title', 'description', 'payload', 'currency', 'prices'),
  sendGame: sends(
    ({ params }) => ({ game: { title: params.text('game_short_name'), description: '', photo: [] } }),
    'game_short_name',
  ),
  sendMediaGroup: { run: sendMediaGroup },
  sendChatAction: {
    run(call) {
      resolveChat(call, 'write');
      if (!chatActions.has(call.params.text('action'))) throw badRequest('wrong parameter action in request');
      return true;
    },
  },
  sendMessageDraft: { run: sendDraft },
  sendRichMessageDraft: { required: ['rich_message'], run: sendDraft },
} as const satisfies Record<string, MethodRow>;

const chatActions: ReadonlySet<string> = new Set([
  'typing',
  'upload_photo',
  'record_video',
  'upload_video',
  'record_voice',
  'upload_voice',
  'record_audio',
  'upload_audio',
  'upload_document',
  'choose_sticker',
  'find_location',
  'record_video_note',
  'upload_video_note',
]);

function sends(content: (call: Call) => MessageContent, ...required: string[]): MethodRow {
  return { required, run: (call) => sendContent(call, content) };
}

function sendMediaGroup(call: Call): TelegramMessage[] {
  const chat = resolveChat(call, 'write');
  const media = call.params.array('media');
  if (!media || media.length === 0) throw badRequest('there are no messages to send');
  if (media.length > 10) throw badRequest('too many messages to send as an album');
  const types = new Set<unknown>();
  const contents = media.map((item) => {
    if (!isRecord(item)) throw badRequest("can't parse InputMedia: expected an Object");
    const kind = mediaKind(item.type);
    if (!kind.album) throw badRequest("can't use the media of the specified type in the album");
    types.add(item.type);
    const file = call.files.input(call.params, item.media, kind.folder);
    return { ...kind.content(file, item), ...captionOf(item) };
  });
  if (types.size > 1 && (types.has('document') || types.has('audio'))) {
    throw badRequest("can't use the media of the specified type in the album");
  }
  const extras = readExtras(call, chat);
  call.flood.check(messageFlood(call, chat, contents.length));
  call.state.ids.query += 1;
  const group = contents.length > 1 && {
    media_group_id: String(13_000_000_000_000_000 + call.state.ids.query),
  };
  return contents.map((content) => post(call, chat, { ...extras, ...content, ...group }));
}

// A draft is a preview of 30 s that is no message: nothing of it stays.
function sendDraft(call: Call): true {
  const { params, state } = call;
  const chat = resolveChat(call, 'write');
  if (chat.info.type !== 'private') throw badRequest('method is available only for private chats');
  const draft_id = params.integer('draft_id');
  if (draft_id === 0) throw badRequest('TEXTDRAFT_ID_INVALID');
  const { text = '', entities = [] } = params.has('text') ? readText(params) : {};
  call.flood.check([{ limit: 'drafts', key: `${call.bot.id}:${chat.info.id}` }]);
  chat.drafts.set(draft_id, {
    draft_id,
    text,
    entities,
    canStop: params.boolean('can_stop'),
    keepOnStop: params.boolean('keep_on_stop'),
    threadId: params.has('message_thread_id') ? params.integer('message_thread_id') : undefined,
    expiresAt: state.clock.now() + state.clock.scaled(30_000),
  });
  state.live.emit({ provider: 'telegram', type: 'message', bot: call.bot.id, chat: chat.info.id });
  return true;
}
