import type { Outbox } from '@cartie/core/postgres';
import type { Hono } from 'hono';
import { z } from 'zod';
import { idOf, notFound, pageLimit } from './api-parameters.ts';
import { type Channel, whyNoReply } from './channels.ts';
import { findConversation, listConversations, markRead, readThread } from './conversations.ts';
import type { AppDatabase, AppTransaction } from './database.ts';
import { leadsOfConversations } from './leads.ts';
import type { LiveView } from './live.ts';
import { queueMessage } from './outgoing.ts';
import { readBody } from './read-json.ts';

/** What an operator needs to read and answer. */
export interface ConversationActionParts {
  readonly database: AppDatabase;
  readonly outbox: Outbox<AppTransaction>;
  readonly channels: readonly Channel[];
}

/** Adds the routes of conversations: the list, a thread, a reply, «read». */
export function addConversationActions(routes: Hono, parts: ConversationActionParts, live: LiveView): void {
  const { kysely, sql } = parts.database;

  routes.get('/conversations', async (context) => {
    const [lastMessageAt, id] = (context.req.query('before') ?? '').split(',').map(Number);
    const before = lastMessageAt && id ? { lastMessageAt, id } : undefined;
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
    if (channel === undefined) return notFound(context);
    if (text.length > channel.maxTextLength) {
      return context.json({ error: `A message has at most ${channel.maxTextLength} characters.` }, 422);
    }
    const queued = await sql.transaction((trx) =>
      queueMessage(parts.outbox, trx, {
        channel: channel.id,
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

function withReason<C extends { channel: string; account: string; unreachable: boolean }>(
  parts: ConversationActionParts,
  conversation: C,
) {
  return { ...conversation, noReply: whyNoReply(parts.channels, conversation) ?? null };
}

const replyBody = z.object({
  text: z.string().trim().min(1, 'is empty'),
  /** Made by the page for each message: a repeated request sends nothing twice. */
  id: z.uuid(),
});
