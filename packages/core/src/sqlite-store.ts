import { setTimeout as sleep } from 'node:timers/promises';
import { CartieError } from './errors.ts';
import { guardStore } from './guard-store.ts';
import type { KeyValueStore, StoredValue } from './key-value-store.ts';
import { isSqliteBusy, sqliteError } from './sqlite-error.ts';
import { type SqliteStatements, sqliteSchema, sqliteStatements } from './sqlite-statements.ts';
import { createStoreSweep } from './store-sweep.ts';

/** What is used of a statement of `node:sqlite` or `better-sqlite3`. */
export interface SqliteStatement {
  get(...values: (string | number | null)[]): unknown;
  all(...values: (string | number | null)[]): unknown[];
}

/** What is used of a `DatabaseSync` of `node:sqlite`, or of a `Database` of `better-sqlite3`. */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
}

/** Options of {@link sqliteStore}. */
export interface SqliteStoreOptions {
  /** Limit of one call, also while another process writes. Milliseconds. @default 5000 */
  timeoutMs?: number | undefined;
}

/** A store in a file of SQLite. */
export interface SqliteStore extends KeyValueStore {
  /**
   * Deletes what has expired, in chunks, and tells how many. Writes do this by themselves now and then; call it where a
   * store that is hardly ever written to should shrink.
   */
  sweep(): Promise<number>;
}

const keysPerPage = 500;
const rowsPerSweep = 500;

/**
 * A store in SQLite 3.42 or newer, through `node:sqlite` or `better-sqlite3`, for any number of processes of one machine. Its table
 * `cartie_store` is made on first use. Its clock is the machine's.
 *
 * ```ts
 * import { DatabaseSync } from 'node:sqlite';
 *
 * const database = new DatabaseSync('data/cartie.db');
 * database.exec('pragma journal_mode = wal');
 * const store = sqliteStore(database);
 * ```
 *
 * Give it a connection of its own: what it writes while the app has a transaction open on the same one is lost with it. Each call
 * is one statement, which blocks the process for the time of a write to disk; where another process writes, it is tried again
 * in between other work.
 *
 * @throws CartieError `invalid_config`
 */
export function sqliteStore(database: SqliteDatabase, options: SqliteStoreOptions = {}): SqliteStore {
  const { timeoutMs = 5_000 } = options;
  if (typeof database?.prepare !== 'function' || typeof database.exec !== 'function') {
    throw new CartieError('invalid_config', 'database must be of `node:sqlite` or `better-sqlite3`', {
      field: 'database',
    });
  }
  let prepared: SqliteStatements<SqliteStatement> | undefined;

  /** Runs one statement; again after a pause where another connection holds the file. */
  async function run<T>(
    operation: string,
    work: (statements: SqliteStatements<SqliteStatement>) => T,
  ): Promise<T> {
    const giveUpAt = performance.now() + timeoutMs;
    for (;;) {
      try {
        prepared ??= prepare();
        return work(prepared);
      } catch (error) {
        if (!isSqliteBusy(error) || performance.now() >= giveUpAt) throw sqliteError(error, operation);
        await sleep(2 + Math.random() * 20);
      }
    }
  }

  function prepare(): SqliteStatements<SqliteStatement> {
    for (const statement of sqliteSchema) database.exec(statement);
    return Object.fromEntries(
      Object.entries(sqliteStatements).map(([name, sql]) => [name, database.prepare(sql)]),
    ) as unknown as SqliteStatements<SqliteStatement>;
  }

  const deleteChunk = (): Promise<number> =>
    run('sweep', (statements) => statements.sweep.all(rowsPerSweep).length);
  const sweep = createStoreSweep('sqlite', rowsPerSweep, deleteChunk);

  const store = guardStore(
    {
      async get(key) {
        const row = await run('get', ({ get }) => get.get(key) as Row | undefined);
        return row && readRow(row);
      },
      async put(key, value, { ifVersion, ttlMs } = {}) {
        const ttl = ttlMs === undefined ? null : Math.ceil(ttlMs);
        const row = (await run('put', (statements) =>
          ifVersion === undefined
            ? statements.put.get(key, value, ttl)
            : ifVersion === 'absent'
              ? statements.putIfAbsent.get(key, value, ttl, key)
              : statements.putIfVersion.get(key, value, ttl, key, ifVersion),
        )) as { version: string } | undefined;
        await sweep.afterWrite();
        return row?.version;
      },
      async delete(key, { ifVersion } = {}) {
        const version = ifVersion ?? null;
        const row = await run('delete', (statements) => statements.delete.get(key, version, version));
        return (row as { alive: number } | undefined)?.alive === 1;
      },
      async *list(prefix) {
        let after = '';
        let statement: 'listFrom' | 'listAfter' = 'listFrom';
        for (let from = prefix; ; from = after) {
          const name = statement;
          const keys = (await run('list', (statements) => statements[name].all(from, keysPerPage))) as {
            key: string;
          }[];
          for (const { key } of keys) {
            // Keys are in byte order, so those with the prefix stand together.
            if (!key.startsWith(prefix)) return;
            yield key;
            after = key;
          }
          if (keys.length < keysPerPage) return;
          statement = 'listAfter';
        }
      },
    },
    { service: 'sqlite', timeoutMs: timeoutMs + 1_000 },
  );

  return Object.assign(store, { sweep: sweep.all });
}

interface Row {
  readonly value: string;
  readonly version: string;
  readonly expires_at: number | null;
}

function readRow({ value, version, expires_at }: Row): StoredValue {
  return { value, version, ...(expires_at === null ? {} : { expiresAt: Number(expires_at) }) };
}
