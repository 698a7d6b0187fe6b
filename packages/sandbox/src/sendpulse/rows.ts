import { missing } from './api-failure.ts';
import type { Row } from './state.ts';

/** The row with this id; refused where there is none. */
export function rowOf(rows: ReadonlyMap<number, Row>, id: unknown): Row {
  const row = rows.get(Number(id));
  if (row === undefined) throw missing.anything();
  return row;
}
