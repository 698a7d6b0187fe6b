import type { Inbox, Outbox, OutboxRow, SqlTransaction } from '@cartie/core/postgres';
import type { Hono } from 'hono';
import { idOf, notFound, pageLimit } from './api-parameters.ts';
import { messagesOfOutbox } from './conversation-views.ts';
import { settleMessage } from './conversations.ts';
import type { AppDatabase, AppTransaction } from './database.ts';
import type { LiveView } from './live.ts';
import { messageTopics } from './outgoing.ts';
import type { MessageState } from './tables.ts';

/** What an operator needs to decide about what failed. */
export interface QueueActionParts {
  readonly database: AppDatabase;
  readonly inbox: Inbox<AppTransaction>;
  readonly outbox: Outbox<AppTransaction>;
}

/** Adds the routes of the queue: its state, and what can be done about messages and updates that wait for a person. */
export function addQueueActions(routes: Hono, parts: QueueActionParts, live: LiveView): void {
  const { inbox, outbox, database } = parts;

  routes.get('/queue', async (context) => context.json(await queueState(parts)));

  routes.post('/outbox/:id/:decision{resend|confirm|discard}', async (context) => {
    const id = context.req.param('id');
    const decision = decisions[context.req.param('decision') as keyof typeof decisions];
    // The outbox row and the message that shows it change together.
    const done = await database.sql.transaction(async (trx) => {
      const decided = await firstOf(messageTopics, (topic) => decision.decide(outbox, topic, id, trx));
      if (decided !== true) return false;
      await settleMessage(trx.native, { outboxId: id, externalId: undefined, ...decision.message });
      return true;
    });
    live.poke('queue');
    live.poke('conversations');
    if (done) return context.body(null, 204);
    const row = await firstOf(messageTopics, (topic) => outbox.get(topic, id));
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
  decide(
    outbox: Outbox<AppTransaction>,
    topic: string,
    id: string,
    trx: SqlTransaction<AppTransaction>,
  ): Promise<boolean>;
  readonly message: { readonly state: MessageState; readonly reason: string | undefined };
}

/** What an operator can do about a message in doubt, or one that was not sent. */
const decisions = {
  resend: {
    decide: (outbox, topic, id, trx) => outbox.resend(topic, id, trx),
    message: { state: 'queued', reason: undefined },
  },
  confirm: {
    decide: (outbox, topic, id, trx) => outbox.confirm(topic, id, undefined, trx),
    message: { state: 'sent', reason: undefined },
  },
  discard: {
    decide: (outbox, topic, id, trx) => outbox.discard(topic, id, trx),
    message: { state: 'failed', reason: 'discarded' },
  },
} as const satisfies Record<string, Decision>;

/** What waits, and what waits for a person, the newest first. */
export async function queueState({ inbox, outbox, database }: QueueActionParts) {
  const listed = async (status: 'in_doubt' | 'failed') =>
    (
      await Promise.all(messageTopics.map((topic) => outbox.list({ status, topic, limit: pageLimit })))
    ).flat();
  const [inboxCounts, topicCounts, dead, inDoubt, failed] = await Promise.all([
    inbox.counts(),
    Promise.all(messageTopics.map((topic) => outbox.counts(topic))),
    inbox.dead({ limit: pageLimit }),
    listed('in_doubt'),
    listed('failed'),
  ]);
  const outboxCounts = Object.fromEntries(
    Object.keys(topicCounts[0] ?? {}).map((status) => [
      status,
      topicCounts.reduce((sum, counts) => sum + counts[status as OutboxRow['status']], 0),
    ]),
  );
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

/** What is first found under one of the topics: an id is in one of them. */
async function firstOf<Found>(
  topics: readonly string[],
  look: (topic: string) => Promise<Found>,
): Promise<Found | undefined> {
  for (const topic of topics) {
    const found = await look(topic);
    if (found) return found;
  }
  return undefined;
}

function alreadySettled({ status }: OutboxRow): string {
  return `Somebody was faster: the message is ${status.replace('_', ' ')} now.`;
}
