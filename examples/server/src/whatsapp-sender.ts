import type { OutboxRow, Sender } from '@cartie/core/postgres';
import {
  type OutgoingMessage,
  type SendOrTemplate,
  type Template,
  type WhatsAppClient,
  whatsAppFailure,
} from '@cartie/whatsapp';
import type { OutgoingContent, OutgoingConversation, SenderResult } from './outgoing.ts';

/** A message of WhatsApp as it waits in the outbox. */
export interface WhatsAppPayload {
  readonly recipient: Pick<OutgoingMessage, 'to' | 'recipient' | 'recipient_type'>;
  readonly message: SendOrTemplate['message'];
  /** Epoch milliseconds; decides whether a text may still be sent. */
  readonly lastInboundAt: number | null;
}

/** A template in whose one variable a text goes out when the 24 hours are over. */
export interface FallbackTemplate {
  readonly name: string;
  readonly language: string;
}

/** What {@link whatsAppSender} needs to know about a message. */
export function whatsAppPayload(
  { externalId, phone, lastInboundAt }: OutgoingConversation,
  content: OutgoingContent,
): WhatsAppPayload {
  return { recipient: recipientOf(externalId, phone), message: messageOf(content), lastInboundAt };
}

/**
 * Sends through WhatsApp; a text outside the 24 hours as the fallback template. Each message carries our own name of it, by
 * which its statuses tell what became of it also where the call ended in doubt.
 */
export function whatsAppSender(
  whatsapp: Pick<WhatsAppClient, 'send' | 'sendOrTemplate'>,
  fallback: FallbackTemplate | undefined,
): Sender<WhatsAppPayload> {
  const send = async (row: OutboxRow<WhatsAppPayload>, signal: AbortSignal): Promise<SenderResult> => {
    const { recipient, message, lastInboundAt } = row.payload;
    const envelope = { ...recipient, biz_opaque_callback_data: row.id };
    const template = message.type === 'text' ? fallbackOf(fallback, message.text.body) : undefined;
    if (template === undefined) {
      const { id } = await whatsapp.send({ ...envelope, ...message } as OutgoingMessage, { signal });
      return { messageId: id };
    }
    const choice = { ...envelope, message, template, lastInboundAt };
    const { id, sent } = await whatsapp.sendOrTemplate(choice, { signal });
    return { messageId: id, ...(sent === 'template' && { kind: sent }) };
  };
  return {
    // Messages to one customer may have to wait for each other; those to others must not.
    concurrency: 40,
    // One at a time, in this form only to keep what a refusal meant.
    batchSize: 1,
    async sendBatch(rows, { signal }) {
      return Promise.all(
        rows.map(async (row) => {
          try {
            return { result: await send(row, signal) };
          } catch (error) {
            const failure = whatsAppFailure(error)?.kind;
            return { error, ...(failure !== undefined && { keep: { failure } satisfies SenderResult }) };
          }
        }),
      );
    },
  };
}

/** The longest text that fits into the variable of a fallback template. */
const maxFallbackText = 900;

function fallbackOf(fallback: FallbackTemplate | undefined, text: string): Template | undefined {
  // A variable takes no line breaks and no long gaps.
  const line = text.replace(/\s+/g, ' ').trim();
  if (fallback === undefined || line.length > maxFallbackText) return undefined;
  return {
    name: fallback.name,
    language: { code: fallback.language },
    components: [{ type: 'body', parameters: [{ type: 'text', text: line }] }],
  };
}

/** Whom WhatsApp knows by the phone is written to there: that works with every kind of message. */
function recipientOf(externalId: string, phone: string | null): WhatsAppPayload['recipient'] {
  if (phone !== null && !isGroup(externalId)) return { to: phone };
  if (/^[A-Z]{2}\./.test(externalId)) return { recipient: externalId };
  return isGroup(externalId) ? { to: externalId, recipient_type: 'group' } : { to: externalId };
}

function isGroup(externalId: string): boolean {
  return !/^([A-Z]{2}\..+|\d+)$/.test(externalId);
}

function messageOf(content: OutgoingContent): SendOrTemplate['message'] {
  switch (content.kind) {
    case 'text':
      return { type: 'text', text: { body: content.text } };
    case 'template':
      return { type: 'template', template: content.template };
    case 'file': {
      const { id, type, name } = content.media;
      const caption = content.text === '' ? {} : { caption: content.text };
      if (type === 'image/webp') return { type: 'sticker', sticker: { id } };
      switch (type.split('/')[0]) {
        case 'image':
          return { type: 'image', image: { id, ...caption } };
        case 'video':
          return { type: 'video', video: { id, ...caption } };
        case 'audio':
          return { type: 'audio', audio: { id } };
        default:
          return {
            type: 'document',
            document: { id, ...caption, ...(name !== undefined && { filename: name }) },
          };
      }
    }
  }
}
