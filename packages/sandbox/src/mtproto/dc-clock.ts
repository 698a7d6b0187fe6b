/** The DC's time: it may be wrong on purpose, and its waits may be scaled. */
export interface DcClock {
  /** Epoch milliseconds, skew included. */
  now(): number;
  /** Epoch seconds, skew included. */
  seconds(): number;
  /** How long a wait of `ms` of the DC really takes. */
  scaled(ms: number): number;
  skewMs: number;
}

/** Creates a {@link DcClock} without skew. */
export function createDcClock(timeScale: number): DcClock {
  const clock: DcClock = {
    skewMs: 0,
    now: () => Date.now() + clock.skewMs,
    seconds: () => Math.floor(clock.now() / 1000),
    scaled: (ms) => ms * timeScale,
  };
  return clock;
}
