import { PGlite } from '@electric-sql/pglite';
import { fromPglite, PgBoss } from 'pg-boss';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshPostgres, hasPostgres } from '../../../tests/support/postgres.ts';
import { startQueueProcess } from '../tests/start-queue-process.ts';
import { memoryQueue } from './memory-queue.ts';
import { pgBossQueue } from './pg-boss.ts';
import { pgDatabase, pgliteDatabase, type SqlDatabase } from './postgres.ts';
import { jobQueueContract } from './testing.ts';

describe('the memory queue', () => {
  const queue = memoryQueue({ attempts: 2, backoffMs: 50 });
  for (const { name, check } of jobQueueContract({ create: () => queue, latenessMs: 1_000 }))
    test(name, check);

  test('names a misspelt option', () => {
    expect(() => memoryQueue({ attemps: 2 } as object)).toThrow('did you mean `attempts`');
  });
});

const engines = [
  {
    engine: 'PGlite',
    available: true,
    async open() {
      const pglite = await PGlite.create();
      const boss = new PgBoss({ db: fromPglite(pglite), backend: 'pglite', useListenNotify: true });
      return {
        boss,
        database: pgliteDatabase(pglite) as SqlDatabase,
        url: undefined,
        close: () => pglite.close() as PromiseLike<void>,
      };
    },
  },
  {
    engine: 'PostgreSQL',
    available: hasPostgres,
    async open() {
      const postgres = await freshPostgres();
      const boss = new PgBoss({
        connectionString: postgres.url,
        useListenNotify: true,
        max: 6,
        // How often pg-boss looks for workers that fell silent.
        superviseIntervalSeconds: 1,
        monitorIntervalSeconds: 1,
      });
      return {
        boss,
        database: pgDatabase(postgres.pool) as SqlDatabase,
        url: postgres.url,
        close: () => postgres[Symbol.asyncDispose](),
      };
    },
  },
];

for (const { engine, available, open } of engines) {
  describe.skipIf(!available)(`pg-boss on ${engine}`, () => {
    let boss: PgBoss;
    let database: SqlDatabase;
    let url: string | undefined;
    let close: () => PromiseLike<void> = async () => undefined;
    const silentMs = 10_000;
    const create = () => pgBossQueue(boss, { attempts: 2, pollMs: 500, silentMs });
    // A folder of PGlite has one process.
    const startWorker =
      engine === 'PGlite'
        ? undefined
        : (queue: string) => startQueueProcess({ engine: 'pg-boss', url: url ?? '', queue, silentMs });

    beforeAll(async () => {
      ({ boss, database, url, close } = await open());
      boss.on('error', () => undefined);
      await boss.start();
    });
    afterAll(async () => {
      await boss.stop({ graceful: false, close: true });
      await close();
    });

    for (const { name, check } of jobQueueContract({ create, startWorker })) test(name, check, 90_000);

    test('keeps of a failed job no word of its error', async () => {
      const queue = create();
      await queue.send('failing', {});
      await using _ = await queue.work('failing', async () => {
        throw new Error('cannot write to olena@example.com');
      });
      await expect.poll(async () => (await queue.counts('failing')).failed, { timeout: 20_000 }).toBe(1);
      const rows = await database.query(
        "select to_jsonb(job)::text as text from pgboss.job where name = 'failing'",
      );
      expect(JSON.stringify(rows)).toContain('handler_error');
      expect(JSON.stringify(rows)).not.toContain('olena');
    }, 30_000);

    test('sends within a transaction: a job is there if it commits, and only then', async () => {
      const queue = create();
      await queue.send('orders', 'outside');
      await database.transaction(async (trx) => {
        expect(await queue.within(trx).send('orders', 'committed', { id: 'c' })).toBe('added');
        expect(await queue.within(trx).send('orders', 'again', { id: 'c' })).toBe('duplicate');
      });
      const failing = database.transaction(async (trx) => {
        await queue.within(trx).send('orders', 'rolled back');
        throw new Error('back');
      });
      await expect(failing).rejects.toThrow('back');
      expect((await queue.counts('orders')).waiting).toBe(2);
    });

    test('refuses a queue inside a transaction that it does not know, instead of waiting for itself', async () => {
      const queue = create();
      const work = database.transaction((trx) => queue.within(trx).send('unknown', {}));
      await expect(work).rejects.toMatchObject({ code: 'invalid_config', field: 'queue' });
    });
  });
}
