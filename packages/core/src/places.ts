import { CartieError } from './errors.ts';

/** A fixed number of places; who finds none waits in line. */
export interface Places {
  /** Takes a place at once, or waits for one. Rejects with the signal's reason, or `overloaded` if too many wait. */
  take(signal: AbortSignal): Promise<void> | undefined;
  /** Gives one place back. */
  free(): void;
}

const maxWaiting = 10_000;

/** Makes {@link Places}: `count` of them. */
export function createPlaces(count: number): Places {
  let taken = 0;
  let waiting = 0;
  // Those who gave up stay in line until it is their turn, and are passed over then.
  let line: { go: (() => void) | undefined }[] = [];
  let first = 0;
  return {
    take: (signal) => {
      if (taken < count) {
        taken++;
        return undefined;
      }
      if (waiting >= maxWaiting)
        throw new CartieError('overloaded', 'Too many calls of this client wait already');
      return new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const onAbort = (): void => {
          place.go = undefined;
          waiting--;
          reject(signal.reason);
        };
        const place = {
          go: (): void => {
            signal.removeEventListener('abort', onAbort);
            resolve();
          },
        } as (typeof line)[number];
        waiting++;
        line.push(place);
        signal.addEventListener('abort', onAbort, { once: true });
      });
    },
    free: () => {
      while (first < line.length) {
        const go = line[first++]?.go;
        if (first > 64 && 2 * first > line.length) [line, first] = [line.slice(first), 0];
        if (!go) continue;
        waiting--;
        go();
        return;
      }
      taken--;
    },
  };
}
