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
import { viberFailure } from '@cartie/viber';
import { PgBoss } from 'pg-boss';
import type { Logger } from 'pino';
import { createAdminGuard } from './admin.ts';
import { createApi } from './api.ts';
import { createApp } from './app.ts';
import { connectAutoRia } from './autoria.ts';
import { type Channel, integrations } from './channels.ts';
import type { Config } from './config.ts';
import { markReachable } from './conversations.ts';
import { type AppTransaction, openDatabase } from './database.ts';
import { sweepFeed } from './feed.ts';
import { listen } from './http-server.ts';
import { createIncomingHandler } from './incoming.ts';
import { createIntegrationErrorLog } from './integration-errors.ts';
import { createLeadDesk, followEvent } from './lead-desk.ts';
import { createLeadForm } from './lead-form.ts';
import { forgetVisitors } from './leads.ts';
import { createMailing, followMailing, mailingSender, mailingTopic } from './mailing.ts';
import { connectMeta } from './meta.ts';
import { createMetrics } from './metrics.ts';
import { connectMtproto } from './mtproto.ts';
import { followOutbox, messageTopics, telegramSender, topics, viberSender } from './outgoing.ts';
import { applyReceiptsOf, sweepReceipts } from './receipts.ts';
import { connectSandbox } from './sandbox.ts';
import { connectSendPulse } from './sendpulse.ts';
import { connectRedis } from './shared-redis.ts';
import { readPage } from './static-files.ts';
import { createStopList } from './stop-list.ts';
import { connectTelegram, telegramWebhookPath } from './telegram.ts';
import { connectViber, viberWebhookPath } from './viber.ts';
import { connectWhatsApp, whatsAppFiles, whatsAppWebhookPath } from './whatsapp.ts';
import { whatsAppSender } from './whatsapp-sender.ts';

/** A server that runs. */
export interface RunningServer {
  /** Where it listens: the page, the API and the webhooks. */
  readonly url: string;
  /** The sandbox's page, where the server talks to the sandbox. */
  readonly sandboxUrl: string | undefined;
  /** Telegram accounts can log in. */
  readonly hasConnectors: boolean;
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
    if (redis !== undefined) opened.add('Redis', () => redis.close());
    const store: KeyValueStore = redis?.store ?? postgresStore(database.sql);
    const stores = createStores(store, { encryptionKey: config.encryptionKey });

    // An embedded database has one process: without a Redis there is nobody to wake by a job or to share a limit with.
    const mayBeSeveral = redis !== undefined || !database.sql.singleConnection;
    const wakeUps = redis?.wakeUps ?? (mayBeSeveral ? pgBossQueue(boss) : undefined);
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

    const {
      telegram: telegramConfig,
      meta: metaConfig,
      viber: viberConfig,
      whatsapp: whatsAppConfig,
    } = config;
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

    const whatsapp = connectWhatsApp(whatsAppConfig, {
      sandbox: sandbox?.whatsapp,
      async accept(update) {
        const result = await inbox.accept(update);
        metrics.received('whatsapp', result);
        return result;
      },
      limiter: mayBeSeveral ? storeLimiter(store, { name: 'whatsapp' }) : undefined,
      onEvent,
      onFailure: (failure) => onFailure({ service: 'whatsapp', ...failure }),
    });
    if (whatsapp !== undefined) opened.add('WhatsApp client', () => whatsapp.close());

    const meta = connectMeta(metaConfig, {
      outbox,
      sandbox: sandbox?.meta,
      country: config.leads.country,
      onEvent,
    });
    if (meta !== undefined) opened.add('Meta client', () => meta.close());
    const autoria = connectAutoRia(config.autoria, { sandbox: sandbox?.autoria, store, onEvent });
    if (autoria !== undefined) opened.add('AUTO.RIA client', () => autoria.close());
    const sendpulse = connectSendPulse(config.sendpulse, {
      sandbox: sandbox?.sendpulse,
      async accept(update) {
        const result = await inbox.accept(update);
        metrics.received('sendpulse', result);
        return result;
      },
      tokens: stores.tokens,
      leases: stores.leases,
      limiter: mayBeSeveral ? storeLimiter(store, { name: 'sendpulse' }) : undefined,
      onEvent,
      onFailure: (failure) => onFailure({ service: 'sendpulse', ...failure }),
      log,
    });
    if (sendpulse !== undefined) opened.add('SendPulse client', () => sendpulse.close());
    const mailing = sendpulse && createMailing(database, outbox, { country: config.leads.country });
    const desk = createLeadDesk(database, meta?.buffer, mailing);

    // Always in the database: a Redis that forgets would cost every account its login.
    const { sessions } = createStores(postgresStore(database.sql), { encryptionKey: config.encryptionKey });
    const mtproto = connectMtproto(config.mtproto, {
      database,
      boss,
      servers: sandbox?.mtproto,
      sessions,
      leases: stores.leases,
      async accept(update) {
        const result = await inbox.accept(update);
        metrics.received('mtproto', result);
        return result;
      },
      onChange: (what) => api.live.poke(what),
      onEvent,
      onFailure: (failure) => onFailure({ service: 'mtproto', ...failure }),
    });

    const channels: Channel[] = [
      {
        id: 'telegram',
        name: 'Telegram',
        account: telegram.botId,
        maxTextLength: 4_096,
        sandboxUrl: sandbox?.url,
      },
    ];
    if (viber !== undefined) {
      channels.push({
        id: 'viber',
        name: 'Viber',
        account: viber.account,
        maxTextLength: 7_000,
        sandboxUrl: viberConfig.mode === 'sandbox' ? `${sandbox?.url}/viber` : undefined,
      });
    }
    if (whatsapp !== undefined && whatsAppConfig.mode !== 'off') {
      channels.push({
        id: 'whatsapp',
        name: 'WhatsApp',
        account: whatsapp.account,
        maxTextLength: 4_096,
        sandboxUrl: whatsAppConfig.mode === 'sandbox' ? `${sandbox?.url}/whatsapp` : undefined,
        files: whatsAppFiles,
        hasTemplates: true,
        windowMs: 24 * 60 * 60 * 1_000,
        fallbackTemplate: whatsAppConfig.fallback?.name,
      });
    }
    const checks = {
      ...notConfigured,
      telegram: telegram.health,
      viber: viber?.health,
      whatsapp: whatsapp?.health,
      'meta-capi': meta?.health,
      sendpulse: sendpulse?.health,
      autoria: autoria?.client.health,
      mtproto: mtproto?.health,
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
      files: { whatsapp: whatsapp?.files },
      templates: { whatsapp: whatsapp?.templates },
      mailing,
      autoria: autoria?.client,
      tests: {
        sendpulse: sendpulse && (() => sendpulse.client.testConnection()),
        autoria: autoria && (() => autoria.client.testConnection()),
      },
      connectors: mtproto?.desk,
      about: {
        mode: sandbox === undefined ? 'live' : 'sandbox',
        simulated: [
          ...(telegramConfig.mode === 'sandbox' ? ['telegram'] : []),
          ...(viberConfig.mode === 'sandbox' ? ['viber'] : []),
          ...(whatsAppConfig.mode === 'sandbox' ? ['whatsapp'] : []),
          ...(metaConfig.mode === 'sandbox' ? ['meta-capi'] : []),
          ...(config.sendpulse.mode === 'sandbox' ? ['sendpulse'] : []),
          ...(config.autoria.mode === 'sandbox' ? ['autoria'] : []),
          ...(mtproto && config.mtproto.mode === 'sandbox' ? ['mtproto'] : []),
        ],
        engine: database.engine,
        sandboxUrl: sandbox?.url,
        hasConnectors: mtproto !== undefined,
        needsApiKeys: config.mtproto.api === undefined,
      },
      async health() {
        const response = await integrationsHealth(new Request('http://localhost/health/integrations'));
        return ((await response.json()) as HealthSummary).checks;
      },
      onError: (error) => log.error({ err: error }, 'a request to the API failed'),
    });

    const handleIncoming = createIncomingHandler({ outbox, autoReply: config.autoReply, mailing });
    const inboxWorker = await inbox.work((row, trx) => handleIncoming([row], trx), {
      handleGroup: handleIncoming,
      onHandled: ({ source }) => api.live.poke(source.startsWith('mtproto:') ? 'feed' : 'conversations'),
      onFailure({ row, error }) {
        onFailure({ service: row.source.split(':')[0] ?? 'inbox', operation: `handle ${row.kind}`, error });
        api.live.poke('queue');
      },
    });
    opened.add('inbox', async () => inboxWorker[Symbol.asyncDispose]());
    const outboxWorker = await outbox.work(
      {
        [topics.telegram]: telegramSender(telegram.client),
        ...(viber && { [topics.viber]: viberSender(viber.client) }),
        ...(whatsapp &&
          whatsAppConfig.mode !== 'off' && {
            [topics.whatsapp]: whatsAppSender(whatsapp.client, whatsAppConfig.fallback),
          }),
        ...(meta && { [meta.buffer.topic]: meta.buffer.sender }),
        ...(sendpulse && { [mailingTopic]: mailingSender(sendpulse) }),
      },
      {
        graceMs: config.stopTimeoutMs * 0.6,
        async onSettled(row, trx) {
          if (row.topic === mailingTopic) return followMailing(row, trx);
          if (!isMessageTopic(row.topic)) return followEvent(row, trx);
          await followOutbox(row, trx);
          if (row.topic !== topics.telegram) await applyReceiptsOf(outbox, trx, row);
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
    opened.add('receiving', () =>
      Promise.all([telegram.stop(), viber?.stop(), whatsapp?.stop(), sendpulse?.stop(), mtproto?.stop()]),
    );

    await boss.createQueue(sweepJob);
    await boss.work(sweepJob, async () => {
      await errors.sweep();
      await forgetVisitors(database.kysely);
      await sweepReceipts(database.kysely);
      await sweepFeed(database.kysely, 90);
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
        ...(whatsapp && { [whatsAppWebhookPath]: whatsapp.webhook }),
        ...(sendpulse && { [sendpulse.webhookPath]: sendpulse.webhook }),
      },
      app,
    });
    opened.add('HTTP', async () => {
      api.live.close();
      await http.close();
    });
    await mtproto?.start();
    viber?.receive(config.publicUrl ?? http.url);
    whatsapp?.receive(config.publicUrl ?? http.url);
    if (config.publicUrl !== undefined || config.sendpulse.mode === 'sandbox') {
      sendpulse?.receive(config.publicUrl ?? http.url);
    }
    const catchingUp = mailing?.addMissing().catch((error: unknown) => {
      onFailure({ service: 'sendpulse', operation: 'addMissing', error });
    });
    opened.add('contacts that were missing', async () => catchingUp);
    await telegram.receive(
      ('publicUrl' in telegramConfig ? telegramConfig.publicUrl : undefined) ?? http.url,
    );

    return {
      url: http.url,
      sandboxUrl: sandbox?.url,
      hasConnectors: mtproto !== undefined,
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
