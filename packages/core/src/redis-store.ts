import { CartieError } from './errors.ts';
import { guardStore } from './guard-store.ts';
import type { KeyValueStore, StoredValue } from './key-value-store.ts';
import { type RedisClient, redisCommands } from './redis-client.ts';
import { deleteScript, putScript, runScript } from './redis-scripts.ts';

/** Options of {@link redisStore}. */
export interface RedisStoreOptions {
  /** Begins every key of this store; stores with different prefixes don't see each other. @default 'cartie:' */
  prefix?: string | undefined;
  /** Limit of one call, also while the client waits for its connection. Milliseconds. @default 5000 */
  timeoutMs?: number | undefined;
}

/**
 * A store in Redis 6.2 or newer (or Valkey), through a connected client of `ioredis` or `redis`. Each value is a hash
 * under `<prefix>value:<key>`; conditional writes are Lua scripts; Redis itself removes what has expired. Versions grow
 * over a restart that lost the last writes, too. Redis must not evict keys (`maxmemory-policy noeviction`). For one
 * primary: a Cluster has no `list`.
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions = {}): KeyValueStore {
  const { prefix = 'cartie:', timeoutMs } = options;
  if (typeof prefix !== 'string' || prefix === '') {
    throw new CartieError('invalid_config', 'prefix must be a string that is not empty', { field: 'prefix' });
  }
  const { command, hiddenPrefix } = redisCommands(client);
  const versionKey = `${prefix}version`;
  const valuePrefix = `${prefix}value:`;

  return guardStore(
    {
      async get(key) {
        return readHash(await command('HMGET', valuePrefix + key, 'value', 'version', 'expiresAt'));
      },
      async put(key, value, { ifVersion = '', ttlMs } = {}) {
        const ttl = ttlMs === undefined ? '' : String(Math.ceil(ttlMs));
        const version = await runScript(command, putScript, {
          keys: [valuePrefix + key, versionKey],
          values: [value, ifVersion, ttl],
        });
        return version === null ? undefined : String(version);
      },
      async delete(key, { ifVersion = '' } = {}) {
        const deleted = await runScript(command, deleteScript, {
          keys: [valuePrefix + key],
          values: [ifVersion],
        });
        return Number(deleted) === 1;
      },
      async *list(listed) {
        // SCAN is the one command that knows nothing of ioredis' own `keyPrefix`, and may name a key twice.
        const start = hiddenPrefix + valuePrefix;
        const pattern = `${(start + listed).replace(/[\\*?[\]]/g, '\\$&')}*`;
        const seen = new Set<string>();
        let cursor = '0';
        do {
          const [next, keys] = readScan(await command('SCAN', cursor, 'MATCH', pattern, 'COUNT', '1000'));
          cursor = next;
          for (const key of keys) {
            if (seen.has(key)) continue;
            seen.add(key);
            yield key.slice(start.length);
          }
        } while (cursor !== '0');
      },
    },
    { service: 'redis', ...(timeoutMs === undefined ? {} : { timeoutMs }) },
  );
}

function readHash(reply: unknown): StoredValue | undefined {
  if (!Array.isArray(reply)) throw unexpectedReply();
  const [value, version, expiresAt] = reply as unknown[];
  if (value === null || version === null) return undefined;
  return {
    value: String(value),
    version: String(version),
    ...(expiresAt === null ? {} : { expiresAt: Number(expiresAt) }),
  };
}

function readScan(reply: unknown): [string, string[]] {
  if (!Array.isArray(reply) || !Array.isArray(reply[1])) throw unexpectedReply();
  return [String(reply[0]), reply[1].map(String)];
}

function unexpectedReply(): CartieError {
  return new CartieError('storage_error', 'redis answered with something else than a list', {
    service: 'redis',
    retryable: false,
  });
}
