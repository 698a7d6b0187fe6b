import type { Update } from '@cartie/core';
import {
  type InboundFile,
  type InboundMessage as WhatsAppMessage,
  type WhatsAppUpdate,
  whatsAppFailure,
} from '@cartie/whatsapp';
import type { InboundEvent, InboundMessage, Receipt, StoredMedia } from './inbound.ts';

/** Reads an update of WhatsApp. `undefined` for the kinds that a conversation does not show. */
export function readWhatsAppUpdate(update: Update): InboundEvent | undefined {
  const payload = update.payload as WhatsAppUpdate;
  const account = payload.phoneNumberId ?? payload.accountId;
  switch (payload.kind) {
    case 'message':
      return readMessage(payload, account);
    case 'call':
      if (payload.data.event !== 'connect' || payload.data.direction === 'BUSINESS_INITIATED')
        return undefined;
      return { type: 'message', message: envelope(payload, account, { kind: 'call', text: '' }) };
    case 'status': {
      const receipt = readStatus(payload.data, account);
      return receipt && { type: 'receipt', receipt };
    }
    case 'user_id_update': {
      const { previous, current } = (payload.data.user_id ?? {}) as Record<string, unknown>;
      if (typeof previous !== 'string' || typeof current !== 'string') return undefined;
      return { type: 'renamed', channel: 'whatsapp', account, from: previous, to: current };
    }
    default:
      return undefined;
  }
}

type Payload<Kind extends WhatsAppUpdate['kind']> = Extract<WhatsAppUpdate, { kind: Kind }>;

function readMessage(payload: Payload<'message'>, account: string): InboundEvent {
  const { data } = payload;
  if (data.type === 'revoke') {
    const message = envelope(payload, account, { kind: 'revoked', text: '' });
    return { type: 'edit', message: { ...message, externalId: data.revoke.original_message_id } };
  }
  if (data.type === 'edit') {
    const content = contentOf((data.edit.message ?? {}) as unknown as WhatsAppMessage);
    const message = envelope(payload, account, content);
    return { type: 'edit', message: { ...message, externalId: data.edit.original_message_id } };
  }
  return { type: 'message', message: envelope(payload, account, contentOf(data)) };
}

type Content = Pick<InboundMessage, 'kind' | 'text' | 'media'>;

/**
 * A customer is known by the user id, which is always there since phones may be hidden, and else by the phone; a group by
 * its own id.
 */
function envelope(
  { data, contact }: Payload<'message'> | Payload<'call'>,
  account: string,
  content: Content,
): InboundMessage {
  const { id, from, timestamp } = data;
  const groupId = textOf(data.group_id);
  const userId = textOf(data.from_user_id) ?? from ?? 'unknown';
  const name = contact?.profile?.name || (from === undefined ? 'Somebody' : `+${from}`);
  return {
    channel: 'whatsapp',
    account,
    chatId: groupId ?? userId,
    title: groupId === undefined ? name : 'Group',
    isPrivate: groupId === undefined,
    contact: { id: userId, name, username: contact?.profile?.username, phone: from },
    ...content,
    externalId: id,
    sentAt: Number(timestamp) * 1_000 || Date.now(),
  };
}

/** What a message holds, as one text and a file. */
function contentOf(data: WhatsAppMessage): Content {
  const kind = data.type;
  switch (data.type) {
    case 'text':
      return { kind, text: data.text.body };
    case 'image':
      return { kind, text: data.image.caption ?? '', media: mediaOf(data.image, 'image/jpeg') };
    case 'video':
      return { kind, text: data.video.caption ?? '', media: mediaOf(data.video, 'video/mp4') };
    case 'audio':
      return { kind: data.audio.voice ? 'voice' : kind, text: '', media: mediaOf(data.audio, 'audio/ogg') };
    case 'sticker':
      return { kind, text: '', media: mediaOf(data.sticker, 'image/webp') };
    case 'document': {
      const { caption, filename } = data.document;
      const media = { ...mediaOf(data.document, 'application/octet-stream'), name: filename };
      return { kind, text: caption ?? '', media };
    }
    case 'location': {
      const { latitude, longitude, name, address } = data.location;
      return { kind, text: words(name, address, `${latitude}, ${longitude}`) };
    }
    case 'contacts':
      return {
        kind,
        text: data.contacts
          .map(({ name, phones = [] }) => words(name?.formatted_name, ...phones.map(({ phone }) => phone)))
          .join('\n'),
      };
    case 'reaction':
      return data.reaction.emoji
        ? { kind, text: data.reaction.emoji }
        : { kind: 'reaction_removed', text: '' };
    case 'interactive':
      return interactiveOf(data.interactive);
    case 'button':
      return { kind: 'button_reply', text: data.button.text };
    case 'order': {
      const { product_items: items = [], text } = data.order;
      const lines = items.map(
        ({ quantity, product_retailer_id: id, item_price: price, currency }) =>
          `${quantity} × ${id} · ${price} ${currency}`,
      );
      return { kind, text: [...lines, text].filter(Boolean).join('\n') };
    }
    case 'system':
      return { kind, text: data.system.body ?? '' };
    default:
      // Also of types that are newer than this file.
      return { kind: textOf(kind) ?? 'message', text: '' };
  }
}

type Interactive = Extract<WhatsAppMessage, { type: 'interactive' }>['interactive'];

function interactiveOf(interactive: Interactive): Content {
  switch (interactive.type) {
    case 'button_reply':
      return { kind: 'button_reply', text: interactive.button_reply.title };
    case 'list_reply': {
      const { title, description } = interactive.list_reply;
      return { kind: 'list_reply', text: words(title, description) };
    }
    case 'nfm_reply':
      return { kind: 'flow_reply', text: interactive.nfm_reply.response_json };
    default:
      return { kind: (interactive as { type: string }).type, text: '' };
  }
}

function mediaOf({ id, mime_type: type, sha256 }: InboundFile, usual: string): StoredMedia {
  return { id, type: type?.split(';')[0]?.trim() || usual, sha256 };
}

const states: Readonly<Record<string, Receipt['state']>> = {
  sent: 'sent',
  delivered: 'delivered',
  read: 'seen',
  played: 'seen',
  failed: 'failed',
};

function readStatus(status: Payload<'status'>['data'], account: string): Receipt | undefined {
  const state = states[status.status];
  if (state === undefined) return undefined;
  const failure = status.errors?.[0];
  return {
    channel: 'whatsapp',
    account,
    chatId: status.recipient_user_id ?? status.recipient_id ?? '',
    externalId: status.id,
    outboxId: status.biz_opaque_callback_data,
    state,
    reason: failure && (whatsAppFailure(failure)?.kind ?? 'not_delivered'),
    at: Number(status.timestamp) * 1_000 || Date.now(),
  };
}

const words = (...parts: (string | undefined)[]): string => parts.filter(Boolean).join(' · ');

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
