/** The simulated provider's time: waits are scaled, the calendar is not. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Epoch seconds, as providers write dates. */
  seconds(): number;
  /** How long a wait of `ms` simulated milliseconds really takes. */
  scaled(ms: number): number;
  /** Runs `task` after `ms` simulated milliseconds; the returned function cancels it. Does not keep the process alive. */
  after(ms: number, task: () => void): () => void;
  /** Cancels everything that waits. */
  clear(): void;
}

/** Creates a {@link Clock}. With `timeScale` 0.01 a wait of a minute takes 0.6 s. */
export function createClock(timeScale: number): Clock {
  const timers = new Set<NodeJS.Timeout>();
  return {
    now: () => Date.now(),
    seconds: () => Math.floor(Date.now() / 1000),
    scaled: (ms) => ms * timeScale,
    after(ms, task) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        task();
      }, ms * timeScale);
      timer.unref();
      timers.add(timer);
      return () => {
        clearTimeout(timer);
        timers.delete(timer);
      };
    },
    clear() {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}
