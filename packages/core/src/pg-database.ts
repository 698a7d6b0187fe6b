import { commitListeners } from './commit-listeners.ts';
import { CartieError } from './errors.ts';
import { limitIdle } from './idle-transactions.ts';
import type { SqlDatabase, SqlTransaction } from './sql.ts';
import { sqlError } from './sql-error.ts';

/** What is used of a client of `pg`. */
export interface PgClient {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
  release(error?: Error | boolean): void;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
}

/** What is used of a `Pool` of `pg`. */
export interface PgPool {
  connect(): Promise<PgClient>;
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  listenerCount(event: 'error'): number;
}

/** What is used of a `Pool` of `pg` by {@link guardPool}. */
export interface PgEmitter {
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'connect', listener: (client: Pick<PgClient, 'on'>) => void): unknown;
}

/** Options of {@link pgDatabase}. */
export interface PgDatabaseOptions {
  /**
   * PostgreSQL ends a transaction that does nothing for this long: otherwise a process that hangs, or whose network is
   * gone, holds its locks for hours. Milliseconds. @default 20000
   */
  idleTransactionMs?: number | undefined;
}

/** The client that a pool hands out. */
export type PgClientOf<Pool extends PgPool> = Pool['connect'] extends {
  (): Promise<infer Client>;
  (callback: never): void;
}
  ? Client
  : Awaited<ReturnType<Pool['connect']>>;

/**
 * PostgreSQL through a `Pool` of `pg`. Works behind PgBouncer: no statement is named. The pool stays yours to end.
 *
 * ```ts
 * const database = pgDatabase(new Pool({ connectionString }));
 * ```
 */
export function pgDatabase<Pool extends PgPool>(
  pool: Pool,
  options: PgDatabaseOptions = {},
): SqlDatabase<PgClientOf<Pool>> {
  if (typeof pool?.connect !== 'function' || typeof pool.listenerCount !== 'function') {
    throw new CartieError(
      'invalid_config',
      'pool must be a `Pool` of `pg`: new pg.Pool({ connectionString })',
      {
        field: 'pool',
      },
    );
  }
  const begin = `begin isolation level read committed; ${limitIdle(options.idleTransactionMs)}`;
  // An idle connection that breaks makes the pool emit `error`; without any listener that ends the process.
  if (pool.listenerCount('error') === 0) pool.on('error', ignore);
  return {
    singleConnection: false,
    async query<Row extends object>(text: string, parameters: readonly unknown[] = []) {
      try {
        return (await pool.query(text, [...parameters])).rows as Row[];
      } catch (error) {
        throw sqlError(error, 'query');
      }
    },
    transaction: (work) => runTransaction(pool, begin, work),
  };
}

/**
 * Keeps a broken connection from ending the process. A client of `pg` that loses its connection while it is in use emits
 * `error`, and nobody listens: `pgDatabase` does, Kysely and your own transactions do not. Call it right after `new Pool`.
 *
 * ```ts
 * const kysely = new Kysely({ dialect: new PostgresDialect({ pool: guardPool(new Pool({ connectionString })) }) });
 * ```
 */
export function guardPool<Pool extends PgEmitter>(pool: Pool): Pool {
  pool.on('error', ignore);
  pool.on('connect', (client) => client.on('error', ignore));
  return pool;
}

/** A transaction that the app itself has begun on a client of `pg`, for `outbox.add` and the like. */
export function pgTransaction<Client extends Pick<PgClient, 'query'>>(
  client: Client,
): SqlTransaction<Client> {
  return {
    native: client,
    async query<Row extends object>(text: string, parameters: readonly unknown[] = []) {
      try {
        return (await client.query(text, [...parameters])).rows as Row[];
      } catch (error) {
        throw sqlError(error, 'query');
      }
    },
  };
}

async function runTransaction<Pool extends PgPool, T>(
  pool: Pool,
  begin: string,
  work: (trx: SqlTransaction<PgClientOf<Pool>>) => Promise<T>,
): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw sqlError(error, 'connect', 'not_executed');
  });
  client.on('error', ignore);
  const listeners = commitListeners();
  let broken: Error | boolean = false;
  try {
    await statement(client, begin, 'begin', 'not_executed').catch((error: unknown) => {
      // It may have begun all the same: whoever got this connection next would write into that transaction.
      broken = true;
      throw error;
    });
    let result: T;
    try {
      result = await work({
        ...pgTransaction(client as PgClientOf<Pool> & PgClient),
        afterCommit: listeners.add,
      });
    } catch (error) {
      broken = await client.query('rollback').then(
        () => false,
        () => true,
      );
      throw error;
    }
    // PostgreSQL answers COMMIT of an aborted transaction with the tag ROLLBACK, not with an error.
    const committed = await statement(client, 'commit', 'commit').catch((error: unknown) => {
      broken = true;
      throw error;
    });
    if (committed.command === 'ROLLBACK') throw sqlError({ code: '25P02' }, 'commit', 'not_executed');
    listeners.run();
    return result;
  } finally {
    client.off('error', ignore);
    client.release(broken);
  }
}

// What broke fails the query under way, or the next one.
function ignore(): void {}

async function statement(
  client: PgClient,
  text: string,
  operation: string,
  outcome?: 'not_executed',
): Promise<{ command?: string }> {
  try {
    return (await client.query(text)) as { command?: string };
  } catch (error) {
    throw sqlError(error, operation, outcome);
  }
}
