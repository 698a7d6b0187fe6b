import { createOutbox, pgDatabase, pgliteDatabase, type SqlDatabase } from '@cartie/core/postgres';
import { createEventBuffer, createMetaCapiClient } from '@cartie/meta-capi';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';

/**
 * A process that tracks the events from `FIRST` to `END` of a day's `ALL` and sends them, until it is killed. Prints
 * `tracked <n>` for what is durable, ends when nothing waits any more and says then what became of them. `DATABASE` is the
 * URL of a PostgreSQL or the folder of a PGlite.
 */
const { DATABASE = '', META, FIRST, ALL, START } = process.env;

async function openDatabase(): Promise<{ database: SqlDatabase; close(): Promise<void> }> {
  if (DATABASE.startsWith('/')) {
    const pglite = await PGlite.create(DATABASE);
    return { database: pgliteDatabase(pglite), close: () => pglite.close() };
  }
  const pool = new pg.Pool({ connectionString: DATABASE, max: 6 });
  return { database: pgDatabase(pool), close: () => pool.end() };
}

const { database, close } = await openDatabase();
const outbox = createOutbox({
  database,
  timings: { heartbeatMs: 100, deadMs: 600, pollMs: 20 },
});
const client = createMetaCapiClient({
  datasetId: '1234567890',
  accessToken: 'EAAtest-token-of-nobody-0123456789',
  baseUrl: META,
  timeoutMs: 2_000,
  breaker: { minimumSamples: 5, samples: 10, openMs: 100 },
});
const buffer = createEventBuffer({ client, outbox, maxWaitMs: 20, outagePauseMs: 60 });
const sending = await buffer.work();

const dayMs = 86_400_000;
const track = (index: number) =>
  buffer.track({
    event_name: 'Lead',
    event_id: `lead-${index}`,
    // The leads of a day.
    event_time: new Date(Number(START) + (index / Number(ALL)) * dayMs),
    action_source: 'website',
    user_data: { email: `person${index}@example.com`, client_user_agent: 'test' },
    event_source_url: 'https://cars.example/',
  });

const end = Number(ALL);
for (let index = Number(FIRST); index < end; index += 50) {
  const batch = Array.from({ length: Math.min(50, end - index) }, (_, offset) => track(index + offset));
  await Promise.all(batch);
  process.stdout.write(`tracked ${index + batch.length}\n`);
}
while ((await buffer.counts()).waiting + (await buffer.counts()).sending > 0) {
  await new Promise((resolve) => setTimeout(resolve, 50));
}
await sending[Symbol.asyncDispose]();
process.stdout.write(`empty ${JSON.stringify(await buffer.counts())}\n`);
await close();
