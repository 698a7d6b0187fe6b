import { MemoryStorage } from '@mtcute/core';
import { addPublicKey } from '@mtcute/core/utils.js';
import { TelegramClient } from '@mtcute/node';
import { NodeCryptoProvider } from '@mtcute/node/utils.js';
import { vi } from 'vitest';
import type { TestDc } from '../src/mtproto/public.ts';

// A busy machine takes long for a key exchange.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const crypto = new NodeCryptoProvider();

/** Clients of other people, which check what a server sends more strictly than most. */
export interface MtcuteClients {
  connect(): TelegramClient;
  signIn(phone: string, password?: string): Promise<TelegramClient>;
  /** Ends all of them. */
  close(): Promise<void>;
}

/** Creates {@link MtcuteClients} of this DC; `usePfs` has them encrypt with temporary keys. */
export async function createMtcuteClients(
  dc: TestDc,
  { usePfs = false }: { readonly usePfs?: boolean } = {},
): Promise<MtcuteClients> {
  const clients: TelegramClient[] = [];
  await crypto.initialize();
  addPublicKey(crypto, dc.publicKey.pem);
  const connect = (): TelegramClient => {
    const main = { id: dc.dcId, ipAddress: dc.host, port: dc.port, mediaOnly: false };
    const client = new TelegramClient({
      apiId: 1,
      apiHash: 'hash',
      storage: new MemoryStorage(),
      crypto,
      defaultDcs: { main, media: main },
      network: { usePfs },
      logLevel: 0,
    });
    clients.push(client);
    return client;
  };
  return {
    connect,
    async signIn(phone, password) {
      const client = connect();
      await client.start({
        phone,
        code: () => dc.lastCode(phone) ?? '',
        ...(password === undefined ? {} : { password }),
        // It would be written to the console.
        codeSentCallback: () => undefined,
      });
      // It passes over updates that come before it knows its state.
      await dc.requests.received({ method: 'updates.getDifference' }, 1, 30_000);
      await client.getMe();
      return client;
    },
    async close() {
      await Promise.all(clients.map((client) => client.destroy()));
    },
  };
}
