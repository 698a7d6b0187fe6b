import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';

/** Where a server of a measurement keeps its data. */
export type Engine = 'pglite' | 'postgres';

/** A database for one run. */
export interface ServerDatabase extends AsyncDisposable {
  /** For the server's environment. */
  readonly environment: { DATA_DIR: string; DATABASE_URL?: string };
  /** Reads the data. On PGlite only while no server has the folder. */
  query<Row extends object>(text: string): Promise<Row[]>;
}

const administration = process.env.TEST_DATABASE_URL ?? 'postgres://root@127.0.0.1:5432/postgres';

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
  const name = `cartie_hold_${randomBytes(6).toString('hex')}`;
  await administer(`create database ${name}`);
  const url = new URL(administration);
  url.pathname = `/${name}`;
  return {
    environment: { DATA_DIR: folder, DATABASE_URL: url.href },
    async query<Row extends object>(text: string) {
      const client = new pg.Client(url.href);
      await client.connect();
      try {
        return (await client.query<Row>(text)).rows;
      } finally {
        await client.end();
      }
    },
    async [Symbol.asyncDispose]() {
      await administer(`drop database if exists ${name} with (force)`);
      await removeFolder();
    },
  };
}

async function administer(statement: string): Promise<void> {
  const client = new pg.Client(administration);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
