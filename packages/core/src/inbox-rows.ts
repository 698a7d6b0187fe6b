import type { InboxRow } from './inbox.ts';
import { type Lane, ownedLanes } from './lanes.ts';
import type { SqlExecutor } from './sql.ts';

/** A row as the worker sees it. */
export interface PendingRow {
  readonly lane: Lane;
  readonly row: InboxRow;
  /** Was it tried before, or may it have been? */
  readonly tried: boolean;
  readonly due: boolean;
  readonly expired: boolean;
}

/** The queue name of the inbox's lanes and wake-ups. */
export const inboxQueue = 'inbox';

/** For `LaneWorkerOptions.head`. */
export const inboxHead = `
select coalesce(run_at, received_at) from cartie_inbox
where order_key = h.key and status = 'pending' order by seq limit 1`;

/** The first `limit` pending rows of each lane, in order. */
export async function loadRows(
  database: SqlExecutor,
  lanes: readonly Lane[],
  limit: number,
): Promise<PendingRow[]> {
  const byKey = new Map(lanes.map((lane) => [lane.key, lane]));
  const rows = await database.query<StoredRow>(selectRows, [[...byKey.keys()], limit]);
  let previous: Lane | undefined;
  return rows.flatMap((stored) => {
    const lane = byKey.get(stored.key);
    if (lane === undefined) return [];
    // The head of a lane whose holder died may have been under way: that counts as a try.
    const crashed = lane.crashed && lane !== previous;
    previous = lane;
    return [readRow(stored, lane, crashed)];
  });
}

/** Marks rows as handled, if all their lanes are still held; tells how many it marked. */
export async function completeRows(
  trx: SqlExecutor,
  owned: readonly unknown[],
  rows: readonly { seq: number; dedupMs: number }[],
  options: { lanes: number; payloadMs: number },
): Promise<number> {
  const marked = await trx.query(completeStatement, [
    ...owned,
    rows.map((row) => row.seq),
    rows.map((row) => row.dedupMs),
    options.payloadMs,
    options.lanes,
  ]);
  return marked.length;
}

/** How many of the lanes are still held; they stay locked until the transaction ends. */
export async function countOwned(trx: SqlExecutor, owned: readonly unknown[]): Promise<number> {
  const [row] = await trx.query<{ n: string }>(
    `with ${ownedLanes} select count(*)::text as n from owned`,
    owned,
  );
  return Number(row?.n);
}

/** Records that an attempt begins: a row that kills the process runs out of attempts in the end. */
export const beginAttempt = `
with ${ownedLanes}
update cartie_inbox set attempt = $6
where seq = $5 and status = 'pending' and exists (select from owned)
returning seq`;

/** Puts a row off. */
export const delayRow = `
update cartie_inbox set attempt = $2, reason = $3, run_at = clock_timestamp() + $4::float8 * interval '1 millisecond'
where seq = $1 and status = 'pending'`;

/** Ends a row without success. */
export const buryRow = `
update cartie_inbox set status = 'dead', attempt = $2, reason = $3, run_at = null, finished_at = now(),
  forget_at = now() + $4::float8 * interval '1 millisecond', clean_at = now() + $4::float8 * interval '1 millisecond'
where seq = $1 and status = 'pending'`;

const selectRows = `
select r.*, h.key from unnest($1::text[]) with ordinality as h (key, n) cross join lateral (
  select seq::text as seq, source, id, kind, order_key, original, payload, attempt,
    (extract(epoch from received_at) * 1000)::text as received,
    (extract(epoch from expires_at) * 1000)::text as expires,
    coalesce(run_at <= now(), true) as due, coalesce(expires_at <= now(), false) as expired
  from cartie_inbox where order_key = h.key and status = 'pending'
  order by cartie_inbox.seq limit $2
) r order by h.n, r.seq::bigint`;

const completeStatement = `
with ${ownedLanes}
update cartie_inbox i set status = 'done', attempt = greatest(i.attempt, 1), run_at = null, finished_at = now(),
  forget_at = now() + d.dedup * interval '1 millisecond',
  clean_at = now() + least(d.dedup, $7::float8) * interval '1 millisecond'
from unnest($5::bigint[], $6::float8[]) as d (seq, dedup)
where i.seq = d.seq and i.status = 'pending' and (select count(*) from owned) = $8
returning 1 as marked`;

interface StoredRow {
  readonly key: string;
  readonly seq: string;
  readonly source: string;
  readonly id: string;
  readonly kind: string;
  readonly order_key: string;
  readonly original: string | null;
  readonly payload: string | null;
  readonly attempt: number;
  readonly received: string;
  readonly expires: string | null;
  readonly due: boolean;
  readonly expired: boolean;
}

function readRow(stored: StoredRow, lane: Lane, crashed: boolean): PendingRow {
  const tries = Math.max(stored.attempt, crashed ? 1 : 0);
  const row: InboxRow = {
    seq: Number(stored.seq),
    source: stored.source,
    id: stored.id,
    kind: stored.kind,
    orderKey: stored.order_key,
    ...(stored.original === null ? {} : (JSON.parse(stored.original) as Partial<InboxRow>)),
    ...(stored.expires === null ? {} : { expiresAt: Math.round(Number(stored.expires)) }),
    payload: stored.payload === null ? null : JSON.parse(stored.payload),
    attempt: tries + 1,
    receivedAt: Math.round(Number(stored.received)),
  };
  return { lane, row, tried: tries > 0, due: stored.due, expired: stored.expired };
}
