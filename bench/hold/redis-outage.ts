import { setTimeout } from 'node:timers/promises';
import { startRedisServer } from '../../tests/support/redis-server.ts';
import { repeated, tally } from '../support/numbers.ts';
import { pace, until } from '../support/pace.ts';
import { isQuiet } from '../support/quiet.ts';
import { sandboxEnvironment, startCrowd } from '../support/sandbox-bot.ts';
import { createServerDatabase } from '../support/server-database.ts';
import { startServerProcess } from '../support/server-process.ts';
import { storedMessages } from './webhook-load.ts';

/** Options of {@link runRedisOutage}. */
export interface RedisOutageOptions {
  /** Messages a second; one in ten is answered. @default 50 */
  readonly rate?: number;
  readonly seconds: number;
  /** How often Redis is killed, evenly over the time. @default 1 */
  readonly kills?: number;
  /** How long it stays away each time. Milliseconds. @default 2000 */
  readonly awayMs?: number;
  /** @default 100 */
  readonly chats?: number;
}

/** What {@link runRedisOutage} found. */
export interface RedisOutageReport {
  readonly sent: number;
  readonly stored: number;
  readonly storedTwice: number;
  readonly disordered: number;
  readonly inbox: Record<string, number>;
  readonly answersDue: number;
  readonly answered: number;
  readonly answeredTwice: number;
  readonly inDoubt: number;
  readonly failed: number;
  /** Webhook answers by status. */
  readonly statuses: Record<string, number>;
  /** From the last return of Redis until everything that was sent is stored and answered. */
  readonly recoveredMs: number | undefined;
}

/**
 * Two servers on one PostgreSQL that share leases, limits and wake-ups in a Redis, which is killed under load and started
 * again. The webhook of Telegram is the second server's.
 */
export async function runRedisOutage(options: RedisOutageOptions): Promise<RedisOutageReport> {
  const { rate = 50, chats = 100, seconds, kills = 1, awayMs = 2_000 } = options;
  await using database = await createServerDatabase('postgres');
  await using redis = await startRedisServer();
  const crowd = await startCrowd(chats, { history: 1_000_000, timeScale: 0.05, telegram: { floodScale: 1 } });
  await using sandbox = crowd.sandbox;
  const environment = {
    ...database.environment,
    ...sandboxEnvironment(sandbox),
    REDIS_URL: redis.url,
    AUTO_REPLY: 'all',
    AUTO_REPLY_PREFIX: '?',
  };
  const first = await startServerProcess(environment);
  const second = await startServerProcess(environment);
  let answersDue = 0;
  let sent = 0;
  let recoveredMs: number | undefined;
  try {
    const load = pace(rate, seconds, (index) => {
      const asks = index % 10 === 0;
      if (asks) answersDue += 1;
      crowd.write(index % chats, `${asks ? '?' : '.'} ${index}`);
    });
    for (let kill = 0; kill < kills; kill += 1) {
      await setTimeout((seconds * 1_000) / (kills + 1));
      await redis.kill();
      await setTimeout(awayMs);
      await redis.start();
    }
    const backAt = performance.now();
    sent = await load;
    if (await until(() => isQuiet(sandbox, second), 60_000)) recoveredMs = performance.now() - backAt;
  } finally {
    await Promise.all([first.end('SIGTERM'), second.end('SIGTERM')]);
  }
  const answers = crowd.answers();
  const settled = await database.query<{ status: string }>('select status from cartie_outbox');
  const statuses = tally(settled.map(({ status }) => status));
  return {
    sent,
    ...(await storedMessages(database)),
    answersDue,
    answered: new Set(answers).size,
    answeredTwice: repeated(answers).length,
    inDoubt: statuses.in_doubt ?? 0,
    failed: statuses.failed ?? 0,
    statuses: tally(sandbox.telegram.deliveries().map(({ status, error }) => status ?? error ?? 'none')),
    recoveredMs,
  };
}

if (import.meta.main) {
  const [seconds = '60', rate = '50', kills = '3'] = process.argv.slice(2);
  const report = await runRedisOutage({ seconds: Number(seconds), rate: Number(rate), kills: Number(kills) });
  console.log(JSON.stringify(report, null, 2));
}
