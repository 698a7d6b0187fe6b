import { type RunningSandbox, startSandbox } from '@cartie/sandbox';
import { countUnanswered, killWhileWriting } from '../support/kills.ts';
import { repeated } from '../support/numbers.ts';
import { until } from '../support/pace.ts';
import { isQuiet } from '../support/quiet.ts';
import { sandboxEnvironment } from '../support/sandbox-bot.ts';
import { createServerDatabase, type Engine } from '../support/server-database.ts';
import { freePort } from '../support/server-process.ts';

/** Options of {@link runViberCrashes}. */
export interface ViberCrashOptions {
  readonly engine: Engine;
  /** How often the server is killed. */
  readonly kills: number;
  /** Messages a second, each answered. @default 20 */
  readonly rate?: number;
  /** @default 100 */
  readonly users?: number;
  /** Milliseconds between a start and the kill: random up to this. @default 3000 */
  readonly longestLifeMs?: number;
}

/** What {@link runViberCrashes} found. */
export interface ViberCrashReport {
  readonly kills: number;
  readonly sent: number;
  /** Messages whose callback was acknowledged with 200 and that are not stored. */
  readonly lost: number;
  readonly storedTwice: number;
  readonly answered: number;
  readonly answeredTwice: number;
  /** Answers in doubt at the end. */
  readonly inDoubt: number;
  /** Answers that a phone got and that are shown as sent, though the call's end was lost. */
  readonly settled: number;
  /** Answers that are shown as sent, and no phone has them. */
  readonly falselySent: number;
  /** Answers without a phone that has them, and not in doubt. */
  readonly unexplained: number;
  /** Messages that are stored and for which no answer was made. */
  readonly unanswered: number;
  /** Calls that were begun and whose end was not stored, at the moments of the kills. */
  readonly inFlightAtKills: number;
  readonly mostAtOneKill: number;
  readonly drained: boolean;
}

/** Kills the server with SIGKILL at random moments while users of Viber write, and compares both sides. */
export async function runViberCrashes(options: ViberCrashOptions): Promise<ViberCrashReport> {
  const { kills, rate = 20, users = 100 } = options;
  await using database = await createServerDatabase(options.engine);
  await using sandbox = await startSandbox({ history: 1_000_000, timeScale: 0.002 });
  const environment = {
    ...database.environment,
    ...sandboxEnvironment(sandbox),
    PORT: String(await freePort()),
    AUTO_REPLY: 'all',
    LOG_LEVEL: 'info',
  };
  let account = '';
  const { server, sent, ...killed } = await killWhileWriting({
    database,
    environment,
    kills,
    longestLifeMs: options.longestLifeMs,
    rate,
    async ready() {
      await until(() => isConnected(sandbox), 30_000);
      account = sandbox.viber.accounts()[0]?.id ?? '';
    },
    write: (index) =>
      void sandbox.viber.userSends(account, { from: `user-${index % users}`, text: `. ${index}` }),
  });
  const quiet = async (): Promise<boolean> =>
    sandbox.viber.pendingCallbacks() === 0 && (await isQuiet(sandbox, server));
  const drained = await until(quiet, 120_000);
  await server.end('SIGTERM');

  const acknowledged = sandbox.viber
    .callbacks()
    .filter(({ event, status }) => event === 'message' && status === 200)
    .map(({ messageToken }) => messageToken);
  const stored = await database.query<{ id: string }>(
    "select external_id as id from messages where direction = 'in'",
  );
  const kept = new Set(stored.map(({ id }) => id));
  const outgoing = await database.query<{ text: string; state: string; crashed: boolean }>(
    "select m.text, m.state, o.attempts > 0 and o.reason is not null as crashed from messages m join cartie_outbox o on o.id = m.outbox_id where m.direction = 'out'",
  );
  const answers = sandbox.viber
    .users(account)
    .flatMap(({ id }) => sandbox.viber.messages(account, id))
    .flatMap(({ from, message }) => (from === 'bot' ? [String(message.text)] : []));
  const arrived = new Set(answers);
  const missing = outgoing.filter(({ text }) => !arrived.has(text));
  return {
    kills,
    sent,
    lost: new Set(acknowledged.filter((token) => !kept.has(token))).size,
    storedTwice: stored.length - kept.size,
    answered: arrived.size,
    answeredTwice: repeated(answers).length,
    inDoubt: outgoing.filter(({ state }) => state === 'in_doubt').length,
    settled: outgoing.filter(({ state, text, crashed }) => crashed && state === 'sent' && arrived.has(text))
      .length,
    falselySent: missing.filter(({ state }) => state === 'sent').length,
    unexplained: missing.filter(({ state }) => state !== 'in_doubt').length,
    unanswered: await countUnanswered(database),
    ...killed,
    drained,
  };
}

function isConnected(sandbox: RunningSandbox): boolean {
  return sandbox.viber.calls().some(({ method, status }) => method === 'set_webhook' && status === 0);
}

if (import.meta.main) {
  const [engine = 'pglite', kills = '50'] = process.argv.slice(2);
  const report = await runViberCrashes({ engine: engine as Engine, kills: Number(kills) });
  console.log(JSON.stringify({ engine, ...report }, null, 2));
}
