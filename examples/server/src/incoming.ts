import type { InboxHandler, Outbox } from '@cartie/core/postgres';
import { autoReply } from './auto-reply.ts';
import type { AutoReplyConfig } from './config.ts';
import { recordEdit, recordInbound } from './conversations.ts';
import type { AppTransaction } from './database.ts';
import { queueMessage } from './outgoing.ts';
import { readTelegramUpdate } from './telegram-updates.ts';

/** Handles what is in the inbox: stores the message and, where the rule says so, queues the answer, all in one transaction. */
export function createIncomingHandler(options: {
  outbox: Outbox<AppTransaction>;
  autoReply: AutoReplyConfig;
}): InboxHandler<AppTransaction> {
  return async (row, trx) => {
    const event = readTelegramUpdate(row);
    if (event === undefined) return;
    const { message } = event;
    if (event.type === 'edit') {
      await recordEdit(trx.native, message);
      return;
    }
    const { conversationId, firstContact } = await recordInbound(trx.native, message);
    const text = autoReply(message, { firstContact, config: options.autoReply });
    if (text === undefined) return;
    const { account, chatId } = message;
    await queueMessage(options.outbox, trx, {
      conversationId,
      account,
      chatId,
      author: 'auto-reply',
      text,
      id: `reply:${row.source}:${row.id}`,
    });
  };
}
