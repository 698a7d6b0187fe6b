import { functionStatements } from './postgres-functions.ts';
import type { SqlDatabase } from './sql.ts';

/** One step of the schema: plain SQL that any migration tool can run, one statement each, in one transaction. */
export interface PostgresMigration {
  readonly name: string;
  readonly statements: readonly string[];
}

/**
 * The tables of @cartie/core, all named `cartie_…`, as plain SQL for PostgreSQL 13 or newer and PGlite. Steps are only
 * ever added. {@link migratePostgres} applies them; another tool may do so in the same order instead.
 */
export const postgresMigrations = [
  {
    name: '0001-key-value',
    statements: [
      'create sequence cartie_version',
      `create table cartie_key_value (
        key text collate "C" primary key,
        value text not null,
        version bigint not null default nextval('cartie_version'),
        expires_at timestamptz
      )`,
      'create index cartie_key_value_expires on cartie_key_value (expires_at) where expires_at is not null',
    ],
  },
  {
    name: '0002-lanes',
    statements: [
      // Fences come from one sequence: a lane that was removed and made anew can never repeat an old one.
      'create sequence cartie_fence',
      `create table cartie_lane (
        queue text collate "C" not null,
        key text collate "C" not null,
        next_at timestamptz not null default now(),
        worker uuid,
        fence bigint not null default 0,
        crashed boolean not null default false,
        primary key (queue, key)
      ) with (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 2000)`,
      'create index cartie_lane_due on cartie_lane (queue, next_at) where worker is null',
      'create index cartie_lane_held on cartie_lane (worker) where worker is not null',
      `create table cartie_worker (
        id uuid primary key,
        heartbeat_at timestamptz not null default now()
      )`,
    ],
  },
  {
    name: '0003-inbox',
    statements: [
      'create sequence cartie_inbox_seq',
      `create table cartie_inbox (
        seq bigint primary key,
        source text collate "C" not null,
        id text collate "C" not null,
        kind text not null,
        order_key text collate "C" not null,
        original text,
        payload text,
        status text not null default 'pending' check (status in ('pending', 'done', 'dead')),
        attempt integer not null default 0,
        reason text,
        received_at timestamptz not null default now(),
        run_at timestamptz,
        expires_at timestamptz,
        finished_at timestamptz,
        forget_at timestamptz,
        clean_at timestamptz,
        unique (source, id)
      )`,
      "create index cartie_inbox_pending on cartie_inbox (order_key, seq) where status = 'pending'",
      "create index cartie_inbox_dead on cartie_inbox (seq) where status = 'dead'",
      'create index cartie_inbox_clean on cartie_inbox (clean_at) where clean_at is not null',
    ],
  },
  {
    name: '0004-outbox',
    statements: [
      'create sequence cartie_outbox_seq',
      `create table cartie_outbox (
        seq bigint primary key,
        topic text collate "C" not null,
        id text collate "C" not null,
        order_key text collate "C" not null,
        original text,
        payload text not null,
        idempotent boolean not null,
        status text not null default 'queued' check (status in ('queued', 'sending', 'sent', 'failed', 'in_doubt')),
        fence bigint,
        attempts integer not null default 0,
        reason text,
        result text,
        created_at timestamptz not null default now(),
        run_at timestamptz,
        expires_at timestamptz,
        settled_at timestamptz,
        unique (topic, id)
      )`,
      "create index cartie_outbox_open on cartie_outbox (topic, order_key, seq) where status in ('queued', 'sending')",
      'create index cartie_outbox_status on cartie_outbox (status, seq)',
      "create index cartie_outbox_clean on cartie_outbox (settled_at) where status in ('sent', 'failed')",
    ],
  },
  { name: '0005-statements', statements: functionStatements },
] as const satisfies readonly PostgresMigration[];

// Any constant of ours; «cartie» in bytes.
const migrationLock = 109_331_180_546_405;

/**
 * Brings the database to the newest schema and gives the names of the steps it applied. Safe to run at every start, also
 * by several instances at once: all steps or none, one instance after another.
 *
 * @throws `storage_error`
 */
export async function migratePostgres(database: SqlDatabase): Promise<string[]> {
  return await database.transaction(async (trx) => {
    await trx.query('select pg_advisory_xact_lock($1)::text', [migrationLock]);
    await trx.query(
      'create table if not exists cartie_migration (name text primary key, applied_at timestamptz not null default now())',
    );
    const known = await trx.query<{ name: string }>('select name from cartie_migration');
    const applied = new Set(known.map((row) => row.name));
    const missing = postgresMigrations.filter((migration) => !applied.has(migration.name));
    for (const { name, statements } of missing) {
      for (const statement of statements) await trx.query(statement);
      await trx.query('insert into cartie_migration (name) values ($1)', [name]);
    }
    return missing.map((migration) => migration.name);
  });
}
