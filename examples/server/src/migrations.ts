import { readdir, readFile } from 'node:fs/promises';
import { CartieError } from '@cartie/core';
import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';

const folder = new URL('../migrations/', import.meta.url);

/** Applies the files of `migrations/` that this database has not seen, in the order of their names, once and under a lock. */
export async function migrateApp<Database>(kysely: Kysely<Database>): Promise<void> {
  const migrator = new Migrator({
    db: kysely,
    provider: { getMigrations: readMigrations },
    migrationTableName: 'app_migrations',
    migrationLockTableName: 'app_migrations_lock',
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error === undefined) return;
  const failed =
    results?.find((result) => result.status === 'Error')?.migrationName ?? 'the list of migrations';
  const reason = error instanceof Error ? error.message : String(error);
  throw new CartieError(
    'storage_error',
    `The database could not be brought up to date at ${failed}: ${reason}`,
    {
      service: 'server',
      operation: 'migrate',
    },
  );
}

async function readMigrations(): Promise<Record<string, Migration>> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql'));
  const migrations = files.map(async (file) => {
    const text = await readFile(new URL(file, folder), 'utf8');
    return [file.replace(/\.sql$/, ''), fromSql(text)] as const;
  });
  return Object.fromEntries(await Promise.all(migrations));
}

/** The statements of a file, divided at `;` outside of function bodies (`$$ … $$`): PGlite takes one at a time. */
function fromSql(text: string): Migration {
  return {
    async up(db) {
      const code = text.replace(/^\s*--.*$/gm, '');
      for (const statement of code.match(/(?:\$\$[\s\S]*?\$\$|[^;])+/g) ?? []) {
        if (statement.trim() !== '') await sql.raw(statement).execute(db);
      }
    },
  };
}
