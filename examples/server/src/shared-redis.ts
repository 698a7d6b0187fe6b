import { CartieError } from '@cartie/core';
import { Redis } from 'ioredis';

/**
 * Connects to the Redis that keeps leases and shared limits.
 *
 * @param onError told whenever the connection fails later; it is made again by itself
 * @throws CartieError `storage_error` if it does not answer
 */
export async function connectRedis(url: string, onError: (error: unknown) => void): Promise<Redis> {
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 3, connectTimeout: 5_000 });
  redis.on('error', onError);
  try {
    await redis.connect();
    return redis;
  } catch {
    redis.disconnect();
    throw new CartieError('storage_error', 'Redis does not answer. Check REDIS_URL, or leave it empty.', {
      service: 'server',
      operation: 'redis',
    });
  }
}
