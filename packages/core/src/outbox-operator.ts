import type { OutboxRow, OutboxStatus } from './outbox.ts';
import { outboxColumns, readOutboxRow, resultText, type StoredOutboxRow } from './outbox-rows.ts';
import type { SqlExecutor } from './sql.ts';

const cleanChunk = 200;

/** How many rows each status has, of one topic or of all; `sent` and `failed` up to 100,000. */
export async function countByStatus(
  database: SqlExecutor,
  topic?: string,
): Promise<Record<OutboxStatus, number>> {
  const [row] = await database.query<Record<string, string>>(
    topic === undefined ? countAll : countTopic,
    topic === undefined ? [] : [topic],
  );
  return {
    queued: Number(row?.queued),
    sending: Number(row?.sending),
    sent: Number(row?.sent),
    failed: Number(row?.failed),
    in_doubt: Number(row?.doubt),
  };
}

/** The rows of a status, the newest first. */
export async function listRows(
  database: SqlExecutor,
  status: OutboxStatus,
  limit: number,
  topic?: string,
): Promise<OutboxRow[]> {
  const rows = await database.query<StoredOutboxRow>(
    `select ${outboxColumns} from cartie_outbox o
     where o.status = $1 and ($3::text is null or o.topic = $3) order by o.seq desc limit $2`,
    [status, limit, topic ?? null],
  );
  return rows.map(readOutboxRow);
}

/** One row, by its topic and id in their stored form. */
export async function getRow(
  database: SqlExecutor,
  topic: string,
  id: string,
): Promise<OutboxRow | undefined> {
  const [row] = await database.query<StoredOutboxRow>(
    `select ${outboxColumns} from cartie_outbox o where o.topic = $1 and o.id = $2`,
    [topic, id],
  );
  return row && readOutboxRow(row);
}

/** «It arrived». */
export async function confirmRow(
  database: SqlExecutor,
  topic: string,
  id: string,
  result: unknown,
): Promise<boolean> {
  return (await database.query(confirm, [topic, id, resultText(result)])).length > 0;
}

/** «Send again». */
export async function resendRow(database: SqlExecutor, topic: string, id: string): Promise<boolean> {
  return (await database.query(resend, [topic, id])).length > 0;
}

/** «Do not wait any longer». */
export async function hurryMessage(database: SqlExecutor, topic: string, id: string): Promise<boolean> {
  return (await database.query(hurry, [topic, id])).length > 0;
}

/** «Forget it». */
export async function discardMessage(database: SqlExecutor, topic: string, id: string): Promise<boolean> {
  return (await database.query(discard, [topic, id])).length > 0;
}

/** Deletes a chunk of settled rows that were kept long enough; `true` if there may be more. */
export async function cleanOutbox(database: SqlExecutor, keepMs: number): Promise<boolean> {
  return (await database.query(clean, [keepMs, cleanChunk])).length === cleanChunk;
}

const countAll = countStatement('');
const countTopic = countStatement('and topic = $1');

function countStatement(which: string): string {
  return `
select
  (select count(*) from cartie_outbox where status = 'queued' ${which})::text as queued,
  (select count(*) from cartie_outbox where status = 'sending' ${which})::text as sending,
  (select count(*) from cartie_outbox where status = 'in_doubt' ${which})::text as doubt,
  (select count(*) from (select 1 from cartie_outbox where status = 'sent' ${which} limit 100000) s)::text as sent,
  (select count(*) from (select 1 from cartie_outbox where status = 'failed' ${which} limit 100000) f)::text as failed`;
}

const confirm = `
update cartie_outbox set status = 'sent', reason = null, result = coalesce($3, result), settled_at = now()
where topic = $1 and id = $2 and status = 'in_doubt'
returning seq`;

const resend = `
with again as (
  update cartie_outbox set seq = nextval('cartie_outbox_seq'), status = 'queued', attempts = 0, reason = null, run_at = null,
    expires_at = null, settled_at = null
  where topic = $1 and id = $2 and status in ('in_doubt', 'failed')
  returning topic, order_key
),
lane as (
  insert into cartie_lane (queue, key) select 'outbox:' || topic, order_key from again
  on conflict (queue, key) do update set fence = cartie_lane.fence where false
)
select 1 as resent from again`;

// Not one that was tried: what failed waits for its own reasons. A lane in a worker's hands is brought forward too: it may
// be given back at this moment by one who saw the old time. This waits for that, or that for this.
const hurry = `
with due as (
  update cartie_outbox set run_at = null
  where topic = $1 and id = $2 and status = 'queued' and attempts = 0 and reason is null and run_at > now()
  returning topic, order_key
),
lane as (
  update cartie_lane l set next_at = now() from due
  where l.queue = 'outbox:' || due.topic and l.key = due.order_key
)
select 1 as hurried from due`;

// A queued head may have put its lane off: without it the next row need not wait as long. Whoever claims the lane then
// puts it to the time of its new head.
const discard = `
with gone as (
  update cartie_outbox set status = 'failed', reason = 'discarded', settled_at = now()
  where topic = $1 and id = $2 and status in ('in_doubt', 'queued')
  returning topic, order_key
),
lane as (
  update cartie_lane l set next_at = now() from gone
  where l.queue = 'outbox:' || gone.topic and l.key = gone.order_key
)
select 1 as discarded from gone`;

const clean = `
with old as (
  select seq from cartie_outbox
  where status in ('sent', 'failed') and settled_at <= now() - $1::float8 * interval '1 millisecond'
  order by settled_at limit $2
  for update skip locked
)
delete from cartie_outbox o using old where o.seq = old.seq
returning 1 as deleted`;
