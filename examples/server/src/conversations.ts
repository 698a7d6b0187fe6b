import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { AppTransaction } from './database.ts';
import type { Tables } from './tables.ts';
import type { InboundMessage } from './telegram-updates.ts';

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
      ${column(({ kind }) => kind)}::text[], ${column(({ text }) => text)}::text[], ${column(preview)}::text[],
      ${column(({ externalId }) => externalId)}::text[],
      ${column(({ sentAt }) => new Date(sentAt).toISOString())}::timestamptz[]
    ) with ordinality
      as m (channel, account, chat, title, person, name, username, kind, content, preview, external_id, sent_at, n)
    cross join lateral record_inbound(channel, account, chat, title, person, name, username, kind, content, preview,
      external_id, sent_at) as recorded
    order by n`.execute(trx);
  if (rows.length !== messages.length) throw new TypeError('The messages were not stored');
  return rows.map((row) => ({ conversationId: row.conversation_id, firstContact: row.first_contact }));
}

/** Puts the new text of an edited message in place. A message that is not known changes nothing. */
export async function recordEdit(trx: AppTransaction, message: InboundMessage): Promise<void> {
  await sql`
    with conversation as (
      update conversations set version = version + 1
      where channel = ${message.channel} and account = ${message.account} and external_id = ${message.chatId}
      returning id
    )
    update messages set text = ${message.text}, kind = ${message.kind}
    where id = (
      select messages.id from messages join conversation on conversation.id = messages.conversation_id
      where messages.external_id = ${message.externalId} and direction = 'in' order by messages.id desc limit 1
    )`.execute(trx);
}

/** Stores a message of ours beside its outbox row. `undefined` if `outboxId` is there already. */
export async function recordOutbound(
  trx: AppTransaction,
  message: { conversationId: number; author: 'operator' | 'auto-reply'; text: string; outboxId: string },
): Promise<number | undefined> {
  const { rows } = await sql<{ id: number }>`
    with message as (
      insert into messages (conversation_id, direction, author, kind, text, state, outbox_id)
      values (${message.conversationId}, 'out', ${message.author}, 'text', ${message.text}, 'queued', ${message.outboxId})
      on conflict (outbox_id) where outbox_id is not null do nothing
      returning id, conversation_id
    ), conversation as (
      update conversations set last_text = ${message.text.slice(0, 200)}, last_direction = 'out',
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
  },
): Promise<void> {
  const isFinal = settled.state !== 'queued';
  await sql`
    with message as (
      update messages set state = ${settled.state}, reason = ${settled.reason ?? null},
        external_id = coalesce(${settled.externalId ?? null}, external_id),
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

/** A conversation as the page lists it. */
export interface ConversationSummary {
  readonly id: number;
  readonly channel: string;
  readonly account: string;
  readonly externalId: string;
  readonly title: string;
  readonly username: string | null;
  /** The person has left: nothing can be sent. */
  readonly unreachable: boolean;
  readonly lastText: string;
  readonly lastDirection: 'in' | 'out';
  /** Epoch milliseconds. */
  readonly lastMessageAt: number;
  readonly unread: number;
  /** Differs whenever anything in the conversation has changed. */
  readonly version: number;
}

/** The conversations with the newest message first; `before` goes on after the last one of a page. */
export async function listConversations(
  database: Kysely<Tables>,
  options: { limit: number; before?: { lastMessageAt: number; id: number } | undefined },
): Promise<ConversationSummary[]> {
  let query = summaries(database)
    .orderBy('conversations.last_message_at', 'desc')
    .orderBy('conversations.id', 'desc')
    .limit(options.limit);
  const { before } = options;
  if (before !== undefined) {
    query = query.where(
      sql<boolean>`(last_message_at, conversations.id) < (${new Date(before.lastMessageAt)}, ${before.id})`,
    );
  }
  return (await query.execute()).map(toSummary);
}

/** One conversation, or `undefined`. */
export async function findConversation(
  database: Kysely<Tables>,
  id: number,
): Promise<ConversationSummary | undefined> {
  const row = await summaries(database).where('conversations.id', '=', id).executeTakeFirst();
  return row && toSummary(row);
}

/** A message as the page shows it. */
export interface ThreadMessage {
  readonly id: number;
  readonly direction: 'in' | 'out';
  readonly author: string;
  readonly kind: string;
  readonly text: string;
  readonly state: Tables['messages']['state'];
  readonly reason: string | null;
  readonly outboxId: string | null;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly settledAt: number | null;
  /** When the user's phone had it, and when he saw it, where the provider tells. */
  readonly deliveredAt: number | null;
  readonly seenAt: number | null;
}

/** The newest messages of a conversation, oldest first; `before` is the id that an earlier page began with. */
export async function readThread(
  database: Kysely<Tables>,
  options: { conversationId: number; limit: number; before?: number | undefined },
): Promise<ThreadMessage[]> {
  let query = database
    .selectFrom('messages')
    .selectAll()
    .where('conversation_id', '=', options.conversationId)
    .orderBy('id', 'desc')
    .limit(options.limit);
  if (options.before !== undefined) query = query.where('id', '<', options.before);
  const rows = await query.execute();
  return rows.reverse().map((row) => ({
    id: row.id,
    direction: row.direction,
    author: row.author,
    kind: row.kind,
    text: row.text,
    state: row.state,
    reason: row.reason,
    outboxId: row.outbox_id,
    createdAt: row.created_at.getTime(),
    settledAt: row.settled_at?.getTime() ?? null,
    deliveredAt: row.delivered_at?.getTime() ?? null,
    seenAt: row.seen_at?.getTime() ?? null,
  }));
}

/** What an operator must see of the messages behind outbox rows, by the row's id. */
export async function messagesOfOutbox(
  database: Kysely<Tables>,
  outboxIds: readonly string[],
): Promise<Map<string, { conversationId: number; title: string; text: string }>> {
  if (outboxIds.length === 0) return new Map();
  const rows = await database
    .selectFrom('messages')
    .innerJoin('conversations', 'conversations.id', 'messages.conversation_id')
    .select(['messages.outbox_id', 'messages.conversation_id', 'messages.text', 'conversations.title'])
    .where('messages.outbox_id', 'in', [...outboxIds])
    .execute();
  return new Map(
    rows.map((row) => [
      row.outbox_id ?? '',
      { conversationId: row.conversation_id, title: row.title, text: row.text.slice(0, 200) },
    ]),
  );
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

function summaries(database: Kysely<Tables>) {
  return database
    .selectFrom('conversations')
    .leftJoin('contacts', 'contacts.id', 'conversations.contact_id')
    .selectAll('conversations')
    .select(['contacts.username', 'contacts.unreachable_at']);
}

function toSummary(
  row: Awaited<ReturnType<ReturnType<typeof summaries>['execute']>>[number],
): ConversationSummary {
  return {
    id: row.id,
    channel: row.channel,
    account: row.account,
    externalId: row.external_id,
    title: row.title,
    username: row.username,
    unreachable: row.unreachable_at !== null,
    lastText: row.last_text,
    lastDirection: row.last_direction,
    lastMessageAt: row.last_message_at.getTime(),
    unread: row.unread,
    version: row.version,
  };
}

function preview(message: InboundMessage): string {
  return message.text === '' ? message.kind.replaceAll('_', ' ') : message.text.slice(0, 200);
}
