import type { HealthReport } from '@cartie/core';
import type { Inbox, Outbox, OutboxRow, SqlTransaction } from '@cartie/core/postgres';
import type { EventBuffer } from '@cartie/meta-capi';
import { type Context, Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { z } from 'zod';
import type { AdminGuard } from './admin.ts';
import { type Channel, integrations, whyNoReply } from './channels.ts';
import {
  findConversation,
  listConversations,
  markRead,
  messagesOfOutbox,
  readThread,
  settleMessage,
} from './conversations.ts';
import type { AppDatabase, AppTransaction } from './database.ts';
import type { IntegrationErrorLog } from './integration-errors.ts';
import { addLeadActions, leadListLimit } from './lead-actions.ts';
import { eventState, type LeadDesk } from './lead-desk.ts';
import { leadsOfConversations, listLeads } from './leads.ts';
import { createLiveView, type LiveView } from './live.ts';
import { queueMessage, telegramTopic } from './outgoing.ts';
import { readBody } from './read-json.ts';
import type { MessageState } from './tables.ts';

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
  /** The reports of `/health/integrations`. */
  readonly health: () => Promise<Record<string, HealthReport>>;
  /** What the page tells about this server. */
  readonly about: {
    readonly mode: 'sandbox' | 'live';
    /** Integrations that the sandbox stands for. */
    readonly simulated: readonly string[];
    readonly engine: string;
    readonly sandboxUrl: string | undefined;
  };
  readonly onError: (error: unknown) => void;
}

/** The JSON API of the operator's page, and its live view. */
export interface Api {
  readonly routes: Hono;
  readonly live: LiveView;
}

const listLimit = 50;

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
  addConversations(routes, parts, live);
  addQueues(routes, parts, live);
  addLeadActions(routes, parts, live);
  routes.get('/integrations', async (context) => context.json(await parts.health()));
  routes.get('/errors', async (context) => {
    const before = idOf(context.req.query('before'));
    return context.json(await parts.errors.list({ limit: listLimit, before }));
  });
  routes.get('/events', (context) => streamLive(context, live));
  routes.all('*', (context) => context.json({ error: 'There is nothing here.' }, 404));
  return { routes, live };
}

function topics(parts: ApiParts): Parameters<typeof createLiveView>[0] {
  return {
    conversations: { everyMs: 1_000, load: () => listWithReasons(parts, { limit: listLimit }) },
    queue: { everyMs: 2_000, load: () => queueState(parts) },
    leads: { everyMs: 2_000, load: () => leadState(parts) },
    integrations: { everyMs: 5_000, load: parts.health },
    errors: { everyMs: 5_000, load: () => parts.errors.list({ limit: listLimit }) },
  };
}

function addConversations(routes: Hono, parts: ApiParts, live: LiveView): void {
  const { kysely, sql } = parts.database;

  routes.get('/conversations', async (context) => {
    const [lastMessageAt, id] = (context.req.query('before') ?? '').split(',').map(Number);
    const before = lastMessageAt && id ? { lastMessageAt, id } : undefined;
    return context.json(await listWithReasons(parts, { limit: listLimit, before }));
  });

  routes.get('/conversations/:id', async (context) => {
    const conversation = await findConversation(kysely, idOf(context.req.param('id')) ?? 0);
    if (conversation === undefined) return notFound(context);
    const leads = await leadsOfConversations(kysely, [conversation.id]);
    return context.json({ ...withReason(parts, conversation), lead: leads.get(conversation.id) ?? null });
  });

  routes.get('/conversations/:id/messages', async (context) => {
    const conversationId = idOf(context.req.param('id')) ?? 0;
    const before = idOf(context.req.query('before'));
    const messages = await readThread(kysely, { conversationId, limit: 60, before });
    const underWay = messages.some(({ state }) => state === 'queued')
      ? await parts.outbox.list({ status: 'sending', limit: 1_000 })
      : [];
    const sending = new Set(underWay.map(({ id }) => id));
    return context.json(
      messages.map((message) =>
        message.outboxId !== null && sending.has(message.outboxId)
          ? { ...message, state: 'sending' }
          : message,
      ),
    );
  });

  routes.post('/conversations/:id/messages', async (context) => {
    const { text, id } = await readBody(context, replyBody);
    const conversation = await findConversation(kysely, idOf(context.req.param('id')) ?? 0);
    if (conversation === undefined) return notFound(context);
    const reason = whyNoReply(parts.channels, conversation);
    if (reason !== undefined) return context.json({ error: reason }, 409);
    const channel = parts.channels.find((known) => known.id === conversation.channel);
    if (channel !== undefined && text.length > channel.maxTextLength) {
      return context.json({ error: `A message has at most ${channel.maxTextLength} characters.` }, 422);
    }
    const queued = await sql.transaction((trx) =>
      queueMessage(parts.outbox, trx, {
        conversationId: conversation.id,
        account: conversation.account,
        chatId: conversation.externalId,
        author: 'operator',
        text,
        id: `operator:${id}`,
      }),
    );
    live.poke('conversations');
    return context.json(queued, 202);
  });

  routes.post('/conversations/:id/read', async (context) => {
    await markRead(kysely, idOf(context.req.param('id')) ?? 0);
    live.poke('conversations');
    return context.body(null, 204);
  });
}

function addQueues(routes: Hono, parts: ApiParts, live: LiveView): void {
  const { inbox, outbox, database } = parts;

  routes.get('/queue', async (context) => context.json(await queueState(parts)));

  routes.post('/outbox/:id/:decision', async (context) => {
    const id = context.req.param('id');
    const decision = decisions[context.req.param('decision')];
    if (decision === undefined) return notFound(context);
    // The outbox row and the message that shows it change together.
    const done = await database.sql.transaction(async (trx) => {
      if (!(await decision.decide(outbox, id, trx))) return false;
      await settleMessage(trx.native, { outboxId: id, externalId: undefined, ...decision.message });
      return true;
    });
    live.poke('queue');
    live.poke('conversations');
    if (done) return context.body(null, 204);
    const row = await outbox.get(telegramTopic, id);
    return row === undefined ? notFound(context) : context.json({ error: alreadySettled(row) }, 409);
  });

  routes.post('/inbox/:seq/:decision{retry|discard}', async (context) => {
    const seq = idOf(context.req.param('seq')) ?? 0;
    const done = await (context.req.param('decision') === 'retry' ? inbox.retry(seq) : inbox.discard(seq));
    live.poke('queue');
    return done ? context.body(null, 204) : notFound(context);
  });
}

interface Decision {
  decide(outbox: Outbox<AppTransaction>, id: string, trx: SqlTransaction<AppTransaction>): Promise<boolean>;
  readonly message: { readonly state: MessageState; readonly reason: string | undefined };
}

/** What an operator can do about a message in doubt, or one that was not sent. */
const decisions: Readonly<Record<string, Decision>> = {
  resend: {
    decide: (outbox, id, trx) => outbox.resend(telegramTopic, id, trx),
    message: { state: 'queued', reason: undefined },
  },
  confirm: {
    decide: (outbox, id, trx) => outbox.confirm(telegramTopic, id, undefined, trx),
    message: { state: 'sent', reason: undefined },
  },
  discard: {
    decide: (outbox, id, trx) => outbox.discard(telegramTopic, id, trx),
    message: { state: 'failed', reason: 'discarded' },
  },
};

async function queueState({ inbox, outbox, database }: ApiParts) {
  const [inboxCounts, outboxCounts, dead, inDoubt, failed] = await Promise.all([
    inbox.counts(),
    outbox.counts(telegramTopic),
    inbox.dead({ limit: listLimit }),
    outbox.list({ status: 'in_doubt', topic: telegramTopic, limit: listLimit }),
    outbox.list({ status: 'failed', topic: telegramTopic, limit: listLimit }),
  ]);
  const rows = [...inDoubt, ...failed];
  const messages = await messagesOfOutbox(
    database.kysely,
    rows.map(({ id }) => id),
  );
  const shown = ({ id, status, reason, attempts, createdAt, settledAt }: OutboxRow) => ({
    id,
    status,
    reason: reason ?? null,
    attempts,
    createdAt,
    settledAt: settledAt ?? null,
    message: messages.get(id) ?? null,
  });
  return {
    inbox: {
      pending: inboxCounts.pending,
      dead: inboxCounts.dead,
      oldestPendingMs: inboxCounts.oldestPendingMs ?? null,
    },
    outbox: outboxCounts,
    dead,
    inDoubt: inDoubt.map(shown),
    failed: failed.map(shown),
  };
}

async function listWithReasons(parts: ApiParts, options: Parameters<typeof listConversations>[1]) {
  const conversations = await listConversations(parts.database.kysely, options);
  const leads = await leadsOfConversations(
    parts.database.kysely,
    conversations.map(({ id }) => id),
  );
  return conversations.map((conversation) => ({
    ...withReason(parts, conversation),
    lead: leads.get(conversation.id) ?? null,
  }));
}

/** The newest leads, and where the events for Meta are. */
async function leadState({ database, buffer }: ApiParts) {
  const [events, leads] = await Promise.all([
    eventState(database.kysely, buffer),
    listLeads(database.kysely, { limit: leadListLimit }),
  ]);
  return { events, leads };
}

function withReason<C extends { channel: string; account: string }>(parts: ApiParts, conversation: C) {
  return { ...conversation, noReply: whyNoReply(parts.channels, conversation) ?? null };
}

/** One event a topic: while a slow reader has not taken the last one, only the newest state waits for it. */
function streamLive(context: Context, live: LiveView): Response {
  return streamSSE(context, async (stream) => {
    const waiting = new Map<string, string>();
    let wake = (): void => {};
    const stop = live.watch({
      send({ topic, data }) {
        waiting.set(topic, data);
        wake();
      },
      close() {
        stream.abort();
      },
    });
    stream.onAbort(() => {
      stop();
      wake();
    });
    while (!stream.aborted) {
      const [next] = waiting;
      if (next !== undefined) {
        waiting.delete(next[0]);
        await stream.writeSSE({ event: next[0], data: next[1] });
        continue;
      }
      let timer: NodeJS.Timeout | undefined;
      const awake = await new Promise<boolean>((resolve) => {
        wake = () => resolve(true);
        timer = setTimeout(() => resolve(false), 15_000);
      });
      clearTimeout(timer);
      // A silent connection looks dead to proxies.
      if (!awake) await stream.writeSSE({ event: 'alive', data: '' });
    }
  });
}

const signInBody = z.object({ token: z.string().max(1_000) });
const replyBody = z.object({
  text: z.string().trim().min(1, 'is empty'),
  /** Made by the page for each message: a repeated request sends nothing twice. */
  id: z.uuid(),
});

function idOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function notFound(context: Context): Response {
  return context.json({ error: 'This is no longer there.' }, 404);
}

function alreadySettled({ status }: OutboxRow): string {
  return `Somebody was faster: the message is ${status.replace('_', ' ')} now.`;
}
