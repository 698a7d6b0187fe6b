import type { Lane } from './lanes.ts';
import type { OutboxMessage, OutboxRow, OutboxStatus } from './outbox.ts';
import type { SqlExecutor } from './sql.ts';
import { payloadText, storedText } from './stored-text.ts';

/** The queue name of a topic's lanes and wake-ups. @param topic in its stored form */
export function outboxQueue(topic: string): string {
  return `outbox:${topic}`;
}

/** A message in the form in which it is stored. */
export interface StoredMessage {
  readonly topic: string;
  readonly parameters: readonly unknown[];
}

/** Stores a message; see {@link addMessage}. */
export function storeMessage(message: OutboxMessage, randomId: () => string): StoredMessage {
  const { topic, orderKey, id = randomId() } = message;
  const stored = { topic: storedText(topic), id: storedText(id), orderKey: storedText(orderKey) };
  const changed = stored.topic !== topic || stored.id !== id || stored.orderKey !== orderKey;
  const payload = payloadText(message.payload, { service: 'outbox', operation: 'add', field: 'payload' });
  return {
    topic: stored.topic,
    parameters: [
      stored.topic,
      stored.id,
      stored.orderKey,
      changed ? JSON.stringify({ topic, id, orderKey }) : null,
      payload,
      message.idempotent ?? false,
      message.delayMs ?? 0,
      message.expiresAt ?? null,
    ],
  };
}

/** A message that a worker has taken up. */
export interface TakenRow {
  readonly lane: Lane;
  readonly row: OutboxRow;
  /** The fence under which it was last sent; settles are for this one only. */
  readonly fence: string | null;
  /** `begun`: it is committed as `sending`, the call may start. `stale`: its sender died while the call was under way. */
  readonly state: 'begun' | 'stale' | 'expired';
}

/** A lane and what was taken up of it. */
export interface TakenLane {
  readonly lane: Lane;
  readonly rows: readonly TakenRow[];
}

/**
 * Claims up to `limit` lanes whose head is due, those that waited longest first, and commits the first `batchSize` due rows
 * of each as `sending`, in order.
 */
export async function takeLanes(
  database: SqlExecutor,
  topic: string,
  worker: string,
  size: { limit: number; batchSize: number },
): Promise<TakenLane[]> {
  const stored = await database.query<TakenStoredRow>(
    'select * from cartie_outbox_claim($1::uuid, $2::integer, $3::integer, $4)',
    [worker, size.limit, size.batchSize, topic],
  );
  const taken = new Map<string, { lane: Lane; rows: TakenRow[] }>();
  for (const row of stored) {
    const { key, lane_fence: fence, crashed } = row;
    const own = taken.get(key) ?? { lane: { key, fence, crashed }, rows: [] };
    taken.set(key, own);
    if (row.seq !== null) own.rows.push(...readTaken(row, own.lane));
  }
  // What a dead worker left as sending comes before all behind it, and may have to be sent again before them.
  for (const own of taken.values()) {
    if (own.rows.some(isStale)) own.rows = own.rows.filter(isStale);
  }
  return [...taken.values()];
}

/**
 * For `LaneWorkerOptions.giveBack`: what was taken up by a claim whose answer got lost was never sent, because a call only
 * starts after the answer.
 */
export const giveBackMessages = `
with lost as (
  update cartie_lane set worker = null
  where queue = $1 and worker = $2::uuid and key <> all ($3::text[])
  returning key, fence
)
update cartie_outbox o set status = 'queued', attempts = o.attempts - 1
from lost where o.topic = substr($1, 8) and o.order_key = lost.key and o.fence = lost.fence and o.status = 'sending'`;

/** How a row is to be settled. */
export interface Settlement {
  readonly row: OutboxRow;
  readonly fence: string | null;
  /** For `queued`: not before this. Milliseconds. */
  readonly delayMs: number | null;
}

/** Writes settlements; gives the `seq` of those that still were what they are for. */
export async function settleRows(trx: SqlExecutor, settlements: readonly Settlement[]): Promise<Set<number>> {
  const settled = await trx.query<{ seq: string }>(settle, [
    settlements.map(({ row }) => row.seq),
    settlements.map(({ fence }) => fence),
    settlements.map(({ row }) => row.status),
    settlements.map(({ row }) => row.reason ?? null),
    settlements.map(({ row }) => resultText(row.result)),
    settlements.map(({ row }) => row.attempts),
    settlements.map(({ delayMs }) => delayMs),
  ]);
  return new Set(settled.map(({ seq }) => Number(seq)));
}

/**
 * Gives lanes back; one that was taken over meanwhile is left to who has it. Gives, for each lane that has more rows, when
 * the next may start: milliseconds from now, 0 or less for at once.
 */
export async function releaseLanes(
  trx: SqlExecutor,
  topic: string,
  worker: string,
  lanes: readonly Lane[],
): Promise<number[]> {
  const open = await trx.query<{ delay: number }>(
    'select * from cartie_outbox_release($1::uuid, $2::text[], $3::bigint[], $4) as delay',
    [worker, lanes.map((lane) => lane.key), lanes.map((lane) => lane.fence), topic],
  );
  return open.map((lane) => Number(lane.delay));
}

/** A result as JSON text; a result that is no JSON is not kept: the call was made and stays made. */
export function resultText(result: unknown): string | null {
  try {
    return JSON.stringify(result) ?? null;
  } catch {
    return null;
  }
}

/** Adds one message and its lane: `$1` to `$8` as in {@link StoredMessage.parameters}. One row if it is new. */
export const addMessage =
  'select * from cartie_outbox_add($1, $2, $3, $4, $5, $6::boolean, $7::float8, $8::float8)';

/** The columns of an {@link OutboxRow}. */
export const outboxColumns = `o.seq::text as seq, o.topic, o.id, o.order_key, o.original, o.payload, o.idempotent, o.status,
  o.attempts, o.reason, o.result, o.fence::text as fence,
  (extract(epoch from o.created_at) * 1000)::float8 as created, (extract(epoch from o.settled_at) * 1000)::float8 as settled`;

const settle = `
select seq from cartie_outbox_settle(
  $1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::float8[]
) as seq`;

/** A row of {@link outboxColumns}. */
export interface StoredOutboxRow {
  readonly seq: string;
  readonly topic: string;
  readonly id: string;
  readonly order_key: string;
  readonly original: string | null;
  readonly payload: string;
  readonly idempotent: boolean;
  readonly status: OutboxStatus;
  readonly attempts: number;
  readonly reason: string | null;
  readonly result: string | null;
  readonly fence: string | null;
  readonly created: number;
  readonly settled: number | null;
}

type TakenStoredRow = { readonly key: string; readonly lane_fence: string; readonly crashed: boolean } & (
  | { readonly seq: null }
  | (StoredOutboxRow & { readonly begun: boolean; readonly stale: boolean; readonly expired: boolean })
);

const isStale = (taken: TakenRow): boolean => taken.state === 'stale';

function readTaken(stored: TakenStoredRow & { seq: string }, lane: Lane): TakenRow[] {
  const row = readOutboxRow(stored);
  if (stored.begun) return [{ lane, row: { ...row, status: 'sending' }, fence: lane.fence, state: 'begun' }];
  if (stored.stale) return [{ lane, row, fence: stored.fence, state: 'stale' }];
  if (stored.expired) return [{ lane, row, fence: stored.fence, state: 'expired' }];
  return []; // not due yet, or behind a row that is not
}

/** Reads a row of {@link outboxColumns}. */
export function readOutboxRow(stored: StoredOutboxRow): OutboxRow {
  return {
    seq: Number(stored.seq),
    topic: stored.topic,
    id: stored.id,
    orderKey: stored.order_key,
    ...(stored.original === null ? {} : (JSON.parse(stored.original) as Partial<OutboxRow>)),
    payload: JSON.parse(stored.payload),
    idempotent: stored.idempotent,
    status: stored.status,
    attempts: stored.attempts,
    reason: stored.reason ?? undefined,
    result: stored.result === null ? undefined : JSON.parse(stored.result),
    createdAt: Math.round(Number(stored.created)),
    settledAt: stored.settled === null ? undefined : Math.round(Number(stored.settled)),
  };
}
