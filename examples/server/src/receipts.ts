import type { Outbox, OutboxRow, SqlTransaction } from '@cartie/core/postgres';
import { type Kysely, sql } from 'kysely';
import { settleMessage } from './conversations.ts';
import type { AppTransaction } from './database.ts';
import { viberTopic } from './outgoing.ts';
import type { Tables } from './tables.ts';
import type { Receipt } from './viber-updates.ts';

/**
 * Notes what a phone told of one of our messages. One that is not known by this id yet is kept until its call has ended;
 * where a call ended in doubt, it settles it.
 */
export async function recordReceipt(
  outbox: Outbox<AppTransaction>,
  trx: SqlTransaction<AppTransaction>,
  receipt: Receipt,
): Promise<void> {
  const { rows } = await sql<{ id: number }>`
    select id from conversations where channel = ${receipt.channel} and account = ${receipt.account}
      and external_id = ${receipt.chatId} for update`.execute(trx.native);
  const conversationId = rows[0]?.id;
  // Nothing was ever said there through this server.
  if (conversationId === undefined) return;
  const { externalId, state, at } = receipt;
  await sql`
    insert into message_receipts (conversation_id, external_id, state, at)
    values (${conversationId}, ${externalId}, ${state}, ${new Date(at)}) on conflict do nothing`.execute(
    trx.native,
  );
  await applyReceipts(outbox, trx, conversationId);
}

/** For `onSettled` of the outbox: receipts that came before the call had ended are applied now. */
export async function applyReceiptsOf(
  outbox: Outbox<AppTransaction>,
  trx: SqlTransaction<AppTransaction>,
  row: OutboxRow,
): Promise<void> {
  const { rows } = await sql<{ id: number }>`
    select id from conversations where id = (select conversation_id from messages where outbox_id = ${row.id})
    for update`.execute(trx.native);
  if (rows[0] !== undefined) await applyReceipts(outbox, trx, rows[0].id);
}

async function applyReceipts(
  outbox: Outbox<AppTransaction>,
  trx: SqlTransaction<AppTransaction>,
  conversationId: number,
): Promise<void> {
  await settleDoubts(outbox, trx, conversationId);
  await sql`
    with known as (
      delete from message_receipts r using messages m
      where r.conversation_id = ${conversationId} and m.conversation_id = r.conversation_id
        and m.external_id = r.external_id and m.direction = 'out'
      returning m.id, r.state, r.at
    ), told as (
      select id, min(at) filter (where state <> 'failed') as delivered_at, min(at) filter (where state = 'seen') as seen_at,
        bool_or(state = 'failed') as failed
      from known group by id
    ), message as (
      update messages set delivered_at = coalesce(messages.delivered_at, told.delivered_at),
        seen_at = coalesce(messages.seen_at, told.seen_at),
        state = case when told.failed then 'failed' else messages.state end,
        reason = case when told.failed then 'not_delivered' else messages.reason end
      from told where messages.conversation_id = ${conversationId} and messages.id = told.id
      returning messages.id
    )
    update conversations set version = version + 1
    where id = ${conversationId} and exists (select from message)`.execute(trx.native);
}

/**
 * A phone speaks of messages that we know under no id: they are those in doubt, in their order, since every message to
 * the user goes through the outbox, one after another. Only where it speaks of as many: of fewer nobody knows which. Not while another is on its way: then it may be that one; and not by what was
 * told before the message was there.
 */
async function settleDoubts(
  outbox: Outbox<AppTransaction>,
  trx: SqlTransaction<AppTransaction>,
  conversationId: number,
): Promise<void> {
  const { rows } = await sql<{ outbox_id: string; external_id: string; failed: boolean }>`
    with doubt as (
      select outbox_id, created_at, row_number() over (order by id) as place,
        count(*) over () as doubts
      from messages
      where conversation_id = ${conversationId} and state = 'in_doubt'
    ), strange as (
      select external_id, bool_or(state = 'failed') as failed, min(at) as at,
        row_number() over (order by min(at), external_id) as place, count(*) over () as told
      from message_receipts r
      where conversation_id = ${conversationId} and at >= (select min(created_at) from doubt) and not exists (
        select from messages m where m.conversation_id = r.conversation_id and m.external_id = r.external_id
          and m.direction = 'out')
      group by external_id
    )
    select outbox_id, external_id, failed from doubt join strange using (place)
    where doubts = told and not exists (
      select from messages where conversation_id = ${conversationId} and state = 'queued'
    )`.execute(trx.native);
  for (const { outbox_id: id, external_id: messageId } of rows) {
    if (!(await outbox.confirm(viberTopic, id, { messageId }, trx))) continue;
    await settleMessage(trx.native, {
      outboxId: id,
      state: 'sent',
      reason: undefined,
      externalId: messageId,
    });
  }
}

/** Forgets what phones told of messages that were never ours. */
export async function sweepReceipts(database: Kysely<Tables>): Promise<void> {
  await database
    .deleteFrom('message_receipts')
    .where('at', '<', new Date(Date.now() - keptMs))
    .execute();
}

const keptMs = 8 * 24 * 60 * 60 * 1_000;
