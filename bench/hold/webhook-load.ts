import { percentile, repeated, tally } from '../support/numbers.ts';
import { pace, until } from '../support/pace.ts';
import { isQuiet } from '../support/quiet.ts';
import { sandboxEnvironment, startCrowd } from '../support/sandbox-bot.ts';
import { createServerDatabase, type Engine, type ServerDatabase } from '../support/server-database.ts';
import { startServerProcess } from '../support/server-process.ts';

/** Options of {@link runWebhookLoad}. */
export interface WebhookLoadOptions {
  readonly engine: Engine;
  /** Messages a second. */
  readonly rate: number;
  readonly seconds: number;
  /** Every so many messages one is answered. @default 25 */
  readonly answerEvery?: number;
  /** @default 2000 */
  readonly chats?: number;
}

/** What {@link runWebhookLoad} found. */
export interface WebhookLoadReport {
  readonly sent: number;
  /** Messages that the server stored, and how many of them it stored more than once. */
  readonly stored: number;
  readonly storedTwice: number;
  /** Updates in the inbox by status. */
  readonly inbox: Record<string, number>;
  /** Chats in which messages are not in the order in which they were written. */
  readonly disordered: number;
  readonly answersDue: number;
  readonly answered: number;
  readonly answeredTwice: number;
  /** Answers of the webhook by HTTP status. */
  readonly statuses: Record<string, number>;
  /** Milliseconds from the begin of a request to the end of its answer, as the sender sees it. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** How long after the last message the last webhook was answered: large where the rate was more than sender and server can do. */
  readonly behindMs: number;
  /** How long after the last message everything was handled and answered; undefined if it never was. */
  readonly drainMs: number | undefined;
  readonly serverPeakMiB: number;
  /** CPU seconds of the server per second of load. */
  readonly serverCpu: number;
}

/** Writes `rate` messages a second into the sandbox, which calls the server's webhook, and looks at what the server made of them. */
export async function runWebhookLoad(options: WebhookLoadOptions): Promise<WebhookLoadReport> {
  const { rate, seconds, answerEvery = 25, chats = 2_000 } = options;
  const total = Math.round(rate * seconds);
  await using database = await createServerDatabase(options.engine);
  const crowd = await startCrowd(chats, { history: Math.ceil(total * 1.2) + 1_000 });
  await using sandbox = crowd.sandbox;
  const server = await startServerProcess({
    ...database.environment,
    ...sandboxEnvironment(sandbox),
    AUTO_REPLY: 'all',
    AUTO_REPLY_PREFIX: '?',
  });
  let usage = server.usage();
  let drainMs: number | undefined;
  let answersDue = 0;
  let writtenAt = 0;
  try {
    await until(() => sandbox.telegram.calls().some(({ method }) => method === 'setWebhook'), 10_000);
    const before = server.usage().cpuSeconds;
    await pace(rate, seconds, (index) => {
      const asks = index % answerEvery === 0;
      if (asks) answersDue += 1;
      crowd.write(index % chats, `${asks ? '?' : '.'} ${index}`);
    });
    writtenAt = Date.now();
    usage = server.usage();
    usage.cpuSeconds = (usage.cpuSeconds - before) / seconds;
    const drained = await until(() => isQuiet(sandbox, server), 60_000 + seconds * 1_000);
    if (drained) drainMs = Date.now() - writtenAt;
  } finally {
    await server.end('SIGTERM');
  }
  const texts = crowd.answers();
  const deliveries = sandbox.telegram.deliveries();
  const durations = deliveries.map(({ durationMs }) => durationMs);
  return {
    sent: total,
    ...(await storedMessages(database)),
    answersDue,
    answered: new Set(texts).size,
    answeredTwice: repeated(texts).length,
    statuses: tally(deliveries.map(({ status, error }) => status ?? error ?? 'none')),
    p50Ms: percentile(durations, 0.5),
    p99Ms: percentile(durations, 0.99),
    maxMs: percentile(durations, 1),
    behindMs: deliveries.reduce((last, { at, durationMs }) => Math.max(last, at + durationMs), 0) - writtenAt,
    drainMs,
    serverPeakMiB: usage.peakMiB,
    serverCpu: usage.cpuSeconds,
  };
}

/** What the server's own database says after its end. */
export async function storedMessages(
  database: ServerDatabase,
): Promise<Pick<WebhookLoadReport, 'stored' | 'storedTwice' | 'inbox' | 'disordered'>> {
  const messages = await database.query<{ chat: string; number: string }>(
    `select conversation_id::text as chat, split_part(text, ' ', 2) as number
     from messages where direction = 'in' order by id`,
  );
  const inbox = await database.query<{ status: string; count: string }>(
    'select status, count(*)::text as count from cartie_inbox group by status',
  );
  const newest = new Map<string, number>();
  const disordered = new Set<string>();
  for (const { chat, number } of messages) {
    if (Number(number) < (newest.get(chat) ?? -1)) disordered.add(chat);
    newest.set(chat, Number(number));
  }
  const numbers = messages.map(({ number }) => number);
  return {
    stored: new Set(numbers).size,
    storedTwice: repeated(numbers).length,
    inbox: Object.fromEntries(inbox.map(({ status, count }) => [status, Number(count)])),
    disordered: disordered.size,
  };
}

if (import.meta.main) {
  const [engine = 'pglite', rate = '500', seconds = '300', answerEvery = '25'] = process.argv.slice(2);
  const report = await runWebhookLoad({
    engine: engine as Engine,
    rate: Number(rate),
    seconds: Number(seconds),
    answerEvery: Number(answerEvery),
  });
  console.log(JSON.stringify({ engine, rate, seconds, ...report }, null, 2));
}
