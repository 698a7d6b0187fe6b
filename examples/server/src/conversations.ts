import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { AppTransaction } from './database.ts';
import type { InboundMessage, StoredMedia } from './inbound.ts';
import type { Tables } from './tables.ts';

/** Where a message landed. */
export interface Recorded {
  readonly conversationId: number;
  /** This message began the conversation. */
  readonly firstContact: boolean;
}

/**
 * Stores messages from outside with their conversations and contacts, by one statement however many there are: hundreds
 * come each second. One answer each, in order.
 */
export async function recordInbound(
  trx: AppTransaction,
  messages: readonly InboundMessage[],
): Promise<Recorded[]> {
  if (messages.length === 0) return [];
  const column = (read: (message: InboundMessage) => string | null): (string | null)[] => messages.map(read);
  const { rows } = await sql<{ conversation_id: number; first_contact: boolean }>`
    select recorded.conversation_id, recorded.first_contact
    from unnest(
      ${column(({ channel }) => channel)}::text[], ${column(({ account }) => account)}::text[],
      ${column(({ chatId }) => chatId)}::text[], ${column(({ title }) => title)}::text[],
      ${column(({ contact }) => contact?.id ?? null)}::text[], ${column(({ contact }) => contact?.name ?? null)}::text[],
      ${column(({ contact }) => contact?.username ?? null)}::text[],
      ${column(({ contact }) => contact?.phone ?? null)}::text[],
      ${column(({ kind }) => kind)}::text[], ${column(({ text }) => text)}::text[], ${column(preview)}::text[],
      ${column(({ media }) => (media === undefined ? null : JSON.stringify(media)))}::jsonb[],
      ${column(({ externalId }) => externalId)}::text[],
      ${column(({ sentAt }) => new Date(sentAt).toISOString())}::timestamptz[]
    ) with ordinality
      as m (channel, account, chat, title, person, name, username, phone, kind, content, preview, media, external_id, sent_at, n)
    cross join lateral record_inbound(channel, account, chat, title, person, name, username, phone, kind, content, preview,
      media, external_id, sent_at) as recorded
    order by n`.execute(trx);
  if (rows.length !== messages.length) throw new TypeError('The messages were not stored');
  return rows.map((row) => ({ conversationId: row.conversation_id, firstContact: row.first_contact }));
}

/** Puts the new text of an edited message in place; of one that was taken back the file goes too. A message that is not known changes nothing. */
export async function recordEdit(trx: AppTransaction, message: InboundMessage): Promise<void> {
  await sql`
    with conversation as (
      update conversations set version = version + 1
      where channel = ${message.channel} and account = ${message.account} and external_id = ${message.chatId}
      returning id
    )
    update messages set text = ${message.text}, kind = ${message.kind},
      media = case when ${message.kind} <> 'revoked' then media end
    where id = (
      select messages.id from messages join conversation on conversation.id = messages.conversation_id
      where messages.external_id = ${message.externalId} and direction = 'in' order by messages.id desc limit 1
    )`.execute(trx);
}

/** A message of ours, as it is kept. */
export interface OutboundMessage {
  readonly conversationId: number;
  readonly author: 'operator' | 'auto-reply';
  readonly kind: string;
  readonly text: string;
  readonly media?: StoredMedia | undefined;
  readonly outboxId: string;
}

/** Stores a message of ours beside its outbox row. `undefined` if `outboxId` is there already. */
export async function recordOutbound(
  trx: AppTransaction,
  message: OutboundMessage,
): Promise<number | undefined> {
  const media = message.media === undefined ? null : JSON.stringify(message.media);
  const { rows } = await sql<{ id: number }>`
    with message as (
      insert into messages (conversation_id, direction, author, kind, text, media, state, outbox_id)
      values (${message.conversationId}, 'out', ${message.author}, ${message.kind}, ${message.text}, ${media}::jsonb,
        'queued', ${message.outboxId})
      on conflict (outbox_id) where outbox_id is not null do nothing
      returning id, conversation_id
    ), conversation as (
      update conversations set last_text = ${preview(message)}, last_direction = 'out',
        last_message_at = now(), version = version + 1,
        unread = case when ${message.author === 'operator'}::boolean then 0 else unread end
      where id in (select conversation_id from message)
    )
    select id from message`.execute(trx);
  return rows[0]?.id;
}

/** Lets a message follow its outbox row. */
export async function settleMessage(
  trx: AppTransaction,
  settled: {
    outboxId: string;
    state: Tables['messages']['state'];
    reason: string | undefined;
    externalId: string | undefined;
    /** What it went out as, where that is another kind than it was written as. */
    kind?: string | undefined;
  },
): Promise<void> {
  const isFinal = settled.state !== 'queued';
  await sql`
    with message as (
      update messages set state = ${settled.state}, reason = ${settled.reason ?? null},
        external_id = coalesce(${settled.externalId ?? null}, external_id), kind = coalesce(${settled.kind ?? null}, kind),
        settled_at = case when ${isFinal}::boolean then now() end
      where outbox_id = ${settled.outboxId}
      returning conversation_id
    )
    update conversations set version = version + 1 where id in (select conversation_id from message)`.execute(
    trx,
  );
}

/** A person has left, or is back. */
export async function markReachable(
  trx: Kysely<Tables>,
  person: { channel: string; userId: string; isReachable: boolean },
): Promise<void> {
  await sql`
    with contact as (
      update contacts set unreachable_at = case when ${person.isReachable}::boolean then null else now() end
      where channel = ${person.channel} and external_id = ${person.userId}
        and (unreachable_at is null) <> ${person.isReachable}::boolean
      returning id
    )
    update conversations set version = version + 1 where contact_id in (select id from contact)`.execute(trx);
}

/** A person has another id at the provider now. */
export async function renamePerson(
  trx: AppTransaction,
  { channel, account, from, to }: { channel: string; account: string; from: string; to: string },
): Promise<void> {
  await sql`select rename_person(${channel}, ${account}, ${from}, ${to})`.execute(trx);
}

/** Somebody has looked at a conversation. */
export async function markRead(database: Kysely<Tables>, conversationId: number): Promise<void> {
  await database
    .updateTable('conversations')
    .set({ unread: 0, version: sql`version + 1` })
    .where('id', '=', conversationId)
    .where('unread', '>', 0)
    .execute();
}

function preview(message: { kind: string; text: string }): string {
  return message.text === '' ? message.kind.replaceAll('_', ' ') : message.text.slice(0, 200);
}
