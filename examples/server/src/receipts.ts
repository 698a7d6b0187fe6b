import type { Outbox, OutboxRow, SqlTransaction } from '@cartie/core/postgres';
import { type Kysely, sql } from 'kysely';
import { settleMessage } from './conversations.ts';
import type { AppTransaction } from './database.ts';
import type { Receipt } from './inbound.ts';
import { topics } from './outgoing.ts';
import type { Tables } from './tables.ts';

/**
 * Notes what a provider told of one of our messages. One that is not known by this id yet is kept until its call has ended;
 * where a call ended in doubt, it settles it: by our own name of the message where the provider gives that back (WhatsApp),
 * else by its place in the conversation (Viber).
 */
export async function recordReceipt(
  outbox: Outbox<AppTransaction>,
  trx: SqlTransaction<AppTransaction>,
  receipt: Receipt,
): Promise<void> {
  const { channel, account, chatId, externalId, outboxId = null, state, reason = null, at } = receipt;
  const { rows } = await sql<{ id: number }>`
    select id from conversations where id = coalesce(
      (select conversation_id from messages where outbox_id = ${outboxId}),
      (select id from conversations
        where channel = ${channel} and account = ${account} and external_id = ${chatId})
    ) for update`.execute(trx.native);
  const conversationId = rows[0]?.id;
  // Nothing was ever said there through this server.
  if (conversationId === undefined) return;
  await sql`
    insert into message_receipts (conversation_id, external_id, outbox_id, state, reason, at)
    values (${conversationId}, ${externalId}, ${outboxId}, ${state}, ${reason}, ${new Date(at)})
    on conflict do nothing`.execute(trx.native);
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
  await settleNamed(outbox, trx, conversationId);
  await settleByPlace(outbox, trx, conversationId);
  await sql`
    with known as (
      delete from message_receipts r using messages m
      where r.conversation_id = ${conversationId} and m.conversation_id = r.conversation_id
        and m.external_id = r.external_id and m.direction = 'out'
      returning m.id, r.state, r.reason, r.at
    ), told as (
      select id, min(at) filter (where state in ('delivered', 'seen')) as delivered_at,
        min(at) filter (where state = 'seen') as seen_at, bool_or(state = 'failed') as failed,
        coalesce(min(reason), 'not_delivered') as reason
      from known group by id
    ), message as (
      update messages set delivered_at = coalesce(messages.delivered_at, told.delivered_at),
        seen_at = coalesce(messages.seen_at, told.seen_at),
        state = case when told.failed then 'failed' else messages.state end,
        reason = case when told.failed then told.reason else messages.reason end
      from told where messages.conversation_id = ${conversationId} and messages.id = told.id
      returning messages.id
    )
    update conversations set version = version + 1
    where id = ${conversationId} and exists (select from message)`.execute(trx.native);
}

/** A receipt names our message, so its call did arrive. */
async function settleNamed(
  outbox: Outbox<AppTransaction>,
  trx: SqlTransaction<AppTransaction>,
  conversationId: number,
): Promise<void> {
  const { rows } = await sql<Doubt>`
    select distinct on (m.outbox_id) m.outbox_id, r.external_id from message_receipts r
    join messages m on m.outbox_id = r.outbox_id and m.conversation_id = r.conversation_id
    where r.conversation_id = ${conversationId} and m.state = 'in_doubt'
    order by m.outbox_id, r.at`.execute(trx.native);
  await settle(outbox, trx, topics.whatsapp, rows);
}

/**
 * A phone speaks of messages that we know under no id: they are those in doubt, in their order, since every message to
 * the user goes through the outbox, one after another. Only where it speaks of as many: of fewer nobody knows which. Not while
 * another is on its way: then it may be that one; and not by what was told before the message was there.
 */
async function settleByPlace(
  outbox: Outbox<AppTransaction>,
  trx: SqlTransaction<AppTransaction>,
  conversationId: number,
): Promise<void> {
  const { rows } = await sql<Doubt>`
    with doubt as (
      select outbox_id, created_at, row_number() over (order by id) as place,
        count(*) over () as doubts
      from messages
      where conversation_id = ${conversationId} and state = 'in_doubt'
    ), strange as (
      select external_id, min(at) as at,
        row_number() over (order by min(at), external_id) as place, count(*) over () as told
      from message_receipts r
      where conversation_id = ${conversationId} and outbox_id is null and at >= (select min(created_at) from doubt) and not exists (
        select from messages m where m.conversation_id = r.conversation_id and m.external_id = r.external_id
          and m.direction = 'out')
      group by external_id
    )
    select outbox_id, external_id from doubt join strange using (place)
    where doubts = told and not exists (
      select from messages where conversation_id = ${conversationId} and state = 'queued'
    ) and exists (select from conversations where id = ${conversationId} and channel = 'viber')`.execute(
    trx.native,
  );
  await settle(outbox, trx, topics.viber, rows);
}

interface Doubt {
  readonly outbox_id: string;
  readonly external_id: string;
}

async function settle(
  outbox: Outbox<AppTransaction>,
  trx: SqlTransaction<AppTransaction>,
  topic: string,
  doubts: readonly Doubt[],
): Promise<void> {
  for (const { outbox_id: outboxId, external_id: externalId } of doubts) {
    if (!(await outbox.confirm(topic, outboxId, { messageId: externalId }, trx))) continue;
    await settleMessage(trx.native, { outboxId, state: 'sent', reason: undefined, externalId });
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
