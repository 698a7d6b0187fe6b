// A process that keeps things in a shared store and does what its parent asks of it. Started by `startStoreProcess`.
import { DatabaseSync } from 'node:sqlite';
import { createStores, createTokenSource, type KeyValueStore, type Lease, storeLimiter } from '@cartie/core';
import { pgDatabase, postgresStore } from '@cartie/core/postgres';
import { redisStore } from '@cartie/core/redis';
import { sqliteStore } from '@cartie/core/sqlite';
import { Redis } from 'ioredis';
import pg from 'pg';
import { createClient } from 'redis';

/** Where the store is. */
export interface StorePlace {
  kind: 'redis' | 'node-redis' | 'postgres' | 'sqlite';
  /** Of SQLite the file. */
  url: string;
  prefix: string;
  encryptionKey: string;
  /** Gives `{ "value": …, "expiresInMs": … }`. */
  tokenUrl: string;
}

/** What the parent can ask for. */
export interface StoreRequests {
  /** The fence, or `undefined` if somebody else has the lease. */
  acquire(name: string, ttlMs: number): Promise<string | undefined>;
  release(): Promise<void>;
  /** Has the lease that was acquired last been lost? */
  isLost(): Promise<boolean>;
  /** How many of `count` parallel claims were given; a given one is committed. */
  claim(key: string, count: number): Promise<number>;
  /** `count` parallel calls, each of which refuses `rejected` first. */
  tokens(count: number, rejected?: string): Promise<string[]>;
  /** Epoch milliseconds of `count` calls under one rate. */
  pace(limit: number, intervalMs: number, count: number): Promise<number[]>;
}

const place = JSON.parse(process.argv[2] ?? '') as StorePlace;
const kv = await openStore();
const stores = createStores(kv, { encryptionKey: place.encryptionKey });
const limiter = storeLimiter(kv, { name: place.prefix });
const source = createTokenSource({
  ...stores,
  name: place.prefix,
  fetchToken: async (signal) => {
    const response = await fetch(place.tokenUrl, { signal });
    return (await response.json()) as { value: string; expiresInMs: number };
  },
});
let lease: Lease | undefined;

const requests: StoreRequests = {
  async acquire(name, ttlMs) {
    const given = await stores.leases.acquire(place.prefix + name, { ttlMs });
    lease = given ?? lease;
    return given?.fence;
  },
  async release() {
    await lease?.release();
  },
  async isLost() {
    return lease?.signal.aborted ?? true;
  },
  async claim(key, count) {
    const claims = await Promise.all(
      Array.from({ length: count }, () => stores.dedup.claim(place.prefix + key)),
    );
    const given = claims.filter((claim) => typeof claim !== 'string');
    for (const claim of given) await claim.commit(60_000);
    return given.length;
  },
  async tokens(count, rejected) {
    return Promise.all(
      Array.from({ length: count }, async () => {
        if (rejected !== undefined) await source.invalidate(rejected);
        return source.get();
      }),
    );
  },
  async pace(limit, intervalMs, count) {
    return Promise.all(
      Array.from({ length: count }, async () => {
        await limiter.acquire([{ key: 'global', limit, intervalMs }]);
        return performance.timeOrigin + performance.now();
      }),
    );
  },
};

process.on(
  'message',
  async ({ id, method, args }: { id: number; method: keyof StoreRequests; args: never[] }) => {
    try {
      const work = requests[method] as (...given: never[]) => Promise<unknown>;
      process.send?.({ id, result: await work(...args) });
    } catch (error) {
      process.send?.({ id, error: String(error) });
    }
  },
);
process.on('disconnect', () => process.exit());
process.send?.({ id: 'ready' });

async function openStore(): Promise<KeyValueStore> {
  const { url, prefix } = place;
  switch (place.kind) {
    case 'redis':
      return redisStore(new Redis(url), { prefix });
    case 'node-redis':
      return redisStore(await createClient({ url }).connect(), { prefix });
    case 'postgres':
      return postgresStore(pgDatabase(new pg.Pool({ connectionString: url, max: 5 })));
    case 'sqlite':
      return sqliteStore(new DatabaseSync(url));
  }
}
