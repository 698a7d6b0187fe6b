import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { inspect } from 'node:util';
import { PGlite } from '@electric-sql/pglite';
import { CamelCasePlugin, Kysely, PGliteDialect, PostgresDialect } from 'kysely';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, expectTypeOf, test } from 'vitest';
import { closedPort, startTcp } from '../../../tests/support/http.ts';
import { freshPostgres, hasPostgres, type TestPostgres } from '../../../tests/support/postgres.ts';
import { createInbox } from './inbox.ts';
import { kyselyDatabase, type kyselyTransaction } from './kysely-database.ts';
import { guardPool, pgDatabase } from './pg-database.ts';
import { pgliteDatabase } from './pglite-database.ts';
import { migratePostgres, postgresMigrations } from './postgres-schema.ts';
import type { SqlDatabase } from './sql.ts';

interface Suite {
  name: string;
  available: boolean;
  singleConnection: boolean;
  open(): Promise<{ database: SqlDatabase; close(): PromiseLike<void> }>;
}

function gate(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

const suites: Suite[] = [
  {
    name: 'PGlite',
    available: true,
    singleConnection: true,
    async open() {
      const pglite = await PGlite.create();
      return { database: pgliteDatabase(pglite), close: () => pglite.close() };
    },
  },
  {
    name: 'Kysely on PGlite',
    available: true,
    singleConnection: true,
    async open() {
      const kysely = new Kysely<Record<string, never>>({
        dialect: new PGliteDialect({ pglite: await PGlite.create() }),
        plugins: [new CamelCasePlugin()],
      });
      return { database: kyselyDatabase(kysely), close: () => kysely.destroy() };
    },
  },
  {
    name: 'pg',
    available: hasPostgres,
    singleConnection: false,
    async open() {
      const postgres = await freshPostgres();
      return { database: pgDatabase(postgres.pool), close: () => postgres[Symbol.asyncDispose]() };
    },
  },
  {
    name: 'Kysely on pg',
    available: hasPostgres,
    singleConnection: false,
    async open() {
      const postgres = await freshPostgres();
      const kysely = new Kysely<Record<string, never>>({
        dialect: new PostgresDialect({ pool: postgres.pool }),
        plugins: [new CamelCasePlugin()],
      });
      return { database: kyselyDatabase(kysely), close: () => postgres[Symbol.asyncDispose]() };
    },
  },
];

for (const suite of suites) {
  describe.skipIf(!suite.available)(`the database adapter over ${suite.name}`, () => {
    let database: SqlDatabase;
    let close: () => PromiseLike<void> = async () => undefined;

    beforeAll(async () => {
      ({ database, close } = await suite.open());
      await database.query('create table person (id integer primary key, e_mail text not null unique)');
    });
    afterAll(() => close());

    const count = async (): Promise<string | undefined> =>
      (await database.query<{ n: string }>('select count(*)::text as n from person'))[0]?.n;

    test('commits what the work wrote and gives back what it returned', async () => {
      const before = Number(await count());
      const result = await database.transaction(async (trx) => {
        await trx.query('insert into person values ($1, $2)', [1, 'one']);
        return (await trx.query<{ e_mail: string }>('select e_mail from person where id = $1', [1]))[0]
          ?.e_mail;
      });
      expect(result).toBe('one');
      expect(Number(await count())).toBe(before + 1);
    });

    test('rolls back and throws exactly what the work threw', async () => {
      const before = await count();
      const thrown = new Error('of the app');
      const work = database.transaction(async (trx) => {
        await trx.query('insert into person values ($1, $2)', [2, 'two']);
        throw thrown;
      });
      await expect(work).rejects.toBe(thrown);
      expect(await count()).toBe(before);
    });

    test('calls commit listeners after the commit, and never after a roll-back', async () => {
      const calls: string[] = [];
      await database.transaction(async (trx) => {
        trx.afterCommit?.(() => calls.push('committed'));
        trx.afterCommit?.(() => {
          throw new Error('swallowed');
        });
        trx.afterCommit?.(() => calls.push('and this'));
        expect(calls).toEqual([]);
      });
      await database
        .transaction(async (trx) => {
          trx.afterCommit?.(() => calls.push('wrong'));
          throw new Error('back');
        })
        .catch(() => undefined);
      expect(calls).toEqual(['committed', 'and this']);
    });

    test('refuses to commit a transaction whose failed statement was swallowed', async () => {
      const before = await count();
      const work = database.transaction(async (trx) => {
        await trx.query('insert into person values ($1, $2)', [3, 'three']);
        await trx.query('select 1 / 0').catch(() => undefined);
      });
      await expect(work).rejects.toMatchObject({ code: 'storage_error', provider: { code: '25P02' } });
      expect(await count()).toBe(before);
    });

    test('wraps errors of the driver without the values that it puts into them', async () => {
      await database.query('insert into person values ($1, $2)', [7, 'olena@example.com']);
      const again = database.query('insert into person values ($1, $2)', [8, 'olena@example.com']);
      const error = await again.catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 'storage_error', retryable: false, outcome: 'not_executed' });
      expect(error).toHaveProperty('provider.code', '23505');
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('olena');
      const inside = database.transaction((trx) =>
        trx.query('insert into person values ($1, $2)', [9, 'olena@example.com']),
      );
      expect(inspect(await inside.catch((caught: unknown) => caught), { depth: 9 })).not.toContain('olena');
    });

    test('runs the next statement after one that failed', async () => {
      await expect(database.query('select * from nowhere')).rejects.toMatchObject({ code: 'storage_error' });
      expect(await count()).toBeDefined();
    });

    test('migrates once, also when several instances start at the same time', async () => {
      const names = postgresMigrations.map((migration) => migration.name);
      const applied = await Promise.all([1, 2, 3].map(() => migratePostgres(database)));
      expect(applied.flat().sort()).toEqual([...names].sort());
      expect(await migratePostgres(database)).toEqual([]);
    });

    if (suite.singleConnection) {
      test('throws instead of waiting for itself inside a transaction on the only connection', async () => {
        let later: Promise<unknown> | undefined;
        const ended = gate();
        await database.transaction(async () => {
          await expect(database.query('select 1')).rejects.toMatchObject({
            code: 'invalid_input',
            message: expect.stringContaining('trx.query'),
          });
          await expect(database.transaction(async () => 1)).rejects.toMatchObject({ code: 'invalid_input' });
          expect(() => database.assertOutsideTransaction?.()).toThrow('trx.query');
          later = ended.promise.then(() => database.query('select 1'));
        });
        ended.resolve();
        expect(await later).toHaveLength(1);
      });
    }

    test('lets others wait for a transaction on the only connection', async () => {
      const started = gate();
      const go = gate();
      const transaction = database.transaction(async (trx) => {
        started.resolve();
        await go.promise;
        await trx.query('insert into person values ($1, $2)', [20, 'twenty']);
      });
      await started.promise;
      const other = database.query('select 1');
      go.resolve();
      await Promise.all([transaction, other]);
    });
  });
}

describe.skipIf(!hasPostgres)('a PostgreSQL that goes away', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await freshPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  test('ends a transaction that does nothing, so that a process that hangs holds no locks', async () => {
    const hanging = pgDatabase(postgres.pool, { idleTransactionMs: 100 });
    const pool = guardPool(new pg.Pool({ connectionString: postgres.url }));
    const kysely = new Kysely<Record<string, never>>({ dialect: new PostgresDialect({ pool }) });
    for (const database of [hanging, kyselyDatabase(kysely, { idleTransactionMs: 100 })]) {
      const work = database.transaction(async (trx) => {
        await trx.query('select 1');
        await new Promise((resolve) => setTimeout(resolve, 250));
        await trx.query('select 1');
      });
      await expect(work).rejects.toMatchObject({ code: 'storage_error' });
      expect(await database.query('select 1')).toHaveLength(1);
    }
    await kysely.destroy();
  });

  test('fails the transaction under way as storage_error, and the next one works', async () => {
    const database = pgDatabase(postgres.pool);
    const work = database.transaction(async (trx) => {
      const [row] = await trx.query<{ pid: number }>('select pg_backend_pid() as pid');
      await database.query('select pg_terminate_backend($1)', [row?.pid]);
      await trx.query('select 1');
    });
    await expect(work).rejects.toMatchObject({ code: 'storage_error', retryable: true });
    await expect(database.transaction((trx) => trx.query('select 1'))).resolves.toHaveLength(1);
  });
});

test('parts with a connection whose transaction may have begun though the answer was an error', async () => {
  const released: unknown[] = [];
  const client = {
    query: () => Promise.reject(new Error('Query read timeout')),
    release: (error?: Error | boolean) => void released.push(error),
    on: () => undefined,
    off: () => undefined,
  };
  const pool = { ...client, connect: async () => client, listenerCount: () => 1 };
  await expect(pgDatabase(pool as never).transaction(async () => 1)).rejects.toMatchObject({
    code: 'storage_error',
    outcome: 'not_executed',
  });
  expect(released).toEqual([true]);
});

test('says what to do about tables that are missing and a database that is not there', async () => {
  const pglite = await PGlite.create();
  const empty = createInbox({ database: pgliteDatabase(pglite) });
  const update = { source: 'shop:1', id: '1', kind: 'order', orderKey: '1', payload: {} };
  await expect(empty.accept(update)).rejects.toThrow('run migratePostgres');
  await expect(empty.counts()).rejects.toThrow('run migratePostgres');
  await pglite.close();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const pool = new pg.Pool({ host: '127.0.0.1', port });
  const away = await pgDatabase(pool)
    .query('select 1')
    .catch((error: unknown) => error);
  expect(away).toMatchObject({ retryable: true, message: expect.stringContaining('check that it runs') });
  expect(inspect(away, { depth: 9 })).not.toContain('127.0.0.1');
  await pool.end();
});

test('gives the driver’s own transaction its own type', () => {
  expectTypeOf(pgDatabase<pg.Pool>).returns.toEqualTypeOf<SqlDatabase<pg.PoolClient>>();
  expectTypeOf<Parameters<typeof kyselyTransaction>[0]>().not.toBeAny();
});

describe('a database that cannot be reached', () => {
  const databases: [string, (pool: pg.Pool) => SqlDatabase][] = [
    ['pg', (pool) => pgDatabase(pool)],
    ['Kysely', (pool) => kyselyDatabase(new Kysely({ dialect: new PostgresDialect({ pool }) }))],
  ];
  const places: [string, () => Promise<pg.PoolConfig>][] = [
    ['refuses', async () => ({ host: '127.0.0.1', port: await closedPort() })],
    ['refuses on every address of its name', async () => ({ host: 'localhost', port: await closedPort() })],
    ['has a name that nobody knows', async () => ({ host: 'x'.repeat(70), port: 5432 })],
    [
      'does not answer in time',
      async () => {
        const silent = await startTcp(() => undefined);
        open.push(silent);
        return { host: '127.0.0.1', port: silent.port, connectionTimeoutMillis: 100 };
      },
    ],
    [
      'is still starting',
      async () => {
        const starting = await startTcp((socket) => socket.end(refusal('57P03')));
        open.push(starting);
        return { host: '127.0.0.1', port: starting.port };
      },
    ],
  ];
  const open: AsyncDisposable[] = [];
  afterEach(async () => {
    for (const each of open.splice(0)) await each[Symbol.asyncDispose]();
  });

  for (const [name, databaseOf] of databases) {
    test.each(places)(`through ${name} has executed nothing: it %s`, async (_case, configOf) => {
      const pool = new pg.Pool({ ...(await configOf()), user: 'nobody', database: 'none', ssl: false });
      const database = databaseOf(pool);
      const nothing = { code: 'storage_error', outcome: 'not_executed', retryable: true };
      await expect(database.query('select 1')).rejects.toMatchObject(nothing);
      await expect(database.transaction(async () => undefined)).rejects.toMatchObject(nothing);
      await pool.end();
    });
  }
});

/** What PostgreSQL sends instead of letting somebody in. */
function refusal(sqlState: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${sqlState}\0Mno\0\0`);
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(4 + fields.length, 1);
  return Buffer.concat([head, fields]);
}

test.each([undefined, 'postgres://user:secret@127.0.0.1/db', { query: async () => ({ rows: [] }) }])(
  'pgDatabase refuses what is no pool, and quotes nothing of it: case %#',
  (pool) => {
    expect(() => pgDatabase(pool as never)).toThrow(
      expect.objectContaining({ code: 'invalid_config', field: 'pool' }),
    );
    expect(() => pgDatabase(pool as never)).toThrow(/^(?!.*secret)/);
  },
);
