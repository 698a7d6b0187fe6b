import { pgDatabase, pgliteDatabase, type SqlDatabase } from '@cartie/core/postgres';
import { PGlite } from '@electric-sql/pglite';
import { freshPostgres, hasPostgres } from './postgres.ts';

/** A database under test. */
export interface TestDatabase extends AsyncDisposable {
  readonly database: SqlDatabase;
  /** Where a second process can reach it. */
  readonly url: string | undefined;
}

/** The databases that a suite runs on: `describe.each(testDatabases)('… on $name', …)`. */
export const testDatabases: readonly {
  name: string;
  available: boolean;
  /** Does a transaction own the only connection? */
  singleConnection: boolean;
  open(): Promise<TestDatabase>;
}[] = [
  {
    name: 'PGlite',
    available: true,
    singleConnection: true,
    async open() {
      const pglite = await PGlite.create();
      return {
        database: pgliteDatabase(pglite),
        url: undefined,
        [Symbol.asyncDispose]: () => pglite.close(),
      };
    },
  },
  {
    name: 'PostgreSQL',
    available: hasPostgres,
    singleConnection: false,
    async open() {
      const postgres = await freshPostgres({ max: 12 });
      return {
        database: pgDatabase(postgres.pool),
        url: postgres.url,
        [Symbol.asyncDispose]: () => postgres[Symbol.asyncDispose](),
      };
    },
  },
];
