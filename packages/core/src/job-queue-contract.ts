import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { abortable } from './abortable.ts';
import type { ContractCheck } from './contract-check.ts';
import { isCartieError } from './errors.ts';
import type { Job, JobQueue } from './job-queue.ts';

/** Options of {@link jobQueueContract}. */
export interface JobQueueContractOptions {
  /**
   * Gives the queue to check. Called once for each check; it may give the same each time: a check uses a queue name of its
   * own. It must try a failed job 2 times in all, with a pause of at most a second.
   */
  create: () => JobQueue | Promise<JobQueue>;
  /** How late a job may start that nobody was notified of: a delayed one, a second try. Milliseconds. @default 3000 */
  latenessMs?: number | undefined;
  /**
   * Starts a process of its own that works on the queue of this name. With it the suite also checks what becomes of jobs whose
   * worker dies or stands still; leave it out where all workers live in one process.
   */
  startWorker?: ((name: string) => Promise<ContractWorker>) | undefined;
  /** How long a job of a dead worker may wait for another, beside `latenessMs`. Milliseconds. @default 60000 */
  takeoverMs?: number | undefined;
}

/** A worker in a process of its own. Its handler ends only when the job's signal aborts. */
export interface ContractWorker {
  /** Resolves when its handler has begun. */
  tookJob(): Promise<void>;
  /** Resolves when the signal of its job has aborted. */
  lostJob(): Promise<void>;
  /** Stops the process without a word, as a machine does that is out of memory (`SIGSTOP`). */
  freeze(): void;
  /** Lets it go on (`SIGCONT`). */
  thaw(): void;
  /** Ends it as a crash does (`SIGKILL`), and waits until it has ended. */
  kill(): Promise<void>;
}

/**
 * What every {@link JobQueue} must do, as a list of named checks for any test runner:
 *
 * ```ts
 * for (const { name, check } of jobQueueContract({ create: () => myQueue() })) test(name, check);
 * ```
 *
 * A check rejects with node's `AssertionError`. Those with `startWorker` take as long as a takeover does.
 */
export function jobQueueContract(options: JobQueueContractOptions): readonly ContractCheck[] {
  const latenessMs = options.latenessMs ?? 3_000;
  const { startWorker, takeoverMs = 60_000 } = options;
  const all = startWorker === undefined ? checks : { ...checks, ...processChecks };
  return Object.entries(all).map(([name, check]) => ({
    name,
    async check() {
      const queue = await options.create();
      const workers: AsyncDisposable[] = [];
      const processes: ContractWorker[] = [];
      const bench: ProcessBench = {
        queue,
        name: `contract.${randomUUID()}`,
        latenessMs,
        takeoverMs,
        async startWorker() {
          assert.ok(startWorker);
          const worker = await startWorker(bench.name);
          processes.push(worker);
          return worker;
        },
        async work(handler, workOptions) {
          const worker = await queue.work<unknown>(bench.name, handler, workOptions);
          workers.push(worker);
          return worker;
        },
      };
      try {
        await check(bench);
      } finally {
        for (const worker of processes) await worker.kill();
        for (const worker of workers) await worker[Symbol.asyncDispose]();
      }
    },
  }));
}

interface Bench {
  readonly queue: JobQueue;
  /** A queue name of this check's own. */
  readonly name: string;
  readonly latenessMs: number;
  work(
    handler: (job: Job<unknown>) => Promise<void>,
    options?: { concurrency?: number | undefined },
  ): Promise<AsyncDisposable>;
}

interface ProcessBench extends Bench {
  readonly takeoverMs: number;
  startWorker(): Promise<ContractWorker>;
}

const checks: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  async 'hands over data as it was sent: any JSON and any text'({ queue, name, work, latenessMs }) {
    const sent = [
      null,
      true,
      0,
      -1.5,
      '',
      'Привіт 👋🏽 \0 \uD800 "\\',
      [1, [2]],
      { a: { b: null } },
      'ї'.repeat(100_000),
    ];
    const seen: unknown[] = [];
    await work(async (job) => void seen.push(job.data));
    for (const data of sent) assert.equal(await queue.send(name, { data }), 'added');
    await until(() => seen.length === sent.length, latenessMs);
    const texts = (values: readonly unknown[]): string[] =>
      values.map((value) => JSON.stringify(value)).sort();
    assert.deepEqual(texts(seen), texts(sent.map((data) => ({ data }))));
  },

  async 'keeps jobs until a worker comes'({ queue, name, work, latenessMs }) {
    for (let n = 0; n < 5; n += 1) await queue.send(name, n);
    assert.equal((await queue.counts(name)).waiting, 5);
    const seen: unknown[] = [];
    await work(async (job) => void seen.push(job.data));
    await until(() => seen.length === 5, latenessMs);
    assert.deepEqual([...seen].sort(), [0, 1, 2, 3, 4]);
  },

  async 'gives each job to one worker only'({ queue, name, work, latenessMs }) {
    const seen: unknown[] = [];
    const take = async (job: Job<unknown>): Promise<void> => {
      await sleep(2);
      seen.push(job.data);
    };
    await work(take, { concurrency: 3 });
    await work(take, { concurrency: 3 });
    await Promise.all(Array.from({ length: 60 }, (_, n) => queue.send(name, n)));
    await until(() => seen.length >= 60, 4 * latenessMs);
    await sleep(50);
    assert.equal(seen.length, 60);
    assert.equal(new Set(seen).size, 60);
  },

  async 'keeps queues apart'({ queue, name, work, latenessMs }) {
    const seen: unknown[] = [];
    await work(async (job) => void seen.push(job.data));
    await queue.send(`${name}.other`, 'other');
    await queue.send(name, 'own');
    await until(() => seen.length > 0, latenessMs);
    await sleep(50);
    assert.deepEqual(seen, ['own']);
    assert.equal((await queue.counts(`${name}.other`)).waiting, 1);
  },

  async 'tries a failed job again and counts its attempts'({ queue, name, work, latenessMs }) {
    const attempts: number[] = [];
    await work(async (job) => {
      attempts.push(job.attempt);
      if (attempts.length === 1) throw new Error('the first try');
    });
    await queue.send(name, {});
    await until(() => attempts.length === 2, 1_000 + latenessMs);
    assert.deepEqual(attempts, [1, 2]);
  },

  async 'counts a job as failed after its last attempt'({ queue, name, work, latenessMs }) {
    let attempts = 0;
    await work(async () => {
      attempts += 1;
      throw new Error('always');
    });
    await queue.send(name, {});
    await until(async () => (await queue.counts(name)).failed === 1, 1_000 + 2 * latenessMs);
    assert.equal(attempts, 2);
    assert.deepEqual(await queue.counts(name), { waiting: 0, active: 0, failed: 1 });
  },

  async 'starts a delayed job after its delay, and others before it'({ queue, name, work, latenessMs }) {
    const seen: [unknown, number][] = [];
    await work(async (job) => void seen.push([job.data, performance.now()]));
    const sentAt = performance.now();
    await queue.send(name, 'late', { delayMs: 300 });
    await queue.send(name, 'soon');
    await until(() => seen.length === 2, 300 + latenessMs);
    assert.deepEqual(
      seen.map(([data]) => data),
      ['soon', 'late'],
    );
    assert.ok((seen[1]?.[1] ?? 0) - sentAt >= 295, 'the delay is kept');
  },

  async 'does not start a job that has expired'({ queue, name, work, latenessMs }) {
    await queue.send(name, 'expired', { expiresAt: Date.now() + 20 });
    await queue.send(name, 'alive', { expiresAt: Date.now() + 600_000 });
    await sleep(40);
    const seen: unknown[] = [];
    await work(async (job) => void seen.push(job.data));
    await until(async () => (await queue.counts(name)).waiting === 0 && seen.length > 0, 2 * latenessMs);
    assert.deepEqual(seen, ['alive']);
  },

  async 'ignores a job whose id already waits, and takes the id again once it was worked on'(bench) {
    const { queue, name, work, latenessMs } = bench;
    const seen: unknown[] = [];
    assert.equal(await queue.send(name, 1, { id: 'a' }), 'added');
    assert.equal(await queue.send(name, 2, { id: 'a' }), 'duplicate');
    assert.equal(await queue.send(name, 3, { id: 'b' }), 'added');
    assert.equal(await queue.send(`${name}.other`, 4, { id: 'a' }), 'added');
    await work(async (job) => void seen.push(job.data));
    await until(() => seen.length === 2, latenessMs);
    await until(async () => (await queue.counts(name)).active === 0, latenessMs);
    assert.equal(await queue.send(name, 5, { id: 'a' }), 'added');
    await until(() => seen.length === 3, latenessMs);
    assert.deepEqual([...seen].sort(), [1, 3, 5]);
  },

  async 'takes an id again as soon as its job has begun, and works on it after that one'(bench) {
    const { queue, name, work, latenessMs } = bench;
    const seen: unknown[] = [];
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    await work(async (job) => {
      seen.push(job.data);
      await unlessStopped(gate, job.signal);
    });
    await queue.send(name, 1, { id: 'a' });
    await until(() => seen.length === 1, latenessMs);
    // Else a wake-up that comes while the worker is at work would be lost.
    assert.equal(await queue.send(name, 2, { id: 'a' }), 'added');
    assert.equal(await queue.send(name, 3, { id: 'a' }), 'duplicate');
    go();
    await until(() => seen.length === 2, latenessMs);
    assert.deepEqual(seen, [1, 2]);
  },

  async 'takes a waiting id once when many send it at the same time'({ queue, name }) {
    const answers = await Promise.all(Array.from({ length: 10 }, () => queue.send(name, {}, { id: 'same' })));
    assert.equal(answers.filter((answer) => answer === 'added').length, 1);
    assert.equal((await queue.counts(name)).waiting, 1);
  },

  async 'takes ids of any characters up to 512 bytes and hands them over'({ queue, name, work, latenessMs }) {
    const ids = [
      '1',
      '42:7',
      'a:b:c',
      ' ',
      'A',
      'a',
      "'; --",
      'ключ 🔑',
      '\0',
      '\uD800',
      'sha256:0',
      'k'.repeat(512),
    ];
    const seen: string[] = [];
    for (const id of ids) assert.equal(await queue.send(name, {}, { id }), 'added', JSON.stringify(id));
    await work(async (job) => void seen.push(job.id), { concurrency: 2 });
    await until(() => seen.length === ids.length, 2 * latenessMs);
    assert.deepEqual(new Set(seen), new Set(ids));
  },

  async 'refuses what it could not keep'({ queue, name }) {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    for (const data of [undefined, 1n, cycle]) await rejectsAsInvalid(queue.send(name, data));
    for (const id of ['', 'k'.repeat(513), 'ї'.repeat(257)])
      await rejectsAsInvalid(queue.send(name, {}, { id }));
    for (const delayMs of [-1, Number.NaN]) await rejectsAsInvalid(queue.send(name, {}, { delayMs }));
    await rejectsAsInvalid(queue.send(name, {}, { expiresAt: Number.NaN }));
    await rejectsAsInvalid(queue.send('', {}));
    assert.equal((await queue.counts(name)).waiting, 0);
  },

  async 'runs as many jobs at the same time as it was told to, and no more'({
    queue,
    name,
    work,
    latenessMs,
  }) {
    let running = 0;
    let most = 0;
    let done = 0;
    await work(
      async () => {
        running += 1;
        most = Math.max(most, running);
        await sleep(30);
        running -= 1;
        done += 1;
      },
      { concurrency: 4 },
    );
    for (let n = 0; n < 24; n += 1) await queue.send(name, n);
    await until(() => done === 24, 6 * latenessMs);
    assert.ok(most > 1 && most <= 4, `${most} at the same time`);
  },

  async 'stops: takes no new job, aborts the signals of those in hand and waits for them'(bench) {
    const { queue, name, work, latenessMs } = bench;
    const seen: string[] = [];
    const worker = await work(async (job) => {
      seen.push('started');
      await new Promise<void>((resolve) =>
        job.signal.addEventListener('abort', () => resolve(), { once: true }),
      );
      await sleep(30);
      seen.push('ended');
    });
    await queue.send(name, 1);
    await until(() => seen.length === 1, latenessMs);
    await worker[Symbol.asyncDispose]();
    assert.deepEqual(seen, ['started', 'ended']);
    await queue.send(name, 2);
    await sleep(50);
    assert.equal(seen.length, 2);
    assert.deepEqual(await queue.counts(name), { waiting: 1, active: 0, failed: 0 });
  },

  async 'counts what waits and what is worked on'({ queue, name, work, latenessMs }) {
    assert.deepEqual(await queue.counts(name), { waiting: 0, active: 0, failed: 0 });
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    await work(({ signal }) => unlessStopped(gate, signal));
    await queue.send(name, 1);
    await until(async () => (await queue.counts(name)).active === 1, latenessMs);
    await queue.send(name, 2, { delayMs: 60_000 });
    assert.deepEqual(await queue.counts(name), { waiting: 1, active: 1, failed: 0 });
    go();
    await until(async () => (await queue.counts(name)).active === 0, latenessMs);
  },
};

const processChecks: Readonly<Record<string, (bench: ProcessBench) => Promise<void>>> = {
  async 'gives the job of a worker that died to another, as its next attempt'(bench) {
    const { queue, name, work, latenessMs, takeoverMs } = bench;
    const doomed = await bench.startWorker();
    await queue.send(name, 'job', { id: 'doomed' });
    await within(doomed.tookJob(), latenessMs);
    assert.deepEqual(await queue.counts(name), { waiting: 0, active: 1, failed: 0 });
    assert.equal(await queue.send(name, 'job', { id: 'doomed' }), 'added', 'its id does not wait any more');
    await doomed.kill();
    const seen: [string, number][] = [];
    await work(async ({ id, attempt }) => void seen.push([id, attempt]));
    await until(() => seen.length === 2, takeoverMs + latenessMs);
    assert.deepEqual(seen, [
      ['doomed', 1],
      ['doomed', 2],
    ]);
    await until(async () => (await queue.counts(name)).active === 0, latenessMs);
    assert.deepEqual(await queue.counts(name), { waiting: 0, active: 0, failed: 0 });
  },

  async 'gives the job of a worker that stands still to another, and tells the first when it goes on'(bench) {
    const { queue, name, work, latenessMs, takeoverMs } = bench;
    const slow = await bench.startWorker();
    await queue.send(name, 'job');
    await within(slow.tookJob(), latenessMs);
    slow.freeze();
    const attempts: number[] = [];
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    await work(async ({ attempt, signal }) => {
      attempts.push(attempt);
      await unlessStopped(finished, signal);
    });
    await until(() => attempts.length === 1, takeoverMs + latenessMs);
    slow.thaw();
    await within(slow.lostJob(), takeoverMs);
    await sleep(100);
    // What the first worker says of the job does not count any more.
    assert.deepEqual(await queue.counts(name), { waiting: 0, active: 1, failed: 0 });
    await slow.kill();
    finish();
    await until(async () => (await queue.counts(name)).active === 0, latenessMs);
    assert.deepEqual(attempts, [2]);
    assert.deepEqual(await queue.counts(name), { waiting: 0, active: 0, failed: 0 });
  },
};

async function until(holds: () => boolean | Promise<boolean>, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `it did not happen within ${withinMs} ms`);
    await sleep(10);
  }
}

/** Ends with the worker too, so that a check that fails does not wait for its handlers for ever. */
async function unlessStopped(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  await abortable(promise, signal).catch(() => undefined);
}

async function within(promise: Promise<void>, ms: number): Promise<void> {
  let happened = false;
  void promise.then(
    () => {
      happened = true;
    },
    () => undefined,
  );
  await until(() => happened, ms);
}

async function rejectsAsInvalid(promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => isCartieError(error) && error.code === 'invalid_input');
}
