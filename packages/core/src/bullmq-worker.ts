import type {
  BullmqConnected,
  BullmqJob,
  BullmqSettings,
  BullmqWorkerObject,
  BullmqWorkerSettings,
} from './bullmq-classes.ts';
import { backoff, type RetryTerms, storedFailure } from './failure-plan.ts';
import type { Job } from './job-queue.ts';

/** What a worker needs. */
export interface BullmqWorkerParts<T> {
  readonly handler: (job: Job<T>) => Promise<void>;
  readonly terms: RetryTerms;
  readonly silentMs: number;
  readonly onError: (error: Error) => void;
  /** Closes in bounded time; `false` if it did not end. */
  readonly close: (worker: BullmqConnected) => Promise<boolean>;
}

/** What is stored as a job's data: BullMQ itself knows no expiry before the start, and ids only of its own spelling. */
export interface JobEnvelope {
  readonly data?: unknown;
  readonly id?: string;
  readonly expiresAt?: number;
}

type Handle = (job: BullmqJob) => Promise<void>;

/** A worker of BullMQ as the port's: its signals abort, its end waits for what is in hand. */
export function startBullmqWorker<T>(
  create: (
    handle: Handle,
    settings: Omit<BullmqWorkerSettings, keyof BullmqSettings | 'concurrency'>,
  ) => BullmqWorkerObject,
  { handler, terms, silentMs, onError, close }: BullmqWorkerParts<T>,
): AsyncDisposable & { ready(): Promise<unknown> } {
  const stop = new AbortController();
  const inHand = new Map<string, { lose: () => void; ended: Promise<void> }>();

  async function run(job: BullmqJob, lost: AbortSignal): Promise<void> {
    // From its first try on an id may be sent again. BullMQ itself would swallow it until the job is finished.
    await job.removeDeduplicationKey();
    const { id, data, expiresAt } = job.data as JobEnvelope;
    if (expiresAt !== undefined && expiresAt <= Date.now()) return;
    try {
      await handler({
        id: id ?? job.id ?? '',
        data: data as T,
        attempt: job.attemptsStarted,
        signal: AbortSignal.any([lost, stop.signal]),
      });
    } catch (error) {
      throw storedFailure(error);
    }
  }

  const worker = create(
    async (job) => {
      const lost = new AbortController();
      const work = run(job, lost.signal);
      const id = job.id ?? '';
      const entry = { lose: () => lost.abort(), ended: work.catch(() => undefined) };
      inHand.set(id, entry);
      try {
        await work;
      } finally {
        if (inHand.get(id) === entry) inHand.delete(id);
      }
    },
    {
      lockDuration: silentMs,
      stalledInterval: silentMs / 4,
      // A job that takes its worker down each time fails in the end, like one that throws.
      maxStalledCount: terms.attempts,
      maxStartedAttempts: terms.attempts,
      // By default 15 s pass after a broken connection before the next job is looked for.
      runRetryDelay: 1_000,
      settings: { backoffStrategy: (attemptsMade) => Math.ceil(backoff(attemptsMade, terms)) },
    },
  );
  worker.on('error', onError);
  worker.on('lockRenewalFailed', (jobIds) => {
    for (const id of jobIds) inHand.get(id)?.lose();
  });

  return {
    ready: () => worker.waitUntilReady(),
    async [Symbol.asyncDispose]() {
      stop.abort();
      worker.close().catch(() => undefined);
      // Handlers may take their time; what follows them may not.
      do {
        await Promise.all([...inHand.values()].map(({ ended }) => ended));
      } while (!(await close(worker)) && inHand.size > 0);
    },
  };
}
