// A sender in a process of its own, which dies at a chosen step.
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createOutbox,
  migratePostgres,
  pgDatabase,
  pgliteDatabase,
  type SqlDatabase,
} from '@cartie/core/postgres';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import type { CrashStep } from './crash-steps.ts';

const argument = JSON.parse(process.argv[2] ?? '{}') as {
  /** Of PostgreSQL, or else a folder of PGlite. */
  url?: string;
  folder?: string;
  /** A file that gets a line for each call. */
  calls: string;
  topic: string;
  dieAt?: CrashStep;
  timings?: object;
  /** Adds this message first. */
  add?: { id: string; idempotent: boolean };
  callMs?: number;
};

function die(step: CrashStep): void {
  if (argument.dieAt === step) process.kill(process.pid, 'SIGKILL');
}

async function openDatabase(): Promise<SqlDatabase> {
  if (argument.url !== undefined) return pgDatabase(new pg.Pool({ connectionString: argument.url, max: 4 }));
  return pgliteDatabase(await PGlite.create({ dataDir: argument.folder ?? '' }));
}

const plain = await openDatabase();
if (argument.folder !== undefined) {
  await migratePostgres(plain);
  await plain.query('create table if not exists message (id text, state text)');
}
let called = false;

/** Dies before or after the statements that the steps are named after. */
const database: SqlDatabase = {
  ...plain,
  async query(text, parameters) {
    const takes = text.includes('cartie_outbox_claim');
    if (takes) die('queued');
    const rows = await plain.query(text, parameters);
    if (takes && rows.length > 0) die('sending');
    return rows as never;
  },
  async transaction(work) {
    if (called) die('called');
    const result = await plain.transaction(work);
    if (called) die('settled');
    return result;
  },
};

const outbox = createOutbox({ database, ...(argument.timings ? { timings: argument.timings } : {}) });
const message = argument.add;
if (message) {
  await plain.transaction((trx) =>
    outbox.add(trx, { topic: argument.topic, orderKey: 'chat', payload: 1, ...message }),
  );
}
await outbox.work(
  {
    [argument.topic]: {
      async send(row) {
        await sleep(argument.callMs ?? 0);
        appendFileSync(argument.calls, `${row.topic} ${row.orderKey} ${row.id} ${process.pid}\n`);
        called = true;
        die('calling');
        return process.pid;
      },
    },
  },
  {
    async onSettled(row, trx) {
      await trx.query('insert into message (id, state) values ($1, $2)', [
        `${row.topic} ${row.id}`,
        row.status,
      ]);
      die('settling');
    },
  },
);
print('ready');

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
