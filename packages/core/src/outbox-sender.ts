import { setTimeout as sleep } from 'node:timers/promises';
import { createBatcher } from './batcher.ts';
import { CartieError } from './errors.ts';
import type { RetryTerms } from './failure-plan.ts';
import { type Lane, startLaneWorker } from './lanes.ts';
import { onNudge } from './nudges.ts';
import type { OutboxRow, OutboxWorkOptions, Sender, SendResult } from './outbox.ts';
import { outcomeOf, outcomeWithoutCall } from './outbox-outcome.ts';
import {
  giveBackMessages,
  outboxQueue,
  releaseLanes,
  type Settlement,
  settleRows,
  type TakenRow,
  takeLanes,
} from './outbox-rows.ts';
import { persist } from './persist.ts';
import { settlesWithin } from './settles-within.ts';
import type { SqlDatabase } from './sql.ts';
import { isCollision, isUnavailable } from './sql-error.ts';
import { startWorkLoop } from './work-loop.ts';
import { type AllTimings, defaultGraceMs, recordMs } from './work-options.ts';

/** What a sender is given beside its options. */
export interface OutboxSenderSetup<Native> {
  database: SqlDatabase<Native>;
  /** In its stored form. */
  topic: string;
  sender: Sender;
  terms: RetryTerms & { concurrency: number; batchSize: number };
  timings: AllTimings;
  options: OutboxWorkOptions<Native>;
}

/** A running sender of one topic. */
export interface OutboxSender extends AsyncDisposable {
  nudge(): void;
}

/** How one claim of a lane ended: its rows' settlements, then its release. */
interface Ending {
  readonly lane: Lane;
  readonly settlements: readonly Settlement[];
  readonly errors: ReadonlyMap<number, unknown>;
  /** `false` once the app's `onSettled` has failed too often: the row must not stay `sending` for its sake. */
  readonly withHook: boolean;
}

interface Ended {
  /** The rows that this settled. */
  readonly rows: readonly Settlement[];
  /** When the next rows of lanes may start: milliseconds from now. */
  readonly delaysMs: readonly number[];
}

const hookTries = 4;

/** Starts to send the messages of one topic. */
export async function startOutboxSender<Native>(setup: OutboxSenderSetup<Native>): Promise<OutboxSender> {
  const { database, topic, sender, terms, options } = setup;
  const underWay = new Set<Promise<void>>();
  const calling = new Set<Promise<unknown>>();
  const unrecorded = new Set<Ending>();
  const calls = new AbortController();
  const gaveUp = new AbortController();
  const lanes = await startLaneWorker({
    database,
    queue: outboxQueue(topic),
    giveBack: giveBackMessages,
    timings: setup.timings,
    onFreed: () => loop.nudge(),
  });
  const settler = createBatcher<Ending, Ended>({
    maxWeight: 64,
    weigh: (ending) => ending.settlements.length,
    splits: (error) => !isUnavailable(error) && !isCollision(error),
    run: (endings) => persist(() => settleTogether(endings)),
  });
  // One slot that claims for all calls: the statements before a call are shared by all that start together.
  const loop = startWorkLoop({ slots: 1, pollMs: setup.timings.pollMs, pauseMs: 5, step: takeUp });
  const stopListening = onNudge(database, outboxQueue(topic), loop.nudge);

  async function takeUp(): Promise<boolean> {
    const limit = terms.concurrency - underWay.size;
    if (limit <= 0) return false; // the end of a call nudges
    const { batchSize } = terms;
    const taken = await lanes.claim(() => takeLanes(database, topic, lanes.id, { limit, batchSize }));
    // Told to stop meanwhile: what was claimed is given back unsent.
    if (loop.stopping.aborted) lanes.abandon(taken.map(({ lane }) => lane));
    for (const { lane, rows } of loop.stopping.aborted ? [] : taken) {
      const work = handle(lane, rows).finally(() => {
        underWay.delete(work);
        loop.nudge();
      });
      underWay.add(work);
    }
    return taken.length === limit;
  }

  async function handle(lane: Lane, rows: readonly TakenRow[]): Promise<void> {
    const begun = rows.filter((taken) => taken.state === 'begun');
    const results = begun.length === 0 ? [] : await noted(send(begun));
    const errors = new Map<number, unknown>();
    const settlements = rows.map((taken) => {
      const index = begun.indexOf(taken);
      if (index === -1) return outcomeWithoutCall(taken, terms);
      const result = results[index] ?? { error: new TypeError('sendBatch gave too few results') };
      if ('error' in result) errors.set(taken.row.seq, result.error);
      return outcomeOf(taken, result, terms);
    });
    await end({ lane, settlements, errors, withHook: options.onSettled !== undefined });
  }

  async function noted<T>(call: Promise<T>): Promise<T> {
    calling.add(call);
    try {
      return await call;
    } finally {
      calling.delete(call);
    }
  }

  async function send(rows: readonly TakenRow[]): Promise<readonly SendResult[]> {
    const messages = rows.map((taken) => taken.row);
    const context = { signal: calls.signal };
    try {
      if (sender.sendBatch) return await sender.sendBatch(messages, context);
      const results: SendResult[] = [];
      for (const message of messages) results.push({ result: await sender.send?.(message, context) });
      return results;
    } catch (error) {
      return messages.map(() => ({ error }));
    }
  }

  /** Records how calls ended, whatever it takes: the calls are made and are never repeated for the record's sake. */
  async function end(ending: Ending): Promise<void> {
    let tries = 0;
    let last = ending;
    unrecorded.add(ending);
    while (!gaveUp.signal.aborted) {
      try {
        const { rows, delaysMs } = await settler.add(last);
        unrecorded.delete(ending);
        lanes.forget([ending.lane]);
        for (const delayMs of delaysMs) loop.alarm(delayMs);
        for (const { row } of rows) tell(row, ending.errors);
        return;
      } catch (error) {
        if (isUnavailable(error) || isCollision(error)) {
          await pause(1_000 * Math.random());
          continue;
        }
        tries += 1;
        for (const { row } of ending.settlements) report(row, error);
        if (tries === hookTries) last = { ...ending, withHook: false };
        await pause(Math.min(5_000, 20 * 4 ** tries) * Math.random());
      }
    }
  }

  async function pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: gaveUp.signal }).catch(() => undefined);
  }

  async function settleTogether(endings: readonly Ending[]): Promise<readonly Ended[]> {
    const all = endings.flatMap((ending) => ending.settlements);
    return await database.transaction(async (trx) => {
      const settled = all.length === 0 ? new Set<number>() : await settleRows(trx, all);
      for (const { withHook, settlements } of endings) {
        if (!withHook) continue;
        for (const { row } of settlements) if (settled.has(row.seq)) await options.onSettled?.(row, trx);
      }
      // Lanes last, as in the app's own transactions that add messages: nobody waits for another in a circle.
      const held = endings.map((ending) => ending.lane);
      const delaysMs = await releaseLanes(trx, topic, lanes.id, held);
      return endings.map(({ settlements }, index) => ({
        rows: settlements.filter(({ row }) => settled.has(row.seq)),
        delaysMs: index === 0 ? delaysMs : [],
      }));
    });
  }

  function tell(row: OutboxRow, errors: ReadonlyMap<number, unknown>): void {
    if (errors.has(row.seq)) report(row, errors.get(row.seq));
    try {
      options.onChange?.(row);
    } catch {
      // Watching never breaks the work.
    }
  }

  function report(row: OutboxRow, error: unknown): void {
    try {
      options.onFailure?.({ row, error });
    } catch {
      // Watching never breaks the work.
    }
  }

  return {
    nudge: loop.nudge,
    async [Symbol.asyncDispose]() {
      const graceMs = options.graceMs ?? defaultGraceMs;
      stopListening();
      const ended = loop[Symbol.asyncDispose](); // from here on no call begins
      if (!(await settlesWithin(Promise.all(calling), graceMs))) calls.abort(stopped());
      const lastAt = performance.now() + recordMs(graceMs);
      const recorded = ended.then(() => Promise.all(underWay));
      if (!(await settlesWithin(recorded, recordMs(graceMs)))) giveUp();
      await lanes.stop(Math.max(0, lastAt - performance.now()));
    },
  };

  /** Whoever takes these rows up finds them `sending`, as after a crash. */
  function giveUp(): void {
    gaveUp.abort();
    for (const { settlements } of unrecorded) for (const { row } of settlements) report(row, notRecorded());
  }
}

function notRecorded(): CartieError {
  return new CartieError('storage_error', 'the sender stopped before the database took how this call ended', {
    service: 'outbox',
    operation: 'settle',
  });
}

function stopped(): CartieError {
  return new CartieError('timeout', 'the sender was told to stop and the call did not end in time', {
    service: 'outbox',
    operation: 'send',
  });
}
