import { type Kysely, type Selectable, sql } from 'kysely';
import { findCar } from './cars.ts';
import type { AppTransaction } from './database.ts';
import { type MailingState, mailingStates } from './mailing.ts';
import type { EventState, Tables, Visitor } from './tables.ts';

/** Somebody who wants a car. */
export interface Lead {
  readonly id: string;
  readonly source: 'form' | 'inbox';
  readonly conversationId: number | null;
  readonly name: string;
  readonly phone: string | null;
  readonly email: string | null;
  readonly message: string;
  readonly car: string | null;
  readonly visitor: Visitor;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly soldAt: number | null;
  readonly price: number | null;
  readonly currency: string | null;
}

/** A lead to store. */
export type NewLead = Pick<Lead, 'id' | 'source' | 'conversationId' | 'name' | 'car' | 'visitor'> &
  Partial<Pick<Lead, 'phone' | 'email' | 'message'>>;

/** Stores a lead; `undefined` if it is there already: the same form sent again, or a conversation with an open lead. */
export async function addLead(trx: AppTransaction, lead: NewLead): Promise<Lead | undefined> {
  const row = await trx
    .insertInto('leads')
    .values({
      id: lead.id,
      source: lead.source,
      conversation_id: lead.conversationId,
      name: lead.name,
      phone: lead.phone ?? null,
      email: lead.email ?? null,
      message: lead.message ?? '',
      car: lead.car,
      visitor: JSON.stringify(lead.visitor) as unknown as Visitor,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  await touchConversation(trx, row?.conversation_id);
  return row && toLead(row);
}

/** Notes that a lead bought; `undefined` if it is not there or has bought already. */
export async function sellToLead(
  trx: AppTransaction,
  sale: { leadId: string; price: number; currency: string },
): Promise<Lead | undefined> {
  const row = await trx
    .updateTable('leads')
    .set({ sold_at: sql`now()`, price: String(sale.price), currency: sale.currency })
    .where('id', '=', sale.leadId)
    .where('sold_at', 'is', null)
    .returningAll()
    .executeTakeFirst();
  await touchConversation(trx, row?.conversation_id);
  return row && toLead(row);
}

/** An event of a lead, as an operator sees it. */
export interface LeadEvent {
  readonly id: string;
  readonly name: string;
  readonly state: EventState;
  readonly reason: string | null;
  readonly detail: string | null;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly settledAt: number | null;
}

/** A lead as the page lists it. */
export interface LeadSummary extends Omit<Lead, 'visitor'> {
  readonly carTitle: string | null;
  readonly seq: number;
  readonly events: readonly LeadEvent[];
  /** Where the person is at SendPulse; `null` if they were not synced. */
  readonly mailing: MailingState | null;
}

/** The newest leads first, with their events; `before` goes on after the last one of a page. */
export async function listLeads(
  database: Kysely<Tables>,
  options: { limit: number; before?: number | undefined },
): Promise<LeadSummary[]> {
  let query = database.selectFrom('leads').selectAll().orderBy('seq', 'desc').limit(options.limit);
  if (options.before !== undefined) query = query.where('seq', '<', options.before);
  const rows = await query.execute();
  const events = await eventsOf(
    database,
    rows.map(({ id }) => id),
  );
  const mailing = await mailingStates(
    database,
    rows.map((row) => row.mailing_address),
  );
  return rows.map((row) => {
    const { visitor: _, ...lead } = toLead(row);
    return {
      ...lead,
      carTitle: findCar(row.car)?.title ?? null,
      seq: row.seq,
      events: events.get(row.id) ?? [],
      mailing: mailing.get(row.mailing_address ?? '') ?? null,
    };
  });
}

/** The newest lead of each of these conversations. */
export async function leadsOfConversations(
  database: Kysely<Tables>,
  conversationIds: readonly number[],
): Promise<Map<number, { id: string; soldAt: number | null }>> {
  if (conversationIds.length === 0) return new Map();
  const rows = await database
    .selectFrom('leads')
    .select(['id', 'conversation_id', 'sold_at'])
    .where('conversation_id', 'in', [...conversationIds])
    .orderBy('seq')
    .execute();
  return new Map(
    rows.map((row) => [row.conversation_id ?? 0, { id: row.id, soldAt: row.sold_at?.getTime() ?? null }]),
  );
}

/** Forgets what visitors are matched by where it is older than Meta's cookies live. */
export async function forgetVisitors(database: Kysely<Tables>): Promise<void> {
  await sql`update leads set visitor = '{}' where created_at < now() - interval '90 days' and visitor <> '{}'`.execute(
    database,
  );
}

async function eventsOf(
  database: Kysely<Tables>,
  leadIds: readonly string[],
): Promise<Map<string, LeadEvent[]>> {
  const events = new Map<string, LeadEvent[]>();
  if (leadIds.length === 0) return events;
  const rows = await database
    .selectFrom('meta_events')
    .selectAll()
    .where('lead_id', 'in', [...leadIds])
    .orderBy('seq')
    .execute();
  for (const row of rows) {
    const list = events.get(row.lead_id) ?? [];
    list.push({
      id: row.id,
      name: row.name,
      state: row.state,
      reason: row.reason,
      detail: row.detail,
      createdAt: row.created_at.getTime(),
      settledAt: row.settled_at?.getTime() ?? null,
    });
    events.set(row.lead_id, list);
  }
  return events;
}

/** The conversation shows whether it is a lead, so it has changed. */
async function touchConversation(trx: AppTransaction, id: number | null | undefined): Promise<void> {
  if (id === null || id === undefined) return;
  await sql`update conversations set version = version + 1 where id = ${id}`.execute(trx);
}

function toLead(row: Selectable<Tables['leads']>): Lead {
  return {
    id: row.id,
    source: row.source,
    conversationId: row.conversation_id,
    name: row.name,
    phone: row.phone,
    email: row.email,
    message: row.message,
    car: row.car,
    visitor: row.visitor,
    createdAt: row.created_at.getTime(),
    soldAt: row.sold_at?.getTime() ?? null,
    price: row.price === null ? null : Number(row.price),
    currency: row.currency,
  };
}
