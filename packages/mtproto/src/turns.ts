/** Lets so many go at a time; the others wait in line. */
export interface Turns {
  /** Waits for a turn; gives how to end it. Rejects with the signal's reason. */
  take(signal: AbortSignal): Promise<() => void>;
}

/** Makes {@link Turns}: `count` at a time. */
export function createTurns(count: number): Turns {
  const line = new Set<() => void>();
  let free = count;

  const end = (): void => {
    const [next] = line;
    if (next === undefined) {
      free += 1;
      return;
    }
    line.delete(next);
    next();
  };
  const turn = (): (() => void) => {
    let isOver = false;
    return () => {
      if (!isOver) end();
      isOver = true;
    };
  };

  return {
    take: (signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        if (free > 0) {
          free -= 1;
          resolve(turn());
          return;
        }
        const onAbort = (): void => {
          line.delete(go);
          reject(signal.reason);
        };
        const go = (): void => {
          signal.removeEventListener('abort', onAbort);
          resolve(turn());
        };
        line.add(go);
        signal.addEventListener('abort', onAbort, { once: true });
      }),
  };
}
