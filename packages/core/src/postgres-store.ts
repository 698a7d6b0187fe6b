import { CartieError } from './errors.ts';
import { guardStore } from './guard-store.ts';
import type { KeyValueStore, StoredValue } from './key-value-store.ts';
import type { SqlDatabase } from './sql.ts';
import { createStoreSweep } from './store-sweep.ts';

/** Options of {@link postgresStore}. */
export interface PostgresStoreOptions {
  /** Limit of one call, also while it waits for a connection. Milliseconds. @default 5000 */
  timeoutMs?: number | undefined;
}

/** A store in PostgreSQL. */
export interface PostgresStore extends KeyValueStore {
  /**
   * Deletes what has expired, in chunks, and tells how many. Writes do this by themselves now and then; call it where a
   * store that is hardly ever written to should shrink.
   */
  sweep(): Promise<number>;
}

/**
 * A store in PostgreSQL or PGlite, in the tables of `migratePostgres`. Calls run outside the app's transactions: a
 * lease taken in a transaction that rolls back would still be held.
 */
export function postgresStore(database: SqlDatabase, options: PostgresStoreOptions = {}): PostgresStore {
  const { timeoutMs } = options;
  if (typeof database?.query !== 'function' || !('singleConnection' in database)) {
    throw new CartieError(
      'invalid_config',
      'database must be made by pgDatabase, pgliteDatabase or kyselyDatabase',
      {
        field: 'database',
      },
    );
  }
  const deleteChunk = async (): Promise<number> => (await database.query(deleteExpired)).length;
  const sweep = createStoreSweep('postgres', rowsPerSweep, deleteChunk);

  const store = guardStore(
    {
      async get(key) {
        const [row] = await database.query<Row>(selectOne, [key]);
        return row && readRow(row);
      },
      async put(key, value, { ifVersion, ttlMs } = {}) {
        const ttl = ttlMs === undefined ? null : Math.ceil(ttlMs);
        const [row] =
          ifVersion === undefined
            ? await database.query<{ version: string }>(upsert, [key, value, ttl])
            : ifVersion === 'absent'
              ? await database.query<{ version: string }>(insertIfAbsent, [key, value, ttl])
              : await database.query<{ version: string }>(updateIfVersion, [key, value, ttl, ifVersion]);
        await sweep.afterWrite();
        return row && String(row.version);
      },
      async delete(key, { ifVersion } = {}) {
        const [row] = await database.query<{ alive: boolean }>(deleteOne, [key, ifVersion ?? null]);
        return row?.alive === true;
      },
      async *list(prefix) {
        let after: string | undefined;
        for (;;) {
          const rows: readonly { key: string }[] = await database.query<{ key: string }>(
            after === undefined ? listFrom : listAfter,
            [after ?? prefix],
          );
          for (const { key } of rows) {
            // Keys are in byte order, so those with the prefix stand together.
            if (!key.startsWith(prefix)) return;
            yield key;
            after = key;
          }
          if (rows.length < keysPerPage) return;
        }
      },
    },
    { service: 'postgres', ...(timeoutMs === undefined ? {} : { timeoutMs }) },
  );

  return Object.assign(store, { sweep: sweep.all });
}

const keysPerPage = 500;
const rowsPerSweep = 500;

interface Row {
  value: string;
  version: string;
  expires_at_ms: number | string | null;
}

const alive = '(cartie_key_value.expires_at is null or cartie_key_value.expires_at > clock_timestamp())';
const expiresAt = `clock_timestamp() + $3::double precision * interval '1 millisecond'`;

const selectOne = `
  select value, version::text as version, (extract(epoch from expires_at) * 1000)::double precision as expires_at_ms
  from cartie_key_value where key = $1 and ${alive}`;

// Whoever asks for a number holds a lock on the key until it is committed. Without it a writer could take a number, be
// overtaken by another that writes and deletes, and then insert its older number: a fence that shrinks.
const keyLock = 'with key_lock as materialized (select pg_advisory_xact_lock(1128616532, hashtext($1)))';

const insert = `
  ${keyLock}
  insert into cartie_key_value (key, value, version, expires_at)
  select $1, $2, nextval('cartie_version'), ${expiresAt} from key_lock
  on conflict (key) do update
  set value = excluded.value, version = excluded.version, expires_at = excluded.expires_at`;

const upsert = `${insert} returning version::text as version`;

const insertIfAbsent = `${insert} where not ${alive} returning version::text as version`;

const updateIfVersion = `
  ${keyLock}
  update cartie_key_value set value = $2, version = nextval('cartie_version'), expires_at = ${expiresAt}
  from key_lock where key = $1 and version::text = $4 and ${alive}
  returning version::text as version`;

const deleteOne = `
  delete from cartie_key_value where key = $1 and ($2::text is null or version::text = $2)
  returning ${alive} as alive`;

const listFrom = `
  select key from cartie_key_value where key >= $1 and ${alive} order by key limit ${keysPerPage}`;

const listAfter = `
  select key from cartie_key_value where key > $1 and ${alive} order by key limit ${keysPerPage}`;

const deleteExpired = `
  delete from cartie_key_value where key in (
    select key from cartie_key_value where expires_at <= clock_timestamp() limit ${rowsPerSweep} for update skip locked
  ) and expires_at <= clock_timestamp() returning 1 as swept`;

function readRow(row: Row): StoredValue {
  return {
    value: row.value,
    version: row.version,
    ...(row.expires_at_ms === null ? {} : { expiresAt: Math.round(Number(row.expires_at_ms)) }),
  };
}
