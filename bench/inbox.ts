/**
 * What the inbox and the outbox hold: how many updates a second are stored and handled, and messages sent, on PGlite and
 * on PostgreSQL (`TEST_DATABASE_URL`), with an empty table and behind a backlog of 100,000 rows; and what 500 updates a second
 * cost. The handler adds one statement for each update, the sender does nothing.
 *
 * CPU is this process's; PostgreSQL's own is not in it. On PGlite the database is in this process.
 *
 * Run: `node --conditions=@cartie/source bench/inbox.ts [rows] [backlog]`
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createInbox,
  createOutbox,
  type Inbox,
  type InboxRow,
  migratePostgres,
  pgDatabase,
  pgliteDatabase,
  type SqlDatabase,
} from '@cartie/core/postgres';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { percentile } from './support/numbers.ts';

const rows = Number(process.argv[2] ?? 5_000);
const backlog = Number(process.argv[3] ?? 100_000);
const keys = 200;
const pacedPerSecond = 500;
const pacedMs = 5_000;

interface Opened {
  name: string;
  database: SqlDatabase;
  close(): Promise<void>;
}

for (const open of [openPglite, openPostgres]) {
  const { name, database, close } = await open();
  await migratePostgres(database);
  await database.query('create table seen (id text)');
  const inbox = createInbox({ database });
  const results: Record<string, string> = {
    accept: await measure(rows, async () => void (await acceptMany(inbox, 'first', rows, keys))),
    handle: await measure(rows, () => handle(inbox, rows)),
    send: await measure(rows / 5, () => send(database, rows / 5)),
    [`${pacedPerSecond}/s`]: await paced(inbox),
  };
  await acceptMany(inbox, 'backlog', backlog, backlog);
  results[`accept behind ${backlog}`] = await measure(
    rows,
    async () => void (await acceptMany(inbox, 'behind', rows, keys)),
  );
  results[`handle with ${backlog} waiting`] = await measure(rows, () => handle(inbox, rows));
  console.log(`\n${name}`);
  for (const [what, result] of Object.entries(results)) console.log(`  ${what.padEnd(30)} ${result}`);
  await close();
}

async function openPglite(): Promise<Opened> {
  const pglite = await PGlite.create();
  return { name: 'PGlite in memory', database: pgliteDatabase(pglite), close: () => pglite.close() };
}

async function openPostgres(): Promise<Opened> {
  const url = new URL(process.env.TEST_DATABASE_URL ?? 'postgres://root@127.0.0.1:5432/postgres');
  const admin = new pg.Client({ connectionString: url.href });
  await admin.connect();
  const name = `cartie_bench_${process.pid}`;
  await admin.query(`create database ${name}`);
  url.pathname = `/${name}`;
  const pool = new pg.Pool({ connectionString: url.href, max: 10 });
  return {
    name: 'PostgreSQL, pool of 10',
    database: pgDatabase(pool),
    async close() {
      await pool.end();
      await admin.query(`drop database ${name} with (force)`);
      await admin.end();
    },
  };
}

async function acceptMany(inbox: Inbox, prefix: string, count: number, keyCount: number): Promise<void> {
  const callers = 64;
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < count) {
      const n = next++;
      await inbox.accept(update(`${prefix}:${n}`, `${prefix}:${n % keyCount}`));
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
}

function update(id: string, orderKey: string) {
  const payload = { update_id: id, message: { text: 'x'.repeat(700), chat: { id: orderKey } } };
  return { source: 'telegram:1', id, kind: 'message', orderKey, payload };
}

async function handle(inbox: Inbox, count: number): Promise<void> {
  let handled = 0;
  await using _ = await work(inbox, () => {
    handled += 1;
  });
  while (handled < count) await sleep(1);
}

function work(inbox: Inbox, onHandled: (row: InboxRow) => void): Promise<AsyncDisposable> {
  return inbox.work(async (row, trx) => void (await trx.query('insert into seen values ($1)', [row.id])), {
    onHandled,
  });
}

async function send(database: SqlDatabase, count: number): Promise<void> {
  const outbox = createOutbox({ database });
  let settled = 0;
  await using _ = await outbox.work(
    { bench: { send: async () => ({ message_id: 1 }) } },
    {
      onChange: () => {
        settled += 1;
      },
    },
  );
  for (let at = 0; at < count; at += 10) {
    await database.transaction(async (trx) => {
      for (let n = at; n < at + 10; n += 1) {
        await outbox.add(trx, {
          topic: 'bench',
          orderKey: `chat:${n % keys}`,
          payload: { text: 'x'.repeat(100) },
        });
      }
    });
  }
  while (settled < count) await sleep(1);
}

/** Updates that come one by one at a steady rate, as webhooks do: what they cost, and how long each waits for its commit. */
async function paced(inbox: Inbox): Promise<string> {
  const count = (pacedPerSecond * pacedMs) / 1_000;
  const waits: number[] = [];
  let handled = 0;
  await using _ = await work(inbox, () => {
    handled += 1;
  });
  const cpu = process.cpuUsage();
  const started = performance.now();
  for (let n = 0; n < count; n += 1) {
    const early = started + (n * 1_000) / pacedPerSecond - performance.now();
    if (early > 1) await sleep(early);
    const at = performance.now();
    void inbox
      .accept(update(`paced:${n}`, `paced:${n % keys}`))
      .then(() => waits.push(performance.now() - at));
  }
  while (handled < count) await sleep(1);
  const { user, system } = process.cpuUsage(cpu);
  const share = (user + system) / 10 / (performance.now() - started);
  const [p50, p99] = [percentile(waits, 0.5), percentile(waits, 0.99)];
  return `${share.toFixed(0)} % of a core, accept p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;
}

async function measure(count: number, run: () => Promise<void>): Promise<string> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  await run();
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  return `${Math.round((count / ms) * 1_000)}/s, ${Math.round((user + system) / count)} µs CPU each`;
}
