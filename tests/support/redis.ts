import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';

/** Keys of their own for one test file. */
export interface TestRedis extends AsyncDisposable {
  /** For drivers that take a connection string, also in a child process. */
  readonly url: string;
  /** Begin every key with it. They are removed with the object. */
  readonly prefix: string;
  /** A connected client. */
  readonly client: Redis;
}

const serverUrl = process.env.TEST_REDIS_URL ?? 'redis://127.0.0.1:6379';

/** Is there a Redis server to test on? With `CARTIE_REQUIRE_SERVICES=1` its absence is an error. */
export const hasRedis: boolean = await reachable();

/**
 * A client and a fresh prefix; dispose of it in `afterAll`. Guard the tests with {@link hasRedis}:
 * `describe.skipIf(!hasRedis)('…')`.
 */
export async function freshRedis(): Promise<TestRedis> {
  const client = new Redis(serverUrl);
  const prefix = `cartie-test-${randomBytes(6).toString('hex')}:`;
  return {
    url: serverUrl,
    prefix,
    client,
    async [Symbol.asyncDispose]() {
      for await (const keys of client.scanStream({ match: `*${prefix}*`, count: 1_000 })) {
        if (keys.length > 0) await client.del(...keys);
      }
      await client.quit();
    },
  };
}

async function reachable(): Promise<boolean> {
  const client = new Redis(serverUrl, {
    lazyConnect: true,
    connectTimeout: 3_000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  try {
    await client.connect();
    await client.ping();
    return true;
  } catch (error) {
    if (process.env.CARTIE_REQUIRE_SERVICES === '1') {
      throw new Error('Redis is required: start it or set TEST_REDIS_URL', { cause: error });
    }
    console.warn('No Redis on TEST_REDIS_URL: its tests are skipped.');
    return false;
  } finally {
    client.disconnect();
  }
}
