import { randomUUID } from 'node:crypto';
import type { Outbox, OutboxRow, Sender, SqlTransaction } from '@cartie/core/postgres';
import type { TelegramClient } from '@cartie/telegram';
import type { ViberClient } from '@cartie/viber';
import { recordOutbound, settleMessage } from './conversations.ts';
import type { AppTransaction } from './database.ts';
import type { MessageState } from './tables.ts';
import type { InboundMessage } from './telegram-updates.ts';

/** The outbox topic of Telegram's messages. */
export const telegramTopic = 'telegram.send';
/** The outbox topic of Viber's messages. */
export const viberTopic = 'viber.send';
/** The topics of everything that is said in conversations. */
export const messageTopics = [telegramTopic, viberTopic] as const;

/** A message to send into a conversation. */
export interface OutgoingMessage {
  readonly channel: InboundMessage['channel'];
  readonly conversationId: number;
  readonly account: string;
  readonly chatId: string;
  readonly author: 'operator' | 'auto-reply';
  readonly text: string;
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
  const { channel, conversationId, author, text, account, chatId, id = randomUUID() } = message;
  const stored = await recordOutbound(trx.native, { conversationId, author, text, outboxId: id });
  if (stored === undefined) return { id, result: 'duplicate' };
  const result = await outbox.add(trx, {
    topic: channel === 'viber' ? viberTopic : telegramTopic,
    id,
    orderKey: `${channel}:${account}:chat:${chatId}`,
    payload: payloadOf(channel, chatId, text),
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
  const { messageId } = (row.result ?? {}) as { messageId?: string };
  await settleMessage(trx.native, {
    outboxId: row.id,
    state: states[row.status],
    reason: row.reason,
    externalId: messageId,
  });
}

// A call under way is shown from the outbox itself, so that it costs no write.
const states = {
  queued: 'queued',
  sending: 'queued',
  sent: 'sent',
  failed: 'failed',
  in_doubt: 'in_doubt',
} as const satisfies Record<OutboxRow['status'], MessageState>;

function payloadOf(
  channel: InboundMessage['channel'],
  chatId: string,
  text: string,
): TelegramPayload | ViberPayload {
  return channel === 'viber' ? { receiver: chatId, text } : { chat_id: chatIdOf(chatId), text };
}

/** Telegram's own spelling of an id is a number; one beyond 2^53 stays exact as a string. */
function chatIdOf(chatId: string): number | string {
  const number = Number(chatId);
  return Number.isSafeInteger(number) ? number : chatId;
}
