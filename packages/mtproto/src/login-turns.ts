import { createDeadline } from '@cartie/core';
import { failed } from './errors.ts';
import type { LoginOptions } from './login.ts';

/** What is left of a step's time, and what else ends it. */
export interface StepTime {
  readonly signal: AbortSignal | undefined;
  /** From the moment at which it is asked. Milliseconds. */
  readonly deadlineMs: number;
}

/** Takes the steps of a login one after another: two clicks are not two logins. */
export interface LoginTurns {
  /** Waiting for its turn is a part of a step's time; a step whose time is over then is not taken. */
  take<T>(options: LoginOptions | undefined, step: (time: StepTime) => Promise<T>): Promise<T>;
}

/** Makes {@link LoginTurns}; `onIdle` is called when no step came for `idleMs`. */
export function createLoginTurns(defaults: {
  readonly deadlineMs: number;
  readonly idleMs: number;
  onIdle(): void;
}): LoginTurns {
  let last: Promise<unknown> = Promise.resolve();
  let idle: NodeJS.Timeout | undefined;

  return {
    async take({ deadlineMs = defaults.deadlineMs, signal } = {}, step) {
      clearTimeout(idle);
      const before = last;
      const turn = (async () => {
        const timeoutError = (): Error =>
          failed('timeout', 'The steps before did not end within `deadlineMs`', {
            operation: 'login',
            field: 'deadlineMs',
            outcome: 'not_executed',
          });
        const deadline = createDeadline({ deadlineMs, signal, timeoutError });
        try {
          await deadline.race(() => before);
          return await step({
            signal,
            get deadlineMs() {
              return Math.max(1, deadline.remainingMs());
            },
          });
        } finally {
          deadline.close();
        }
      })();
      // Who no longer waits for his turn makes nobody pass by those before.
      last = Promise.allSettled([before, turn]);
      try {
        return await turn;
      } finally {
        clearTimeout(idle);
        idle = setTimeout(defaults.onIdle, defaults.idleMs);
        idle.unref();
      }
    },
  };
}
