import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

/** A Redis of one test's own, which can be killed. Its append-only file is written before each answer. */
export interface RedisServer extends AsyncDisposable {
  readonly url: string;
  /** Ends it as a crash does (`SIGKILL`). */
  kill(): Promise<void>;
  /** Starts it again on the same port and data, and waits until it answers. */
  start(): Promise<void>;
}

/** Can a `redis-server` be started here? With `CARTIE_REQUIRE_SERVICES=1` its absence is an error. */
export const hasRedisServer: boolean = installed();

/** Starts a `redis-server` on a free port, with its data in a folder of its own. */
export async function startRedisServer(): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'cartie-redis-'));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;

  const kill = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  const start = async (): Promise<void> => {
    const settings = {
      port,
      bind: '127.0.0.1',
      dir: folder,
      save: '',
      appendonly: 'yes',
      appendfsync: 'always',
    };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    child = spawn('redis-server', args, { stdio: 'ignore' });
    await answers(url);
  };
  await start();
  return {
    url,
    kill,
    start,
    async [Symbol.asyncDispose]() {
      await kill();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function answers(url: string): Promise<void> {
  const client = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  client.on('error', () => undefined);
  // While it reads its file it answers LOADING.
  while ((await client.ping().catch(() => '')) !== 'PONG')
    await new Promise((resolve) => setTimeout(resolve, 50));
  client.disconnect();
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function installed(): boolean {
  if (spawnSync('redis-server', ['--version']).status === 0) return true;
  if (process.env.CARTIE_REQUIRE_SERVICES === '1') throw new Error('redis-server is required: install it');
  console.warn('No redis-server on PATH: tests that kill one are skipped.');
  return false;
}
