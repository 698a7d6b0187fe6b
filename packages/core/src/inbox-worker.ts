import { CartieError, isCartieError } from './errors.ts';
import { backoff, postponement, type RetryTerms, reasonOf } from './failure-plan.ts';
import type { InboxHandler, InboxRow, InboxWorkOptions } from './inbox.ts';
import {
  beginAttempt,
  buryRow,
  completeRows,
  countOwned,
  delayRow,
  inboxHead,
  inboxQueue,
  loadRows,
  type PendingRow,
} from './inbox-rows.ts';
import { type Lane, laneLost, type OpenLane, startLaneWorker } from './lanes.ts';
import { onNudge } from './nudges.ts';
import { persist } from './persist.ts';
import type { SqlDatabase, SqlTransaction } from './sql.ts';
import { isUnavailable } from './sql-error.ts';
import { startWorkLoop } from './work-loop.ts';
import type { AllTimings } from './work-options.ts';

/** What a worker is given beside its options. */
export interface InboxWorkerSetup<Native> {
  database: SqlDatabase<Native>;
  handler: InboxHandler<Native>;
  terms: RetryTerms & { concurrency: number };
  timings: AllTimings;
  payloadMs: number;
  keepDeadMs: number;
  dedupMs(source: string): number;
  onHandled: InboxWorkOptions['onHandled'];
  onFailure: InboxWorkOptions['onFailure'];
}

type Verdict =
  | { readonly next: 'dead'; readonly reason: string }
  | { readonly next: 'retry' | 'postponed'; readonly reason: string; readonly delayMs: number };

/** A running worker. */
export interface InboxWorker extends AsyncDisposable {
  nudge(): void;
}

const maxGroup = 32;
/** Time that a group of rows should take: while it runs on a single connection, nobody else gets an answer. Milliseconds. */
const groupMs = { single: 15, pooled: 60 } as const;

/** Starts to handle rows. */
export async function startInboxWorker<Native>(setup: InboxWorkerSetup<Native>): Promise<InboxWorker> {
  const { database, handler, terms } = setup;
  const lanes = await startLaneWorker({
    database,
    queue: inboxQueue,
    head: inboxHead,
    timings: setup.timings,
    onFreed: () => loop.nudge(),
  });
  let rowMs = 1;

  const loop = startWorkLoop({
    slots: terms.concurrency,
    pollMs: setup.timings.pollMs,
    pauseMs: 5,
    step: async () => {
      const limit = groupSize(rowMs, database.singleConnection);
      const claimed = await lanes.claim(limit);
      if (claimed.length === 0) return false;
      // More lanes may be due: let another slot look while this one works.
      if (claimed.length === limit && terms.concurrency > 1) loop.nudge();
      await handleLanes(claimed, limit);
      return claimed.length === limit;
    },
  });
  const stopListening = onNudge(database, inboxQueue, loop.nudge);

  async function handleLanes(claimed: readonly Lane[], limit: number): Promise<void> {
    let rows: PendingRow[];
    try {
      rows = await loadRows(database, claimed, Math.ceil(limit / claimed.length));
    } catch (error) {
      lanes.abandon(claimed);
      throw error;
    }
    const { group, alone } = plan(claimed, rows);
    const together = [...group.keys()];
    if (together.length > 0) {
      try {
        await handleGroup(together, [...group.values()].flat());
      } catch (error) {
        if (isUnavailable(error)) {
          lanes.abandon(claimed);
          throw error;
        }
        for (const [lane, own] of group) alone.set(lane, own);
      }
    }
    for (const [lane, own] of alone) {
      if (loop.stopping.aborted) lanes.abandon([lane]);
      else await handleAlone(lane, own, group.has(lane));
    }
  }

  /** Rows that have never failed share one transaction: what they and the claims cost is paid once. */
  async function handleGroup(held: readonly Lane[], rows: readonly PendingRow[]): Promise<void> {
    const expired = rows.filter((pending) => pending.expired);
    const live = rows.filter((pending) => !pending.expired);
    const open = await database.transaction(async (trx) => {
      const started = performance.now();
      for (const { row } of live) {
        await handler(row, trx);
        if (database.singleConnection) await new Promise(setImmediate);
      }
      if (live.length > 0) rowMs = 0.8 * rowMs + (0.2 * (performance.now() - started)) / live.length;
      await complete(trx, held, live);
      for (const pending of expired) await bury(trx, pending, 'expired');
      return await lanes.release(trx, held);
    });
    released(held, open);
    for (const { row } of live) tellHandled(row);
    for (const { row } of expired) tellFailure(row, expiry(), 'dead');
  }

  /** One row, one transaction; what fails holds its lane until it may run again. */
  async function handleAlone(lane: Lane, rows: readonly PendingRow[], counted: boolean): Promise<void> {
    if (rows.length === 0) return void (await finish(lane, async () => undefined));
    for (const [index, pending] of rows.entries()) {
      const last = index === rows.length - 1 || loop.stopping.aborted;
      const { row } = pending;
      let verdict: Verdict | undefined;
      let failure: unknown;
      try {
        if (pending.expired) throw expiry();
        if (row.attempt > terms.attempts) throw exhaustion();
        if (!counted) await begin(lane, row);
        const open = await persist(() =>
          database.transaction(async (trx) => {
            await handler(row, trx);
            await complete(trx, [lane], [pending]);
            return last ? await lanes.release(trx, [lane]) : undefined;
          }),
        );
        if (open) released([lane], open);
        tellHandled(row);
      } catch (error) {
        failure = error;
        verdict = judge(pending, error);
      }
      if (verdict) {
        if (await settle(lane, pending, verdict)) tellFailure(row, failure, verdict.next);
        return;
      }
      if (last) return;
    }
  }

  async function begin(lane: Lane, row: InboxRow): Promise<void> {
    const begun = await database.query(beginAttempt, [...lanes.owned([lane]), row.seq, row.attempt]);
    if (begun.length === 0) throw laneLost('inbox');
  }

  function judge({ row, expired }: PendingRow, error: unknown): Verdict {
    if (expired) return { next: 'dead', reason: 'expired' };
    if (row.attempt > terms.attempts) return { next: 'dead', reason: 'crashed' };
    const reason = reasonOf(error, 'handler_error');
    const delayMs = postponement(error);
    if (delayMs !== undefined) return { next: 'postponed', reason, delayMs };
    if (row.attempt >= terms.attempts) return { next: 'dead', reason };
    return { next: 'retry', reason, delayMs: backoff(row.attempt, terms) };
  }

  /** Records how a row failed and gives its lane back. `false` if another worker has taken the lane over. */
  async function settle(lane: Lane, pending: PendingRow, verdict: Verdict): Promise<boolean> {
    return await finish(lane, async (trx) => {
      const { seq, attempt } = pending.row;
      if (verdict.next === 'dead') return await bury(trx, pending, verdict.reason);
      const attempts = verdict.next === 'postponed' ? attempt - 1 : attempt;
      await trx.query(delayRow, [seq, attempts, verdict.reason, verdict.delayMs]);
    });
  }

  async function finish(
    lane: Lane,
    record: (trx: SqlTransaction<Native>) => Promise<void>,
  ): Promise<boolean> {
    try {
      const open = await persist(
        () =>
          database.transaction(async (trx) => {
            await assertOwned(trx, [lane]);
            await record(trx);
            return await lanes.release(trx, [lane]);
          }),
        { untilUp: true },
      );
      released([lane], open);
      return true;
    } catch (error) {
      if (isLost(error)) {
        lanes.forget([lane]);
        return false;
      }
      lanes.abandon([lane]);
      throw error;
    }
  }

  async function complete(
    trx: SqlTransaction,
    held: readonly Lane[],
    rows: readonly PendingRow[],
  ): Promise<void> {
    if (rows.length === 0) return await assertOwned(trx, held);
    const done = rows.map(({ row }) => ({ seq: row.seq, dedupMs: setup.dedupMs(row.source) }));
    const options = { lanes: held.length, payloadMs: setup.payloadMs };
    if ((await completeRows(trx, lanes.owned(held), done, options)) !== done.length) throw laneLost('inbox');
  }

  async function assertOwned(trx: SqlTransaction, held: readonly Lane[]): Promise<void> {
    if ((await countOwned(trx, lanes.owned(held))) !== held.length) throw laneLost('inbox');
  }

  async function bury(trx: SqlTransaction, pending: PendingRow, reason: string): Promise<void> {
    await trx.query(buryRow, [pending.row.seq, pending.row.attempt, reason, setup.keepDeadMs]);
  }

  function released(held: readonly Lane[], open: readonly OpenLane[]): void {
    lanes.forget(held);
    for (const { delayMs } of open) loop.alarm(delayMs);
  }

  function tellHandled(row: InboxRow): void {
    try {
      setup.onHandled?.(row);
    } catch {
      // Watching never breaks the work.
    }
  }

  function tellFailure(row: InboxRow, error: unknown, next: Verdict['next']): void {
    try {
      setup.onFailure?.({ row, error, next });
    } catch {
      // Watching never breaks the work.
    }
  }

  return {
    nudge: loop.nudge,
    async [Symbol.asyncDispose]() {
      stopListening();
      await loop[Symbol.asyncDispose]();
      await lanes[Symbol.asyncDispose]();
    },
  };
}

/** Rows at their first attempt go together; a lane whose head failed before, or whose holder died, goes alone, one row at a time. */
function plan(
  claimed: readonly Lane[],
  rows: readonly PendingRow[],
): { group: Map<Lane, PendingRow[]>; alone: Map<Lane, PendingRow[]> } {
  const group = new Map<Lane, PendingRow[]>();
  const alone = new Map<Lane, PendingRow[]>();
  for (const lane of claimed) {
    const own = rows.filter((pending) => pending.lane === lane);
    const fresh = own.findIndex((pending) => pending.tried || !pending.due);
    const first = own.slice(0, fresh === -1 ? own.length : fresh);
    if (first.length === 0) alone.set(lane, own.slice(0, own[0]?.due === false ? 0 : 1));
    else group.set(lane, first);
  }
  return { group, alone };
}

function groupSize(rowMs: number, singleConnection: boolean): number {
  const target = singleConnection ? groupMs.single : groupMs.pooled;
  return Math.max(1, Math.min(maxGroup, Math.round(target / Math.max(rowMs, 0.1))));
}

function expiry(): CartieError {
  return new CartieError('timeout', 'the update expired before it could be handled', {
    service: 'inbox',
    operation: 'handle',
    retryable: false,
    outcome: 'not_executed',
  });
}

function exhaustion(): CartieError {
  return new CartieError('timeout', 'the worker died each time it handled this update', {
    service: 'inbox',
    operation: 'handle',
    retryable: false,
  });
}

function isLost(error: unknown): boolean {
  return isCartieError(error) && error.code === 'conflict' && error.operation === 'fence';
}
