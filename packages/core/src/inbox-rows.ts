import type { InboxRow } from './inbox.ts';
import type { Lane } from './lanes.ts';
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

/** A lane and its first rows. */
export interface ClaimedLane {
  readonly lane: Lane;
  readonly rows: readonly PendingRow[];
}

/** The queue name of the inbox's lanes and wake-ups. */
export const inboxQueue = 'inbox';

/** Claims up to `limit` lanes whose head is due, those that waited longest first, and reads about as many rows of them. */
export async function claimLanes(
  database: SqlExecutor,
  worker: string,
  limit: number,
): Promise<ClaimedLane[]> {
  const stored = await database.query<StoredRow>(
    'select * from cartie_inbox_claim($1::uuid, $2::integer, $2::integer)',
    [worker, limit],
  );
  const claimed = new Map<string, { lane: Lane; rows: PendingRow[] }>();
  for (const row of stored) {
    const { key, fence, crashed } = row;
    const own = claimed.get(key) ?? { lane: { key, fence, crashed }, rows: [] };
    claimed.set(key, own);
    // The head of a lane whose holder died may have been under way: that counts as a try.
    if (row.seq !== null) own.rows.push(readRow(row, own.lane, crashed && own.rows.length === 0));
  }
  return [...claimed.values()];
}

/** How a claim ends. */
export interface Finish {
  /** The lanes that are checked: if one was taken over, the database raises `laneLostCode`. */
  readonly held: readonly Lane[];
  /** Those of them to give back. */
  readonly release: readonly Lane[];
  /** The rows that are done. */
  readonly done: readonly { readonly seq: number; readonly dedupMs: number }[];
  readonly payloadMs: number;
}

/**
 * Marks rows as done and gives lanes back, if all are still this worker's. Gives, for each lane that has more rows, when the
 * next may start: milliseconds from now, 0 or less for at once.
 */
export async function finishLanes(trx: SqlExecutor, worker: string, finish: Finish): Promise<number[]> {
  const { held, release, done, payloadMs } = finish;
  const open = await trx.query<{ delay: number }>(
    `select * from cartie_inbox_finish($1::uuid, $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::float8[],
      $7::float8) as delay`,
    [
      worker,
      held.map((lane) => lane.key),
      held.map((lane) => lane.fence),
      release.map((lane) => lane.key),
      done.map((row) => row.seq),
      done.map((row) => row.dedupMs),
      payloadMs,
    ],
  );
  return open.map((lane) => Number(lane.delay));
}

/** Records that an attempt begins, if the lane is still held: a row that kills the process runs out of attempts in the end. */
export const beginAttempt = `
with owned as materialized (
  select key from cartie_lane where queue = '${inboxQueue}' and key = $1 and fence = $2::bigint and worker = $3::uuid for update
)
update cartie_inbox set attempt = $5
where seq = $4 and finished_at is null and exists (select from owned)
returning seq`;

/** Puts a row off. */
export const delayRow = `
update cartie_inbox set attempt = $2, reason = $3, run_at = clock_timestamp() + $4::float8 * interval '1 millisecond'
where seq = $1 and finished_at is null`;

/** Ends a row without success. */
export const buryRow = `
update cartie_inbox set status = 'dead', attempt = $2, reason = $3, run_at = null, finished_at = now(),
  forget_at = now() + $4::float8 * interval '1 millisecond', clean_at = now() + $4::float8 * interval '1 millisecond'
where seq = $1 and finished_at is null`;

/** A row as the database gives it. */
export interface StoredRow {
  readonly key: string;
  readonly fence: string;
  readonly crashed: boolean;
  /** `null` where the lane has no row; then the rest is too. */
  readonly seq: string | null;
  readonly source: string;
  readonly id: string;
  readonly kind: string;
  readonly original: string | null;
  readonly payload: string | null;
  readonly attempt: number;
  readonly received: number;
  readonly expires: number | null;
  readonly due: boolean;
  readonly expired: boolean;
}

/** A row of the database as the worker sees it. */
export function readRow(stored: StoredRow, lane: Lane, crashed: boolean): PendingRow {
  const tries = Math.max(stored.attempt, crashed ? 1 : 0);
  const row: InboxRow = {
    seq: Number(stored.seq),
    source: stored.source,
    id: stored.id,
    kind: stored.kind,
    orderKey: lane.key,
    ...(stored.original === null ? {} : (JSON.parse(stored.original) as Partial<InboxRow>)),
    ...(stored.expires === null ? {} : { expiresAt: Math.round(Number(stored.expires)) }),
    payload: stored.payload === null ? null : JSON.parse(stored.payload),
    attempt: tries + 1,
    receivedAt: Math.round(Number(stored.received)),
  };
  return { lane, row, tried: tries > 0, due: stored.due, expired: stored.expired };
}
