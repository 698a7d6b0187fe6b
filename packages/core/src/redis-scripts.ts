import { createHash } from 'node:crypto';
import type { RedisCommand } from './redis-client.ts';

/** A Lua script and its name in Redis' script cache. */
export interface RedisScript {
  readonly text: string;
  readonly sha1: string;
}

/**
 * KEYS: the hash, the last version. ARGV: value, the version it must have (`absent`, or empty for any), ttl in
 * milliseconds (or empty). Gives the new version or nil.
 *
 * A version is the last one plus one, but at least the clock in microseconds: a server that crashed and lost the last
 * second of its log would otherwise give the same versions again.
 */
export const putScript: RedisScript = script(`
local current = redis.call('HGET', KEYS[1], 'version')
if ARGV[2] == 'absent' then
  if current then return nil end
elseif ARGV[2] ~= '' and ARGV[2] ~= current then
  return nil
end
local time = redis.call('TIME')
local version = tonumber(time[1]) * 1000000 + tonumber(time[2])
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
if version <= last then version = last + 1 end
version = string.format('%.0f', version)
redis.call('SET', KEYS[2], version)
redis.call('DEL', KEYS[1])
if ARGV[3] == '' then
  redis.call('HSET', KEYS[1], 'value', ARGV[1], 'version', version)
else
  local expiresAt = string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) + tonumber(ARGV[3]))
  redis.call('HSET', KEYS[1], 'value', ARGV[1], 'version', version, 'expiresAt', expiresAt)
  redis.call('PEXPIREAT', KEYS[1], expiresAt)
end
return version
`);

/** KEYS: the hash. ARGV: the version it must have, or empty for any. Gives 1 if it was deleted. */
export const deleteScript: RedisScript = script(`
if ARGV[1] ~= '' and ARGV[1] ~= redis.call('HGET', KEYS[1], 'version') then return 0 end
return redis.call('DEL', KEYS[1])
`);

/** Runs a script by its hash, or by its text where Redis does not have it yet. */
export async function runScript(
  command: RedisCommand,
  { text, sha1 }: RedisScript,
  { keys, values }: { keys: readonly string[]; values: readonly string[] },
): Promise<unknown> {
  const args = [String(keys.length), ...keys, ...values];
  try {
    return await command('EVALSHA', sha1, ...args);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return command('EVAL', text, ...args);
  }
}

function script(text: string): RedisScript {
  return { text, sha1: createHash('sha1').update(text).digest('hex') };
}
