/** Which events go to Meta together. */
export interface Gathering {
  /** Takes an event in; the first one waits for those that come after it. */
  join(id: string): Place;
  /** An event that was to wait for others is not there after all. */
  leave(id: string): void;
}

/** What an event found when it joined. */
export interface Place {
  /** Milliseconds to wait for others. Behind an event that waits there is none: the order holds it back. */
  readonly delayMs: number;
  /** Set by the event that fills the batch: the id of the first one, which need not wait any longer. */
  readonly fills: string | undefined;
}

/** Creates a {@link Gathering}: batches of `size`, whose first event waits `maxWaitMs`. */
export function createGathering(size: number, maxWaitMs: number): Gathering {
  let batch = { first: '', endsAt: 0, count: 0 };
  return {
    join(id) {
      const now = performance.now();
      const opens = now >= batch.endsAt;
      if (opens) batch = { first: id, endsAt: now + maxWaitMs, count: 0 };
      batch.count += 1;
      const isFull = batch.count >= size;
      if (isFull) batch.endsAt = 0;
      return { delayMs: opens && !isFull ? maxWaitMs : 0, fills: isFull && !opens ? batch.first : undefined };
    },
    leave(id) {
      if (id === batch.first) batch.endsAt = 0;
    },
  };
}
