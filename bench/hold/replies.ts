import { repeated, tally } from '../support/numbers.ts';
import { pace, until } from '../support/pace.ts';
import { sandboxEnvironment, startCrowd } from '../support/sandbox-bot.ts';
import { createServerDatabase, type Engine } from '../support/server-database.ts';
import { startServerProcess } from '../support/server-process.ts';

/** Options of {@link runReplies}. */
export interface RepliesOptions {
  readonly engine: Engine;
  /** Messages a second, each of which is answered: more than Telegram's 30 answers a second. @default 100 */
  readonly rate?: number;
  readonly seconds: number;
  /** @default 1000 */
  readonly chats?: number;
}

/** What {@link runReplies} found. */
export interface RepliesReport {
  readonly sent: number;
  readonly answered: number;
  readonly answeredTwice: number;
  /** Answers of `sendMessage` by HTTP status. */
  readonly statuses: Record<string, number>;
  /** From the first message to the last answer. */
  readonly seconds: number;
  readonly serverPeakMiB: number;
}

/** Asks more than Telegram lets a bot answer, and waits until every answer has arrived. */
export async function runReplies(options: RepliesOptions): Promise<RepliesReport> {
  const { rate = 100, chats = 1_000 } = options;
  await using database = await createServerDatabase(options.engine);
  const crowd = await startCrowd(chats, { history: 1_000_000 });
  await using sandbox = crowd.sandbox;
  const server = await startServerProcess({
    ...database.environment,
    ...sandboxEnvironment(sandbox),
    AUTO_REPLY: 'all',
  });
  const begin = performance.now();
  let serverPeakMiB = 0;
  let sent = 0;
  try {
    sent = await pace(rate, options.seconds, (index) => crowd.write(index % chats, `. ${index}`));
    await until(() => crowd.answers().length >= sent, 30_000 + (sent / 25) * 1_000);
    serverPeakMiB = server.usage().peakMiB;
  } finally {
    await server.end('SIGTERM');
  }
  const texts = crowd.answers();
  const sends = sandbox.telegram.calls().filter(({ method }) => method === 'sendMessage');
  return {
    sent,
    answered: new Set(texts).size,
    answeredTwice: repeated(texts).length,
    statuses: tally(sends.map(({ status }) => status ?? 'none')),
    seconds: (performance.now() - begin) / 1_000,
    serverPeakMiB,
  };
}

if (import.meta.main) {
  const [engine = 'pglite', seconds = '60'] = process.argv.slice(2);
  const report = await runReplies({ engine: engine as Engine, seconds: Number(seconds) });
  console.log(JSON.stringify({ engine, ...report }, null, 2));
}
