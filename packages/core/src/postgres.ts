export {
  createInbox,
  type DeadRow,
  type Inbox,
  type InboxHandler,
  type InboxOptions,
  type InboxRow,
  type InboxWorkOptions,
} from './inbox.ts';
export type { WaitingRow } from './inbox-together.ts';
export {
  type KyselyDatabaseOptions,
  type KyselyExecutor,
  type KyselyLike,
  type KyselyRawQuery,
  kyselyDatabase,
  kyselyTransaction,
} from './kysely-database.ts';
export {
  type CountOptions,
  createOutbox,
  type Outbox,
  type OutboxMessage,
  type OutboxOptions,
  type OutboxRow,
  type OutboxStatus,
  type OutboxWorkOptions,
  type Sender,
  type SendResult,
} from './outbox.ts';
export {
  guardPool,
  type PgClient,
  type PgClientOf,
  type PgDatabaseOptions,
  type PgEmitter,
  type PgPool,
  pgDatabase,
  pgTransaction,
} from './pg-database.ts';
export {
  type Pglite,
  type PgliteTransaction,
  pgliteDatabase,
  pgliteTransaction,
} from './pglite-database.ts';
export { migratePostgres, type PostgresMigration, postgresMigrations } from './postgres-schema.ts';
export { type PostgresStore, type PostgresStoreOptions, postgresStore } from './postgres-store.ts';
export type { SqlDatabase, SqlExecutor, SqlTransaction } from './sql.ts';
export type { WorkTimings } from './work-options.ts';
