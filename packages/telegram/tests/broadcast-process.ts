// Sends a broadcast in a process of its own, which a test kills.
import { createOutbox, pgDatabase } from '@cartie/core/postgres';
import { broadcast, createTelegramClient } from '@cartie/telegram';
import pg from 'pg';

const { url, token, baseUrl, id, chats } = JSON.parse(process.argv[2] ?? '{}') as {
  url: string;
  token: string;
  baseUrl: string;
  id: string;
  chats: number[];
};

const outbox = createOutbox({
  database: pgDatabase(new pg.Pool({ connectionString: url, max: 4 })),
  timings: { heartbeatMs: 200, deadMs: 1_000, pollMs: 50 },
});
await broadcast(
  createTelegramClient({ token, baseUrl, rates: { overall: { limit: 200, intervalMs: 1_000 } } }),
  { id, outbox, to: chats, params: { text: 'New cars' } },
);
process.stdout.write('done\n');
process.exit(0);
