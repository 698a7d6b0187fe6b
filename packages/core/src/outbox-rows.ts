import { type Lane, openLanes, ownedLanes } from './lanes.ts';
import type { OutboxMessage, OutboxRow, OutboxStatus } from './outbox.ts';
import type { SqlExecutor } from './sql.ts';
import { payloadText, storedText } from './stored-text.ts';

/** The queue name of a topic's lanes and wake-ups. @param topic in its stored form */
export function outboxQueue(topic: string): string {
  return `outbox:${topic}`;
}

/** For `LaneWorkerOptions.head`: the topic is what follows `outbox:` in the queue's name. */
export const outboxHead = `
select coalesce(run_at, created_at) from cartie_outbox
where topic = substr($1, 8) and order_key = h.key and status in ('queued', 'sending') order by seq limit 1`;

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

/** Commits the head rows of each lane as `sending`, in order: those that are due, up to `limit`. */
export async function takeRows(
  database: SqlExecutor,
  topic: string,
  owned: readonly unknown[],
  lanes: readonly Lane[],
  limit: number,
): Promise<TakenRow[]> {
  const byKey = new Map(lanes.map((lane) => [lane.key, lane]));
  const rows = await database.query<TakenStoredRow>(take, [...owned, topic, limit]);
  return rows.flatMap((stored): TakenRow[] => {
    const lane = byKey.get(stored.order_key);
    if (lane === undefined || (!stored.begun && !stored.stale && !stored.expired)) return [];
    const row = readOutboxRow(stored);
    if (!stored.begun) return [{ lane, row, fence: stored.fence, state: stored.stale ? 'stale' : 'expired' }];
    return [{ lane, row: { ...row, status: 'sending' }, fence: lane.fence, state: 'begun' }];
  });
}

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

/** Which of the lanes are still held; they stay locked until the transaction ends. */
export async function ownedKeys(trx: SqlExecutor, owned: readonly unknown[]): Promise<Set<string>> {
  const rows = await trx.query<{ key: string }>(`with ${ownedLanes} select key from owned`, owned);
  return new Set(rows.map(({ key }) => key));
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
export const addMessage = `
with fresh as (
  insert into cartie_outbox (seq, topic, id, order_key, original, payload, idempotent, run_at, expires_at)
  values (nextval('cartie_outbox_seq'), $1, $2, $3, $4, $5, $6,
    case when $7::float8 > 0 then clock_timestamp() + $7::float8 * interval '1 millisecond' end,
    to_timestamp($8::float8 / 1000))
  on conflict (topic, id) do nothing
  returning topic, order_key, run_at
),
lane as (
  insert into cartie_lane (queue, key, next_at)
  select 'outbox:' || topic, order_key, coalesce(run_at, now()) from fresh
  ${openLanes}
)
select 1 as added from fresh`;

/** Makes sure that the lanes of re-queued rows exist: topic, keys. */
export const reopenLanes = `
insert into cartie_lane (queue, key)
select distinct 'outbox:' || $1::text, key from unnest($2::text[]) as k (key) order by key
${openLanes}`;

/** The columns of an {@link OutboxRow}. */
export const outboxColumns = `o.seq::text as seq, o.topic, o.id, o.order_key, o.original, o.payload, o.idempotent, o.status,
  o.attempts, o.reason, o.result, o.fence::text as fence,
  (extract(epoch from o.created_at) * 1000)::text as created, (extract(epoch from o.settled_at) * 1000)::text as settled`;

const take = `
with ${ownedLanes},
heads as materialized (
  select o.*, bool_and(due) over earlier as reached, bool_or(stale) over (partition by o.key) as interrupted
  from (
    select w.key, o.seq, o.fence is distinct from l.fence and o.status = 'sending' as stale,
      o.status = 'sending' or o.run_at is null or o.run_at <= now() as due,
      o.status = 'queued' and coalesce(o.expires_at <= now(), false) as expired, l.fence as lane_fence
    from owned w
    join cartie_lane l on l.queue = $1 and l.key = w.key
    cross join lateral (
      select seq, status, fence, run_at, expires_at from cartie_outbox
      where topic = $5 and order_key = w.key and status in ('queued', 'sending')
      order by seq limit $6
    ) o
  ) o
  window earlier as (partition by o.key order by o.seq)
),
begun as (
  update cartie_outbox o set status = 'sending', fence = h.lane_fence, attempts = o.attempts + 1
  from heads h
  where o.seq = h.seq and h.reached and not h.interrupted and not h.expired and o.status = 'queued'
  returning o.seq
)
select ${outboxColumns}, h.stale, h.expired and not h.interrupted as expired,
  b.seq is not null or (o.status = 'sending' and not h.stale) as begun, b.seq is not null as counted
from heads h join cartie_outbox o on o.seq = h.seq left join begun b on b.seq = h.seq
where h.reached and (h.stale or not h.interrupted)
order by o.order_key, o.seq`;

const settle = `
update cartie_outbox o set status = d.status, reason = d.reason, result = coalesce(d.result, o.result), attempts = d.attempts,
  run_at = clock_timestamp() + d.delay * interval '1 millisecond',
  settled_at = case when d.status <> 'queued' then now() end
from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::float8[])
  as d (seq, fence, status, reason, result, attempts, delay)
where o.seq = d.seq and o.fence is not distinct from d.fence and o.status in ('queued', 'sending', 'in_doubt')
returning o.seq::text as seq`;

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
  readonly created: string;
  readonly settled: string | null;
}

interface TakenStoredRow extends StoredOutboxRow {
  readonly stale: boolean;
  readonly expired: boolean;
  readonly begun: boolean;
  /** Was its attempt counted by this very statement? `attempts` is from before it. */
  readonly counted: boolean;
}

/** Reads a row of {@link outboxColumns}. */
export function readOutboxRow(stored: StoredOutboxRow & { counted?: boolean }): OutboxRow {
  return {
    seq: Number(stored.seq),
    topic: stored.topic,
    id: stored.id,
    orderKey: stored.order_key,
    ...(stored.original === null ? {} : (JSON.parse(stored.original) as Partial<OutboxRow>)),
    payload: JSON.parse(stored.payload),
    idempotent: stored.idempotent,
    status: stored.status,
    attempts: stored.attempts + (stored.counted === true ? 1 : 0),
    reason: stored.reason ?? undefined,
    result: stored.result === null ? undefined : JSON.parse(stored.result),
    createdAt: Math.round(Number(stored.created)),
    settledAt: stored.settled === null ? undefined : Math.round(Number(stored.settled)),
  };
}
