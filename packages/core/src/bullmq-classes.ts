/** What is used of a `Job` of BullMQ. */
export interface BullmqJob {
  id?: string | undefined;
  data: unknown;
  /** How often a worker has begun it, this time included. */
  attemptsStarted: number;
  removeDeduplicationKey(): Promise<boolean>;
}

/** What is used of both a `Queue` and a `Worker` of BullMQ. */
export interface BullmqConnected {
  on(event: 'error', listener: (error: Error) => void): unknown;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
  disconnect(): Promise<void>;
}

/** What is used of a `Queue` of BullMQ. */
export interface BullmqQueueObject extends BullmqConnected {
  add(name: string, data: object, options: object): Promise<{ id?: string | undefined }>;
  getJobCounts(...types: ('waiting' | 'delayed' | 'prioritized' | 'active' | 'failed')[]): Promise<{
    [type: string]: number;
  }>;
}

/** What is used of a `Worker` of BullMQ. */
export interface BullmqWorkerObject extends BullmqConnected {
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'lockRenewalFailed', listener: (jobIds: string[]) => void): unknown;
}

/** BullMQ's own classes: `import { Queue, Worker } from 'bullmq'`. */
export interface BullmqClasses {
  readonly Queue: new (name: string, options: BullmqSettings) => BullmqQueueObject;
  readonly Worker: new (
    name: string,
    handle: (job: BullmqJob) => Promise<void>,
    options: BullmqWorkerSettings,
  ) => BullmqWorkerObject;
}

/** Settings that both classes take. */
export interface BullmqSettings {
  connection: object;
  prefix: string;
}

/** Settings of a `Worker`. */
export interface BullmqWorkerSettings extends BullmqSettings {
  concurrency: number;
  lockDuration: number;
  stalledInterval: number;
  maxStalledCount: number;
  maxStartedAttempts: number;
  runRetryDelay: number;
  settings: { backoffStrategy: (attemptsMade: number) => number };
}
