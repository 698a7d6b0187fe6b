import type { TlObject } from '../codec/tl-object.ts';
import { type Account, type MediaFile, type Message, messageIdFor } from '../world/types.ts';
import { peerObject } from './peers.ts';

/** A message as this viewer sees it. */
export function messageObject(message: Message, viewer: Account): TlObject {
  const { chat, from, media } = message;
  const isPost = chat.kind === 'channel';
  return {
    _: 'message',
    out: from === viewer,
    post: isPost,
    id: messageIdFor(message, viewer) ?? 0,
    // A private chat's partner is told by the peer and `out` alone.
    from_id:
      from === undefined || isPost || chat.kind === 'private'
        ? undefined
        : { _: 'peerUser', user_id: from.id },
    peer_id: peerObject(chat, viewer),
    reply_to:
      message.replyTo === undefined
        ? undefined
        : { _: 'messageReplyHeader', reply_to_msg_id: message.replyTo },
    date: message.date,
    message: message.text,
    media: media === undefined ? undefined : mediaObject(media),
    views: isPost ? 1 : undefined,
    forwards: isPost ? 0 : undefined,
    edit_date: message.editDate,
    grouped_id: message.groupedId,
  };
}

/** What stands where a message was asked for that there is none. */
export function emptyMessage(id: number): TlObject {
  return { _: 'messageEmpty', id };
}

/** A file inside a message. */
function mediaObject(media: MediaFile): TlObject {
  const common = {
    id: media.id,
    access_hash: media.accessHash,
    file_reference: media.fileReference,
    date: media.date,
    dc_id: media.dcId,
  };
  if (media.kind === 'photo') {
    const sizes = [{ _: 'photoSize', type: 'x', w: 800, h: 600, size: media.bytes.length }];
    return { _: 'messageMediaPhoto', photo: { _: 'photo', ...common, sizes } };
  }
  const attributes =
    media.name === undefined ? [] : [{ _: 'documentAttributeFilename', file_name: media.name }];
  return {
    _: 'messageMediaDocument',
    document: { _: 'document', ...common, mime_type: media.mimeType, size: media.bytes.length, attributes },
  };
}
