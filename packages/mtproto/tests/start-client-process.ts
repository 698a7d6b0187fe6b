import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { MtprotoState } from '../src/index.ts';
import type { ClientRequests, ClientSetup, HandledEvent } from './client-process.ts';

/** A running `client-process.ts`. */
export interface ClientProcess extends ClientRequests, AsyncDisposable {
  readonly pid: number;
  /** What it has handled, in order. */
  readonly handled: readonly HandledEvent[];
  readonly lastStates: ReadonlyMap<string, MtprotoState>;
  /** All that it wrote to stdout and stderr. */
  output(): string;
  /** Resolves with the exit code or the signal. */
  readonly ended: Promise<number | string>;
  signal(name: NodeJS.Signals): void;
}

/** Starts a process with a hub and waits until it listens. */
export async function startClientProcess(setup: ClientSetup): Promise<ClientProcess> {
  const script = fileURLToPath(new URL('./client-process.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    ['--expose-gc', '--conditions=@cartie/source', script, JSON.stringify(setup)],
    {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const handled: HandledEvent[] = [];
  const states = new Map<string, MtprotoState>();
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  const waiting = new Map<number | 'ready', (answer: Answer) => void>();
  child.on(
    'message',
    (message: Answer | { event: HandledEvent } | { account: string; state: MtprotoState }) => {
      if ('event' in message) handled.push(message.event);
      else if ('state' in message) states.set(message.account, message.state);
      else waiting.get(message.id)?.(message);
    },
  );
  const ready = new Promise<void>((resolve) => waiting.set('ready', () => resolve()));
  await Promise.race([
    ready,
    ended.then(() => Promise.reject(new Error(`it ended before it was ready: ${output}`))),
  ]);

  let lastId = 0;
  const ask =
    (method: keyof ClientRequests) =>
    async (...args: unknown[]): Promise<never> => {
      lastId += 1;
      const id = lastId;
      const answer = await Promise.race([
        new Promise<Answer>((resolve) => {
          waiting.set(id, resolve);
          child.send({ id, method, args });
        }),
        ended.then((): Answer => ({ id, error: `it ended: ${output}` })),
      ]);
      waiting.delete(id);
      if (answer.error !== undefined) throw new Error(answer.error);
      return answer.result as never;
    };

  return {
    pid: child.pid as number,
    handled,
    lastStates: states,
    output: () => output,
    ended,
    signal: (name) => void child.kill(name),
    add: ask('add'),
    logIn: ask('logIn'),
    start: ask('start'),
    states: ask('states'),
    history: ask('history'),
    memory: ask('memory'),
    stop: ask('stop'),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

interface Answer {
  id: number | 'ready';
  result?: unknown;
  error?: string;
}
