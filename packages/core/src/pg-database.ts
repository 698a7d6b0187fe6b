import { commitListeners } from './commit-listeners.ts';
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
export function pgDatabase<Pool extends PgPool>(pool: Pool): SqlDatabase<PgClientOf<Pool>> {
  // An idle connection that breaks makes the pool emit `error`; without any listener that ends the process.
  if (pool.listenerCount('error') === 0) pool.on('error', () => undefined);
  return {
    singleConnection: false,
    async query<Row extends object>(text: string, parameters: readonly unknown[] = []) {
      try {
        return (await pool.query(text, [...parameters])).rows as Row[];
      } catch (error) {
        throw sqlError(error, 'query');
      }
    },
    transaction: (work) => runTransaction(pool, work),
  };
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
  work: (trx: SqlTransaction<PgClientOf<Pool>>) => Promise<T>,
): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw sqlError(error, 'connect', 'not_executed');
  });
  // A client in use that loses its connection emits `error` beside failing its query; without a listener that ends the process.
  const ignore = (): void => undefined;
  client.on('error', ignore);
  const listeners = commitListeners();
  let broken: Error | boolean = false;
  try {
    await statement(client, 'begin isolation level read committed', 'begin', 'not_executed');
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
