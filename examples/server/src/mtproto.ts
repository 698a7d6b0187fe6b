import type { HealthCheck, LeaseStore, SessionStore } from '@cartie/core';
import { createMtprotoHub, type MtprotoServers, toUpdate } from '@cartie/mtproto';
import type { PgBoss } from 'pg-boss';
import { type ConnectorDesk, createConnectorDesk } from './connector-desk.ts';
import { isFollowed } from './connectors.ts';
import type { AppDatabase } from './database.ts';
import type { MtprotoConfig } from './mtproto-config.ts';
import type { ReceiverParts } from './receiver-parts.ts';

/** The Telegram accounts that read channels, connected to the inbox. */
export interface MtprotoConnection {
  readonly desk: ConnectorDesk;
  readonly health: HealthCheck;
  /** Brings all accounts to life. Does not wait for that. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** What {@link connectMtproto} needs from the rest of the server. */
export interface MtprotoParts extends ReceiverParts {
  readonly database: AppDatabase;
  /** Fetches the last posts of a newly followed channel, again where that fails. */
  readonly boss: PgBoss;
  /** The servers of the simulated Telegram, where that is used and there is one. */
  readonly sandbox: MtprotoServers | undefined;
  readonly sessions: SessionStore;
  readonly leases: LeaseStore;
  readonly onChange: (what: 'connectors' | 'feed') => void;
}

interface BackFill {
  readonly connectorId: string;
  readonly channelId: string;
}

const backFillJob = 'feed-back-fill';

/** Creates the accounts' hub, which does nothing while there is no account; `undefined` on a sandbox that has no MTProto. */
export function connectMtproto(config: MtprotoConfig, parts: MtprotoParts): MtprotoConnection | undefined {
  const { database, boss } = parts;
  const servers = config.mode === 'sandbox' ? parts.sandbox : undefined;
  if (config.mode === 'sandbox' && servers === undefined) return undefined;
  const hub = createMtprotoHub({
    ...config.api,
    sessions: parts.sessions,
    leases: parts.leases,
    servers,
    // An embedded database has one process: nobody else waits for the lease, but its own next start after a crash.
    leaseMs: database.sql.singleConnection ? 10_000 : 30_000,
    device: { model: 'Cartie server' },
    // What else the accounts see is nobody's business here: it is not stored.
    async onMessage(event) {
      if (event.chatId === undefined || !(await isFollowed(database.sql, String(event.chatId)))) return;
      await parts.accept(toUpdate(event));
    },
    onStateChange: () => parts.onChange('connectors'),
    onEvent: parts.onEvent,
    onError: (error, { event }) =>
      parts.onFailure({ operation: event === undefined ? 'connection' : `receive ${event.kind}`, error }),
  });
  const desk = createConnectorDesk({
    database,
    hub,
    onFollowed: async (connectorId, channelId) => {
      await boss.send(backFillJob, { connectorId, channelId } satisfies BackFill);
    },
  });
  let starting: Promise<unknown> = Promise.resolve();
  return {
    desk,
    health: hub.health,
    async start() {
      await boss.createQueue(backFillJob, {
        retryLimit: 8,
        retryBackoff: true,
        retryDelay: 5,
        expireInSeconds: 600,
      });
      await boss.work<BackFill>(backFillJob, async (jobs) => {
        for (const { data } of jobs) await desk.backFill(data.connectorId, data.channelId);
        parts.onChange('feed');
      });
      starting = hub.start().catch((error) => parts.onFailure({ operation: 'start', error }));
    },
    async stop() {
      await hub.stop();
      await starting;
    },
  };
}
