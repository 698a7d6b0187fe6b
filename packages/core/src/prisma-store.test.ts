import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { PGlite } from '@electric-sql/pglite';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { freshPostgres, hasPostgres, type TestPostgres } from '../../../tests/support/postgres.ts';
import { collect, thrownBy } from '../tests/collect.ts';
import { PrismaClient } from '../tests/prisma/client/client.ts';
import { type PrismaStore, prismaStore } from './prisma.ts';
import { keyValueStoreContract } from './testing.ts';

// What `prisma migrate` makes of the model.
const tables = [
  `create table cartie_value (
    key text primary key, value text not null, version bigint not null, expires_at timestamptz(3)
  )`,
  'create index cartie_value_expires_at_idx on cartie_value (expires_at)',
];

describe('prismaStore on PGlite', () => {
  let pglite: PGlite;
  let prisma: PrismaClient;

  beforeAll(async () => {
    pglite = await PGlite.create();
    for (const statement of tables) await pglite.exec(statement);
    prisma = new PrismaClient({ adapter: new PrismaPGlite(pglite) });
  });
  afterAll(async () => {
    await prisma?.$disconnect();
    await pglite?.close();
  });

  checks(() => prisma);
});

describe.skipIf(!hasPostgres)('prismaStore on PostgreSQL', () => {
  let postgres: TestPostgres;
  let prisma: PrismaClient;

  beforeAll(async () => {
    postgres = await freshPostgres();
    for (const statement of tables) await postgres.pool.query(statement);
    prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: postgres.url, max: 8 }) });
  });
  afterAll(async () => {
    await prisma?.$disconnect();
    await postgres?.[Symbol.asyncDispose]();
  });

  checks(() => prisma);

  test('says that its table is missing', async () => {
    await postgres.pool.query('alter table cartie_value rename to away');
    try {
      for (const work of [
        () => prismaStore(prisma.cartieValue).get('secret-key'),
        () => prismaStore(prisma.cartieValue).put('secret-key', 'secret-value'),
        () => prismaStore(prisma.cartieValue).delete('secret-key'),
        () => collect(prismaStore(prisma.cartieValue).list('secret-key')),
        () => prismaStore(prisma.cartieValue).sweep(),
      ]) {
        const error = await thrownBy(work());
        expect(error).toMatchObject({
          code: 'storage_error',
          retryable: false,
          message: 'prisma failed: its table is missing',
          provider: { code: 'P2021' },
        });
        expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('secret-');
      }
    } finally {
      await postgres.pool.query('alter table away rename to cartie_value');
    }
  });
});

function checks(prisma: () => PrismaClient): void {
  let store: PrismaStore;
  beforeAll(() => {
    store = prismaStore(prisma().cartieValue);
  });
  afterEach(() => void vi.useRealTimers());

  for (const { name, check } of keyValueStoreContract({ create: () => store })) test(name, check, 60_000);

  test('sweeps what ended two days ago, in chunks, and nothing else', async () => {
    const dayMs = 86_400_000;
    const data = Array.from({ length: 900 }, (_, n) => ({
      key: `sweep:${n}`,
      value: '',
      version: 1n,
      expiresAt: new Date(Date.now() + (n % 3 === 0 ? -3 : n % 3 === 1 ? -1 : 1) * dayMs),
    }));
    await prisma().cartieValue.createMany({ data });
    expect(await store.sweep()).toBe(300);
    expect(await store.sweep()).toBe(0);
    expect(await collect(store.list('sweep:'))).toHaveLength(300);
    await prisma().cartieValue.deleteMany({ where: { key: { startsWith: 'sweep:' } } });
  });

  test('gives greater versions after the empty row of a deleted value was swept', async () => {
    const first = await store.put('swept', 'one');
    expect(await store.delete('swept')).toBe(true);
    await prisma().cartieValue.deleteMany({ where: { key: 'swept' } });
    // Versions begin with the time: rows are swept days later.
    await sleep(5);
    const second = await store.put('swept', 'two', { ifVersion: 'absent' });
    expect(BigInt(second ?? 0)).toBeGreaterThan(BigInt(first ?? 0));
    await store.delete('swept');
  });

  test('sees a deleted value as deleted also where a clock is behind, and gives it greater versions', async () => {
    const key = 'behind';
    const first = await store.put(key, 'one');
    expect(await store.delete(key)).toBe(true);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
    expect(await store.get(key)).toBeUndefined();
    const second = await store.put(key, 'two', { ifVersion: 'absent' });
    expect(BigInt(second ?? 0)).toBeGreaterThan(BigInt(first ?? 0));
    expect(await store.delete(key)).toBe(true);
  });
}

describe('prismaStore', () => {
  test('refuses something that is no delegate', () => {
    expect(() => prismaStore({} as never)).toThrow(
      expect.objectContaining({ code: 'invalid_config', field: 'delegate' }),
    );
  });

  test('shows the model that its tests use', () => {
    const folder = new URL('../tests/prisma/', import.meta.url);
    const schema = readFileSync(new URL('schema.prisma', folder), 'utf8');
    const model = schema.slice(schema.indexOf('model CartieValue')).trim();
    const source = readFileSync(new URL('prisma-store.ts', import.meta.url), 'utf8');
    expect(source.replaceAll(/^ \* ?/gm, '')).toContain(model);
    const generated = readFileSync(new URL('client/internal/class.ts', folder), 'utf8');
    expect(generated).toContain(JSON.stringify(model).slice(1, -1));
  });
});
