import type { InboxRow, SqlTransaction } from '@cartie/core';
import type { Outbox } from '@cartie/core/postgres';
import { autoReply } from './auto-reply.ts';
import type { AutoReplyConfig } from './config.ts';
import { markReachable, type Recorded, recordEdit, recordInbound } from './conversations.ts';
import type { AppTransaction } from './database.ts';
import { queueMessage } from './outgoing.ts';
import { recordReceipt } from './receipts.ts';
import { type InboundMessage, readTelegramUpdate } from './telegram-updates.ts';
import { readViberUpdate } from './viber-updates.ts';

/**
 * Handles what is in the inbox: stores the messages and, where the rule says so, queues the answers, all in one
 * transaction. It takes one row or several; each message of a run is stored by the same statement.
 */
export function createIncomingHandler(options: {
  outbox: Outbox<AppTransaction>;
  autoReply: AutoReplyConfig;
}): (rows: readonly InboxRow[], trx: SqlTransaction<AppTransaction>) => Promise<void> {
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
      const event = row.source.startsWith('viber:') ? readViberUpdate(row) : readTelegramUpdate(row);
      if (event === undefined) continue;
      if (event.type === 'message') {
        run.push({ row, message: event.message });
        continue;
      }
      // What follows a message may be about it.
      await store();
      if (event.type === 'edit') await recordEdit(trx.native, event.message);
      else if (event.type === 'receipt') await recordReceipt(options.outbox, trx, event.receipt);
      else await markReachable(trx.native, { channel: 'viber', ...event });
    }
    await store();
  };

  async function answer(
    row: InboxRow,
    message: InboundMessage,
    { conversationId, firstContact }: Recorded,
    trx: SqlTransaction<AppTransaction>,
  ): Promise<void> {
    if (message.channel === 'viber') {
      // Whoever writes is subscribed again.
      await markReachable(trx.native, { channel: 'viber', userId: message.chatId, isReachable: true });
    }
    const text = autoReply(message, { firstContact, config: options.autoReply });
    if (text === undefined) return;
    const { channel, account, chatId } = message;
    await queueMessage(options.outbox, trx, {
      channel,
      conversationId,
      account,
      chatId,
      author: 'auto-reply',
      text,
      id: `reply:${row.source}:${row.id}`,
    });
  }
}
