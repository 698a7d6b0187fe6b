import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** A database of its own for one test file. */
export interface TestPostgres extends AsyncDisposable {
  /** For drivers that take a connection string, also in a child process. */
  readonly url: string;
  /** A pool on it; ended with the database. */
  readonly pool: pg.Pool;
}

const serverUrl = process.env.TEST_DATABASE_URL ?? 'postgres://root@127.0.0.1:5432/postgres';

/** Is there a PostgreSQL server to test on? With `CARTIE_REQUIRE_SERVICES=1` its absence is an error. */
export const hasPostgres: boolean = await reachable();

/**
 * Creates an empty database; dispose of it in `afterAll` to drop it. Guard the tests with {@link hasPostgres}:
 * `describe.skipIf(!hasPostgres)('…')`.
 */
export async function freshPostgres(options: { max?: number } = {}): Promise<TestPostgres> {
  const name = `cartie_test_${randomBytes(6).toString('hex')}`;
  await onServer(`create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const pool = new pg.Pool({ connectionString: url.href, max: options.max ?? 8 });
  // Dropping the database ends whatever a killed child left open.
  pool.on('error', () => undefined);
  return {
    url: url.href,
    pool,
    async [Symbol.asyncDispose]() {
      await pool.end();
      await onServer(`drop database if exists ${name} with (force)`);
    },
  };
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl, connectionTimeoutMillis: 3_000 });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

async function reachable(): Promise<boolean> {
  try {
    await onServer('select 1');
    return true;
  } catch (error) {
    if (process.env.CARTIE_REQUIRE_SERVICES === '1') {
      throw new Error('PostgreSQL is required: start it or set TEST_DATABASE_URL', { cause: error });
    }
    console.warn('No PostgreSQL on TEST_DATABASE_URL: its tests are skipped.');
    return false;
  }
}
