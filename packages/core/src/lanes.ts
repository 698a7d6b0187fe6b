import { randomUUID } from 'node:crypto';
import { CartieError, isCartieError } from './errors.ts';
import { liveWorkers, startHeartbeat } from './heartbeat.ts';
import type { SqlDatabase, SqlExecutor } from './sql.ts';
import type { AllTimings } from './work-options.ts';

/** A key that this worker holds: nobody else handles its rows. */
export interface Lane {
  readonly key: string;
  /** Never repeats: another claim of the same key has another fence. */
  readonly fence: string;
  /** Did the last holder die with it? Then its head may be what killed it. */
  readonly crashed: boolean;
}

/** A released lane that still has work. */
export interface OpenLane {
  /** When its head may start: milliseconds from now, 0 or less for at once. */
  readonly delayMs: number;
}

/** Claims and releases the lanes of one queue for one worker. */
export interface LaneWorker extends AsyncDisposable {
  readonly id: string;
  /** Takes up to `limit` lanes whose head is due, those that waited longest first. */
  claim(limit: number): Promise<Lane[]>;
  /** Gives lanes back inside a transaction that has checked them by {@link ownedLanes}; call {@link forget} after its commit. */
  release(trx: SqlExecutor, lanes: readonly Lane[]): Promise<OpenLane[]>;
  /** These lanes are no longer this worker's: released, or taken over. */
  forget(lanes: readonly Lane[]): void;
  /** Gives lanes back, untouched, before the next claim: whoever claims them then finds out how their rows are. */
  abandon(lanes: readonly Lane[]): void;
  /** Parameters that {@link ownedLanes} needs, in order. */
  owned(lanes: readonly Lane[]): [queue: string, keys: string[], fences: string[], worker: string];
}

/** Options of {@link startLaneWorker}. */
export interface LaneWorkerOptions {
  database: SqlDatabase;
  queue: string;
  /** A scalar subquery: when the first open row of `h.key` may start, null if there is none. */
  head: string;
  timings: AllTimings;
  /** Lanes of a dead worker became free. */
  onFreed(): void;
}

/**
 * A common table expression `owned(key)`: those of the lanes in $1 to $4 (see {@link LaneWorker.owned}) that are still this
 * worker's, locked until the transaction ends. Sorted, so that two transactions never wait for each other.
 */
export const ownedLanes = `owned as materialized (
  select l.key
  from cartie_lane l join unnest($2::text[], $3::bigint[]) as h (key, fence) on l.key = h.key and l.fence = h.fence
  where l.queue = $1 and l.worker = $4::uuid
  order by l.key
  for update of l
)`;

/** The error of work that a worker lost: it was silent for too long and another took over. Its transaction rolls back. */
export function laneLost(service: string): CartieError {
  return new CartieError('conflict', 'this worker was silent for too long and another took its work over', {
    service,
    operation: 'fence',
    retryable: true,
  });
}

/** Is it {@link laneLost}? */
export function isLaneLost(error: unknown): boolean {
  return isCartieError(error) && error.code === 'conflict' && error.operation === 'fence';
}

/** Makes sure that a lane exists for each key and is locked until the transaction ends, so that its release sees the new rows. */
export const openLanes = `on conflict (queue, key) do update set fence = cartie_lane.fence where false`;

/** Registers a worker for `queue` and keeps it alive until disposed of. */
export async function startLaneWorker(options: LaneWorkerOptions): Promise<LaneWorker> {
  const { database, queue } = options;
  const id = randomUUID();
  const held = new Map<string, string>();
  let claiming: Promise<unknown> = Promise.resolve();
  let uncertain = false;

  const heartbeat = await startHeartbeat({
    database,
    id,
    timings: options.timings,
    onFreed: options.onFreed,
  });
  const releaseSql = releaseStatement(options.head);

  async function claim(limit: number): Promise<Lane[]> {
    // A claim whose answer got lost may have been committed: nobody would ever work on those lanes.
    if (uncertain) await database.query(returnUnknown, [queue, id, [...held.keys()]]);
    uncertain = true;
    const lanes = await database.query<Lane>(claimLanes, [queue, limit, id]);
    uncertain = false;
    for (const lane of lanes) held.set(lane.key, lane.fence);
    return [...lanes];
  }

  function forget(lanes: readonly Lane[]): void {
    for (const lane of lanes) if (held.get(lane.key) === lane.fence) held.delete(lane.key);
  }

  const owned: LaneWorker['owned'] = (lanes) => [
    queue,
    lanes.map((lane) => lane.key),
    lanes.map((lane) => lane.fence),
    id,
  ];

  return {
    id,
    owned,
    claim(limit) {
      // One claim at a time, so that after a lost answer every lane not in `held` is known to be nobody's.
      const next = claiming.then(() => claim(limit));
      claiming = next.catch(() => undefined);
      return next;
    },
    async release(trx, lanes) {
      const rows = await trx.query<{ delay: string }>(releaseSql, owned(lanes));
      return rows.map((row) => ({ delayMs: Number(row.delay) }));
    },
    forget,
    abandon(lanes) {
      forget(lanes);
      uncertain = true;
    },
    async [Symbol.asyncDispose]() {
      await claiming;
      await heartbeat[Symbol.asyncDispose]();
      liveWorkers.delete(id);
      await database.query(endWorker, [id]).catch(() => undefined); // else it is found dead and swept
    },
  };
}

const claimLanes = `
with due as (
  select queue, key from cartie_lane
  where queue = $1 and worker is null and next_at <= now()
  order by next_at limit $2
  for update skip locked
)
update cartie_lane l set worker = $3::uuid, fence = nextval('cartie_fence')
from due where l.queue = due.queue and l.key = due.key
returning l.key, l.fence::text as fence, l.crashed`;

const returnUnknown = `
update cartie_lane set worker = null
where queue = $1 and worker = $2::uuid and key <> all ($3::text[])`;

const endWorker = `
with ended as (delete from cartie_worker where id = $1::uuid)
update cartie_lane set worker = null where worker = $1::uuid`;

// The head of each lane is read by a snapshot that is younger than the lock on the lane: a writer that adds a row
// either committed before, and is seen here, or waits for the lock and makes the lane anew.
function releaseStatement(head: string): string {
  return `
with held as (
  select l.key from cartie_lane l join unnest($2::text[], $3::bigint[]) as x (key, fence) on l.key = x.key and l.fence = x.fence
  where l.queue = $1 and l.worker = $4::uuid
),
heads as materialized (select h.key, (${head}) as next_at from held h),
gone as (
  delete from cartie_lane l using heads where l.queue = $1 and l.key = heads.key and heads.next_at is null
)
update cartie_lane l set worker = null, crashed = false, next_at = greatest(clock_timestamp(), heads.next_at)
from heads where l.queue = $1 and l.key = heads.key and heads.next_at is not null
returning (extract(epoch from l.next_at - clock_timestamp()) * 1000)::text as delay`;
}
