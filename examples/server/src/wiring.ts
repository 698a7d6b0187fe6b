import {
  createHealthHandler,
  type EventListener,
  type HealthSummary,
  isCartieError,
  type Update,
} from '@cartie/core';
import { pinoEvents } from '@cartie/core/pino';
import { viberFailure } from '@cartie/viber';
import type { Logger } from 'pino';
import { createAdminGuard } from './admin.ts';
import { createApi } from './api.ts';
import { createApp } from './app.ts';
import type { Config } from './config.ts';
import { markReachable } from './conversations.ts';
import { listen } from './http-server.ts';
import { createIncomingHandler, serviceOf } from './incoming.ts';
import { createIntegrationErrorLog } from './integration-errors.ts';
import { createLeadDesk, followEvent } from './lead-desk.ts';
import { createLeadForm } from './lead-form.ts';
import { createMailing, followMailing, mailingSender, mailingTopic } from './mailing.ts';
import { createMetrics } from './metrics.ts';
import { followOutbox, messageTopics, topics } from './outgoing.ts';
import {
  channelsOf,
  checksOf,
  connectProviders,
  receiveFrom,
  simulatedOf,
  stopReceiving,
  webhooksOf,
} from './providers.ts';
import { applyReceiptsOf } from './receipts.ts';
import { sweepOld } from './retention.ts';
import { readPage } from './static-files.ts';
import { createStopList } from './stop-list.ts';
import { openStorage } from './storage.ts';

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
  const { promise: crashed, resolve: onCrash } = Promise.withResolvers<Error>();
  try {
    const storage = await openStorage(config, { opened, log, onCrash });
    const { database, boss, inbox, outbox } = storage;

    const errors = createIntegrationErrorLog(database.kysely, {
      onWritten: () => api.live.poke('errors'),
      onLost: (error) => log.warn({ err: error }, 'the log of integration errors could not be written'),
    });
    opened.add('integration errors', () => errors.close());
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

    const providers = await connectProviders(config, {
      storage,
      opened,
      log,
      partsOf: (service) => ({
        async accept(update: Update) {
          const result = await inbox.accept(update);
          metrics.received(service, result);
          return result;
        },
        onEvent,
        onFailure: (failure) => onFailure({ service, ...failure }),
      }),
      onChange: (what) => api.live.poke(what),
    });
    const { sandbox, whatsapp, meta, sendpulse, autoria, mtproto } = providers;
    const channels = channelsOf(providers);
    const mailing = sendpulse && createMailing(database, outbox, { country: config.leads.country });
    const desk = createLeadDesk(database, meta?.buffer, mailing);

    const integrationsHealth = createHealthHandler({ checks: checksOf(providers) });
    const admin = createAdminGuard(config.adminToken);
    const api = createApi({
      database,
      inbox,
      outbox,
      errors,
      admin,
      desk,
      buffer: meta?.buffer,
      channels: channels.map(({ channel }) => channel),
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
        simulated: simulatedOf(config, providers),
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
      onHandled: ({ source }) => api.live.poke(serviceOf(source) === 'mtproto' ? 'feed' : 'conversations'),
      onFailure({ row, error }) {
        onFailure({ service: serviceOf(row.source), operation: `handle ${row.kind}`, error });
        api.live.poke('queue');
      },
    });
    opened.add('inbox', async () => inboxWorker[Symbol.asyncDispose]());
    const outboxWorker = await outbox.work(
      {
        ...Object.fromEntries(channels.map(({ channel, sender }) => [topics[channel.id], sender])),
        ...(meta && { [meta.buffer.topic]: meta.buffer.sender }),
        ...(sendpulse && { [mailingTopic]: mailingSender(sendpulse) }),
      },
      {
        graceMs: config.stopTimeoutMs * 0.6,
        async onSettled(row, trx) {
          if (row.topic === mailingTopic) return followMailing(row, trx);
          if (!messageTopics.includes(row.topic)) return followEvent(row, trx);
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
          api.live.poke(messageTopics.includes(topic) ? 'conversations' : 'leads');
          api.live.poke('queue');
        },
      },
    );
    opened.add('outbox', async () => outboxWorker[Symbol.asyncDispose]());
    opened.add('receiving', () => stopReceiving(providers));

    await boss.createQueue(sweepJob);
    await boss.work(sweepJob, () => sweepOld(database.kysely, errors));
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
    const http = await listen(config, { webhooks: webhooksOf(providers), app });
    opened.add('HTTP', async () => {
      api.live.close();
      await http.close();
    });
    const catchingUp = mailing?.addMissing().catch((error: unknown) => {
      onFailure({ service: 'sendpulse', operation: 'addMissing', error });
    });
    opened.add('contacts that were missing', async () => catchingUp);
    await receiveFrom(providers, config, http.url);

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

/** Forgets all that is too old. Every database has its schedule under this name. */
const sweepJob = 'sweep-integration-errors';
