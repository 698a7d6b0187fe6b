import { peerId } from './peers.ts';
import { isTl, type TlObject, tlLong, tlNumber, tlObject, tlObjects, tlText } from './tl.ts';
import type { MtprotoMedia, MtprotoMessage } from './types.ts';

/** A `message` or `messageService` of Telegram's as ours; `undefined` for an empty one. `self` is who wrote outgoing ones. */
export function toMessage(raw: TlObject, self: bigint | undefined): MtprotoMessage | undefined {
  const id = tlNumber(raw.id);
  const chatId = peerId(raw.peerId);
  if (id === undefined || chatId === undefined || raw._ === 'messageEmpty') return undefined;
  const isOutgoing = raw.out === true;
  const editDate = tlNumber(raw.editDate);
  const optional = {
    // Telegram leaves the sender out where the chat says it.
    senderId: peerId(raw.fromId) ?? (isOutgoing ? self : chatId),
    // A hidden edit is a reaction or a view, not a change that anybody sees.
    editDate: editDate === undefined || raw.editHide === true ? undefined : editDate * 1_000,
    replyToId: tlNumber(tlObject(raw.replyTo)?.replyToMsgId),
    groupedId: tlLong(raw.groupedId),
    views: tlNumber(raw.views),
    media: mediaOf(raw),
  };
  return {
    id,
    chatId,
    date: (tlNumber(raw.date) ?? 0) * 1_000,
    text: tlText(raw.message) ?? '',
    isOutgoing,
    isService: raw._ === 'messageService',
    ...(Object.fromEntries(
      Object.entries(optional).filter(([, value]) => value !== undefined),
    ) as Partial<MtprotoMessage>),
    raw,
  };
}

/** A message that an update tells in short, of a private chat or basic group, as a `message`. */
export function fromShort(update: TlObject, self: bigint): TlObject {
  const { _: name, pts: _pts, ptsCount: _count, userId, chatId, fromId, ...rest } = update;
  const isOut = update.out === true;
  const inGroup = name === 'updateShortChatMessage';
  return {
    ...rest,
    _: 'message',
    peerId: inGroup
      ? { _: 'peerChat', ...(chatId !== undefined && { chatId }) }
      : { _: 'peerUser', ...(userId !== undefined && { userId }) },
    ...(inGroup
      ? fromId !== undefined && { fromId: { _: 'peerUser', userId: fromId } }
      : { fromId: { _: 'peerUser', userId: isOut ? self : (userId ?? self) } }),
  };
}

/** A message that the answer to its sending tells in short, as a `message`: the request says the rest. */
export function fromSent(sent: TlObject, { peer, message = '' }: TlObject, self: bigint): TlObject {
  const { _: _name, pts: _pts, ptsCount: _count, ...rest } = sent;
  const to = tlObject(peer);
  const chatId = to?.chatId;
  return {
    ...rest,
    _: 'message',
    out: true,
    message,
    fromId: { _: 'peerUser', userId: self },
    peerId: chatId === undefined ? { _: 'peerUser', userId: to?.userId ?? self } : { _: 'peerChat', chatId },
  };
}

function mediaOf(raw: TlObject): MtprotoMedia | undefined {
  const media = tlObject(raw.media);
  const photo = tlObject(media?.photo);
  if (isTl(photo, 'photo')) {
    const sizes = tlObjects(photo.sizes).map(photoBytes);
    return { kind: 'photo', mimeType: 'image/jpeg', ...(sizes.length > 0 && { size: Math.max(...sizes) }) };
  }
  const document = tlObject(media?.document);
  if (!isTl(document, 'document')) return undefined;
  const name = tlObjects(document.attributes).find(({ _: kind }) => kind === 'documentAttributeFilename');
  const size = tlLong(document.size);
  const mimeType = tlText(document.mimeType);
  const fileName = tlText(name?.fileName);
  return {
    kind: 'document',
    ...(size !== undefined && { size: Number(size) }),
    ...(mimeType !== undefined && { mimeType }),
    ...(fileName !== undefined && { fileName }),
  };
}

/** The bytes of one size of a photo; 0 where they are not told. */
export function photoBytes(size: TlObject): number {
  const steps = Array.isArray(size.sizes) ? (size.sizes as readonly unknown[]) : [];
  return tlNumber(size.size) ?? Math.max(0, ...steps.filter((step) => typeof step === 'number'));
}
