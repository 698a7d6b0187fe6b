import { z } from 'zod';
import { parseOptions } from './options.ts';

const defaultMs = 20_000;
const schema = z.strictObject({ idleTransactionMs: z.int().min(1).max(2_147_483_647).optional() });

/**
 * The statement that limits how long PostgreSQL lets the running transaction do nothing.
 *
 * @throws CartieError `invalid_config`
 */
export function limitIdle(idleTransactionMs: number | undefined): string {
  parseOptions('postgres', schema, { idleTransactionMs });
  return `set local idle_in_transaction_session_timeout = ${idleTransactionMs ?? defaultMs}`;
}
