import type { AutoRiaClient } from '@cartie/autoria';
import type { HealthReport } from '@cartie/core';
import type { Inbox, Outbox } from '@cartie/core/postgres';
import type { EventBuffer } from '@cartie/meta-capi';
import { Hono } from 'hono';
import { z } from 'zod';
import type { AdminGuard } from './admin.ts';
import { idOf, pageLimit, threadLimit } from './api-parameters.ts';
import { type Channel, integrations } from './channels.ts';
import { addConnectionTests, type ConnectionTests } from './connection-tests.ts';
import { addConnectorActions, addFeedActions } from './connector-actions.ts';
import type { ConnectorDesk } from './connector-desk.ts';
import { addConversationActions, listForPage } from './conversation-actions.ts';
import type { AppDatabase, AppTransaction } from './database.ts';
import { listFeed } from './feed.ts';
import type { IntegrationErrorLog } from './integration-errors.ts';
import { addLeadActions } from './lead-actions.ts';
import { eventState, type LeadDesk } from './lead-desk.ts';
import { listLeads } from './leads.ts';
import { createLiveView, type LiveView } from './live.ts';
import { streamLive } from './live-stream.ts';
import type { Mailing } from './mailing.ts';
import { addMailingActions, mailingCounts } from './mailing-actions.ts';
import { addMessageFiles, type ChannelFiles } from './message-files.ts';
import { addQueueActions, queueState } from './queue-actions.ts';
import { readBody } from './read-json.ts';
import { addReplyActions } from './reply-actions.ts';
import { addValuationActions } from './valuation-actions.ts';
import type { TemplateBook } from './whatsapp-templates.ts';

/** What the API shows and does. */
export interface ApiParts {
  readonly database: AppDatabase;
  readonly inbox: Inbox<AppTransaction>;
  readonly outbox: Outbox<AppTransaction>;
  readonly errors: IntegrationErrorLog;
  readonly admin: AdminGuard;
  readonly desk: LeadDesk;
  /** `undefined` where nothing is told to Meta. */
  readonly buffer: EventBuffer | undefined;
  readonly channels: readonly Channel[];
  /** Where channels keep files, and the templates that they have. */
  readonly files: Partial<Record<string, ChannelFiles>>;
  readonly templates: Partial<Record<string, TemplateBook>>;
  /** `undefined` where nobody is told to SendPulse. */
  readonly mailing: Mailing | undefined;
  readonly autoria: AutoRiaClient | undefined;
  readonly tests: ConnectionTests;
  /** `undefined` on a sandbox that has no MTProto. */
  readonly connectors: ConnectorDesk | undefined;
  /** The reports of `/health/integrations`. */
  readonly health: () => Promise<Record<string, HealthReport>>;
  /** What the page tells about this server. */
  readonly about: {
    /** Integrations that the sandbox stands for. */
    readonly simulated: readonly string[];
    readonly engine: string;
    readonly sandboxUrl: string | undefined;
    readonly hasConnectors: boolean;
    /** An account that reads channels must bring its own api_id and api_hash. */
    readonly needsApiKeys: boolean;
  };
  readonly onError: (error: unknown) => void;
}

/** The JSON API of the operator's page, and its live view. */
export interface Api {
  readonly routes: Hono;
  readonly live: LiveView;
}

/** Creates the API. Everything but the sign-in needs an operator. */
export function createApi(parts: ApiParts): Api {
  const { admin } = parts;
  const live = createLiveView(topics(parts), parts.onError);
  const routes = new Hono();
  routes.use(admin.onlySameSite);
  routes.get('/session', (context) =>
    context.json({
      signedIn: admin.isSignedIn(context),
      signInNeeded: admin.required,
      ...(admin.isSignedIn(context) && {
        ...parts.about,
        channels: parts.channels,
        integrations,
        pageSize: pageLimit,
        threadPageSize: threadLimit,
        testable: Object.keys(parts.tests).filter((id) => parts.tests[id] !== undefined),
      }),
    }),
  );
  routes.post('/session', async (context) => {
    const { token } = await readBody(context, signInBody);
    switch (admin.signIn(context, token)) {
      case 'ok':
        return context.json({ signedIn: true });
      case 'wrong':
        return context.json({ error: 'That is not the token.' }, 401);
      case 'too_many':
        return context.json({ error: 'Too many wrong tokens. Wait a minute.' }, 429, { 'retry-after': '60' });
    }
  });
  routes.delete('/session', (context) => {
    admin.signOut(context);
    return context.json({ signedIn: false });
  });

  routes.use(admin.onlyAdmin);
  addConversationActions(routes, parts, live);
  addReplyActions(routes, parts, live);
  addMessageFiles(routes, parts);
  addQueueActions(routes, parts, live);
  addLeadActions(routes, parts, live);
  addMailingActions(routes, parts, live);
  addValuationActions(routes, parts, live);
  addConnectionTests(routes, parts, live);
  addFeedActions(routes, parts);
  if (parts.connectors) addConnectorActions(routes, parts.connectors, live);
  routes.get('/integrations', async (context) => context.json(await parts.health()));
  routes.get('/errors', async (context) => {
    const before = idOf(context.req.query('before'));
    return context.json(await parts.errors.list({ limit: pageLimit, before }));
  });
  routes.get('/events', (context) => streamLive(context, live));
  routes.all('*', (context) => context.json({ error: 'There is nothing here.' }, 404));
  return { routes, live };
}

function topics(parts: ApiParts): Parameters<typeof createLiveView>[0] {
  return {
    conversations: { everyMs: 1_000, load: () => listForPage(parts, { limit: pageLimit }) },
    queue: { everyMs: 2_000, load: () => queueState(parts) },
    leads: { everyMs: 2_000, load: () => leadState(parts) },
    feed: { everyMs: 2_000, load: () => listFeed(parts.database.kysely, { limit: pageLimit }) },
    // Asks also whether a QR code was scanned.
    connectors: { everyMs: 2_000, load: async () => (await parts.connectors?.list()) ?? [] },
    integrations: { everyMs: 5_000, load: parts.health },
    errors: { everyMs: 5_000, load: () => parts.errors.list({ limit: pageLimit }) },
  };
}

/** The newest leads, where the events for Meta are, and who waits for SendPulse. */
async function leadState({ database, buffer, mailing }: ApiParts) {
  const [events, contacts, leads] = await Promise.all([
    eventState(database.kysely, buffer),
    mailingCounts(database, mailing),
    listLeads(database.kysely, { limit: pageLimit }),
  ]);
  return { events, contacts, leads };
}

const signInBody = z.object({ token: z.string().max(1_000) });
