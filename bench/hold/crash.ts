import { randomInt } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { repeated } from '../support/numbers.ts';
import { pace, until } from '../support/pace.ts';
import { isQuiet } from '../support/quiet.ts';
import { sandboxEnvironment, startCrowd } from '../support/sandbox-bot.ts';
import { createServerDatabase, type Engine } from '../support/server-database.ts';
import { freePort, startServerProcess } from '../support/server-process.ts';
import { storedMessages } from './webhook-load.ts';

/** Options of {@link runCrashes}. */
export interface CrashOptions {
  readonly engine: Engine;
  /** How often the server is killed. */
  readonly kills: number;
  /** Messages a second, each answered. @default 20 */
  readonly rate?: number;
  /** @default 100 */
  readonly chats?: number;
  /** Milliseconds between a start and the kill: random up to this. @default 3000 */
  readonly longestLifeMs?: number;
}

/** What {@link runCrashes} found. */
export interface CrashReport {
  readonly kills: number;
  readonly sent: number;
  /** Updates that were acknowledged with 200. */
  readonly acknowledged: number;
  /** Of these, missing in the inbox. */
  readonly lost: number;
  readonly stored: number;
  readonly storedTwice: number;
  readonly disordered: number;
  readonly answered: number;
  readonly answeredTwice: number;
  /** Rows in doubt, and messages without an answer that no row explains. */
  readonly inDoubt: number;
  readonly unexplained: number;
  /** Calls that had begun and whose end was not yet stored, at the moments of the kills. */
  readonly inFlightAtKills: number;
  readonly outbox: Record<string, number>;
  readonly drained: boolean;
}

/** Kills the server with SIGKILL at random moments under load, starts it again each time, and compares both sides. */
export async function runCrashes(options: CrashOptions): Promise<CrashReport> {
  const { kills, rate = 20, chats = 100, longestLifeMs = 3_000 } = options;
  await using database = await createServerDatabase(options.engine);
  // Telegram's resend delays are shortened, its flood rules are not.
  const crowd = await startCrowd(chats, { history: 1_000_000, timeScale: 0.05, telegram: { floodScale: 1 } });
  await using sandbox = crowd.sandbox;
  const environment = {
    ...database.environment,
    ...sandboxEnvironment(sandbox),
    PORT: String(await freePort()),
    AUTO_REPLY: 'all',
    LOG_LEVEL: 'debug',
  };
  const calls = callsUnderWay();
  let inFlightAtKills = 0;
  let sent = 0;
  let server = await startServerProcess(environment, calls.onLog);
  const load = new AbortController();
  const writing = writeWhile(load.signal, rate, (index) => {
    sent += 1;
    crowd.write(index % chats, `. ${index}`);
  });
  for (let kill = 0; kill < kills; kill += 1) {
    await setTimeout(randomInt(longestLifeMs));
    await server.end('SIGKILL');
    inFlightAtKills += calls.take();
    server = await startServerProcess(environment, calls.onLog);
  }
  load.abort();
  await writing;
  const drained = await until(() => isQuiet(sandbox, server), 120_000);
  await server.end('SIGTERM');

  const acknowledged = new Set(
    sandbox.telegram
      .deliveries()
      .filter(({ status }) => status !== undefined && status >= 200 && status <= 299)
      .map(({ updateId }) => String(updateId)),
  );
  const inbox = await database.query<{ id: string }>('select id from cartie_inbox');
  const kept = new Set(inbox.map(({ id }) => id));
  const outgoing = await database.query<{ text: string; state: string }>(
    "select text, state from messages where direction = 'out'",
  );
  const outbox = await database.query<{ status: string; count: string }>(
    'select status, count(*)::text as count from cartie_outbox group by status',
  );
  const answers = crowd.answers();
  const arrived = new Set(answers);
  const stored = await storedMessages(database);
  const missing = outgoing.filter(({ text }) => !arrived.has(text));
  return {
    kills,
    sent,
    acknowledged: acknowledged.size,
    lost: [...acknowledged].filter((id) => !kept.has(id)).length,
    stored: stored.stored,
    storedTwice: stored.storedTwice,
    disordered: stored.disordered,
    answered: arrived.size,
    answeredTwice: repeated(answers).length,
    inDoubt: outgoing.filter(({ state }) => state === 'in_doubt').length,
    unexplained:
      missing.filter(({ state }) => state !== 'in_doubt').length + (stored.stored - outgoing.length),
    inFlightAtKills,
    outbox: Object.fromEntries(outbox.map(({ status, count }) => [status, Number(count)])),
    drained,
  };
}

async function writeWhile(signal: AbortSignal, rate: number, act: (index: number) => void): Promise<void> {
  let base = 0;
  while (!signal.aborted) base += await pace(rate, 1, (index) => act(base + index));
}

/** Counts, from the server's own log, calls that began and whose end was not yet stored. */
function callsUnderWay(): { onLog(line: Record<string, unknown>): void; take(): number } {
  let count = 0;
  return {
    onLog({ type, operation, topic, status }) {
      if (type === 'call_started' && operation === 'sendMessage') count += 1;
      // What is found in doubt at a start was begun by the process before.
      if (topic === 'telegram.send' && status !== 'in_doubt') count -= 1;
    },
    take() {
      const taken = count;
      count = 0;
      return taken;
    },
  };
}

if (import.meta.main) {
  const [engine = 'pglite', kills = '50'] = process.argv.slice(2);
  const report = await runCrashes({ engine: engine as Engine, kills: Number(kills) });
  console.log(JSON.stringify({ engine, ...report }, null, 2));
}
