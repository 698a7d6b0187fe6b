import { inspect } from 'node:util';
import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshPostgres, hasPostgres, type TestPostgres } from '../../../tests/support/postgres.ts';
import { collect, thrownBy } from '../tests/collect.ts';
import {
  migratePostgres,
  type PostgresStore,
  pgDatabase,
  pgliteDatabase,
  postgresStore,
  type SqlDatabase,
} from './postgres.ts';
import { keyValueStoreContract } from './testing.ts';

describe('postgresStore on PGlite', () => {
  let pglite: PGlite;
  let database: SqlDatabase;

  beforeAll(async () => {
    pglite = await PGlite.create();
    database = pgliteDatabase(pglite);
    await migratePostgres(database);
  });

  afterAll(async () => pglite?.close());

  checks(() => database);
});

describe.skipIf(!hasPostgres)('postgresStore on PostgreSQL', () => {
  let postgres: TestPostgres;
  let database: SqlDatabase;

  beforeAll(async () => {
    postgres = await freshPostgres();
    database = pgDatabase(postgres.pool);
    await migratePostgres(database);
  });

  afterAll(async () => postgres?.[Symbol.asyncDispose]());

  checks(() => database);

  test('finds a prefix by the primary key, not by reading the table', async () => {
    await database.query(
      `insert into cartie_key_value (key, value) select 'plan:' || n, '' from generate_series(1, 5000) n`,
    );
    await database.query('analyze cartie_key_value');
    const plan = await database.query(
      `explain select key from cartie_key_value where key >= 'plan:4' order by key limit 500`,
    );
    expect(JSON.stringify(plan)).toContain('Index');
    await database.query(`delete from cartie_key_value where key like 'plan:%'`);
  });
});

function checks(database: () => SqlDatabase): void {
  let store: PostgresStore;
  const count = async (prefix: string): Promise<number> => {
    const [row] = await database().query<{ count: string }>(
      'select count(*) as count from cartie_key_value where starts_with(key, $1)',
      [prefix],
    );
    return Number(row?.count);
  };

  beforeAll(() => {
    store = postgresStore(database());
  });

  for (const { name, check } of keyValueStoreContract({ create: () => store })) test(name, check);

  test('sweeps all that has expired, in chunks, and nothing else', async () => {
    await database().query(
      `insert into cartie_key_value (key, value, expires_at)
       select 'sweep:' || n, '', now() + (case when n % 2 = 0 then -1 else 1 end) * interval '1 hour'
       from generate_series(1, 2400) n`,
    );
    expect(await store.sweep()).toBe(1_200);
    expect(await store.sweep()).toBe(0);
    expect(await count('sweep:')).toBe(1_200);
    await database().query(`delete from cartie_key_value where starts_with(key, 'sweep:')`);
  });

  test('sweeps by its own writes now and then', async () => {
    for (let index = 0; index < 350; index += 1) await store.put(`brief:${index}`, '', { ttlMs: 1 });
    expect(await count('brief:')).toBeLessThanOrEqual(120);
    await store.sweep();
  });

  test('tells neither key nor value when the database refuses', async () => {
    await database().query('alter table cartie_key_value rename to cartie_away');
    try {
      for (const work of [
        () => store.get('secret-key'),
        () => store.put('secret-key', 'secret-value'),
        () => store.delete('secret-key'),
        () => collect(store.list('secret-key')),
        () => store.sweep(),
      ]) {
        const error = await thrownBy(work());
        expect(error).toMatchObject({ code: 'storage_error', provider: { code: '42P01' } });
        expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/secret-|select|insert/);
      }
    } finally {
      await database().query('alter table cartie_away rename to cartie_key_value');
    }
  });
}

describe('postgresStore', () => {
  test('refuses something that is no database', () => {
    const pool = { query: async () => ({ rows: [] }), connect: async () => ({}) };
    for (const database of [{}, undefined, pool]) {
      expect(() => postgresStore(database as never)).toThrow(
        expect.objectContaining({ code: 'invalid_config', field: 'database' }),
      );
    }
  });
});
