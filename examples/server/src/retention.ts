import type { Kysely } from 'kysely';
import { sweepFeed } from './feed.ts';
import type { IntegrationErrorLog } from './integration-errors.ts';
import { forgetVisitors } from './leads.ts';
import { sweepReceipts } from './receipts.ts';
import type { Tables } from './tables.ts';

/** Deletes what is older than the README says that it is kept. Core's tables sweep themselves. */
export async function sweepOld(database: Kysely<Tables>, errors: IntegrationErrorLog): Promise<void> {
  await errors.sweep();
  await forgetVisitors(database);
  await sweepReceipts(database);
  await sweepFeed(database);
}
