import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { StoredMedia } from './inbound.ts';
import type { Tables } from './tables.ts';

/** A conversation as the page lists it. */
export interface ConversationSummary {
  readonly id: number;
  readonly channel: string;
  readonly account: string;
  readonly externalId: string;
  readonly title: string;
  readonly username: string | null;
  /** Digits, where the channel tells it. */
  readonly phone: string | null;
  /** The person has left: nothing can be sent. */
  readonly unreachable: boolean;
  readonly lastText: string;
  readonly lastDirection: 'in' | 'out';
  /** Epoch milliseconds. */
  readonly lastMessageAt: number;
  /** When the person wrote last. */
  readonly lastInboundAt: number | null;
  /** Letters of SendPulse come back, or the person wants none. */
  readonly mailing: 'bounced' | 'unsubscribed' | null;
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
  /** The file of the message: its type and name. The bytes are at `…/messages/:id/file`. */
  readonly file: { readonly type: string; readonly name: string | null } | null;
  readonly state: Tables['messages']['state'];
  /** The provider has taken it: what it could not deliver then, it is not given again. */
  readonly wasTaken: boolean;
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
    file: row.media && { type: row.media.type, name: row.media.name ?? null },
    state: row.state,
    wasTaken: row.external_id !== null,
    reason: row.reason,
    outboxId: row.outbox_id,
    createdAt: row.created_at.getTime(),
    settledAt: row.settled_at?.getTime() ?? null,
    deliveredAt: row.delivered_at?.getTime() ?? null,
    seenAt: row.seen_at?.getTime() ?? null,
  }));
}

/** The file of a message, and the channel and account that have it. */
export async function findMedia(
  database: Kysely<Tables>,
  message: { conversationId: number; id: number },
): Promise<{ channel: string; account: string; media: StoredMedia } | undefined> {
  const row = await database
    .selectFrom('messages')
    .innerJoin('conversations', 'conversations.id', 'messages.conversation_id')
    .select(['conversations.channel', 'conversations.account', 'messages.media'])
    .where('messages.conversation_id', '=', message.conversationId)
    .where('messages.id', '=', message.id)
    .executeTakeFirst();
  return row?.media ? { ...row, media: row.media } : undefined;
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

function summaries(database: Kysely<Tables>) {
  return (
    database
      .selectFrom('conversations')
      .leftJoin('contacts', 'contacts.id', 'conversations.contact_id')
      // SendPulse tells of e-mails, channels of phones: whoever left both is one person.
      .leftJoinLateral(
        (query) =>
          query
            .selectFrom('mailing_contacts')
            .select(({ fn }) => [
              fn.max('mailing_contacts.bounced_at').as('bounced_at'),
              fn.max('mailing_contacts.unsubscribed_at').as('unsubscribed_at'),
            ])
            .whereRef('mailing_contacts.phone', '=', 'contacts.mailing_address')
            .as('mailing'),
        (join) => join.onTrue(),
      )
      .selectAll('conversations')
      .select(['contacts.username', 'contacts.phone', 'contacts.unreachable_at'])
      .select(['mailing.bounced_at', 'mailing.unsubscribed_at'])
  );
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
    phone: row.phone,
    unreachable: row.unreachable_at !== null,
    lastText: row.last_text,
    lastDirection: row.last_direction,
    lastMessageAt: row.last_message_at.getTime(),
    lastInboundAt: row.last_inbound_at?.getTime() ?? null,
    mailing: row.unsubscribed_at ? 'unsubscribed' : row.bounced_at ? 'bounced' : null,
    unread: row.unread,
    version: row.version,
  };
}
