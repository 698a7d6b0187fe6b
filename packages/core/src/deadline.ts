/** The longest time that a timer of the platform can wait. Milliseconds. */
export const maxTimerMs: number = 2 ** 31 - 1;

/** Ends everything that one call waits for: at its deadline, at an attempt's own limit, and when the caller aborts. */
export interface Deadline {
  /** Aborts when what is waited for now ends early. After an attempt's own limit there is a new one. */
  readonly signal: AbortSignal;
  /** Set once the whole call has ended early: the deadline's error or the caller's reason. */
  readonly ended: { readonly reason: unknown; readonly byCaller: boolean } | undefined;
  /** Milliseconds; 0 once it has passed. */
  remainingMs(): number;
  /** Settles as `work` does, or rejects when the call ends or `limitMs` is over, even if `work` never settles. */
  race<T>(work: (signal: AbortSignal) => Promise<T>, limitMs?: number): Promise<T>;
  /** Clears the timer and removes the listener. */
  close(): void;
}

/** What a {@link Deadline} is made of. */
export interface DeadlineOptions {
  deadlineMs: number;
  /** The caller's. */
  signal?: AbortSignal | undefined;
  /** The error for a limit that has passed, asked at that moment. */
  timeoutError: (limit: 'attempt' | 'deadline') => Error;
}

/**
 * Starts a deadline. There is one timer and one listener on the caller's signal, however many attempts the call has:
 * `AbortSignal.any` and `AbortSignal.timeout` cost more and leave work for the collector on a long-lived signal.
 *
 * @throws the signal's reason if it has aborted already
 */
export function createDeadline({ deadlineMs, signal, timeoutError }: DeadlineOptions): Deadline {
  signal?.throwIfAborted();
  const endsAt = performance.now() + deadlineMs;
  let controller: AbortController | undefined;
  let ended: Deadline['ended'];
  let rejectRace: ((reason: unknown) => void) | undefined;
  let timer: NodeJS.Timeout | undefined;

  const remainingMs = (): number => Math.max(0, endsAt - performance.now());
  const stop = (reason: unknown): void => {
    controller?.abort(reason);
    rejectRace?.(reason);
  };
  const end = (reason: unknown, byCaller: boolean): void => {
    ended ??= { reason, byCaller };
    stop(reason);
  };
  const arm = (ms: number, onTimeout: () => void): void => {
    clearTimeout(timer);
    timer = setTimeout(onTimeout, Math.min(Math.ceil(ms), maxTimerMs));
  };
  const armDeadline = (): void => arm(remainingMs(), () => end(timeoutError('deadline'), false));
  const onAbort = (): void => end(signal?.reason, true);
  const currentSignal = (): AbortSignal => {
    if (!controller || (controller.signal.aborted && !ended)) controller = new AbortController();
    if (ended && !controller.signal.aborted) controller.abort(ended.reason);
    return controller.signal;
  };

  armDeadline();
  signal?.addEventListener('abort', onAbort, { once: true });

  return {
    get signal() {
      return currentSignal();
    },
    get ended() {
      return ended;
    },
    remainingMs,
    race: (work, limitMs) =>
      new Promise((resolve, reject) => {
        if (ended) throw ended.reason;
        const limited = limitMs !== undefined && limitMs < remainingMs();
        if (limited) arm(limitMs, () => stop(timeoutError('attempt')));
        const settle = (): void => {
          if (rejectRace !== rejectThis) return;
          rejectRace = undefined;
          if (limited && !ended) armDeadline();
        };
        const rejectThis = (reason: unknown): void => {
          settle();
          reject(reason);
        };
        rejectRace = rejectThis;
        work(currentSignal()).then((value) => {
          settle();
          resolve(value);
        }, rejectThis);
      }),
    close: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    },
  };
}

/** Waits `ms` milliseconds. Rejects with the signal's reason as soon as it aborts. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(
      () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      },
      Math.min(ms, maxTimerMs),
    );
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
