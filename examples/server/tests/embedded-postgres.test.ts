import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { type EmbeddedDatabase, openEmbeddedPostgres } from '../src/embedded-postgres.ts';
import { freshFolder } from './test-server.ts';

vi.setConfig({ testTimeout: 60_000 });

const open = (path: string): Promise<EmbeddedDatabase> =>
  openEmbeddedPostgres(path, { onMaintenanceFailed: fail, onCrash: fail });

function fail(error: unknown): never {
  throw error;
}

it('reaches the disk with every commit', async () => {
  await using folder = await freshFolder();
  const database = await open(join(folder.path, 'postgres'));
  const { rows } = await database.pglite.query(
    "select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'wal_sync_method') order by name",
  );
  await database.close();
  expect(rows).toEqual([
    { name: 'fsync', setting: 'on' },
    { name: 'synchronous_commit', setting: 'on' },
    // Of PGlite's ways the only one that does anything: the others call a function that is empty there.
    { name: 'wal_sync_method', setting: 'open_datasync' },
  ]);
});

it('has one owner, in this process too, and a new one after the old has closed it', async () => {
  await using folder = await freshFolder();
  const path = join(folder.path, 'postgres');
  const first = await open(path);
  await expect(open(path)).rejects.toMatchObject({ code: 'conflict' });
  await first.close();
  const second = await open(path);
  await second.close();
});

it('is vacuumed and checkpointed, so that neither tables nor the log grow for ever', async () => {
  await using folder = await freshFolder();
  const database = await open(join(folder.path, 'postgres'));
  const { pglite } = database;
  await pglite.exec(`create table busy (id integer primary key, text text not null);
    insert into busy select n, repeat('x', 500) from generate_series(1, 20000) n`);
  for (let round = 0; round < 4; round++) await pglite.exec("update busy set text = text || 'y'");
  const state = async () => {
    const { rows } = await pglite.query<{ bytes: number; vacuums: number; analyses: number; log: number }>(
      `select pg_relation_size('busy') as bytes, vacuum_count as vacuums, analyze_count as analyses,
        pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn)::integer as log
      from pg_stat_user_tables, pg_control_checkpoint() where relname = 'busy'`,
    );
    return rows[0] ?? { bytes: 0, vacuums: 0, analyses: 0, log: 0 };
  };
  const before = await state();
  expect(before).toMatchObject({ vacuums: 0, analyses: 0 });
  expect(before.log).toBeGreaterThan(32 * 1024 * 1024);

  await database.maintain();
  const after = await state();
  expect(after).toMatchObject({ vacuums: 1, analyses: 1 });
  expect(after.log).toBeLessThan(1024 * 1024);

  // The room of dead rows is used again.
  await pglite.exec("update busy set text = left(text, 500) || 'z'");
  expect((await state()).bytes).toBe(before.bytes);

  // Nothing to do is not done.
  await database.maintain();
  await database.maintain();
  expect((await state()).vacuums).toBe(2);
  await database.close();
});

it('tells which rule a statement broke, and goes on after it', async () => {
  await using folder = await freshFolder();
  const { pglite, close } = await open(join(folder.path, 'postgres'));
  await pglite.exec('create table one (id integer primary key)');
  const twice = pglite.transaction(async (trx) => {
    await trx.query('insert into one values ($1)', [1]);
    await trx.query('insert into one values ($1)', [1]);
  });
  await expect(twice).rejects.toMatchObject({ code: '23505', table: 'one', constraint: 'one_pkey' });
  expect((await pglite.query('select id from one')).rows).toEqual([]);
  await close();
});

it('lets nothing into a transaction but its own statements', async () => {
  await using folder = await freshFolder();
  const { pglite, close } = await open(join(folder.path, 'postgres'));
  await pglite.exec('create table one (id integer primary key)');
  let outside: Promise<unknown> | undefined;
  await expect(
    pglite.transaction(async (trx) => {
      await trx.query('insert into one values (1)');
      outside = pglite.query('insert into one values (2)');
      await trx.query('select 1');
      throw new Error('changed my mind');
    }),
  ).rejects.toThrow('changed my mind');
  await outside;
  expect((await pglite.query('select id from one')).rows).toEqual([{ id: 2 }]);
  await close();
  await expect(pglite.query('select 1')).rejects.toMatchObject({ code: '57P01' });
});

it('gives the folder back when it cannot be opened', async () => {
  await using folder = await freshFolder();
  const path = join(folder.path, 'postgres');
  const version = join(path, 'PG_VERSION');
  const right = await readFile(version);
  await writeFile(version, '3');
  const crashes: Error[] = [];
  const events = { onMaintenanceFailed: fail, onCrash: (error: Error) => crashes.push(error) };
  await expect(openEmbeddedPostgres(path, events)).rejects.toThrow();
  expect(crashes).toHaveLength(1);
  await writeFile(version, right);
  await (await open(path)).close();
});
