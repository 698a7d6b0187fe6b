import { randomBytes } from 'node:crypto';
import type { KeyValueStore } from '@cartie/core';
import { migratePostgres, pgDatabase, postgresStore } from '@cartie/core/postgres';
import { redisStore } from '@cartie/core/redis';
import type { TestDc } from '@cartie/sandbox';
import type { ClientSetup } from '../../packages/mtproto/tests/client-process.ts';
import { type ClientProcess, startClientProcess } from '../../packages/mtproto/tests/start-client-process.ts';
import { freshPostgres } from '../../tests/support/postgres.ts';
import { freshRedis } from '../../tests/support/redis.ts';

/** A store that processes share, empty at first. */
export interface SharedStore extends AsyncDisposable {
  readonly place: ClientSetup['store'];
  readonly kv: KeyValueStore;
}

/** Opens an empty store on Redis or PostgreSQL. */
export async function openSharedStore(kind: 'redis' | 'postgres'): Promise<SharedStore> {
  if (kind === 'redis') {
    const redis = await freshRedis();
    return {
      place: { kind, url: redis.url, prefix: redis.prefix },
      kv: redisStore(redis.client, { prefix: redis.prefix }),
      [Symbol.asyncDispose]: async () => redis[Symbol.asyncDispose](),
    };
  }
  const postgres = await freshPostgres();
  await migratePostgres(pgDatabase(postgres.pool));
  return {
    place: { kind, url: postgres.url },
    kv: postgresStore(pgDatabase(postgres.pool)),
    [Symbol.asyncDispose]: async () => postgres[Symbol.asyncDispose](),
  };
}

const encryptionKey = randomBytes(32).toString('base64');

/** Starts a process with a hub on this DC. All processes of one run share the encryption key. */
export function startClient(
  dc: TestDc,
  store: ClientSetup['store'],
  hub: Partial<ClientSetup['hub']> = {},
): Promise<ClientProcess> {
  const servers = {
    datacenters: dc.dcs.map(({ dcId, host, port }) => ({ id: dcId, host, port })),
    publicKeys: [dc.publicKey.pem],
  };
  return startClientProcess({
    store,
    encryptionKey,
    hub: { apiId: 1, apiHash: 'any', servers, backoffMs: 100, maxBackoffMs: 1_000, ...hub },
  });
}
