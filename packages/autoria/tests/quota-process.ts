// A process that calls AUTO.RIA with a key that others call with, too. Prints how each call ended.
import { createAutoRiaClient } from '@cartie/autoria';
import { type CartieError, isCartieError } from '@cartie/core';
import { pgDatabase, postgresStore } from '@cartie/core/postgres';
import { redisStore } from '@cartie/core/redis';
import { Redis } from 'ioredis';
import pg from 'pg';

const given = JSON.parse(process.argv[2] ?? '{}') as {
  kind: 'redis' | 'postgres';
  url: string;
  prefix: string;
  apiKey: string;
  baseUrl: string;
  calls: number;
};

const redis = given.kind === 'redis' ? new Redis(given.url) : undefined;
const pool = given.kind === 'postgres' ? new pg.Pool({ connectionString: given.url, max: 4 }) : undefined;
const store = redis
  ? redisStore(redis, { prefix: given.prefix })
  : postgresStore(pgDatabase(pool as pg.Pool));
const autoria = createAutoRiaClient({
  apiKey: given.apiKey,
  baseUrl: given.baseUrl,
  store,
  deadlineMs: 60_000,
  timeoutMs: 60_000,
});

const ends = await Promise.all(
  Array.from({ length: given.calls }, () =>
    autoria.call('/auto/type', {}, { retries: 0 }).then(
      () => ({ ok: true }),
      (error: CartieError) => ({
        code: isCartieError(error) ? error.code : String(error),
        attempts: error.attempts,
        retryAfterMs: error.retryAfterMs,
        retryable: error.retryable,
      }),
    ),
  ),
);
process.stdout.write(`${JSON.stringify(ends)}\n`);
await redis?.quit();
await pool?.end();
