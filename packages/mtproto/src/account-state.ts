import type { CartieError } from '@cartie/core';
import { failed } from './errors.ts';
import type { MtprotoState, MtprotoStateReason } from './types.ts';

type StateListener = (state: MtprotoState, previous: MtprotoState) => void;

/** An account's state, and those who wait for another one. */
export interface StateHolder {
  readonly current: MtprotoState;
  set(name: MtprotoState['name'], reason?: MtprotoStateReason, retryInMs?: number): void;
  /** Something that is waited for has changed, though the state has not. */
  lookAgain(): void;
  /**
   * Waits until `find` gives something; it is asked now and after each change. Rejects with what it throws, or with the
   * signal's reason.
   */
  waitFor<T>(find: (state: MtprotoState) => T | undefined, signal: AbortSignal): Promise<T>;
  onChange(listener: StateListener): void;
}

/** Makes a {@link StateHolder}: `stopped`. */
export function createStateHolder(): StateHolder {
  const listeners = new Set<StateListener>();
  const waiters = new Set<() => void>();
  let current: MtprotoState = { name: 'stopped', reason: 'stopped', since: Date.now() };

  function lookAgain(): void {
    for (const look of waiters) look();
  }

  return {
    get current() {
      return current;
    },
    set(name, reason, retryInMs) {
      const isSame = current.name === name && current.reason === reason;
      if (isSame && retryInMs === undefined) return;
      const previous = current;
      const now = Date.now();
      current = {
        name,
        ...(reason && { reason }),
        since: isSame ? previous.since : now,
        ...(retryInMs !== undefined && { retryAt: now + retryInMs }),
      };
      for (const listener of listeners) listener(current, previous);
      lookAgain();
    },
    lookAgain,
    waitFor: (find, signal) =>
      new Promise((resolve, reject) => {
        const finish = (act: () => void): void => {
          waiters.delete(look);
          signal.removeEventListener('abort', onAbort);
          act();
        };
        const look = (): void => {
          try {
            const found = find(current);
            if (found !== undefined) finish(() => resolve(found));
          } catch (error) {
            finish(() => reject(error));
          }
        };
        const onAbort = (): void => finish(() => reject(signal.reason));
        signal.throwIfAborted();
        signal.addEventListener('abort', onAbort, { once: true });
        waiters.add(look);
        look();
      }),
    onChange: (listener) => void listeners.add(listener),
  };
}

/** Will the account never be ready without a person? @throws CartieError */
export function throwIfHopeless(state: MtprotoState): void {
  throwIfStopped(state);
  if (state.name === 'login_required') throw failed('unauthorized', 'The account must log in first');
  if (state.name === 'failed') throw failed('unauthorized', 'The account has failed: its state tells why');
  throwIfElsewhere(state);
}

/** Has the account been stopped? @throws CartieError */
export function throwIfStopped(state: MtprotoState): void {
  if (state.name !== 'stopped') return;
  throw failed('connection_failed', 'The account is stopped', { outcome: 'not_executed', retryable: false });
}

/** Has another process the account? @throws CartieError */
export function throwIfElsewhere(state: MtprotoState): void {
  if (state.name === 'waiting' && state.reason === 'owned_elsewhere') throw ownedElsewhere();
}

/** Another process has the account. */
export function ownedElsewhere(): CartieError {
  return failed('conflict', 'Another process has this account', { retryable: true });
}
