import type { LimitKey, Place, Places } from './limiter.ts';

/** A call that waits for a limiter. */
export interface Waiter {
  /** Its place in the order of arrival. */
  readonly turn: number;
  readonly limits: readonly LimitKey[];
  readonly place: Place | undefined;
  /** After this it has no use for a place. */
  readonly latestAt: number;
  /** Lets it go, or refuses it. */
  readonly settle: (refusal?: { reason: unknown }) => void;
  isSettled: boolean;
}

/** Waiters with the same keys and places, in order: only the first of them can be next. */
export interface Lane {
  readonly id: string;
  readonly places: Places | undefined;
  waiters: Waiter[];
  /** Where the first that still waits may be found; those before it are settled. */
  first: number;
  /** How many gave up since the last clean-up. */
  aborted: number;
}

/** Makes a lane without waiters. */
export function createLane(id: string, places: Places | undefined): Lane {
  return { id, places, waiters: [], first: 0, aborted: 0 };
}

/** The first that still waits. Costs O(1) over the lane's life, however long it grows. */
export function firstOf(lane: Lane): Waiter | undefined {
  while (lane.waiters[lane.first]?.isSettled) lane.first++;
  if (lane.first > 64 && 2 * lane.first > lane.waiters.length) {
    lane.waiters.splice(0, lane.first);
    lane.first = 0;
  }
  return lane.waiters[lane.first];
}

/** Notes that one gave up, and frees the memory of those who did once they are the most. */
export function dropAborted(lane: Lane): void {
  lane.aborted++;
  if (lane.aborted < 64 || 2 * lane.aborted < lane.waiters.length) return;
  lane.waiters = lane.waiters.filter((waiter) => !waiter.isSettled);
  lane.first = 0;
  lane.aborted = 0;
}
