import type { ContractWorker } from '@cartie/core/testing';
import { startChild } from './child.ts';
import type { QueuePlace } from './queue-process.ts';

/** Starts a process of its own that works on a queue and waits until it does. */
export async function startQueueProcess(place: QueuePlace): Promise<ContractWorker> {
  const child = startChild('./queue-process.ts', place);
  await child.printed('ready');
  return {
    tookJob: () => child.printed('took'),
    lostJob: () => child.printed('lost'),
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
    kill: async () => child[Symbol.asyncDispose](),
  };
}
