import { AsyncLocalStorage } from 'node:async_hooks';
import { CartieError } from './errors.ts';

/** Watches the only connection of a database: who is inside a transaction on it must not ask the database itself. */
export interface ConnectionGuard {
  /** Throws `invalid_input` inside a running transaction's own async context. */
  check(operation: string): void;
  /** Runs `work` as the owner of the connection, until it settles. */
  own<T>(work: () => Promise<T>): Promise<T>;
}

/** A guard; one that lets everything through where the database has several connections. */
export function connectionGuard(singleConnection: boolean): ConnectionGuard {
  if (!singleConnection) return { check: () => undefined, own: (work) => work() };
  const owners = new AsyncLocalStorage<{ open: boolean }>();
  return {
    check(operation) {
      if (owners.getStore()?.open !== true) return;
      throw new CartieError(
        'invalid_input',
        `${operation} inside a transaction of the same database: the transaction owns the only connection, so this call would ` +
          'wait for itself for ever. Use the transaction that was handed to you (trx.query, trx.native), or call after it ends.',
        { service: 'postgres', operation },
      );
    },
    async own(work) {
      const owner = { open: true };
      try {
        return await owners.run(owner, work);
      } finally {
        // Work that was started inside but outlives the transaction may ask the database again.
        owner.open = false;
      }
    },
  };
}
