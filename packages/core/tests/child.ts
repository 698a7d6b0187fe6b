import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A process of a test's own that runs one of the `…-process.ts` files here. */
export interface Child extends AsyncDisposable {
  /** Waits for a line that it prints. */
  printed(line: string): Promise<void>;
  readonly lines: readonly string[];
  readonly pid: number | undefined;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
}

/** Starts `file` with one argument, as JSON. */
export function startChild(file: string, argument: object): Child {
  const child: ChildProcess = spawn(
    process.execPath,
    ['--conditions=@cartie/source', fileURLToPath(new URL(file, import.meta.url)), JSON.stringify(argument)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = once(child, 'exit').then(() => undefined);
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const notify = (): void => {
    for (const check of waiting) check();
  };
  if (child.stdout) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      notify();
    });
  }
  void ended.then(notify);
  return {
    lines,
    pid: child.pid,
    ended,
    kill: (signal) => void child.kill(signal),
    printed(line) {
      return new Promise((resolve, reject) => {
        const check = (): void => {
          if (lines.includes(line)) resolve();
          else if (child.exitCode !== null)
            reject(new Error(`it ended without «${line}»: ${lines.join(' | ')}`));
          else return;
          waiting.delete(check);
        };
        waiting.add(check);
        check();
      });
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
