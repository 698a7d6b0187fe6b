import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import BetterSqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { collect, thrownBy } from '../tests/collect.ts';
import type { KeyValueStore } from './index.ts';
import { type SqliteDatabase, type SqliteStore, sqliteStore } from './sqlite.ts';
import { keyValueStoreContract } from './testing.ts';

type OpenDatabase = SqliteDatabase & { close(): unknown };

const drivers: Record<string, (path: string) => OpenDatabase> = {
  'node:sqlite': (path) => new DatabaseSync(path),
  // Its own waiting would keep the whole process waiting.
  'better-sqlite3': (path) => new BetterSqlite(path, { timeout: 0 }),
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cartie-sqlite-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(Object.entries(drivers))('sqliteStore on %s', (driver, open) => {
  const opened: OpenDatabase[] = [];
  const connect = (name: string, journal = 'wal'): OpenDatabase => {
    const database = open(
      name === ':memory:' ? name : join(folder, `${driver.replace(':', '-')}-${name}.db`),
    );
    opened.push(database);
    database.exec(`pragma journal_mode = ${journal}`);
    // These tests are about locks, not about a loss of power: nothing waits for the disk.
    database.exec('pragma synchronous = off');
    return database;
  };
  afterAll(() => {
    for (const database of opened) database.close();
  });

  describe('in a file', () => {
    let store: SqliteStore;
    beforeAll(() => {
      store = sqliteStore(connect('one'));
    });
    for (const { name, check } of keyValueStoreContract({ create: () => store })) test(name, check, 60_000);
  });

  describe('in memory', () => {
    let store: SqliteStore;
    beforeAll(() => {
      store = sqliteStore(connect(':memory:'));
    });
    for (const { name, check } of keyValueStoreContract({ create: () => store })) test(name, check);
  });

  describe.each(['wal', 'delete'])(
    'over five connections to one file with the journal mode %s',
    (journal) => {
      let store: KeyValueStore;
      beforeAll(() => {
        const connections = Array.from({ length: 5 }, () => sqliteStore(connect(`five-${journal}`, journal)));
        let turn = 0;
        const next = (): KeyValueStore => {
          turn += 1;
          return connections[turn % connections.length] as KeyValueStore;
        };
        // Each call goes over another connection.
        store = {
          get: (key) => next().get(key),
          put: (key, value, options) => next().put(key, value, options),
          delete: (key, options) => next().delete(key, options),
          list: (prefix) => next().list(prefix),
        };
      });
      for (const { name, check } of keyValueStoreContract({ create: () => store })) test(name, check, 60_000);
    },
  );

  test('sweeps all that has expired, in chunks, and nothing else', async () => {
    const database = connect('sweep');
    const store = sqliteStore(database);
    await store.put('kept', 'one');
    const insert = database.prepare(
      "insert into cartie_store (key, value, expires_at) values ('sweep:' || ?, '', unixepoch('now') * 1000 + ?) returning 1",
    );
    for (let n = 0; n < 1_300; n += 1) insert.get(n, n % 2 === 0 ? -60_000 : 60_000);
    expect(await store.sweep()).toBe(650);
    expect(await store.sweep()).toBe(0);
    expect((await collect(store.list('sweep:'))).length).toBe(650);
    for (let n = 0; n < 250; n += 1) await store.put(`brief:${n}`, '', { ttlMs: 1 });
    const rows = database
      .prepare("select count(*) as count from cartie_store where key like 'brief:%'")
      .get();
    expect((rows as { count: number }).count).toBeLessThanOrEqual(120);
  });

  test('gives greater versions after the last writes were lost, as with the power', async () => {
    const database = connect('power');
    const store = sqliteStore(database);
    const before = await store.put('key', 'one');
    database.exec("delete from cartie_store; delete from sqlite_sequence where name = 'cartie_store'");
    // Versions begin with the time: what comes back after a loss comes later.
    await sleep(5);
    const after = await store.put('key', 'one');
    expect(BigInt(after ?? 0)).toBeGreaterThan(BigInt(before ?? 0));
  });

  test('waits for another connection that writes, without keeping the process from its work', async () => {
    const holder = connect('busy');
    const store = sqliteStore(connect('busy'));
    await store.put('key', 'one');
    holder.exec('begin immediate');
    let ticks = 0;
    const timer = setInterval(() => {
      ticks += 1;
      if (ticks === 20) holder.exec('commit');
    }, 10);
    onTestFinished(() => clearInterval(timer));
    expect(await store.put('key', 'two')).toBeTypeOf('string');
    expect(ticks).toBeGreaterThanOrEqual(20);
  });

  test('fails in time where the other connection never ends', async () => {
    const holder = connect('stuck');
    const store = sqliteStore(connect('stuck'), { timeoutMs: 200 });
    await store.put('secret-key', 'one');
    holder.exec('begin immediate');
    const error = await thrownBy(store.put('secret-key', 'secret-value'));
    expect(error).toMatchObject({
      code: 'storage_error',
      retryable: true,
      outcome: 'not_executed',
      provider: { code: 'SQLITE_BUSY' },
    });
    holder.exec('rollback');
    expect((await store.get('secret-key'))?.value).toBe('one');
  });

  test('tells neither key nor value when the database refuses', async () => {
    const database = connect('broken');
    const store = sqliteStore(database);
    await store.put('key', 'one');
    database.exec('drop table cartie_store; create table cartie_store (key text)');
    for (const work of [
      () => store.get('secret-key'),
      () => store.put('secret-key', 'secret-value'),
      () => store.delete('secret-key'),
      () => collect(store.list('secret-key')),
      () => store.sweep(),
    ]) {
      const error = await thrownBy(work());
      expect(error).toMatchObject({ code: 'storage_error', retryable: false, service: 'sqlite' });
      expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/secret-|select|insert/);
    }
    database.close();
    opened.splice(opened.indexOf(database), 1);
    expect(await thrownBy(store.get('secret-key'))).toMatchObject({ code: 'storage_error' });
  });
});

test('sqliteStore refuses something that is no database', () => {
  expect(() => sqliteStore({} as never)).toThrow(
    expect.objectContaining({ code: 'invalid_config', field: 'database' }),
  );
});
