import { CartieError } from './errors.ts';
import type { DeadRow } from './inbox.ts';
import { inboxQueue } from './inbox-rows.ts';
import type { SqlDatabase, SqlExecutor } from './sql.ts';
import { payloadText, storedText } from './stored-text.ts';
import type { Update } from './webhook.ts';

/** An update in the form in which it is stored. */
export interface StoredUpdate {
  readonly source: string;
  readonly id: string;
  readonly kind: string;
  readonly orderKey: string;
  /** The texts above as they came, where a digest stands in for one. */
  readonly original: string | null;
  readonly payload: string;
  readonly expiresAt: number | null;
}

const texts = ['source', 'id', 'kind', 'orderKey'] as const;

/**
 * Checks an update.
 *
 * @param at its place in the caller's list, for the error: `updates[3]`
 * @throws CartieError `invalid_input` that names the field
 */
export function storeUpdate(update: Update, at: string): StoredUpdate {
  const context = (field: string) => ({ service: 'inbox', operation: 'accept', field: at + field });
  for (const name of texts) {
    if (typeof update?.[name] !== 'string') {
      throw new CartieError('invalid_input', `${at}${name} must be a string`, context(name));
    }
  }
  const { expiresAt } = update;
  if (expiresAt !== undefined && !(Math.abs(expiresAt) <= 8.64e15)) {
    throw new CartieError('invalid_input', `${at}expiresAt must be epoch milliseconds`, context('expiresAt'));
  }
  const { source, id, kind, orderKey } = update;
  const stored = {
    source: storedText(source),
    id: storedText(id),
    kind: storedText(kind),
    orderKey: storedText(orderKey),
  };
  const changed = texts.some((name) => stored[name] !== update[name]);
  return {
    ...stored,
    original: changed ? JSON.stringify({ source, id, kind, orderKey }) : null,
    payload: payloadText(update.payload, context('payload')),
    expiresAt: expiresAt ?? null,
  };
}

/** Stores updates in one statement: the rows that are new, and a lane for each of their keys. One answer each, in order. */
export async function acceptUpdates(
  database: SqlExecutor,
  updates: readonly StoredUpdate[],
): Promise<('added' | 'duplicate')[]> {
  const rows = await database.query<{ source: string; id: string }>(accept, [
    updates.map((update) => update.source),
    updates.map((update) => update.id),
    updates.map((update) => update.kind),
    updates.map((update) => update.orderKey),
    updates.map((update) => update.original),
    updates.map((update) => update.payload),
    updates.map((update) => update.expiresAt),
  ]);
  const added = new Set(rows.map(nameOf));
  // Of two with the same id in one list the first is the one that was added.
  return updates.map((update) => (added.delete(nameOf(update)) ? 'added' : 'duplicate'));
}

// No stored text holds U+0000.
function nameOf({ source, id }: { readonly source: string; readonly id: string }): string {
  return `${source}\0${id}`;
}

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
  database: SqlDatabase,
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

const accept = `
select * from cartie_inbox_accept(
  $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::float8[]
)`;

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
