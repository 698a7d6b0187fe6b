import { countUnanswered, killWhileWriting } from '../support/kills.ts';
import { repeated } from '../support/numbers.ts';
import { until } from '../support/pace.ts';
import { isQuiet } from '../support/quiet.ts';
import { sandboxEnvironment, startCrowd } from '../support/sandbox-bot.ts';
import { createServerDatabase, type Engine } from '../support/server-database.ts';
import { freePort } from '../support/server-process.ts';
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
  /** Updates in the inbox by status. */
  readonly inbox: Record<string, number>;
  readonly answered: number;
  readonly answeredTwice: number;
  readonly inDoubt: number;
  /** Answers that did not arrive and whose row is not in doubt. */
  readonly unexplained: number;
  /** Messages that are stored and for which no answer was made. */
  readonly unanswered: number;
  /** Calls that were begun and whose end was not stored, at the moments of the kills. */
  readonly inFlightAtKills: number;
  readonly mostAtOneKill: number;
  readonly outbox: Record<string, number>;
  readonly drained: boolean;
}

/** Kills the server with SIGKILL at random moments under load, starts it again each time, and compares both sides. */
export async function runCrashes(options: CrashOptions): Promise<CrashReport> {
  const { kills, rate = 20, chats = 100 } = options;
  await using database = await createServerDatabase(options.engine);
  // Telegram's resend delays are shortened, its flood rules are not.
  const crowd = await startCrowd(chats, { history: 1_000_000, timeScale: 0.05, telegram: { floodScale: 1 } });
  await using sandbox = crowd.sandbox;
  const environment = {
    ...database.environment,
    ...sandboxEnvironment(sandbox),
    PORT: String(await freePort()),
    AUTO_REPLY: 'all',
  };
  const { server, sent, ...killed } = await killWhileWriting({
    database,
    environment,
    kills,
    longestLifeMs: options.longestLifeMs,
    rate,
    write: (index) => crowd.write(index % chats, `. ${index}`),
  });
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
    ...stored,
    answered: arrived.size,
    answeredTwice: repeated(answers).length,
    inDoubt: outgoing.filter(({ state }) => state === 'in_doubt').length,
    unexplained: missing.filter(({ state }) => state !== 'in_doubt').length,
    unanswered: await countUnanswered(database),
    ...killed,
    outbox: Object.fromEntries(outbox.map(({ status, count }) => [status, Number(count)])),
    drained,
  };
}

if (import.meta.main) {
  const [engine = 'pglite', kills = '50'] = process.argv.slice(2);
  const report = await runCrashes({ engine: engine as Engine, kills: Number(kills) });
  console.log(JSON.stringify({ engine, ...report }, null, 2));
}
