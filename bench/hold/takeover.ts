import { connect, createServer, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { repeated, tally } from '../support/numbers.ts';
import { pace, until } from '../support/pace.ts';
import { isQuiet } from '../support/quiet.ts';
import { sandboxEnvironment, startCrowd } from '../support/sandbox-bot.ts';
import { createServerDatabase } from '../support/server-database.ts';
import { startServerProcess } from '../support/server-process.ts';
import { storedMessages } from './webhook-load.ts';

/** Options of {@link runTakeover}. */
export interface TakeoverOptions {
  /** Messages a second; one in ten is answered. @default 100 */
  readonly rate?: number;
  /** One of two servers is killed in the middle. */
  readonly seconds: number;
  /** @default 200 */
  readonly chats?: number;
}

/** What {@link runTakeover} found. */
export interface TakeoverReport {
  readonly sent: number;
  readonly stored: number;
  readonly storedTwice: number;
  readonly disordered: number;
  readonly inbox: Record<string, number>;
  readonly answersDue: number;
  readonly answered: number;
  readonly answeredTwice: number;
  readonly inDoubt: number;
  /** Webhook answers by status. */
  readonly statuses: Record<string, number>;
  /** From the kill until everything that was sent is stored and answered (or in doubt). */
  readonly recoveredMs: number | undefined;
}

/** Two servers on one PostgreSQL behind a balancer, one of them killed under load. */
export async function runTakeover(options: TakeoverOptions): Promise<TakeoverReport> {
  const { rate = 100, chats = 200, seconds } = options;
  await using database = await createServerDatabase('postgres');
  const crowd = await startCrowd(chats, { history: 1_000_000, timeScale: 0.05, telegram: { floodScale: 1 } });
  await using sandbox = crowd.sandbox;
  await using balancer = await startBalancer();
  const environment = {
    ...database.environment,
    ...sandboxEnvironment(sandbox),
    AUTO_REPLY: 'all',
    AUTO_REPLY_PREFIX: '?',
    PUBLIC_URL: balancer.url,
  };
  const first = await startServerProcess(environment);
  const second = await startServerProcess(environment);
  balancer.targets.push(first.url, second.url);
  let answersDue = 0;
  let recoveredMs: number | undefined;
  let killedAt = 0;
  let sent = 0;
  try {
    const load = pace(rate, seconds, (index) => {
      const asks = index % 10 === 0;
      if (asks) answersDue += 1;
      crowd.write(index % chats, `${asks ? '?' : '.'} ${index}`);
    });
    await setTimeout(seconds * 500);
    balancer.targets.shift();
    await first.end('SIGKILL');
    killedAt = performance.now();
    sent = await load;
    if (await until(() => isQuiet(sandbox, second), 60_000)) recoveredMs = performance.now() - killedAt;
  } finally {
    await second.end('SIGTERM');
  }
  const answers = crowd.answers();
  const doubts = await database.query("select 1 from cartie_outbox where status = 'in_doubt'");
  return {
    sent,
    ...(await storedMessages(database)),
    answersDue,
    answered: new Set(answers).size,
    answeredTwice: repeated(answers).length,
    inDoubt: doubts.length,
    statuses: tally(sandbox.telegram.deliveries().map(({ status, error }) => status ?? error ?? 'none')),
    recoveredMs,
  };
}

/** Hands connections to the targets in turn, as a load balancer does. */
async function startBalancer(): Promise<{ url: string; targets: string[] } & AsyncDisposable> {
  const targets: string[] = [];
  const open = new Set<Socket>();
  let turn = 0;
  const server = createServer((incoming) => {
    const target = targets[turn++ % Math.max(1, targets.length)];
    if (target === undefined) {
      incoming.destroy();
      return;
    }
    const { hostname, port } = new URL(target);
    const outgoing = connect(Number(port), hostname);
    for (const [socket, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      open.add(socket);
      socket.pipe(other);
      socket.on('error', () => other.destroy());
      socket.once('close', () => {
        open.delete(socket);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    targets,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

if (import.meta.main) {
  const [seconds = '30', rate = '100'] = process.argv.slice(2);
  console.log(JSON.stringify(await runTakeover({ seconds: Number(seconds), rate: Number(rate) }), null, 2));
}
