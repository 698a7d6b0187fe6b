import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
}

/** Makes an empty data folder, and for `postgres` an empty database too; removes both when disposed of. */
export async function createServerDatabase(engine: Engine): Promise<ServerDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'cartie-hold-'));
  const removeFolder = (): Promise<void> => rm(folder, { recursive: true, force: true });
  if (engine === 'pglite') {
    return {
      environment: { DATA_DIR: folder },
      async query<Row extends object>(text: string) {
        const database = await PGlite.create(join(folder, 'postgres'));
        try {
          return (await database.query<Row>(text)).rows;
        } finally {
          await database.close();
        }
      },
      [Symbol.asyncDispose]: removeFolder,
    };
  }
  const postgres = await freshPostgres();
  return {
    environment: { DATA_DIR: folder, DATABASE_URL: postgres.url },
    query: async <Row extends object>(text: string) => (await postgres.pool.query<Row>(text)).rows,
    async [Symbol.asyncDispose]() {
      await postgres[Symbol.asyncDispose]();
      await removeFolder();
    },
  };
}
