// A process that takes one job after another and never ends one by itself. Started by `startQueueProcess`.
import { bullmqQueue } from '@cartie/core/bullmq';
import { pgBossQueue } from '@cartie/core/pg-boss';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { PgBoss } from 'pg-boss';
import type { JobQueue } from '../src/index.ts';

/** Which queue the process works on. */
export interface QueuePlace {
  engine: 'pg-boss' | 'bullmq';
  url: string;
  /** BullMQ's. */
  prefix?: string;
  queue: string;
  silentMs: number;
}

const place = JSON.parse(process.argv[2] ?? '') as QueuePlace;
const queue = await openQueue();
await queue.work(place.queue, async ({ signal }) => {
  say('took');
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  say('lost');
});
say('ready');

async function openQueue(): Promise<JobQueue> {
  const { url, prefix, silentMs } = place;
  if (place.engine === 'pg-boss') {
    const boss = new PgBoss({ connectionString: url, useListenNotify: true, max: 3, supervise: false });
    boss.on('error', () => undefined);
    await boss.start();
    return pgBossQueue(boss, { silentMs, pollMs: 500 });
  }
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  return bullmqQueue({ Queue, Worker }, { connection, prefix, silentMs });
}

function say(word: string): void {
  process.stdout.write(`${word}\n`);
}
