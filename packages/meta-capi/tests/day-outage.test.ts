import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { migratePostgres, pgDatabase, pgliteDatabase } from '@cartie/core/postgres';
import { PGlite } from '@electric-sql/pglite';
import { describe, expect, test } from 'vitest';
import { freshPostgres, hasPostgres } from '../../../tests/support/postgres.ts';
import { startMeta, taken } from './support.ts';

const dayMs = 86_400_000;

/** Databases that outlive the processes that use them. */
const databases: readonly {
  name: string;
  available: boolean;
  leads: number;
  open(): Promise<{ at: string } & AsyncDisposable>;
}[] = [
  {
    name: 'PostgreSQL',
    available: hasPostgres,
    leads: 10_000,
    async open() {
      const postgres = await freshPostgres();
      await migratePostgres(pgDatabase(postgres.pool));
      return { at: postgres.url, [Symbol.asyncDispose]: () => postgres[Symbol.asyncDispose]() };
    },
  },
  {
    name: 'a folder of PGlite',
    available: true,
    leads: 2_000,
    async open() {
      const folder = await mkdtemp(join(tmpdir(), 'cartie-meta-'));
      const pglite = await PGlite.create(folder);
      await migratePostgres(pgliteDatabase(pglite));
      await pglite.close();
      return { at: folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
    },
  },
];

describe.each(databases)('an event buffer on $name', ({ available, leads, open }) => {
  test.skipIf(!available)(
    `loses and repeats none of ${leads} leads of a day in which Meta is down and the process dies three times`,
    { timeout: 240_000 },
    async () => {
      await using database = await open();
      const counted = new Map<string, number>();
      const order: number[] = [];
      const port = await freePort();
      const start = Date.now() - dayMs;
      const run = (first: number) =>
        startProcess({
          DATABASE: database.at,
          META: `http://127.0.0.1:${port}`,
          FIRST: String(first),
          ALL: String(leads),
          START: String(start),
        });
      // Meta is down. The process dies while it takes in leads; what was not acknowledged is tracked again.
      let tracked = 0;
      for (const share of [0.3, 0.6, 0.9]) tracked = await run(tracked).killAt(leads * share);
      // Meta comes back, but the answers of its first requests get lost: the events come again.
      await using meta = await startMeta((received, n) => {
        for (const { event_name, event_id } of received.events) {
          const key = `${event_name}:${event_id}`;
          if (!counted.has(key)) order.push(Number(String(event_id).slice(5)));
          counted.set(key, (counted.get(key) ?? 0) + 1);
        }
        return n <= 2 ? 'reset' : taken(received);
      }, port);
      const ended = await run(tracked).ended;
      expect(JSON.parse(ended.replace('empty ', ''))).toMatchObject({
        accepted: leads,
        waiting: 0,
        dead: 0,
        inDoubt: 0,
      });
      expect(counted.size).toBe(leads);
      expect(order).toEqual(order.toSorted((a, b) => a - b));
      expect(meta.received.length).toBeLessThan(80);
    },
  );
});

function startProcess(environment: Record<string, string>): {
  /** Kills it once so many are tracked; gives how many it said were durable. */
  killAt(count: number): Promise<number>;
  /** Its last line. */
  readonly ended: Promise<string>;
} {
  const file = fileURLToPath(new URL('../tests/buffer-process.ts', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, ['--conditions=@cartie/source', file], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let tracked = 0;
  let last = '';
  let onLine = (): void => undefined;
  if (!child.stdout) throw new Error('the process has no output');
  createInterface({ input: child.stdout }).on('line', (line) => {
    last = line;
    if (line.startsWith('tracked ')) tracked = Number(line.slice(8));
    onLine();
  });
  return {
    async killAt(count) {
      await new Promise<void>((resolve, reject) => {
        onLine = () => {
          if (tracked >= count) resolve();
        };
        void exited.then(() => reject(new Error(`the process ended by itself: ${last}`)));
        onLine();
      });
      child.kill('SIGKILL');
      await exited;
      return tracked;
    },
    ended: exited.then(() => last),
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
