import {
  createHealthHandler,
  createStores,
  type EventListener,
  type HealthSummary,
  isCartieError,
  type KeyValueStore,
  storeLimiter,
} from '@cartie/core';
import { pgBossQueue } from '@cartie/core/pg-boss';
import { pinoEvents } from '@cartie/core/pino';
import { createInbox, createOutbox, postgresStore } from '@cartie/core/postgres';
import { redisStore } from '@cartie/core/redis';
import { viberFailure } from '@cartie/viber';
import { PgBoss } from 'pg-boss';
import type { Logger } from 'pino';
import { createAdminGuard } from './admin.ts';
import { createApi } from './api.ts';
import { createApp } from './app.ts';
import { type Channel, integrations } from './channels.ts';
import type { Config } from './config.ts';
import { markReachable } from './conversations.ts';
import { type AppTransaction, openDatabase } from './database.ts';
import { listen } from './http-server.ts';
import { createIncomingHandler } from './incoming.ts';
import { createIntegrationErrorLog } from './integration-errors.ts';
import { createLeadDesk, followEvent } from './lead-desk.ts';
import { createLeadForm } from './lead-form.ts';
import { forgetVisitors } from './leads.ts';
import { connectMeta } from './meta.ts';
import { createMetrics } from './metrics.ts';
import {
  followOutbox,
  messageTopics,
  telegramSender,
  telegramTopic,
  viberSender,
  viberTopic,
} from './outgoing.ts';
import { applyReceiptsOf, sweepReceipts } from './receipts.ts';
import { connectSandbox } from './sandbox.ts';
import { connectRedis } from './shared-redis.ts';
import { readPage } from './static-files.ts';
import { createStopList } from './stop-list.ts';
import { connectTelegram, telegramWebhookPath } from './telegram.ts';
import { connectViber, viberWebhookPath } from './viber.ts';

/** A server that runs. */
export interface RunningServer {
  /** Where it listens: the page, the API and the webhooks. */
  readonly url: string;
  /** The sandbox's page, where the server talks to the sandbox. */
  readonly sandboxUrl: string | undefined;
  /** For the banner. */
  readonly engine: string;
  /** Resolves if the server can't go on and must be started anew: the embedded database is gone. */
  readonly crashed: Promise<Error>;
  /**
   * Stops without losing anything: takes no new requests, finishes those under way and the work in hand, gives leases back,
   * closes the database. What is queued waits there for the next start.
   */
  stop(): Promise<void>;
}

/**
 * Builds the whole server from its configuration and starts it.
 * @throws CartieError `invalid_config`, `conflict` (the data folder is in use) or `storage_error`
 */
export async function startServer(config: Config, log: Logger): Promise<RunningServer> {
  const opened = createStopList();
  let reportCrash = (_: Error): void => {};
  const crashed = new Promise<Error>((resolve) => {
    reportCrash = resolve;
  });
  try {
    const database = await openDatabase(config, {
      onMaintenanceFailed: (error) => log.warn({ err: error }, 'the embedded database could not be vacuumed'),
      onCrash: (error) => reportCrash(error),
    });
    opened.add('database', () => database.close());

    const errors = createIntegrationErrorLog(database.kysely, {
      onWritten: () => api.live.poke('errors'),
      onLost: (error) => log.warn({ err: error }, 'the log of integration errors could not be written'),
    });
    opened.add('integration errors', () => errors.close());

    const boss = new PgBoss({ ...database.boss, useListenNotify: true });
    boss.on('error', (error) => log.error({ err: error }, 'pg-boss reported an error'));
    await boss.start();
    opened.add('pg-boss', () => boss.stop({ graceful: true, timeout: config.stopTimeoutMs, close: true }));

    const redis =
      config.redisUrl === undefined
        ? undefined
        : await connectRedis(config.redisUrl, (error) =>
            log.error({ err: error }, 'Redis reported an error'),
          );
    if (redis !== undefined) opened.add('Redis', async () => void (await redis.quit()));
    const store: KeyValueStore = redis === undefined ? postgresStore(database.sql) : redisStore(redis);
    const stores = createStores(store, { encryptionKey: config.encryptionKey });

    // An embedded database has one process: there is nobody to wake by a job or to share a limit with.
    const mayBeSeveral = !database.sql.singleConnection;
    const wakeUps = mayBeSeveral ? pgBossQueue(boss) : undefined;
    const inbox = createInbox<AppTransaction>({
      database: database.sql,
      queue: wakeUps,
      dedupMs: { telegram: 25 * 60 * 60 * 1_000 },
    });
    const outbox = createOutbox<AppTransaction>({
      database: database.sql,
      queue: wakeUps,
    });
    const metrics = createMetrics({ inbox, outbox });
    const logEvent = pinoEvents(log);
    const onEvent: EventListener = (event) => {
      logEvent(event);
      metrics.listener(event);
      errors.listener(event);
    };
    const onFailure = (failure: { service: string; operation: string; error: unknown }): void => {
      log.warn({ err: failure.error, service: failure.service, operation: failure.operation }, 'failed');
      errors.note(failure);
    };

    const { telegram: telegramConfig, meta: metaConfig, viber: viberConfig } = config;
    const sandbox =
      telegramConfig.mode === 'sandbox' ? await connectSandbox(config, telegramConfig.token) : undefined;
    if (sandbox !== undefined) opened.add('sandbox', () => sandbox.close());
    const telegram = await connectTelegram(telegramConfig, {
      baseUrl: telegramConfig.mode === 'sandbox' ? sandbox?.telegramUrl : telegramConfig.apiUrl,
      async accept(update) {
        const result = await inbox.accept(update);
        metrics.received('telegram', result);
        return result;
      },
      store,
      leases: stores.leases,
      limiter: (name) => (mayBeSeveral ? storeLimiter(store, { name }) : undefined),
      onEvent,
      onFailure: (failure) => onFailure({ service: 'telegram', ...failure }),
    });
    opened.add('Telegram client', () => telegram.close());

    const viber = connectViber(viberConfig, {
      baseUrl: viberConfig.mode === 'sandbox' ? sandbox?.viberUrl : undefined,
      async accept(update) {
        const result = await inbox.accept(update);
        metrics.received('viber', result);
        return result;
      },
      store,
      limiter: redis === undefined ? undefined : storeLimiter(store),
      onEvent,
      onFailure: (failure) => onFailure({ service: 'viber', ...failure }),
    });
    if (viber !== undefined) opened.add('Viber client', () => viber.close());

    const meta = connectMeta(metaConfig, {
      outbox,
      sandbox: sandbox?.meta,
      country: config.leads.country,
      onEvent,
    });
    if (meta !== undefined) opened.add('Meta client', () => meta.close());
    const desk = createLeadDesk(database, meta?.buffer);

    const channels: Channel[] = [
      { id: 'telegram', name: 'Telegram', account: telegram.botId, maxTextLength: 4_096 },
      ...(viber
        ? [{ id: 'viber', name: 'Viber', account: viber.account, maxTextLength: 7_000 } as const]
        : []),
    ];
    const checks = {
      ...notConfigured,
      telegram: telegram.health,
      viber: viber?.health,
      'meta-capi': meta?.health,
    };
    const integrationsHealth = createHealthHandler({ checks });
    const admin = createAdminGuard(config.adminToken);
    const api = createApi({
      database,
      inbox,
      outbox,
      errors,
      admin,
      desk,
      buffer: meta?.buffer,
      channels,
      about: {
        mode: sandbox === undefined ? 'live' : 'sandbox',
        simulated: [
          ...(telegramConfig.mode === 'sandbox' ? ['telegram'] : []),
          ...(viberConfig.mode === 'sandbox' ? ['viber'] : []),
          ...(metaConfig.mode === 'sandbox' ? ['meta-capi'] : []),
        ],
        engine: database.engine,
        sandboxUrl: sandbox?.url,
      },
      async health() {
        const response = await integrationsHealth(new Request('http://localhost/health/integrations'));
        return ((await response.json()) as HealthSummary).checks;
      },
      onError: (error) => log.error({ err: error }, 'a request to the API failed'),
    });

    const handleIncoming = createIncomingHandler({ outbox, autoReply: config.autoReply });
    const inboxWorker = await inbox.work((row, trx) => handleIncoming([row], trx), {
      handleGroup: handleIncoming,
      onHandled: () => api.live.poke('conversations'),
      onFailure({ row, error }) {
        onFailure({ service: row.source.split(':')[0] ?? 'inbox', operation: `handle ${row.kind}`, error });
        api.live.poke('queue');
      },
    });
    opened.add('inbox', async () => inboxWorker[Symbol.asyncDispose]());
    const outboxWorker = await outbox.work(
      {
        [telegramTopic]: telegramSender(telegram.client),
        ...(viber && { [viberTopic]: viberSender(viber.client) }),
        ...(meta && { [meta.buffer.topic]: meta.buffer.sender }),
      },
      {
        graceMs: config.stopTimeoutMs * 0.6,
        async onSettled(row, trx) {
          if (!isMessageTopic(row.topic)) return followEvent(row, trx);
          await followOutbox(row, trx);
          if (row.topic === viberTopic) await applyReceiptsOf(outbox, trx, row);
        },
        onFailure({ row, error }) {
          if (viberFailure(error)?.userUnreachable) {
            const { receiver: userId } = row.payload as { receiver: string };
            markReachable(database.kysely, { channel: 'viber', userId, isReachable: false }).catch((failed) =>
              onFailure({ service: 'viber', operation: 'markReachable', error: failed }),
            );
          }
          // What a provider's client threw is in the log by its event already.
          if (!isCartieError(error)) onFailure({ service: 'outbox', operation: row.topic, error });
        },
        onChange({ topic, id, status }) {
          log.debug({ topic, id, status }, 'outbox');
          api.live.poke(isMessageTopic(topic) ? 'conversations' : 'leads');
          api.live.poke('queue');
        },
      },
    );
    opened.add('outbox', async () => outboxWorker[Symbol.asyncDispose]());
    opened.add('receiving', () => Promise.all([telegram.stop(), viber?.stop()]));

    await boss.createQueue(sweepJob);
    await boss.work(sweepJob, async () => {
      await errors.sweep();
      await forgetVisitors(database.kysely);
      await sweepReceipts(database.kysely);
    });
    await boss.schedule(sweepJob, '17 * * * *');

    let stopping = false;
    const app = createApp({
      integrationsHealth,
      async notReady() {
        if (stopping) return 'The server is stopping.';
        return database.ping(2_000).then(
          () => undefined,
          () => 'The database does not answer.',
        );
      },
      metrics,
      admin,
      api: api.routes,
      leadForm: createLeadForm({
        config: config.leads,
        async add(lead) {
          const isNew = await desk.add(lead);
          api.live.poke('leads');
          return isNew;
        },
      }),
      page: readPage(),
      onError: (error) => log.error({ err: error }, 'a request failed'),
    });
    const http = await listen(config, {
      webhooks: {
        ...(telegram.webhook && { [telegramWebhookPath]: telegram.webhook }),
        ...(viber && { [viberWebhookPath]: viber.webhook }),
      },
      app,
    });
    opened.add('HTTP', async () => {
      api.live.close();
      await http.close();
    });
    viber?.receive(config.publicUrl ?? http.url);
    await telegram.receive(
      ('publicUrl' in telegramConfig ? telegramConfig.publicUrl : undefined) ?? http.url,
    );

    return {
      url: http.url,
      sandboxUrl: sandbox?.url,
      engine: database.engine,
      crashed,
      async stop() {
        stopping = true;
        await opened.stop((name, error) =>
          log.error({ err: error, part: name }, 'a part did not stop cleanly'),
        );
      },
    };
  } catch (error) {
    await opened.stop(() => {});
    throw error;
  }
}

const isMessageTopic = (topic: string): boolean => (messageTopics as readonly string[]).includes(topic);

const sweepJob = 'sweep-integration-errors';

const notConfigured = Object.fromEntries(Object.keys(integrations).map((name) => [name, undefined]));
