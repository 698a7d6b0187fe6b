import { settlesWithin } from './settles-within.ts';
import { defaultGraceMs, recordMs } from './work-options.ts';

/** Runs `step` every `everyMs` milliseconds, and again at once for as long as it finds a full chunk. */
export function startCleaner(everyMs: number, step: () => Promise<boolean>): AsyncDisposable {
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  let timer = setTimeout(tick, everyMs);

  function tick(): void {
    running = run();
  }

  async function run(): Promise<void> {
    try {
      while (!stopped && (await step())) await new Promise(setImmediate);
    } catch {
      // Nothing is lost by cleaning later.
    }
    if (!stopped) timer = setTimeout(tick, everyMs);
  }

  return {
    async [Symbol.asyncDispose]() {
      stopped = true;
      clearTimeout(timer);
      // A chunk of a database that does not answer is cleaned another time.
      await settlesWithin(running, recordMs(defaultGraceMs));
    },
  };
}
