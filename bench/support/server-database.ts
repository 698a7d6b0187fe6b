import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { PGlite } from '@electric-sql/pglite';
import { freshPostgres } from '../../tests/support/postgres.ts';

/** Where a server of a measurement keeps its data. */
export type Engine = 'pglite' | 'postgres';

/** A database for one run. */
export interface ServerDatabase extends AsyncDisposable {
  /** For the server's environment. */
  readonly environment: { DATA_DIR: string; DATABASE_URL?: string };
  /** Reads the data. On PGlite only while no server has the folder. */
  query<Row extends object>(text: string): Promise<Row[]>;
  /** Reads what a killed server left, and leaves it as it is: the next server finds it so. */
  queryKilled<Row extends object>(text: string): Promise<Row[]>;
}

/** Makes an empty data folder, and for `postgres` an empty database too; removes both when disposed of. */
export async function createServerDatabase(engine: Engine): Promise<ServerDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'cartie-hold-'));
  const removeFolder = (): Promise<void> => rm(folder, { recursive: true, force: true });
  if (engine === 'pglite') {
    const data = join(folder, 'postgres');
    return {
      environment: { DATA_DIR: folder },
      query: (text) => readFolder(data, text),
      async queryKilled(text) {
        // Opened itself, it would be recovered here and not by the next server.
        const copy = join(folder, 'copy');
        await cp(data, copy, { recursive: true });
        try {
          return await readFolder(copy, text);
        } finally {
          await rm(copy, { recursive: true });
        }
      },
      [Symbol.asyncDispose]: removeFolder,
    };
  }
  const postgres = await freshPostgres();
  const query = async <Row extends object>(text: string): Promise<Row[]> =>
    (await postgres.pool.query<Row>(text)).rows;
  return {
    environment: { DATA_DIR: folder, DATABASE_URL: postgres.url },
    query,
    async queryKilled(text) {
      // What the killed server was about to commit may still be under way.
      while ((await query(others)).length > 0) await setTimeout(10);
      return await query(text);
    },
    async [Symbol.asyncDispose]() {
      await postgres[Symbol.asyncDispose]();
      await removeFolder();
    },
  };
}

const others = `
select 1 from pg_stat_activity
where datname = current_database() and application_name = 'cartie-server'`;

async function readFolder<Row extends object>(folder: string, text: string): Promise<Row[]> {
  const database = await PGlite.create(folder);
  try {
    return (await database.query<Row>(text)).rows;
  } finally {
    await database.close();
  }
}
