import { commitListeners } from './commit-listeners.ts';
import { limitIdle } from './idle-transactions.ts';
import { connectionGuard } from './single-connection.ts';
import type { SqlDatabase, SqlTransaction } from './sql.ts';
import { sqlError } from './sql-error.ts';

/** A statement as Kysely takes it. */
export interface KyselyRawQuery {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly query: {
    readonly kind: 'RawNode';
    readonly sqlFragments: readonly string[];
    readonly parameters: readonly never[];
  };
  readonly queryId: { readonly queryId: string };
}

/** What is used of a `Kysely` or a transaction of it. */
export interface KyselyExecutor {
  executeQuery(query: KyselyRawQuery): Promise<{ rows: unknown[] }>;
  withoutPlugins(): { executeQuery(query: KyselyRawQuery): Promise<{ rows: unknown[] }> };
}

/** What is used of a `Kysely`. */
export interface KyselyLike<Native extends KyselyExecutor> extends KyselyExecutor {
  transaction(): {
    setIsolationLevel(level: 'read committed'): {
      execute<T>(work: (native: Native) => Promise<T>): Promise<T>;
    };
  };
  getExecutor(): { readonly adapter: object };
}

/** Options of {@link kyselyDatabase}. */
export interface KyselyDatabaseOptions {
  /** Does a transaction own the only connection? @default true where Kysely's own PGlite dialect is used */
  singleConnection?: boolean | undefined;
  /**
   * PostgreSQL ends a transaction that does nothing for this long: otherwise a process that hangs, or whose network is
   * gone, holds its locks for hours. Milliseconds; `false` where the pool has `idle_in_transaction_session_timeout`, which
   * saves a statement in each transaction. @default 20000
   */
  idleTransactionMs?: number | false | undefined;
}

/**
 * PostgreSQL or PGlite through Kysely. Your plugins (camel case and others) do not touch our statements. On PGlite,
 * run the app's statements inside a transaction on its `native`, never on the outer Kysely: that would wait for itself for ever.
 * On PostgreSQL, make its pool with `guardPool`.
 */
export function kyselyDatabase<Native extends KyselyExecutor>(
  kysely: KyselyLike<Native>,
  options: KyselyDatabaseOptions = {},
): SqlDatabase<Native> {
  const singleConnection =
    options.singleConnection ?? kysely.getExecutor().adapter.constructor.name === 'PGliteAdapter';
  const guard = connectionGuard(singleConnection);
  const { idleTransactionMs } = options;
  const idleLimit =
    singleConnection || idleTransactionMs === false ? undefined : limitIdle(idleTransactionMs);
  const plain = kysely.withoutPlugins();
  return {
    singleConnection,
    assertOutsideTransaction: () => guard.check('a call'),
    async query<Row extends object>(text: string, parameters: readonly unknown[] = []) {
      guard.check('query');
      return await run<Row>(plain, text, parameters);
    },
    async transaction(work) {
      guard.check('transaction');
      const listeners = commitListeners();
      const failure: { error?: unknown; thrown: boolean } = { thrown: false };
      try {
        const result = await kysely
          .transaction()
          .setIsolationLevel('read committed')
          .execute((native) =>
            guard.own(async () => {
              try {
                const trx = kyselyTransaction(native);
                if (idleLimit) await trx.query(idleLimit);
                return await work({ ...trx, afterCommit: listeners.add });
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

/** A transaction that the app itself has begun with Kysely, for `outbox.add` and the like. */
export function kyselyTransaction<Native extends KyselyExecutor>(native: Native): SqlTransaction<Native> {
  const plain = native.withoutPlugins();
  return {
    native,
    query: <Row extends object>(text: string, parameters: readonly unknown[] = []) =>
      run<Row>(plain, text, parameters),
  };
}

async function run<Row extends object>(
  target: Pick<KyselyExecutor, 'executeQuery'>,
  sql: string,
  parameters: readonly unknown[],
): Promise<readonly Row[]> {
  try {
    const result = await target.executeQuery({
      sql,
      parameters,
      query: { kind: 'RawNode', sqlFragments: [sql], parameters: [] },
      queryId: { queryId: 'cartie' },
    });
    return result.rows as Row[];
  } catch (error) {
    throw sqlError(error, 'query');
  }
}
