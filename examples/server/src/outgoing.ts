import { randomUUID } from 'node:crypto';
import type { Outbox, OutboxRow, Sender, SqlTransaction } from '@cartie/core/postgres';
import type { TelegramClient } from '@cartie/telegram';
import type { ViberClient } from '@cartie/viber';
import type { Template } from '@cartie/whatsapp';
import type { ChannelId } from './channels.ts';
import type { ConversationSummary } from './conversation-views.ts';
import { recordOutbound, settleMessage } from './conversations.ts';
import type { AppTransaction } from './database.ts';
import type { StoredMedia } from './inbound.ts';
import type { MessageState } from './tables.ts';
import { whatsAppPayload } from './whatsapp-sender.ts';

/** The outbox topic of each channel's messages. */
export const topics = {
  telegram: 'telegram.send',
  viber: 'viber.send',
  whatsapp: 'whatsapp.send',
} as const satisfies Record<ChannelId, string>;

/** The topics of everything that is said in conversations. */
export const messageTopics: readonly string[] = Object.values(topics);

/** What is said: a text, and where the channel takes them a file or a template. */
export type OutgoingContent =
  | { readonly kind: 'text'; readonly text: string }
  /** `text` is the caption. */
  | { readonly kind: 'file'; readonly text: string; readonly media: StoredMedia }
  /** `text` is what the person reads. */
  | { readonly kind: 'template'; readonly text: string; readonly template: Template };

/** Where something is said. */
export type OutgoingConversation = Pick<
  ConversationSummary,
  'id' | 'account' | 'externalId' | 'phone' | 'lastInboundAt'
> & { readonly channel: ChannelId };

/** A message to send into a conversation. */
export interface OutgoingMessage {
  readonly conversation: OutgoingConversation;
  readonly author: 'operator' | 'auto-reply';
  readonly content: OutgoingContent;
  /** The same id given again sends nothing. @default a random id */
  readonly id?: string | undefined;
}

interface TelegramPayload {
  readonly chat_id: number | string;
  readonly text: string;
}

interface ViberPayload {
  readonly receiver: string;
  readonly text: string;
}

/** Stores a message and the call that will send it, in one transaction: both are there or neither. */
export async function queueMessage(
  outbox: Outbox<AppTransaction>,
  trx: SqlTransaction<AppTransaction>,
  message: OutgoingMessage,
): Promise<{ id: string; result: 'added' | 'duplicate' }> {
  const { conversation, author, content, id = randomUUID() } = message;
  const { channel, account, externalId } = conversation;
  const stored = await recordOutbound(trx.native, {
    conversationId: conversation.id,
    author,
    kind: content.kind === 'file' ? fileKind(content.media.type) : content.kind,
    text: content.text,
    media: content.kind === 'file' ? content.media : undefined,
    outboxId: id,
  });
  if (stored === undefined) return { id, result: 'duplicate' };
  const result = await outbox.add(trx, {
    topic: topics[channel],
    id,
    orderKey: `${channel}:${account}:chat:${externalId}`,
    payload: payloads[channel](conversation, content),
  });
  return { id, result };
}

/** Sends through Telegram and keeps the id of the message. */
export function telegramSender(telegram: Pick<TelegramClient, 'sendMessage'>): Sender<TelegramPayload> {
  return {
    async send(row, { signal }) {
      const sent = await telegram.sendMessage(row.payload, { signal });
      return { messageId: String(sent.message_id) };
    },
  };
}

/** Sends through Viber and keeps the message's token, by which its callbacks name it. */
export function viberSender(viber: Pick<ViberClient, 'sendMessage'>): Sender<ViberPayload> {
  return {
    async send({ payload: { receiver, text } }, { signal }) {
      const sent = await viber.sendMessage({ receiver, type: 'text', text }, { signal });
      return { messageId: sent.message_token };
    },
  };
}

/** For `onSettled` of the outbox: the message shows how its call ended. */
export async function followOutbox(row: OutboxRow, trx: SqlTransaction<AppTransaction>): Promise<void> {
  const { messageId, kind, failure } = (row.result ?? {}) as SenderResult;
  await settleMessage(trx.native, {
    outboxId: row.id,
    state: states[row.status],
    reason: row.status === 'failed' && row.reason !== 'discarded' ? (failure ?? row.reason) : row.reason,
    externalId: messageId,
    kind,
  });
}

/** What senders of messages keep of a call. */
export interface SenderResult {
  readonly messageId?: string | undefined;
  /** What it went out as, where that is another kind than it was written as. */
  readonly kind?: 'template' | undefined;
  /** What the provider meant by its refusal, in more than an error's code. */
  readonly failure?: string | undefined;
}

/** What a file is shown as: `image`, `video`, `audio`, `document`. */
function fileKind(type: string): 'image' | 'video' | 'audio' | 'document' {
  const main = type.split('/')[0];
  return main === 'image' || main === 'video' || main === 'audio' ? main : 'document';
}

// A call under way is shown from the outbox itself, so that it costs no write.
const states = {
  queued: 'queued',
  sending: 'queued',
  sent: 'sent',
  failed: 'failed',
  in_doubt: 'in_doubt',
} as const satisfies Record<OutboxRow['status'], MessageState>;

/** What each channel's sender needs to know. Telegram and Viber are only given texts. */
const payloads: Record<ChannelId, (conversation: OutgoingConversation, content: OutgoingContent) => unknown> =
  {
    telegram: ({ externalId }, { text }): TelegramPayload => ({ chat_id: chatIdOf(externalId), text }),
    viber: ({ externalId }, { text }): ViberPayload => ({ receiver: externalId, text }),
    whatsapp: whatsAppPayload,
  };

/** Telegram's own spelling of an id is a number; one beyond 2^53 stays exact as a string. */
function chatIdOf(chatId: string): number | string {
  const number = Number(chatId);
  return Number.isSafeInteger(number) ? number : chatId;
}
