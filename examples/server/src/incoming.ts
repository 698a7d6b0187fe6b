import type { InboxRow, SqlTransaction } from '@cartie/core';
import type { Outbox } from '@cartie/core/postgres';
import { autoReply } from './auto-reply.ts';
import type { AutoReplyConfig } from './config.ts';
import { markReachable, type Recorded, recordEdit, recordInbound, renamePerson } from './conversations.ts';
import type { AppTransaction } from './database.ts';
import { deletePosts, recordPost } from './feed.ts';
import type { InboundEvent, InboundMessage } from './inbound.ts';
import { type Mailing, markMailing } from './mailing.ts';
import { readMtprotoUpdate } from './mtproto-updates.ts';
import { queueMessage } from './outgoing.ts';
import { recordReceipt } from './receipts.ts';
import { readSendPulseUpdate } from './sendpulse-updates.ts';
import { readTelegramUpdate } from './telegram-updates.ts';
import { readViberUpdate } from './viber-updates.ts';
import { readWhatsAppUpdate } from './whatsapp-updates.ts';

/**
 * Handles what is in the inbox: stores the messages and, where the rule says so, queues the answers, all in one
 * transaction. It takes one row or several; each message of a run is stored by the same statement.
 */
export function createIncomingHandler(options: {
  outbox: Outbox<AppTransaction>;
  autoReply: AutoReplyConfig;
  /** Told of people whose phone is known. */
  mailing?: Mailing | undefined;
}): (rows: readonly InboxRow[], trx: Transaction) => Promise<void> {
  return async (rows, trx) => {
    const run: { row: InboxRow; message: InboundMessage }[] = [];
    const store = async (): Promise<void> => {
      const taken = run.splice(0);
      const recorded = await recordInbound(
        trx.native,
        taken.map(({ message }) => message),
      );
      for (const [index, { row, message }] of taken.entries()) {
        await answer(row, message, recorded[index] as Recorded, trx);
      }
    };
    for (const row of rows) {
      const event = readers[serviceOf(row.source)]?.(row);
      if (event === undefined) continue;
      if (event.type === 'message') {
        run.push({ row, message: event.message });
        continue;
      }
      // What follows a message may be about it.
      await store();
      await follow(event, trx);
    }
    await store();
  };

  async function follow(event: Exclude<InboundEvent, { type: 'message' }>, trx: Transaction): Promise<void> {
    switch (event.type) {
      case 'edit':
        return recordEdit(trx.native, event.message);
      case 'receipt':
        return recordReceipt(options.outbox, trx, event.receipt);
      case 'reachable':
        return markReachable(trx.native, event);
      case 'mailing':
        return markMailing(trx.native, event);
      case 'renamed':
        return renamePerson(trx.native, event);
      case 'post':
        return recordPost(trx.native, event.post);
      case 'posts_deleted':
        return deletePosts(trx.native, event.channelId, event.messageIds);
    }
  }

  async function answer(
    row: InboxRow,
    message: InboundMessage,
    { conversationId, firstContact }: Recorded,
    trx: Transaction,
  ): Promise<void> {
    if (message.channel === 'viber') {
      // Whoever writes is subscribed again.
      await markReachable(trx.native, { channel: 'viber', userId: message.chatId, isReachable: true });
    }
    if (message.contact?.phone !== undefined) {
      await options.mailing?.addContact(trx, { channel: message.channel, id: message.contact.id });
    }
    const text = autoReply(message, { firstContact, config: options.autoReply });
    if (text === undefined) return;
    const { channel, account, chatId, contact, sentAt } = message;
    await queueMessage(options.outbox, trx, {
      conversation: {
        id: conversationId,
        channel,
        account,
        externalId: chatId,
        phone: contact?.phone ?? null,
        lastInboundAt: sentAt,
      },
      author: 'auto-reply',
      content: { kind: 'text', text },
      id: `reply:${row.source}:${row.id}`,
    });
  }
}

type Transaction = SqlTransaction<AppTransaction>;

/** The service that a source of the inbox belongs to: the first word of its name. */
export function serviceOf(source: string): string {
  return source.split(':', 1)[0] ?? source;
}

/** What reads the updates of each service. */
const readers: Readonly<Record<string, (row: InboxRow) => InboundEvent | undefined>> = {
  telegram: readTelegramUpdate,
  viber: readViberUpdate,
  whatsapp: readWhatsAppUpdate,
  sendpulse: readSendPulseUpdate,
  mtproto: readMtprotoUpdate,
};
