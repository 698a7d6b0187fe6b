import { isCartieError } from './errors.ts';
import type { RetryTerms } from './failure-plan.ts';
import type { InboxHandler, InboxRow, InboxWorkOptions } from './inbox.ts';
import {
  beginAttempt,
  buryRow,
  type ClaimedLane,
  claimLanes,
  delayRow,
  finishLanes,
  inboxQueue,
  type PendingRow,
} from './inbox-rows.ts';
import { exhaustion, expiry, judge, type Verdict } from './inbox-verdict.ts';
import { giveBackLanes, isLaneLost, type Lane, laneLost, startLaneWorker } from './lanes.ts';
import { onNudge } from './nudges.ts';
import { persist } from './persist.ts';
import { settlesWithin } from './settles-within.ts';
import type { SqlDatabase, SqlTransaction } from './sql.ts';
import { isDatabaseError, isUnavailable } from './sql-error.ts';
import { startWorkLoop } from './work-loop.ts';
import { type AllTimings, recordMs } from './work-options.ts';

/** What a worker is given beside its options. */
export interface InboxWorkerSetup<Native> {
  database: SqlDatabase<Native>;
  handler: InboxHandler<Native>;
  handleGroup: InboxWorkOptions<Native>['handleGroup'];
  terms: RetryTerms & { concurrency: number };
  timings: AllTimings;
  payloadMs: number;
  keepDeadMs: number;
  graceMs: number;
  dedupMs(source: string): number;
  onHandled: InboxWorkOptions<Native>['onHandled'];
  onFailure: InboxWorkOptions<Native>['onFailure'];
}

/** A running worker. */
export interface InboxWorker extends AsyncDisposable {
  nudge(): void;
}

/** A lane and the rows of it that this claim handles. */
interface Portion {
  readonly lane: Lane;
  rows: readonly PendingRow[];
  /** Its head was tried before: it runs alone, its attempt recorded first, so that a row that kills the process dies in the end. */
  readonly tried: boolean;
  /** The row after `rows` failed, by its own error. */
  failed?: { readonly pending: PendingRow; readonly error: unknown };
  released: boolean;
}

const maxGroup = 32;
const maxRegroups = 4;
/** Time that a group of rows should take: while it runs on a single connection, nobody else gets an answer. Milliseconds. */
const groupMs = { single: 15, pooled: 60 } as const;

/** Starts to handle rows. */
export async function startInboxWorker<Native>(setup: InboxWorkerSetup<Native>): Promise<InboxWorker> {
  const { database, handler, handleGroup, terms } = setup;
  const lanes = await startLaneWorker({
    database,
    queue: inboxQueue,
    giveBack: giveBackLanes,
    timings: setup.timings,
    onFreed: () => loop.nudge(),
  });
  let rowMs = 1;

  const loop = startWorkLoop({
    slots: terms.concurrency,
    pollMs: setup.timings.pollMs,
    pauseMs: 5,
    async step() {
      const limit = groupSize(rowMs, database.singleConnection);
      const claimed = await lanes.claim(() => claimLanes(database, lanes.id, limit));
      if (claimed.length === 0) return false;
      // More lanes may be due: let another slot look while this one works.
      const full = claimed.length === limit;
      if (full && terms.concurrency > 1) loop.nudge();
      const portions = claimed.map(portion);
      try {
        await handleTogether(portions.filter((own) => !own.tried && own.rows.length > 0));
        for (const own of portions) if (!own.released && !loop.stopping.aborted) await handleAlone(own);
      } finally {
        // The database is away, or the worker stops: what is left goes back as it is.
        const left = portions.filter((own) => !own.released).map((own) => own.lane);
        if (left.length > 0) lanes.abandon(left);
      }
      return full;
    },
  });
  const stopListening = onNudge(database, inboxQueue, loop.nudge);

  /**
   * Rows that were never tried share one transaction, so that its cost is paid once. Where one fails by its own error, the
   * others go again without it; where the database refused something, it may be another row's doing: then each goes alone.
   * Where `handleGroup` fails, nobody knows which row it was: they go again one by one.
   */
  async function handleTogether(portions: readonly Portion[]): Promise<void> {
    let atOnce = handleGroup !== undefined;
    for (let round = 0; round < maxRegroups; round += 1) {
      const rows = portions.flatMap((own) => own.rows);
      if (rows.length === 0) return;
      const whole = portions.filter((own) => own.failed === undefined);
      let current: PendingRow | undefined;
      try {
        const open = await database.transaction(async (trx) => {
          const started = performance.now();
          if (atOnce) await handleGroup?.(liveRows(rows), trx);
          for (const pending of atOnce ? [] : rows) {
            current = pending;
            if (!pending.expired) await handler(pending.row, trx);
            // PGlite answers in microtasks: let sockets and timers have their turn between rows.
            if (database.singleConnection) await new Promise(setImmediate);
          }
          current = undefined;
          rowMs = 0.8 * rowMs + (0.2 * (performance.now() - started)) / rows.length;
          return await end(trx, portions, whole, rows);
        });
        released(whole, open);
        for (const own of portions) own.rows = [];
        return tellEnded(rows);
      } catch (error) {
        if (isUnavailable(error) && (isOfDatabase(error) || (current === undefined && !atOnce))) throw error;
        if (atOnce) {
          atOnce = false;
          continue;
        }
        if (current === undefined || isDatabaseError(error)) return;
        exclude(portions, current, error);
      }
    }
  }

  /** One row, one transaction; a row that fails holds its lane until it may run again. */
  async function handleAlone(own: Portion): Promise<void> {
    for (const pending of own.rows) {
      const last = own.failed === undefined && pending === own.rows.at(-1);
      try {
        if (pending.row.attempt > terms.attempts) throw exhaustion();
        if (own.tried && !pending.expired) await begin(own.lane, pending.row);
        const open = await persist(() =>
          database.transaction(async (trx) => {
            if (!pending.expired) await handler(pending.row, trx);
            return await end(trx, [own], last ? [own] : [], [pending]);
          }),
        );
        released(last ? [own] : [], open);
        tellEnded([pending]);
      } catch (error) {
        return await settle(own, pending, error);
      }
      if (loop.stopping.aborted) return;
    }
    if (own.failed) await settle(own, own.failed.pending, own.failed.error);
    else if (!own.released) await finish(own, async () => undefined);
  }

  async function begin(lane: Lane, row: InboxRow): Promise<void> {
    const begun = await database.query(beginAttempt, [lane.key, lane.fence, lanes.id, row.seq, row.attempt]);
    if (begun.length === 0) throw laneLost('inbox');
  }

  /** Records how a row failed and gives its lane back. */
  async function settle(own: Portion, pending: PendingRow, error: unknown): Promise<void> {
    const { row } = pending;
    const verdict = judge(row, error, terms);
    const recorded = await finish(own, async (trx) => {
      if (verdict.next === 'dead') return await bury(trx, pending, verdict.reason);
      const attempts = verdict.next === 'postponed' ? row.attempt - 1 : row.attempt;
      await trx.query(delayRow, [row.seq, attempts, verdict.reason, verdict.delayMs]);
    });
    if (recorded) tellFailure(row, error, verdict.next);
  }

  /** Ends a claim with `record`. `false` if another worker has taken the lane over: then it is not recorded. */
  async function finish(
    own: Portion,
    record: (trx: SqlTransaction<Native>) => Promise<void>,
  ): Promise<boolean> {
    try {
      const open = await persist(
        () =>
          database.transaction(async (trx) => {
            await record(trx);
            return await end(trx, [own], [own], []);
          }),
        { untilUp: true, signal: loop.stopping },
      );
      released([own], open);
      return true;
    } catch (error) {
      if (!isLaneLost(error)) throw error;
      released([own], []);
      return false;
    }
  }

  /** Marks rows as ended and gives lanes back, if all that are held still are this worker's. */
  async function end(
    trx: SqlTransaction,
    held: readonly Portion[],
    release: readonly Portion[],
    rows: readonly PendingRow[],
  ): Promise<number[]> {
    for (const pending of rows) if (pending.expired) await bury(trx, pending, 'expired');
    const done = rows.filter((pending) => !pending.expired);
    return await finishLanes(trx, lanes.id, {
      held: held.map((own) => own.lane),
      release: release.map((own) => own.lane),
      done: done.map(({ row }) => ({ seq: row.seq, dedupMs: setup.dedupMs(row.source) })),
      payloadMs: setup.payloadMs,
    });
  }

  async function bury(trx: SqlTransaction, pending: PendingRow, reason: string): Promise<void> {
    await trx.query(buryRow, [pending.row.seq, pending.row.attempt, reason, setup.keepDeadMs]);
  }

  function released(portions: readonly Portion[], delaysMs: readonly number[]): void {
    lanes.forget(portions.map((own) => own.lane));
    for (const own of portions) own.released = true;
    for (const delayMs of delaysMs) loop.alarm(delayMs);
  }

  function tellEnded(rows: readonly PendingRow[]): void {
    for (const { row, expired } of rows) {
      if (expired) tellFailure(row, expiry(), 'dead');
      else tell(() => setup.onHandled?.(row));
    }
  }

  function tellFailure(row: InboxRow, error: unknown, next: Verdict['next']): void {
    tell(() => setup.onFailure?.({ row, error, next }));
  }

  return {
    nudge: loop.nudge,
    async [Symbol.asyncDispose]() {
      stopListening();
      await settlesWithin(loop[Symbol.asyncDispose](), setup.graceMs);
      await lanes.stop(recordMs(setup.graceMs));
    },
  };
}

/** What a claim handles: of a lane its untried rows, or its head alone if that was tried before. */
function portion({ lane, rows }: ClaimedLane): Portion {
  const due = takeWhile(rows, (pending) => pending.due);
  const untried = takeWhile(due, (pending) => !pending.tried);
  const tried = untried.length === 0 && due.length > 0;
  return { lane, rows: tried ? due.slice(0, 1) : untried, tried, released: false };
}

/** Takes a failed row, and what comes after it in its lane, out of a group. */
function exclude(portions: readonly Portion[], pending: PendingRow, error: unknown): void {
  const own = portions.find((candidate) => candidate.lane === pending.lane);
  if (own === undefined) return;
  own.rows = own.rows.slice(0, own.rows.indexOf(pending));
  own.failed = { pending, error };
}

function takeWhile<T>(list: readonly T[], holds: (item: T) => boolean): readonly T[] {
  const end = list.findIndex((item) => !holds(item));
  return end === -1 ? list : list.slice(0, end);
}

function groupSize(rowMs: number, singleConnection: boolean): number {
  const target = singleConnection ? groupMs.single : groupMs.pooled;
  return Math.max(1, Math.min(maxGroup, Math.round(target / Math.max(rowMs, 0.1))));
}

function liveRows(rows: readonly PendingRow[]): InboxRow[] {
  return rows.filter(({ expired }) => !expired).map(({ row }) => row);
}

/** A handler may fail by another store (Redis), which keeps back its own row only. */
function isOfDatabase(error: unknown): boolean {
  return !isCartieError(error) || error.service === 'postgres';
}

function tell(listener: () => void): void {
  try {
    listener();
  } catch {
    // Watching never breaks the work.
  }
}
