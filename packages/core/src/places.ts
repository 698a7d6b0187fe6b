import type { Breaker } from './breaker.ts';
import { CartieError } from './errors.ts';
import type { Place, Places } from './limiter.ts';

/** {@link Places} as the calls see them that wait for nothing else. */
export interface CallPlaces extends Places {
  take(): boolean;
  /** Waits in line until it has one. Rejects with the signal's reason, or with `overloaded` if too many wait. */
  wait(signal: AbortSignal): Promise<void>;
  /** Gives one place back. */
  free(): void;
}

/** One call's {@link Place}. */
export interface CallPlace extends Place {
  readonly isTaken: boolean;
  wait(signal: AbortSignal): Promise<void>;
  /** The call has ended: gives the place back, and takes none any more, however late a limiter lets the call go. */
  leave(): void;
}

const maxWaiting = 10_000;

/**
 * Makes `count` places. Those who wait are served in order. None is free while another call probes the circuit: who
 * took one then would use up its rate now and go later.
 */
export function createPlaces(count: number, breaker?: Breaker): CallPlaces {
  let taken = 0;
  let waiting = 0;
  // Those who gave up stay in line until it is their turn, and are passed over then.
  let line: { go: (() => void) | undefined }[] = [];
  let first = 0;
  let stopWatching: (() => void) | undefined;

  const isProbing = (): boolean => breaker?.state === 'half_open';
  const isFree = (): boolean => taken < count && !isProbing();
  const take = (): boolean => {
    if (!isFree()) return false;
    taken++;
    return true;
  };

  const serve = (): void => {
    while (first < line.length && isFree()) {
      const go = line[first++]?.go;
      if (first > 64 && 2 * first > line.length) [line, first] = [line.slice(first), 0];
      go?.();
    }
    // A probe by another client of a shared breaker frees no place here when it ends.
    if (first === line.length || !isProbing() || stopWatching) return;
    stopWatching = breaker?.onChange(() => {
      stopWatching?.();
      stopWatching = undefined;
      serve();
    });
  };

  const stand = (inLine: (typeof line)[number]): void => {
    line.push(inLine);
    serve();
  };

  return {
    get isFree() {
      return isFree();
    },
    take,
    whenFree: (go) => stand({ go }),
    wait: async (signal) => {
      if (take()) return;
      if (waiting >= maxWaiting)
        throw new CartieError('overloaded', 'Too many calls of this client wait already');
      await new Promise<void>((resolve, reject) => {
        signal.throwIfAborted();
        const onAbort = (): void => {
          inLine.go = undefined;
          waiting--;
          reject(signal.reason);
        };
        const inLine: (typeof line)[number] = {
          go: () => {
            taken++;
            waiting--;
            signal.removeEventListener('abort', onAbort);
            resolve();
          },
        };
        waiting++;
        signal.addEventListener('abort', onAbort, { once: true });
        stand(inLine);
      });
    },
    free: () => {
      taken--;
      serve();
    },
  };
}

/** What one call takes of `places`. */
export function createPlace(places: CallPlaces): CallPlace {
  let isTaken = false;
  let hasLeft = false;
  const free = (): void => {
    if (!isTaken) return;
    isTaken = false;
    places.free();
  };
  return {
    of: places,
    get isTaken() {
      return isTaken;
    },
    take: () => {
      if (!hasLeft && !isTaken) isTaken = places.take();
      return isTaken;
    },
    free,
    wait: async (signal) => {
      await places.wait(signal);
      isTaken = true;
    },
    leave: () => {
      hasLeft = true;
      free();
    },
  };
}
