import type { InboxRow, SqlTransaction } from '@cartie/core';
import type { Outbox } from '@cartie/core/postgres';
import { autoReply } from './auto-reply.ts';
import type { AutoReplyConfig } from './config.ts';
import { type Recorded, recordEdit, recordInbound } from './conversations.ts';
import type { AppTransaction } from './database.ts';
import { queueMessage } from './outgoing.ts';
import { type InboundMessage, readTelegramUpdate } from './telegram-updates.ts';

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
      const event = readTelegramUpdate(row);
      if (event?.type === 'message') run.push({ row, message: event.message });
      if (event?.type !== 'edit') continue;
      // An edit may be of a message that came just before it.
      await store();
      await recordEdit(trx.native, event.message);
    }
    await store();
  };

  async function answer(
    row: InboxRow,
    message: InboundMessage,
    { conversationId, firstContact }: Recorded,
    trx: SqlTransaction<AppTransaction>,
  ): Promise<void> {
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
  }
}
