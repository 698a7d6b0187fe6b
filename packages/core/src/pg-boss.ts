export {
  type PgBossDatabase,
  type PgBossJob,
  type PgBossLike,
  type PgBossQueueOptions,
  pgBossQueue,
} from './pg-boss-queue.ts';
