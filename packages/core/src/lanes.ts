import { randomUUID } from 'node:crypto';
import { CartieError, isCartieError } from './errors.ts';
import { liveWorkers, startHeartbeat } from './heartbeat.ts';
import { laneLostCode } from './postgres-functions.ts';
import { settlesWithin } from './settles-within.ts';
import type { SqlDatabase } from './sql.ts';
import type { AllTimings } from './work-options.ts';

/** A key that this worker holds: nobody else handles its rows. */
export interface Lane {
  readonly key: string;
  /** Never repeats: another claim of the same key has another fence. */
  readonly fence: string;
  /** Did the last holder die with it? Then its head may be what killed it. */
  readonly crashed: boolean;
}

/** Claims lanes of one queue for one worker, and knows which it holds. */
export interface LaneWorker {
  readonly id: string;
  /** Runs `read`, which claims lanes in the database and gives them with their rows. One at a time. */
  claim<Claimed extends { readonly lane: Lane }>(
    read: () => Promise<readonly Claimed[]>,
  ): Promise<readonly Claimed[]>;
  /** These lanes are no longer this worker's: released, or taken over. */
  forget(lanes: readonly Lane[]): void;
  /** Gives lanes back, untouched, before the next claim: whoever claims them then finds out how their rows are. */
  abandon(lanes: readonly Lane[]): void;
  /** Ends this worker: others may take up whatever it held. Waits for the database no longer than `withinMs` milliseconds. */
  stop(withinMs: number): Promise<void>;
}

/** Options of {@link startLaneWorker}. */
export interface LaneWorkerOptions {
  database: SqlDatabase;
  queue: string;
  timings: AllTimings;
  /** Gives back what the worker `$2` holds of queue `$1` without knowing it: all but the keys in `$3`. */
  giveBack: string;
  /** Lanes of a dead worker became free. */
  onFreed(): void;
}

/** {@link LaneWorkerOptions.giveBack} where a claim touches nothing but lanes. */
export const giveBackLanes = `
update cartie_lane set worker = null
where queue = $1 and worker = $2::uuid and key <> all ($3::text[])`;

/** The error of work that a worker lost: it was silent for too long and another took over. Its transaction rolls back. */
export function laneLost(service: string): CartieError {
  return new CartieError('conflict', 'this worker was silent for too long and another took its work over', {
    service,
    operation: 'fence',
    retryable: true,
  });
}

/** Was a lane lost: {@link laneLost}, or the same found by the database? */
export function isLaneLost(error: unknown): boolean {
  if (!isCartieError(error)) return false;
  return error.provider?.code === laneLostCode || (error.code === 'conflict' && error.operation === 'fence');
}

/** Registers a worker for `queue` and keeps it alive until stopped. */
export async function startLaneWorker(options: LaneWorkerOptions): Promise<LaneWorker> {
  const { database, queue, timings, onFreed } = options;
  const id = randomUUID();
  const held = new Map<string, string>();
  let claiming: Promise<unknown> = Promise.resolve();
  /** How many things happened after which a lane may be this worker's in the database without being in `held`. */
  let doubts = 0;
  const heartbeat = await startHeartbeat({ database, id, timings, onFreed });

  async function settleUncertainty(): Promise<void> {
    const settled = doubts;
    if (settled === 0) return;
    await database.query(options.giveBack, [queue, id, [...held.keys()]]);
    // Lanes may have been abandoned meanwhile: those are left for the next time.
    doubts -= settled;
  }

  async function claim<Claimed extends { readonly lane: Lane }>(
    read: () => Promise<readonly Claimed[]>,
  ): Promise<readonly Claimed[]> {
    await settleUncertainty();
    // A claim whose answer gets lost may be committed all the same; nobody would ever work on those lanes.
    doubts += 1;
    const claimed = await read();
    doubts -= 1;
    for (const { lane } of claimed) held.set(lane.key, lane.fence);
    return claimed;
  }

  async function leave(): Promise<void> {
    try {
      await settleUncertainty();
      await database.query('delete from cartie_worker where id = $1::uuid', [id]);
    } catch {
      // Then it is found dead, and what it held is freed.
    }
  }

  function forget(lanes: readonly Lane[]): void {
    for (const lane of lanes) if (held.get(lane.key) === lane.fence) held.delete(lane.key);
  }

  return {
    id,
    forget,
    claim(read) {
      // One at a time, so that after a lost answer every lane not in `held` is known to be nobody's.
      const next = claiming.then(() => claim(read));
      claiming = next.catch(() => undefined);
      return next;
    },
    abandon(lanes) {
      forget(lanes);
      doubts += 1;
    },
    async stop(withinMs) {
      // Its timer ends at once, whatever the database does.
      const silent = heartbeat[Symbol.asyncDispose]();
      await settlesWithin(claiming.then(() => silent).then(leave), withinMs);
      liveWorkers.delete(id);
    },
  };
}
