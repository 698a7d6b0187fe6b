import {
  createStores,
  type KeyValueStore,
  type LeaseStore,
  type Limiter,
  type SessionStore,
  storeLimiter,
  type TokenStore,
} from '@cartie/core';
import { pgBossQueue } from '@cartie/core/pg-boss';
import { createInbox, createOutbox, type Inbox, type Outbox, postgresStore } from '@cartie/core/postgres';
import { PgBoss } from 'pg-boss';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { type AppDatabase, type AppTransaction, openDatabase } from './database.ts';
import { connectRedis } from './shared-redis.ts';
import type { StopList } from './stop-list.ts';

/** Where everything is kept, and what wakes who works on it. */
export interface Storage {
  readonly database: AppDatabase;
  /** Jobs of the server itself. */
  readonly boss: PgBoss;
  readonly inbox: Inbox<AppTransaction>;
  readonly outbox: Outbox<AppTransaction>;
  /** In Redis where there is one, like the next two. */
  readonly store: KeyValueStore;
  readonly leases: LeaseStore;
  readonly tokens: TokenStore;
  /** Always in the database: a Redis that forgets would cost every account its login. */
  readonly sessions: SessionStore;
  /** Shares the rates of a name with other processes; `undefined` where there can be no others. */
  limiter(name: string): Limiter | undefined;
}

/**
 * Opens all of it.
 * @param parts.onCrash told if the embedded database is gone
 * @throws CartieError `conflict` (the data folder is in use) or `storage_error`
 */
export async function openStorage(
  config: Config,
  { opened, log, onCrash }: { opened: StopList; log: Logger; onCrash: (error: Error) => void },
): Promise<Storage> {
  const database = await openDatabase(config, {
    onMaintenanceFailed: (error) => log.warn({ err: error }, 'the embedded database could not be vacuumed'),
    onCrash,
  });
  opened.add('database', () => database.close());

  const boss = new PgBoss({ ...database.boss, useListenNotify: true });
  boss.on('error', (error) => log.error({ err: error }, 'pg-boss reported an error'));
  await boss.start();
  opened.add('pg-boss', () => boss.stop({ graceful: true, timeout: config.stopTimeoutMs, close: true }));

  const redis =
    config.redisUrl === undefined
      ? undefined
      : await connectRedis(config.redisUrl, (error) => log.error({ err: error }, 'Redis reported an error'));
  if (redis !== undefined) opened.add('Redis', () => redis.close());

  const { encryptionKey } = config;
  const inDatabase = postgresStore(database.sql);
  const store = redis?.store ?? inDatabase;
  const { leases, tokens } = createStores(store, { encryptionKey });
  const { sessions } = createStores(inDatabase, { encryptionKey });

  // An embedded database has one process: without a Redis there is nobody to wake by a job or to share a limit with.
  const mayBeSeveral = redis !== undefined || !database.sql.singleConnection;
  const queue = redis?.wakeUps ?? (mayBeSeveral ? pgBossQueue(boss) : undefined);
  return {
    database,
    boss,
    inbox: createInbox<AppTransaction>({ database: database.sql, queue }),
    outbox: createOutbox<AppTransaction>({ database: database.sql, queue }),
    store,
    leases,
    tokens,
    sessions,
    limiter: (name) => (mayBeSeveral ? storeLimiter(store, { name }) : undefined),
  };
}
