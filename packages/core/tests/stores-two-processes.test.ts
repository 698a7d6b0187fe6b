import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { migratePostgres, pgDatabase } from '@cartie/core/postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshPostgres, hasPostgres } from '../../../tests/support/postgres.ts';
import { freshRedis, hasRedis } from '../../../tests/support/redis.ts';
import { type StoreProcess, startStoreProcess } from './start-store-process.ts';
import type { StorePlace } from './store-process.ts';

describe.skipIf(!hasRedis)('two processes on one Redis', () => {
  checks(async () => {
    const redis = await freshRedis();
    return { kind: 'redis', url: redis.url, prefix: redis.prefix, close: () => redis[Symbol.asyncDispose]() };
  });
});

describe.skipIf(!hasRedis)('two processes on one Redis by node-redis', () => {
  checks(async () => {
    const redis = await freshRedis();
    const close = () => redis[Symbol.asyncDispose]();
    return { kind: 'node-redis', url: redis.url, prefix: redis.prefix, close };
  });
});

describe('two processes on one file of SQLite', () => {
  checks(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cartie-sqlite-'));
    const url = join(folder, 'store.db');
    const database = new DatabaseSync(url);
    database.exec('pragma journal_mode = wal');
    database.close();
    return { kind: 'sqlite', url, prefix: 's:', close: () => rm(folder, { recursive: true }) };
  });
});

describe.skipIf(!hasPostgres)('two processes on one PostgreSQL', () => {
  checks(async () => {
    const postgres = await freshPostgres();
    await migratePostgres(pgDatabase(postgres.pool));
    return {
      kind: 'postgres',
      url: postgres.url,
      prefix: 'p:',
      close: () => postgres[Symbol.asyncDispose](),
    };
  });
});

type Service = Pick<StorePlace, 'kind' | 'url' | 'prefix'> & { close: () => PromiseLike<void> };

function checks(open: () => Promise<Service>): void {
  let service: Service;
  let place: StorePlace;
  let one: StoreProcess;
  let two: StoreProcess;
  const provider = tokenEndpoint();

  beforeAll(async () => {
    service = await open();
    const { kind, url, prefix } = service;
    const encryptionKey = randomBytes(32).toString('base64');
    place = { kind, url, prefix, encryptionKey, tokenUrl: await provider.listen() };
    [one, two] = await Promise.all([startStoreProcess(place), startStoreProcess(place)]);
  });

  afterAll(async () => {
    await Promise.all([one?.kill(), two?.kill()]);
    await provider.close();
    await service?.close();
  });

  test('20 parallel claims have one winner, in 200 rounds', async () => {
    for (let round = 0; round < 200; round += 1) {
      const given = await Promise.all([one.claim(`round:${round}`, 10), two.claim(`round:${round}`, 10)]);
      expect(given[0] + given[1], `round ${round}`).toBe(1);
    }
  }, 60_000);

  test('a token is fetched once between them, and once more when all callers of both are refused', async () => {
    const first = await Promise.all([one.tokens(25), two.tokens(25)]);
    expect(new Set(first.flat())).toEqual(new Set(['token-1']));
    expect(provider.asked()).toBe(1);
    const second = await Promise.all([one.tokens(25, 'token-1'), two.tokens(25, 'token-1')]);
    expect(new Set(second.flat())).toEqual(new Set(['token-2']));
    expect(provider.asked()).toBe(2);
  });

  test('a lease has one owner, and the next one a greater fence', async () => {
    const fences: bigint[] = [];
    for (let round = 0; round < 20; round += 1) {
      const asked = await Promise.all([one.acquire('poller', 5_000), two.acquire('poller', 5_000)]);
      const given = asked.filter((fence) => fence !== undefined);
      expect(given).toHaveLength(1);
      fences.push(BigInt(given[0] ?? 0));
      await (asked[0] === undefined ? two : one).release();
    }
    expect(fences.every((fence, index) => index === 0 || fence > (fences[index - 1] ?? 0n))).toBe(true);
  });

  test('a lease of a killed process is free after its ttl and not before, with a greater fence', async () => {
    const ttlMs = 800;
    const doomed = await startStoreProcess(place);
    const fence = await doomed.acquire('doomed', ttlMs);
    // It lives longer than its ttl, so what is left at its death was written by a renewal.
    await new Promise((resolve) => setTimeout(resolve, ttlMs * 1.5));
    expect(await two.acquire('doomed', ttlMs)).toBeUndefined();
    await doomed.kill();
    const killedAt = performance.now();
    const next = await untilGiven(() => two.acquire('doomed', ttlMs));
    expect(performance.now() - killedAt).toBeGreaterThan(ttlMs / 3);
    expect(performance.now() - killedAt).toBeLessThan(ttlMs * 5);
    expect(BigInt(next)).toBeGreaterThan(BigInt(fence ?? 0));
    await two.release();
  });

  test('a process that was frozen beyond its ttl learns that its lease is lost, and does not take it back', async () => {
    const frozen = await startStoreProcess(place);
    const fence = await frozen.acquire('frozen', 300);
    frozen.freeze();
    const next = await untilGiven(() => two.acquire('frozen', 5_000));
    expect(BigInt(next)).toBeGreaterThan(BigInt(fence ?? 0));
    frozen.thaw();
    await expect.poll(() => frozen.isLost()).toBe(true);
    expect(await frozen.acquire('frozen', 300)).toBeUndefined();
    expect(await two.isLost()).toBe(false);
    await two.release();
    await frozen.kill();
  });

  test('a rate is shared', async () => {
    const [limit, intervalMs] = [6, 300];
    const times = (
      await Promise.all([one.pace(limit, intervalMs, 15), two.pace(limit, intervalMs, 15)])
    ).flat();
    times.sort((a, b) => a - b);
    // Calls are noted a little after they went: on a busy machine those of one window with those of the next.
    const window = intervalMs * 0.6;
    const counts = times.map((start) => times.filter((at) => at >= start && at < start + window).length);
    expect(Math.max(...counts)).toBeLessThanOrEqual(2 * limit);
    // Unshared, each process would have ended after half of it.
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(intervalMs * 3.5);
  });
}

async function untilGiven(acquire: () => Promise<string | undefined>): Promise<string> {
  for (;;) {
    const fence = await acquire();
    if (fence !== undefined) return fence;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A provider's token endpoint on loopback that counts who asks. */
function tokenEndpoint(): { listen(): Promise<string>; close(): Promise<void>; asked(): number } {
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    const token = { value: `token-${asked}`, expiresInMs: 3_600_000 };
    setTimeout(() => response.end(JSON.stringify(token)), 30);
  });
  return {
    asked: () => asked,
    async listen() {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
