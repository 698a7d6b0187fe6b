import type { Hono } from 'hono';
import { sql } from 'kysely';
import type { AppDatabase } from './database.ts';
import type { LiveView } from './live.ts';
import type { Mailing } from './mailing.ts';

/** Adds the operator's route that syncs a person again whom SendPulse refused. */
export function addMailingActions(
  routes: Hono,
  { database, mailing }: { readonly database: AppDatabase; readonly mailing: Mailing | undefined },
  live: LiveView,
): void {
  routes.post('/leads/:id/sync', async (context) => {
    const { rows } = await sql<{ address: string }>`
      select mailing_address as address from leads where id::text = ${context.req.param('id')}`.execute(
      database.kysely,
    );
    const address = rows[0]?.address;
    const done = Boolean(address) && (await mailing?.retry(address ?? ''));
    live.poke('leads');
    return done ? context.body(null, 204) : context.json({ error: 'This cannot be synced again.' }, 409);
  });
}

/** How many people wait for SendPulse, and whom it refused; `null` where it is not configured. */
export async function mailingCounts(
  database: AppDatabase,
  mailing: Mailing | undefined,
): Promise<{ waiting: number; refused: number } | null> {
  if (mailing === undefined) return null;
  const { rows } = await sql<{ waiting: number; refused: number }>`
    select count(*) filter (where state = 'waiting')::int as waiting,
      count(*) filter (where state = 'refused')::int as refused
    from mailing_contacts where state <> 'synced'`.execute(database.kysely);
  return rows[0] ?? { waiting: 0, refused: 0 };
}
