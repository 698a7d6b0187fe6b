import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CartieError } from '@cartie/core';
import { kyselyDatabase, migratePostgres, type SqlDatabase } from '@cartie/core/postgres';
import { Kysely, PGliteDialect, PostgresDialect, sql, type Transaction } from 'kysely';
import pg from 'pg';
import type { ConstructorOptions } from 'pg-boss';
import { fromPglite } from 'pg-boss';
import type { Config } from './config.ts';
import { type EmbeddedEvents, openEmbeddedPostgres } from './embedded-postgres.ts';
import { migrateApp } from './migrations.ts';
import type { Tables } from './tables.ts';

/** The transaction that handlers get: Kysely's. */
export type AppTransaction = Transaction<Tables>;

/** The server's database: a PostgreSQL, or one inside this process. Both speak the same SQL. */
export interface AppDatabase {
  /** For the banner and the logs; holds no address. */
  readonly engine: 'PostgreSQL' | 'PGlite';
  readonly kysely: Kysely<Tables>;
  /** The same database as @cartie/core takes it. */
  readonly sql: SqlDatabase<AppTransaction>;
  /** How pg-boss reaches it. */
  readonly boss: ConstructorOptions;
  /** Throws if the database does not answer within `timeoutMs`. */
  ping(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the database and brings its tables up to date.
 * @throws CartieError `storage_error` if it cannot be reached, `conflict` if another process uses the data folder
 */
export async function openDatabase(
  config: Pick<Config, 'databaseUrl' | 'dataDir'>,
  events: EmbeddedEvents,
): Promise<AppDatabase> {
  const database =
    config.databaseUrl === undefined
      ? await openEmbedded(config.dataDir, events)
      : openPostgres(config.databaseUrl);
  try {
    await database.ping(30_000);
    await migratePostgres(database.sql);
    await migrateApp(database.kysely);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function openEmbedded(dataDir: string, events: EmbeddedEvents): Promise<AppDatabase> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const embedded = await openEmbeddedPostgres(join(dataDir, 'postgres'), events);
  const kysely = new Kysely<Tables>({ dialect: new PGliteDialect({ pglite: embedded.pglite }) });
  return {
    engine: 'PGlite',
    kysely,
    sql: kyselyDatabase<AppTransaction>(kysely),
    boss: { db: fromPglite(embedded.pglite), backend: 'pglite' },
    ping: (timeoutMs) => ping(kysely, timeoutMs),
    // Not `kysely.destroy()`: pg-boss uses the same PGlite, and closing it is the embedded database's.
    close: () => embedded.close(),
  };
}

function openPostgres(connectionString: string): AppDatabase {
  const settings = {
    connectionString,
    application_name: 'cartie-server',
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  };
  const pool = new pg.Pool({
    ...settings,
    max: 10,
    statement_timeout: 15_000,
    // A transaction that a lost process or a bug leaves open must not hold its rows for ever.
    idle_in_transaction_session_timeout: 15_000,
    types: { getTypeParser: parserOf },
  });
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => {});
  const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  return {
    engine: 'PostgreSQL',
    kysely,
    sql: kyselyDatabase<AppTransaction>(kysely),
    boss: { ...settings, max: 4 },
    ping: (timeoutMs) => ping(kysely, timeoutMs),
    close: () => kysely.destroy(),
  };
}

/** Ids are counted far below 2^53, so `bigint` is read as a number here as it is on PGlite. */
function parserOf(...[type, format]: Parameters<typeof pg.types.getTypeParser>): (value: string) => unknown {
  return type === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(type, format);
}

async function ping(kysely: Kysely<Tables>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error(), { code: 'ETIMEDOUT' })), timeoutMs);
  });
  try {
    await Promise.race([sql`select 1`.execute(kysely), late]);
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    const reason = typeof code === 'string' ? ` (${code})` : '';
    throw new CartieError('storage_error', `The database does not answer${reason}. Check DATABASE_URL.`, {
      service: 'server',
      operation: 'database',
    });
  } finally {
    clearTimeout(timer);
  }
}
