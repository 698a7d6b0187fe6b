import type { DeadRow } from './inbox.ts';
import { inboxQueue } from './inbox-rows.ts';
import type { SqlExecutor } from './sql.ts';
import type { Update } from './webhook.ts';

const cleanChunk = 200;

/** How many rows wait or are dead. */
export async function countRows(
  database: SqlExecutor,
): Promise<{ pending: number; dead: number; oldestPendingMs: number | undefined }> {
  const [row] = await database.query<{ pending: string; dead: string; oldest: string | null }>(count);
  return {
    pending: Number(row?.pending),
    dead: Number(row?.dead),
    oldestPendingMs: row?.oldest ? Math.max(0, Math.round(Number(row.oldest))) : undefined,
  };
}

/** The dead rows, those that died last first. */
export async function buriedRows(database: SqlExecutor, limit: number): Promise<DeadRow[]> {
  const rows = await database.query<BuriedRow>(selectDead, [limit]);
  return rows.map(({ seq, source, kind, order_key, original, attempt, reason, received, failed }) => {
    const texts = original === null ? undefined : (JSON.parse(original) as Update);
    return {
      seq: Number(seq),
      source: texts?.source ?? source,
      kind: texts?.kind ?? kind,
      orderKey: texts?.orderKey ?? order_key,
      attempts: attempt,
      reason: reason ?? 'handler_error',
      receivedAt: Math.round(Number(received)),
      failedAt: Math.round(Number(failed)),
    };
  });
}

/** Puts a dead row at its key's end, without its expiry, which it may have died of. */
export async function retryRow(database: SqlExecutor, seq: number): Promise<boolean> {
  return (await database.query(retry, [seq])).length > 0;
}

/** Ends a dead row: only its id stays. */
export async function discardRow(
  database: SqlExecutor,
  seq: number,
  dedupMs: (source: string) => number,
): Promise<boolean> {
  const [row] = await database.query<{ source: string }>(
    "select source from cartie_inbox where seq = $1 and status = 'dead'",
    [seq],
  );
  if (row === undefined) return false;
  return (await database.query(discard, [seq, dedupMs(row.source)])).length > 0;
}

/**
 * Deletes or empties a chunk of rows that were kept long enough, small so that nobody waits long; `true` if there may be
 * more.
 */
export async function cleanInbox(database: SqlExecutor): Promise<boolean> {
  return (await database.query(clean, [cleanChunk])).length === cleanChunk;
}

const count = `
select p.pending, p.oldest, (select count(*)::text from cartie_inbox where status = 'dead') as dead
from (
  select count(*)::text as pending, (extract(epoch from now() - min(received_at)) * 1000)::text as oldest
  from cartie_inbox where status = 'pending'
) p`;

const selectDead = `
select seq::text as seq, source, kind, order_key, original, attempt, reason,
  (extract(epoch from received_at) * 1000)::text as received,
  (extract(epoch from finished_at) * 1000)::text as failed
from cartie_inbox where status = 'dead' order by cartie_inbox.seq desc limit $1`;

const retry = `
with again as (
  update cartie_inbox set seq = nextval('cartie_inbox_seq'), status = 'pending', attempt = 0, reason = null, run_at = null,
    expires_at = null, finished_at = null, forget_at = null, clean_at = null
  where seq = $1 and status = 'dead'
  returning order_key
)
insert into cartie_lane (queue, key) select '${inboxQueue}', order_key from again
on conflict (queue, key) do update set fence = cartie_lane.fence
returning key`;

const discard = `
update cartie_inbox set status = 'done', payload = null, original = null,
  forget_at = now() + $2::float8 * interval '1 millisecond', clean_at = now() + $2::float8 * interval '1 millisecond'
where seq = $1 and status = 'dead'
returning seq`;

const clean = `
with old as materialized (
  select seq, forget_at <= now() as forgotten from cartie_inbox
  where clean_at <= now() order by clean_at limit $1
  for update skip locked
),
gone as (
  delete from cartie_inbox i using old where i.seq = old.seq and old.forgotten
),
emptied as (
  update cartie_inbox i set payload = null, original = null, clean_at = forget_at
  from old where i.seq = old.seq and not old.forgotten
)
select seq from old`;

interface BuriedRow {
  readonly seq: string;
  readonly source: string;
  readonly kind: string;
  readonly order_key: string;
  readonly original: string | null;
  readonly attempt: number;
  readonly reason: string | null;
  readonly received: string;
  readonly failed: string;
}
