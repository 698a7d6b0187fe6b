import { createHash } from 'node:crypto';
import { CartieError, isCartieError, normalizeEmail, normalizePhone } from '@cartie/core';
import type { Outbox, OutboxRow, Sender, SqlTransaction } from '@cartie/core/postgres';
import { type SyncedContact, sendPulseFailure } from '@cartie/sendpulse';
import { type Kysely, sql } from 'kysely';
import type { AppDatabase, AppTransaction } from './database.ts';
import type { SendPulseConnection } from './sendpulse.ts';
import type { Tables } from './tables.ts';

/** The outbox topic of contacts for SendPulse. */
export const mailingTopic = 'sendpulse.contact';

/** Somebody who may be written to. */
export interface Person {
  readonly name: string;
  readonly email: string | null;
  readonly phone: string | null;
}

/** Puts people into SendPulse's book: leads, and those who write and whose phone is known. */
export interface Mailing {
  /** Queues a lead, in the transaction that stores it. */
  addLead(trx: SqlTransaction<AppTransaction>, lead: Person & { readonly id: string }): Promise<void>;
  /** Queues a person of a channel, the first time that their phone is known. */
  addContact(trx: SqlTransaction<AppTransaction>, contact: { channel: string; id: string }): Promise<void>;
  /** Queues whoever came while SendPulse was not configured. Gives how many. */
  addMissing(): Promise<number>;
  /** Queues one again that SendPulse refused; `false` if it is not there or was not refused. */
  retry(address: string): Promise<boolean>;
}

/** The contact of the outbox. */
interface Payload extends Pick<SyncedContact, 'email' | 'phone' | 'name'> {
  readonly address: string;
}

const pageSize = 200;

/** Creates {@link Mailing}. @param options.country of phones without a country code */
export function createMailing(
  database: AppDatabase,
  outbox: Outbox<AppTransaction>,
  options: { country: string },
): Mailing {
  async function queue(
    trx: SqlTransaction<AppTransaction>,
    { address, version, name, email, phone }: Person & { address: string; version: number },
  ): Promise<void> {
    const payload: Payload = {
      address,
      name,
      ...(email !== null && { email }),
      ...(phone !== null && { phone: `+${phone}` }),
    };
    // Ids are in the log: they tell nobody's address.
    const key = createHash('sha256').update(address).digest('hex').slice(0, 32);
    await outbox.add(trx, {
      topic: mailingTopic,
      id: `${key}:${version}`,
      orderKey: `sendpulse:${key}`,
      payload,
      idempotent: true,
    });
  }

  /** Notes a person, and queues them if SendPulse has to know. Gives their address; '' for nobody who has one. */
  async function note(trx: SqlTransaction<AppTransaction>, { name, email, phone }: Person): Promise<string> {
    const mail = normalizeEmail(email ?? undefined) ?? null;
    const number = normalizePhone(phone ?? undefined, { defaultCountry: options.country }) ?? null;
    const address = mail ?? number;
    if (address === null) return '';
    // Who has unsubscribed is not added anew.
    const { rows } = await sql<{ version: number }>`
      insert into mailing_contacts as known (address, name, email, phone, state)
      values (${address}, ${name}, ${mail}, ${number}, 'waiting')
      on conflict (address) do update set name = excluded.name, phone = coalesce(excluded.phone, known.phone),
        state = 'waiting', version = known.version + 1
      where known.unsubscribed_at is null
        and (known.name, known.phone) is distinct from (excluded.name, coalesce(excluded.phone, known.phone))
      returning version`.execute(trx.native);
    const version = rows[0]?.version;
    if (version !== undefined) await queue(trx, { address, version, name, email: mail, phone: number });
    return address;
  }

  async function addLead(
    trx: SqlTransaction<AppTransaction>,
    lead: Person & { readonly id: string },
  ): Promise<void> {
    const address = await note(trx, lead);
    await sql`update leads set mailing_address = ${address} where id = ${lead.id}`.execute(trx.native);
  }

  async function addMissingLeads(): Promise<number> {
    return database.sql.transaction(async (trx) => {
      const { rows } = await sql<Person & { id: string }>`
        select id, name, email, phone from leads where mailing_address is null order by seq limit ${pageSize}
        for update skip locked`.execute(trx.native);
      for (const lead of rows) await addLead(trx, lead);
      return rows.length;
    });
  }

  async function addMissingContacts(): Promise<number> {
    return database.sql.transaction(async (trx) => {
      const { rows } = await sql<{ id: number; name: string; phone: string }>`
        select id, name, phone from contacts where mailing_address is null and phone is not null
        order by id limit ${pageSize} for update skip locked`.execute(trx.native);
      for (const { id, name, phone } of rows) await addKnown(trx, { id, name, phone });
      return rows.length;
    });
  }

  async function addKnown(
    trx: SqlTransaction<AppTransaction>,
    { id, name, phone }: { id: number; name: string; phone: string },
  ): Promise<void> {
    // Channels tell the digits with the country's.
    const address = await note(trx, { name, email: null, phone: `+${phone}` });
    await sql`update contacts set mailing_address = ${address} where id = ${id}`.execute(trx.native);
  }

  return {
    addLead,
    async addContact(trx, { channel, id: externalId }) {
      const { rows } = await sql<{ id: number; name: string; phone: string }>`
        select id, name, phone from contacts
        where channel = ${channel} and external_id = ${externalId} and phone is not null and mailing_address is null`.execute(
        trx.native,
      );
      for (const contact of rows) await addKnown(trx, contact);
    },
    async addMissing() {
      let added = 0;
      for (const page of [addMissingLeads, addMissingContacts]) {
        for (let count = pageSize; count === pageSize; ) {
          count = await page();
          added += count;
        }
      }
      return added;
    },
    retry: (address) =>
      database.sql.transaction(async (trx) => {
        const { rows } = await sql<Person & { version: number }>`
          update mailing_contacts set state = 'waiting', reason = null, detail = null, version = version + 1
          where address = ${address} and state = 'refused'
          returning name, email, phone, version`.execute(trx.native);
        const [contact] = rows;
        if (contact === undefined) return false;
        await queue(trx, { address, ...contact });
        return true;
      }),
  };
}

/** While the credentials are refused one contact asks again after this, then after twice as long, and the others wait. Milliseconds. */
const refusedPauses = { first: 5_000, longest: 60_000 } as const;

/** Sends contacts to SendPulse. It may be repeated at will: a contact is in the book once. */
export function mailingSender({
  client,
  book,
}: Pick<SendPulseConnection, 'client' | 'book'>): Sender<Payload> {
  let refusedUntil = 0;
  let pauseMs: number = refusedPauses.first;

  async function sync(contact: Omit<Payload, 'address'>, signal: AbortSignal): Promise<void> {
    const addressBookId = await book.id();
    try {
      await client.syncContact({ addressBookId, ...contact }, { signal });
    } catch (error) {
      // Somebody deleted it at SendPulse.
      if (sendPulseFailure(error)?.kind !== 'book_not_found' || !book.forget(addressBookId)) throw error;
      await client.syncContact({ addressBookId: await book.id(), ...contact }, { signal });
    }
  }

  return {
    batchSize: 1,
    concurrency: 4,
    async sendBatch([row], { signal }) {
      if (row === undefined) return [];
      const waitMs = refusedUntil - Date.now();
      if (waitMs > 0) return [{ error: refused(), postponeMs: waitMs }];
      try {
        const { address: _, ...contact } = row.payload;
        await sync(contact, signal);
        pauseMs = refusedPauses.first;
        return [{ result: {} }];
      } catch (error) {
        if (!isCartieError(error) || error.code !== 'unauthorized') return [{ error, keep: wordsOf(error) }];
        const postponeMs = pauseMs;
        refusedUntil = Date.now() + postponeMs;
        pauseMs = Math.min(postponeMs * 2, refusedPauses.longest);
        return [{ error, postponeMs }];
      }
    },
  };
}

function wordsOf(error: unknown): { detail: string } | undefined {
  return isCartieError(error) ? { detail: error.message } : undefined;
}

function refused(): CartieError {
  return new CartieError('unauthorized', 'SendPulse does not take the credentials', { service: 'sendpulse' });
}

/** For `onSettled` of the outbox: the contact shows how it ended. */
export async function followMailing(row: OutboxRow, trx: SqlTransaction<AppTransaction>): Promise<void> {
  if (row.status === 'queued' || row.status === 'sending') return;
  const { address } = row.payload as Payload;
  const version = Number(row.id.split(':')[1]);
  const isSynced = row.status === 'sent';
  const { detail } = (row.result ?? {}) as { detail?: string };
  // A newer version of the contact has its own row.
  await sql`
    update mailing_contacts set state = ${isSynced ? 'synced' : 'refused'},
      reason = ${isSynced ? null : (row.reason ?? null)}, detail = ${isSynced ? null : (detail ?? null)},
      synced_at = case when ${isSynced}::boolean then now() else synced_at end
    where address = ${address} and version = ${version}`.execute(trx.native);
}

/** What SendPulse told of an address: letters come back, or the person wants none, or some again. */
export async function markMailing(
  trx: AppTransaction,
  event: { address: string; state: 'bounced' | 'unsubscribed' | 'subscribed'; at: number },
): Promise<void> {
  const at = new Date(event.at).toISOString();
  const set = {
    bounced: sql`bounced_at = coalesce(bounced_at, ${at}::timestamptz)`,
    unsubscribed: sql`unsubscribed_at = coalesce(unsubscribed_at, ${at}::timestamptz)`,
    subscribed: sql`unsubscribed_at = null, bounced_at = null`,
  }[event.state];
  await sql`
    with contact as (update mailing_contacts set ${set} where address = ${event.address} returning phone)
    update conversations set version = version + 1 where contact_id in (
      select contacts.id from contacts join contact on contacts.mailing_address = contact.phone
    )`.execute(trx);
}

/** Where a person is at SendPulse, as an operator sees it. */
export interface MailingState {
  readonly address: string;
  readonly state: Tables['mailing_contacts']['state'];
  readonly reason: string | null;
  readonly detail: string | null;
  /** Epoch milliseconds. */
  readonly bouncedAt: number | null;
  readonly unsubscribedAt: number | null;
}

/** The states of these addresses. */
export async function mailingStates(
  database: Kysely<Tables>,
  addresses: readonly (string | null)[],
): Promise<Map<string, MailingState>> {
  const wanted = [...new Set(addresses.filter((address): address is string => Boolean(address)))];
  if (wanted.length === 0) return new Map();
  const rows = await database
    .selectFrom('mailing_contacts')
    .select(['address', 'state', 'reason', 'detail', 'bounced_at', 'unsubscribed_at'])
    .where('address', 'in', wanted)
    .execute();
  return new Map(
    rows.map(({ address, state, reason, detail, bounced_at, unsubscribed_at }) => [
      address,
      {
        address,
        state,
        reason,
        detail,
        bouncedAt: bounced_at?.getTime() ?? null,
        unsubscribedAt: unsubscribed_at?.getTime() ?? null,
      },
    ]),
  );
}
