import { setTimeout as sleep } from 'node:timers/promises';

/** Options of {@link startWorkLoop}. */
export interface WorkLoopOptions {
  /** How many steps may run at the same time. */
  slots: number;
  /** How often a step runs without a nudge. Milliseconds. */
  pollMs: number;
  /** Least time between the starts of two steps of a slot, so that under load each finds more to do. Milliseconds. */
  pauseMs: number;
  /** Looks for work and does it. `true` if more may wait. Throws only where the database failed. */
  step(): Promise<boolean>;
}

/** Runs steps when nudged, when an alarm rings and now and then. */
export interface WorkLoop extends AsyncDisposable {
  /** There may be work: an idle slot looks, or the next one that becomes idle. */
  nudge(): void;
  /** Nudges after `delayMs` milliseconds. */
  alarm(delayMs: number): void;
  /** Aborts when the loop is told to stop. */
  readonly stopping: AbortSignal;
}

// Beyond these, polling is as good.
const maxAlarms = 1_000;
const maxAlarmMs = 60_000;
const maxPauseAfterErrorMs = 5_000;

/** Starts the loop; dispose of it to stop: no new step begins, those under way are waited for. */
export function startWorkLoop(options: WorkLoopOptions): WorkLoop {
  const stop = new AbortController();
  const idle: (() => void)[] = [];
  const alarms = new Set<NodeJS.Timeout>();
  let nudged = true;

  function nudge(): void {
    const wake = idle.pop();
    if (wake) wake();
    else nudged = true;
  }

  function nudges(): Promise<void> {
    if (nudged || stop.signal.aborted) {
      nudged = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => idle.push(resolve));
  }

  async function runSlot(): Promise<void> {
    let lastStart = Number.NEGATIVE_INFINITY;
    let failures = 0;
    while (!stop.signal.aborted) {
      await nudges();
      await pause(lastStart + options.pauseMs - performance.now(), stop.signal);
      if (stop.signal.aborted) return;
      lastStart = performance.now();
      try {
        if (await options.step()) nudge();
        failures = 0;
      } catch {
        failures += 1;
        await pause(Math.min(maxPauseAfterErrorMs, 50 * 2 ** failures), stop.signal);
        nudge();
      }
      // PGlite answers in microtasks: without this, a busy loop would keep sockets and timers waiting.
      await new Promise(setImmediate);
    }
  }

  const slots = Array.from({ length: options.slots }, runSlot);
  const poll = setInterval(nudge, options.pollMs);

  return {
    nudge,
    stopping: stop.signal,
    alarm(delayMs) {
      if (delayMs <= 0) return nudge();
      if (delayMs > maxAlarmMs || alarms.size >= maxAlarms || stop.signal.aborted) return;
      const timer = setTimeout(() => {
        alarms.delete(timer);
        nudge();
      }, Math.ceil(delayMs) + 1);
      alarms.add(timer);
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      clearInterval(poll);
      for (const timer of alarms) clearTimeout(timer);
      for (const wake of idle.splice(0)) wake();
      await Promise.all(slots);
    },
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return;
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
