import type { InboxHandler, Outbox } from '@cartie/core/postgres';
import { autoReply } from './auto-reply.ts';
import type { AutoReplyConfig } from './config.ts';
import { markReachable, recordEdit, recordInbound } from './conversations.ts';
import type { AppTransaction } from './database.ts';
import { queueMessage } from './outgoing.ts';
import { recordReceipt } from './receipts.ts';
import { readTelegramUpdate } from './telegram-updates.ts';
import { readViberUpdate } from './viber-updates.ts';

/** Handles what is in the inbox: stores the message and, where the rule says so, queues the answer, all in one transaction. */
export function createIncomingHandler(options: {
  outbox: Outbox<AppTransaction>;
  autoReply: AutoReplyConfig;
}): InboxHandler<AppTransaction> {
  return async (row, trx) => {
    const event = row.source.startsWith('viber:') ? readViberUpdate(row) : readTelegramUpdate(row);
    if (event === undefined) return;
    if (event.type === 'receipt') {
      await recordReceipt(options.outbox, trx, event.receipt);
      return;
    }
    if (event.type === 'reachable') {
      await markReachable(trx.native, { channel: 'viber', ...event });
      return;
    }
    const { message } = event;
    if (event.type === 'edit') {
      await recordEdit(trx.native, message);
      return;
    }
    const { conversationId, firstContact } = await recordInbound(trx.native, message);
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
  };
}
