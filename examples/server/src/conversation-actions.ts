import type { Outbox } from '@cartie/core/postgres';
import type { Hono } from 'hono';
import { idOf, notFound, pageLimit, pairOf, threadLimit } from './api-parameters.ts';
import { type Channel, channelToAnswer, windowEndOf } from './channels.ts';
import { findConversation, listConversations, readThread } from './conversation-views.ts';
import { markRead } from './conversations.ts';
import type { AppDatabase, AppTransaction } from './database.ts';
import { leadsOfConversations } from './leads.ts';
import type { LiveView } from './live.ts';

/** What an operator needs to read. */
export interface ConversationActionParts {
  readonly database: AppDatabase;
  readonly outbox: Outbox<AppTransaction>;
  readonly channels: readonly Channel[];
}

/** Adds the routes of conversations: the list, a thread, «read». */
export function addConversationActions(routes: Hono, parts: ConversationActionParts, live: LiveView): void {
  const { kysely } = parts.database;

  routes.get('/conversations', async (context) => {
    const last = pairOf(context.req.query('before'));
    const before = last && { lastMessageAt: last[0], id: last[1] };
    return context.json(await listForPage(parts, { limit: pageLimit, before }));
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
    const messages = await readThread(kysely, { conversationId, limit: threadLimit, before });
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

  routes.post('/conversations/:id/read', async (context) => {
    await markRead(kysely, idOf(context.req.param('id')) ?? 0);
    live.poke('conversations');
    return context.body(null, 204);
  });
}

/** Conversations as the page shows them: with the reason why nobody can answer, and the lead. */
export async function listForPage(
  parts: ConversationActionParts,
  options: Parameters<typeof listConversations>[1],
) {
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

function withReason<
  C extends { channel: string; account: string; unreachable: boolean; lastInboundAt: number | null },
>(parts: ConversationActionParts, conversation: C) {
  const channel = parts.channels.find(({ id }) => id === conversation.channel);
  const answer = channelToAnswer(parts.channels, conversation);
  return {
    ...conversation,
    noReply: typeof answer === 'string' ? answer : null,
    windowEndsAt: windowEndOf(channel, conversation) ?? null,
  };
}
