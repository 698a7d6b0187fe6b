import { CartieError } from './errors.ts';
import type { SqlExecutor } from './sql.ts';
import { payloadText, storedText } from './stored-text.ts';
import type { Update } from './webhook.ts';

/** An update in the form in which it is stored. */
export interface StoredUpdate {
  readonly source: string;
  readonly id: string;
  readonly kind: string;
  readonly orderKey: string;
  /** The texts above as they came, where a digest stands in for one. */
  readonly original: string | null;
  readonly payload: string;
  readonly expiresAt: number | null;
}

const texts = ['source', 'id', 'kind', 'orderKey'] as const;

/**
 * Checks an update.
 *
 * @param at its place in the caller's list, for the error: `updates[3]`
 * @throws CartieError `invalid_input` that names the field
 */
export function storeUpdate(update: Update, at: string): StoredUpdate {
  const context = (field: string) => ({ service: 'inbox', operation: 'accept', field: at + field });
  for (const name of texts) {
    if (typeof update?.[name] !== 'string') {
      throw new CartieError('invalid_input', `${at}${name} must be a string`, context(name));
    }
  }
  const { expiresAt } = update;
  if (expiresAt !== undefined && !(Math.abs(expiresAt) <= 8.64e15)) {
    throw new CartieError('invalid_input', `${at}expiresAt must be epoch milliseconds`, context('expiresAt'));
  }
  const { source, id, kind, orderKey } = update;
  const stored = {
    source: storedText(source),
    id: storedText(id),
    kind: storedText(kind),
    orderKey: storedText(orderKey),
  };
  const changed = texts.some((name) => stored[name] !== update[name]);
  return {
    ...stored,
    original: changed ? JSON.stringify({ source, id, kind, orderKey }) : null,
    payload: payloadText(update.payload, context('payload')),
    expiresAt: expiresAt ?? null,
  };
}

/** Stores updates in one statement: the rows that are new, and a lane for each of their keys. One answer each, in order. */
export async function acceptUpdates(
  database: SqlExecutor,
  updates: readonly StoredUpdate[],
): Promise<('added' | 'duplicate')[]> {
  const rows = await database.query<{ source: string; id: string }>(accept, [
    updates.map((update) => update.source),
    updates.map((update) => update.id),
    updates.map((update) => update.kind),
    updates.map((update) => update.orderKey),
    updates.map((update) => update.original),
    updates.map((update) => update.payload),
    updates.map((update) => update.expiresAt),
  ]);
  const added = new Set(rows.map(nameOf));
  // Of two with the same id in one list the first is the one that was added.
  return updates.map((update) => (added.delete(nameOf(update)) ? 'added' : 'duplicate'));
}

// No stored text holds U+0000.
function nameOf({ source, id }: { readonly source: string; readonly id: string }): string {
  return `${source}\0${id}`;
}

const accept = `
select * from cartie_inbox_accept(
  $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::float8[]
)`;
