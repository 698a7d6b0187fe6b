import { z } from 'zod';
import { backoff } from './failure-plan.ts';
import { checkJob, type Job, type JobQueue } from './job-queue.ts';
import { parseOptions } from './options.ts';
import { countSchema, keptSchema } from './work-options.ts';

/** Options of {@link memoryQueue}. */
export interface MemoryQueueOptions {
  /** Tries before a job is failed. @default 10 */
  attempts?: number | undefined;
  /** First pause after a failure; doubles each time, with jitter. Milliseconds. @default 1000 */
  backoffMs?: number | undefined;
  /** Longest pause. Milliseconds. @default 300000 */
  maxBackoffMs?: number | undefined;
}

interface WaitingJob {
  readonly id: string;
  readonly text: string;
  readonly attempt: number;
  readonly dueAt: number;
  readonly expiresAt: number | undefined;
}

interface Worker {
  free: number;
  take(job: WaitingJob): void;
}

interface Queue {
  /** By `dueAt`; those due at the same time in the order in which they came. */
  readonly waiting: WaitingJob[];
  /** Ids that wait for their first try. */
  readonly ids: Set<string>;
  readonly workers: Set<Worker>;
  active: number;
  failed: number;
  timer: NodeJS.Timeout | undefined;
}

const optionsSchema = z.strictObject({
  attempts: countSchema.optional(),
  backoffMs: keptSchema.optional(),
  maxBackoffMs: keptSchema.optional(),
});

const maxTimerMs = 2 ** 31 - 1;

/** A queue in this process's memory, for tests and for wake-ups inside one process. A restart forgets its jobs. */
export function memoryQueue(options: MemoryQueueOptions = {}): JobQueue {
  parseOptions('queue', optionsSchema, options);
  const terms = {
    attempts: options.attempts ?? 10,
    backoffMs: options.backoffMs ?? 1_000,
    maxBackoffMs: options.maxBackoffMs ?? 300_000,
  };
  const queues = new Map<string, Queue>();
  let sent = 0;

  function queueOf(name: string): Queue {
    let queue = queues.get(name);
    if (queue === undefined) {
      queue = { waiting: [], ids: new Set(), workers: new Set(), active: 0, failed: 0, timer: undefined };
      queues.set(name, queue);
    }
    return queue;
  }

  async function run<T>(
    queue: Queue,
    waiting: WaitingJob,
    handler: (job: Job<T>) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    queue.active += 1;
    try {
      await handler({
        id: waiting.id,
        data: JSON.parse(waiting.text) as T,
        attempt: waiting.attempt,
        signal,
      });
    } catch {
      if (waiting.attempt >= terms.attempts) queue.failed += 1;
      else {
        const dueAt = Date.now() + backoff(waiting.attempt, terms);
        enqueue(queue, { ...waiting, attempt: waiting.attempt + 1, dueAt });
      }
    } finally {
      queue.active -= 1;
    }
  }

  return {
    async send(name, data, sendOptions) {
      const job = checkJob(name, data, sendOptions);
      const queue = queueOf(name);
      sent += 1;
      const id = job.id ?? `${sent}`;
      if (job.id !== undefined) {
        if (queue.ids.has(id)) return 'duplicate';
        queue.ids.add(id);
      }
      enqueue(queue, {
        id,
        text: job.text,
        attempt: 1,
        dueAt: Date.now() + job.delayMs,
        expiresAt: job.expiresAt,
      });
      return 'added';
    },

    async work<T>(
      name: string,
      handler: (job: Job<T>) => Promise<void>,
      { concurrency = 1 }: { concurrency?: number | undefined } = {},
    ) {
      const queue = queueOf(name);
      const stop = new AbortController();
      const inHand = new Set<Promise<void>>();
      const worker: Worker = {
        free: concurrency,
        take(job) {
          worker.free -= 1;
          const work = run(queue, job, handler, stop.signal).finally(() => {
            worker.free += 1;
            inHand.delete(work);
            dispatch(queue);
          });
          inHand.add(work);
        },
      };
      queue.workers.add(worker);
      dispatch(queue);
      return {
        async [Symbol.asyncDispose]() {
          queue.workers.delete(worker);
          stop.abort();
          await Promise.all(inHand);
        },
      };
    },

    async counts(name) {
      const { waiting, active, failed } = queueOf(name);
      return { waiting: waiting.length, active, failed };
    },
  };
}

function enqueue(queue: Queue, job: WaitingJob): void {
  let index = queue.waiting.length;
  while (index > 0 && (queue.waiting[index - 1]?.dueAt ?? 0) > job.dueAt) index -= 1;
  queue.waiting.splice(index, 0, job);
  dispatch(queue);
}

/** Hands due jobs to free workers, and comes back when the next one is due. */
function dispatch(queue: Queue): void {
  clearTimeout(queue.timer);
  queue.timer = undefined;
  for (;;) {
    const job = queue.waiting[0];
    const worker = [...queue.workers].find((candidate) => candidate.free > 0);
    if (job === undefined || worker === undefined) return;
    const delayMs = job.dueAt - Date.now();
    if (delayMs > 0) {
      queue.timer = setTimeout(() => dispatch(queue), Math.min(delayMs, maxTimerMs));
      return;
    }
    queue.waiting.shift();
    if (job.attempt === 1) queue.ids.delete(job.id);
    if (job.expiresAt === undefined || job.expiresAt > Date.now()) worker.take(job);
  }
}
