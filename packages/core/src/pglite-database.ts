import { commitListeners } from './commit-listeners.ts';
import { connectionGuard } from './single-connection.ts';
import type { SqlDatabase, SqlTransaction } from './sql.ts';
import { sqlError } from './sql-error.ts';

/** What is used of a transaction of PGlite. */
export interface PgliteTransaction {
  query(text: string, parameters?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** What is used of a `PGlite`. */
export interface Pglite<Native extends PgliteTransaction> extends PgliteTransaction {
  transaction<T>(work: (native: Native) => Promise<T>): Promise<T>;
}

/**
 * PostgreSQL inside this process, by PGlite. A transaction owns its only connection: inside one, use only `trx`.
 * One process at a time may open a PGlite folder.
 */
export function pgliteDatabase<Native extends PgliteTransaction>(
  pglite: Pglite<Native>,
): SqlDatabase<Native> {
  const guard = connectionGuard(true);
  return {
    singleConnection: true,
    assertOutsideTransaction: () => guard.check('a call'),
    async query<Row extends object>(text: string, parameters: readonly unknown[] = []) {
      guard.check('query');
      return await run<Row>(pglite, text, parameters);
    },
    async transaction(work) {
      guard.check('transaction');
      const listeners = commitListeners();
      const failure: { error?: unknown; thrown: boolean } = { thrown: false };
      try {
        const result = await pglite.transaction((native) =>
          guard.own(async () => {
            try {
              return await work({ ...pgliteTransaction(native), afterCommit: listeners.add });
            } catch (error) {
              failure.thrown = true;
              failure.error = error;
              throw error;
            }
          }),
        );
        listeners.run();
        return result;
      } catch (error) {
        throw failure.thrown ? failure.error : sqlError(error, 'transaction');
      }
    },
  };
}

/** A transaction that the app itself has begun on PGlite, for `outbox.add` and the like. */
export function pgliteTransaction<Native extends PgliteTransaction>(native: Native): SqlTransaction<Native> {
  return {
    native,
    query: <Row extends object>(text: string, parameters: readonly unknown[] = []) =>
      run<Row>(native, text, parameters),
  };
}

async function run<Row extends object>(
  target: PgliteTransaction,
  text: string,
  parameters: readonly unknown[],
): Promise<readonly Row[]> {
  try {
    return (await target.query(text, [...parameters])).rows as Row[];
  } catch (error) {
    throw sqlError(error, 'query');
  }
}
