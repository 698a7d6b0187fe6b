import { CartieError } from './errors.ts';
import type { InboxRow } from './inbox.ts';
import { readRow, type StoredRow } from './inbox-rows.ts';
import type { SqlExecutor } from './sql.ts';
import { storedText } from './stored-text.ts';

/** A row that waits for its turn. */
export interface WaitingRow extends InboxRow {
  /** Since it was accepted, by the database's clock. Milliseconds. */
  readonly ageMs: number;
  /** The `seq` of the row that took it along: it is handled already and only waits to be completed. */
  readonly takenBy: number | undefined;
}

/** The rows of a key that wait, from `row` on, in order. */
export async function rowsFrom(trx: SqlExecutor, row: InboxRow, limit: number): Promise<WaitingRow[]> {
  const key = storedText(row.orderKey);
  const rows = await trx.query<StoredRow & { age: number; reason: string | null }>(select, [
    key,
    row.seq,
    limit,
  ]);
  return rows.map((stored) => ({
    ...readRow(stored, { key, fence: '', crashed: false }, false).row,
    ageMs: Math.max(0, Math.round(Number(stored.age))),
    takenBy: stored.reason?.startsWith(mark) ? Number(stored.reason.slice(mark.length)) : undefined,
  }));
}

/** Marks rows as handled together with `row`. */
export async function takeAlong(trx: SqlExecutor, row: InboxRow, seqs: readonly number[]): Promise<void> {
  if (seqs.length === 0) return;
  const taken = await trx.query(update, [storedText(row.orderKey), row.seq, seqs, mark + row.seq]);
  if (taken.length === seqs.length) return;
  throw new CartieError('invalid_input', '`seqs` must be of rows of the same key that wait after `row`', {
    service: 'inbox',
    operation: 'takeAlong',
    field: 'seqs',
  });
}

const mark = 'with ';

const select = `
select order_key as key, seq::text, source, id, kind, original, payload, attempt, reason,
  extract(epoch from received_at) * 1000 as received, extract(epoch from expires_at) * 1000 as expires,
  extract(epoch from clock_timestamp() - received_at) * 1000 as age, true as due, false as expired
from cartie_inbox where order_key = $1 and status = 'pending' and seq >= $2 order by cartie_inbox.seq limit $3`;

const update = `
update cartie_inbox set reason = $4
where order_key = $1 and status = 'pending' and seq > $2 and seq = any ($3::bigint[]) returning seq`;
