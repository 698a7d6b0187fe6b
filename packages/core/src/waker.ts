import type { JobQueue } from './job-queue.ts';

/** Wakes the workers of other processes through a queue engine. */
export interface Waker {
  /** Work was committed. Never throws and never waits: who is not woken finds the work by polling. */
  wake(): void;
}

// A worker that is awake stays awake while it finds work, so more wake-ups than this only cost.
const intervalMs = 100;

/** A waker of `queue`: one job at once, then at most one each 100 ms however many rows are written. */
export function createWaker(jobs: JobQueue | undefined, queue: string): Waker {
  if (jobs === undefined) return { wake: () => undefined };
  let resting = false;
  let again = false;

  function send(): void {
    resting = true;
    again = false;
    const rest = new Promise((resolve) => setTimeout(resolve, intervalMs).unref());
    const sent = jobs?.send(queue, {}, { id: queue }).catch(() => undefined); // a lost wake-up costs at most a polling interval
    // An engine that is away answers late: what is sent meanwhile would only pile up.
    void Promise.all([rest, sent]).then(() => {
      resting = false;
      if (again) send();
    });
  }

  return {
    wake() {
      if (resting) again = true;
      else send();
    },
  };
}

/** The queue engine's name for the wake-ups of `queue`: letters, digits, `.`, `-` and `_` only, which every engine takes. */
export function wakeQueue(queue: string): string {
  return `cartie.${queue.replaceAll(/[^\w.-]/g, (character) => `_${character.codePointAt(0)?.toString(16)}_`)}`;
}
