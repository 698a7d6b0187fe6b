import { isCartieError } from '@cartie/core';
import type { OutboxRow, SqlTransaction } from '@cartie/core/postgres';
import type { EventBuffer, MetaEvent } from '@cartie/meta-capi';
import { type Kysely, sql } from 'kysely';
import type { AppDatabase, AppTransaction } from './database.ts';
import { leadEvent, saleEvent } from './lead-events.ts';
import { addLead, type Lead, type NewLead, sellToLead } from './leads.ts';
import type { Mailing } from './mailing.ts';
import type { EventState, Tables } from './tables.ts';

/** Takes leads and sales, and tells Meta of them. */
export interface LeadDesk {
  /** Stores a lead with its `Lead` event, both or neither; `false` if it is there already. */
  add(lead: NewLead): Promise<boolean>;
  /** Notes a sale with its `Purchase` event; `false` if there is no such open lead. */
  sell(sale: { leadId: string; price: number; currency: string }): Promise<boolean>;
  /** Sends an event again that was refused or is in doubt; `false` if it is neither. */
  resend(eventId: string): Promise<boolean>;
}

/** Creates the desk. Without a buffer nothing is told to Meta, without a mailing nothing to SendPulse. */
export function createLeadDesk(
  database: AppDatabase,
  buffer: EventBuffer | undefined,
  mailing: Mailing | undefined,
): LeadDesk {
  async function tell(trx: SqlTransaction<AppTransaction>, lead: Lead, event: MetaEvent): Promise<void> {
    if (buffer === undefined) return;
    const note = { id: event.event_id ?? lead.id, lead_id: lead.id, name: event.event_name };
    const refusal = await refusalOf(buffer.track(event, trx));
    await trx.native
      .insertInto('meta_events')
      .values({ ...note, state: 'waiting', ...refusal })
      .execute();
  }

  return {
    add: (given) =>
      database.sql.transaction(async (trx) => {
        const lead = await addLead(trx.native, given);
        if (lead === undefined) return false;
        await tell(trx, lead, leadEvent(lead));
        await mailing?.addLead(trx, lead);
        return true;
      }),
    sell: (sale) =>
      database.sql.transaction(async (trx) => {
        const lead = await sellToLead(trx.native, sale);
        if (lead === undefined) return false;
        const { price, currency } = sale;
        await tell(trx, lead, saleEvent({ ...lead, price, currency, soldAt: lead.soldAt ?? Date.now() }));
        return true;
      }),
    async resend(eventId) {
      const event = await database.kysely
        .selectFrom('meta_events')
        .select('name')
        .where('id', '=', eventId)
        .executeTakeFirst();
      if (event === undefined || !(await buffer?.resend(event.name, eventId))) return false;
      await database.kysely
        .updateTable('meta_events')
        .set({ state: 'waiting', reason: null, detail: null, settled_at: null })
        .where('id', '=', eventId)
        .where('state', '<>', 'sent')
        .execute();
      return true;
    },
  };
}

/** For `onSettled` of the outbox: the event shows how it ended. */
export async function followEvent(row: OutboxRow, trx: SqlTransaction<AppTransaction>): Promise<void> {
  const state = states[row.status];
  // Put off or taken up: it waits, as it did.
  if (state === 'waiting') return;
  const { event_id: id } = row.payload as { event_id: string };
  const { message, subcode, code } = (row.result ?? {}) as {
    message?: string;
    subcode?: string | number;
    code?: string | number;
  };
  const number = subcode ?? code;
  await trx.native
    .updateTable('meta_events')
    .set({
      state,
      reason: row.reason ?? null,
      detail: message === undefined ? null : `${message}${number === undefined ? '' : ` (${number})`}`,
      settled_at: sql`now()`,
    })
    .where('id', '=', id)
    .execute();
}

/** How many events are where, and the newest ones that a person should look at. */
export async function eventState(
  database: Kysely<Tables>,
  buffer: EventBuffer | undefined,
): Promise<{ waiting: number; sent: number; refused: number; inDoubt: number } | null> {
  if (buffer === undefined) return null;
  const counts = await buffer.counts();
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from meta_events where state = 'refused'`.execute(database);
  return {
    waiting: counts.waiting + counts.sending,
    sent: counts.accepted,
    refused: rows[0]?.count ?? 0,
    inDoubt: counts.inDoubt,
  };
}

const states = {
  queued: 'waiting',
  sending: 'waiting',
  sent: 'sent',
  failed: 'refused',
  in_doubt: 'in_doubt',
} as const satisfies Record<OutboxRow['status'], EventState>;

/** An event that breaks Meta's rules is shown as refused; the lead is stored all the same. */
async function refusalOf(
  tracking: Promise<unknown>,
): Promise<{ state: 'refused'; reason: string; detail: string } | undefined> {
  try {
    await tracking;
    return undefined;
  } catch (error) {
    if (!isCartieError(error) || error.code !== 'invalid_input') throw error;
    return { state: 'refused', reason: error.code, detail: error.message };
  }
}
