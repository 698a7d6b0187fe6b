import { randomInt } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { pace } from './pace.ts';
import type { ServerDatabase } from './server-database.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';

/** Options of {@link killWhileWriting}. */
export interface KillOptions {
  readonly database: ServerDatabase;
  readonly environment: Record<string, string>;
  /** How often the server is killed. */
  readonly kills: number;
  /** Milliseconds between a start and the kill: random up to this. @default 3000 */
  readonly longestLifeMs?: number | undefined;
  /** How often `write` is called. A second. */
  readonly rate: number;
  write(index: number): void;
  /** The first server is up: `write` may be called. */
  ready?(): Promise<unknown>;
}

/** What {@link killWhileWriting} leaves. */
export interface Killed {
  /** The server that runs at the end. */
  readonly server: ServerProcess;
  /** How often `write` was called. */
  readonly sent: number;
  /** Calls that were begun and whose end was not stored when the server was killed: rows found in `sending`, each once. */
  readonly inFlightAtKills: number;
  /** The most of them at one kill. */
  readonly mostAtOneKill: number;
}

/** Kills the server with SIGKILL at random moments while `write` goes on, and starts it again each time. */
export async function killWhileWriting(options: KillOptions): Promise<Killed> {
  const { database, environment, kills, longestLifeMs = 3_000, rate } = options;
  const inFlight = new Set<string>();
  let mostAtOneKill = 0;
  let sent = 0;
  let server = await startServerProcess(environment);
  await options.ready?.();
  const load = new AbortController();
  const writing = (async () => {
    while (!load.signal.aborted) await pace(rate, 1, () => options.write(sent++));
  })();
  for (let kill = 0; kill < kills; kill += 1) {
    await setTimeout(randomInt(longestLifeMs));
    await server.end('SIGKILL');
    const found = await database.queryKilled<{ seq: string }>(
      "select seq::text as seq from cartie_outbox where status = 'sending'",
    );
    // On PostgreSQL rows of a server killed before may still wait to be found.
    const before = inFlight.size;
    for (const { seq } of found) inFlight.add(seq);
    mostAtOneKill = Math.max(mostAtOneKill, inFlight.size - before);
    server = await startServerProcess(environment);
  }
  load.abort();
  await writing;
  return { server, sent, inFlightAtKills: inFlight.size, mostAtOneKill };
}

/** Messages that are stored and for which no answer was made. Every answer quotes its message, whose text is unique. */
export async function countUnanswered(database: ServerDatabase): Promise<number> {
  const unanswered = await database.query(`
    select 1 from messages asked where asked.direction = 'in' and not exists (
      select 1 from messages said
      where said.direction = 'out' and said.conversation_id = asked.conversation_id
        and said.text = 'Received: ' || asked.text
    )`);
  return unanswered.length;
}
