import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { StorePlace, StoreRequests } from './store-process.ts';

/** A running `store-process.ts`. */
export interface StoreProcess extends StoreRequests, AsyncDisposable {
  /** Ends it as a crash does: nothing is released. */
  kill(): Promise<void>;
  /** Freezes it, as a machine that is out of memory does. */
  freeze(): void;
  thaw(): void;
}

/** Starts a process of its own and waits until it listens. */
export async function startStoreProcess(place: StorePlace): Promise<StoreProcess> {
  const script = fileURLToPath(new URL('./store-process.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@cartie/source', script, JSON.stringify(place)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  const waiting: Waiting = new Map();
  child.on('message', (answer: Answer) => waiting.get(answer.id)?.(answer));
  const ready = new Promise<unknown>((resolve) => waiting.set('ready', resolve));
  await Promise.race([
    ready,
    exited.then(() => Promise.reject(new Error('the process ended before it was ready'))),
  ]);

  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  return {
    ...requestsOf(child, waiting),
    kill,
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    [Symbol.asyncDispose]: kill,
  };
}

interface Answer {
  id: number | 'ready';
  result?: unknown;
  error?: string;
}

type Waiting = Map<Answer['id'], (answer: Answer) => void>;

function requestsOf(child: ChildProcess, waiting: Waiting): StoreRequests {
  let lastId = 0;
  const ask =
    (method: keyof StoreRequests) =>
    async (...args: unknown[]): Promise<never> => {
      lastId += 1;
      const id = lastId;
      const answer = await new Promise<Answer>((resolve) => {
        waiting.set(id, resolve);
        child.send({ id, method, args });
      });
      waiting.delete(id);
      if (answer.error !== undefined) throw new Error(answer.error);
      return answer.result as never;
    };
  return {
    acquire: ask('acquire'),
    release: ask('release'),
    isLost: ask('isLost'),
    claim: ask('claim'),
    tokens: ask('tokens'),
    pace: ask('pace'),
  };
}
