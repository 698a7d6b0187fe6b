import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** The reference server in a process of its own. */
export interface ServerProcess {
  readonly pid: number;
  readonly url: string;
  /** Sends the signal and resolves with the exit code or the signal's name once the process is gone. */
  end(signal: NodeJS.Signals): Promise<number | string>;
  /** Peak resident memory and CPU time so far; zeros where /proc does not tell. */
  usage(): { peakMiB: number; residentMiB: number; cpuSeconds: number };
}

const main = fileURLToPath(new URL('../../examples/server/src/main.ts', import.meta.url));

/**
 * Starts the server with this environment and waits until it is ready. Throws with its output if it ends before.
 *
 * @param onLog told each line of its log, from the first on
 */
export async function startServerProcess(
  environment: Record<string, string>,
  onLog?: (line: Record<string, unknown>) => void,
): Promise<ServerProcess> {
  const port = environment.PORT ?? String(await freePort());
  const child = spawn(process.execPath, ['--conditions=@cartie/source', main], {
    env: { PATH: process.env.PATH, HOST: '127.0.0.1', LOG_LEVEL: 'warn', ...environment, PORT: port },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const tail: string[] = [];
  readLines(child, tail, onLog);
  // Not `exit`: the last lines of the log may still be on their way then.
  const exited = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  const url = `http://127.0.0.1:${port}`;
  await untilReady(url, exited, tail);
  const pid = child.pid as number;
  return {
    pid,
    url,
    async end(signal) {
      child.kill(signal);
      return await exited;
    },
    usage: () => usageOf(pid),
  };
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}

function readLines(
  child: ChildProcess,
  tail: string[],
  onLog: ((line: Record<string, unknown>) => void) | undefined,
): void {
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (line) => {
      tail.push(line);
      if (tail.length > 50) tail.shift();
      if (onLog && line.startsWith('{') && line.endsWith('}'))
        onLog(JSON.parse(line) as Record<string, unknown>);
    });
  }
}

async function untilReady(url: string, exited: Promise<unknown>, tail: readonly string[]): Promise<void> {
  let gone = false;
  void exited.then(() => {
    gone = true;
  });
  for (const end = Date.now() + 60_000; Date.now() < end && !gone; await setTimeout(20)) {
    const ready = await fetch(`${url}/health/ready`).catch(() => undefined);
    await ready?.body?.cancel();
    if (ready?.ok) return;
  }
  throw new Error(`the server did not get ready:\n${tail.join('\n')}`);
}

function usageOf(pid: number): { peakMiB: number; residentMiB: number; cpuSeconds: number } {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kib = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
    // After the process name, which may hold spaces: user and system time are fields 14 and 15, in hundredths.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return {
      peakMiB: Math.round(kib('VmHWM') / 1024),
      residentMiB: Math.round(kib('VmRSS') / 1024),
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
    };
  } catch {
    return { peakMiB: 0, residentMiB: 0, cpuSeconds: 0 };
  }
}
