// A process that makes calls with a token that it shares with others. Prints how many went well.
import { createStores, type KeyValueStore } from '@cartie/core';
import { pgDatabase, postgresStore } from '@cartie/core/postgres';
import { redisStore } from '@cartie/core/redis';
import { Redis } from 'ioredis';
import pg from 'pg';
import { createSendPulseClient } from '../src/index.ts';

/** Where things are. */
export interface TokenPlace {
  kind: 'redis' | 'postgres';
  url: string;
  prefix: string;
  encryptionKey: string;
  baseUrl: string;
  clientId: string;
  clientSecret: string;
  calls: number;
}

const place = JSON.parse(process.argv[2] ?? '') as TokenPlace;
const { clientId, clientSecret, baseUrl, encryptionKey, calls } = place;
const [kv, close] = openStore();
const { tokens, leases } = createStores(kv, { encryptionKey });
const sendpulse = createSendPulseClient({
  clientId,
  clientSecret,
  baseUrl,
  tokens,
  leases,
  requestsPerSecond: 1_000,
});
const answers = await Promise.all(Array.from({ length: calls }, () => sendpulse.balance.get()));
process.stdout.write(`${answers.length}\n`);
await close();

function openStore(): [KeyValueStore, () => Promise<unknown>] {
  if (place.kind === 'redis') {
    const redis = new Redis(place.url);
    return [redisStore(redis, { prefix: place.prefix }), () => redis.quit()];
  }
  const pool = new pg.Pool({ connectionString: place.url, max: 5 });
  return [postgresStore(pgDatabase(pool)), () => pool.end()];
}
