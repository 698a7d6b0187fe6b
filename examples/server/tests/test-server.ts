import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type RunningSandbox, type StartOptions, startSandbox } from '@cartie/sandbox';
import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll } from 'vitest';
import { loadConfig } from '../src/config.ts';
import { createLog } from '../src/log.ts';
import { type RunningServer, startServer } from '../src/wiring.ts';

/** The bot that the server uses when no token is configured. */
export const botToken = '7000000001:AAsandbox-bot-of-the-reference-server';

/** The server's key of the simulated AUTO.RIA. */
export const autoRiaKey = 'sandboxKeyOfTheReferenceServer0000000000';

/** A folder of its own, gone after the test. */
export interface TestFolder extends AsyncDisposable {
  readonly path: string;
}

/** With an empty database in it, which is copied: to make one takes seconds, each time. */
export async function freshFolder(): Promise<TestFolder> {
  const path = await mkdtemp(join(tmpdir(), 'cartie-server-'));
  await cp(await emptyDatabase(), join(path, 'postgres'), { recursive: true });
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}

async function emptyDatabase(): Promise<string> {
  const manifest = findPackageJSON('@electric-sql/pglite', import.meta.url) ?? '';
  const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string };
  const template = join(tmpdir(), `cartie-empty-pglite-${version}`);
  if (existsSync(template)) return template;
  const draft = await mkdtemp(`${template}-`);
  await (await PGlite.create(draft)).close();
  // Of several test files that make it at once, one wins.
  await rename(draft, template).catch(() => rm(draft, { recursive: true }));
  return template;
}

/** The reference server with a sandbox beside it, in this process. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly sandbox: RunningSandbox;
  /** JSON of `/api…`. */
  get<T = unknown>(path: string): Promise<T>;
  post(path: string, body?: unknown): Promise<Response>;
  remove(path: string): Promise<Response>;
  /** A person writes to the bot. */
  write(text: string, from?: { id: number; first_name: string }): void;
  /** Stops the server if it runs, and starts it again on the same data and port; the sandbox goes on. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts both, on any free port. The sandbox's waits are a hundredth of the real ones. */
export async function startTestServer(
  environment: Record<string, string>,
  sandboxOptions: Pick<StartOptions, 'mtproto'> = {},
): Promise<TestServer> {
  const sandbox = await startSandbox({ timeScale: 0.01, ...sandboxOptions });
  const bot = sandbox.telegram.createBot({ token: botToken, username: 'cartie_demo_bot' });
  const config = loadConfig({ PORT: '0', SANDBOX_URL: sandbox.url, ...environment });
  let server: RunningServer | undefined = await startServer(config, createLog('silent'));
  const url = (path: string): string => `${server?.url}/api${path}`;
  const address = server.url;
  const stop = async (): Promise<void> => {
    await server?.stop();
    server = undefined;
  };
  return {
    get url() {
      return server?.url ?? '';
    },
    sandbox,
    async get<T>(path: string) {
      const response = await fetch(url(path));
      if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as T;
    },
    post: (path, body = {}) =>
      fetch(url(path), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    remove: (path) => fetch(url(path), { method: 'DELETE' }),
    write: (text, from) => void sandbox.telegram.userSends(bot, { text, ...(from && { from }) }),
    async restart() {
      const port = Number(new URL(server?.url ?? address).port);
      await stop();
      server = await startServer({ ...config, port }, createLog('silent'));
    },
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      await sandbox.close();
    },
  };
}

/**
 * A server on an empty folder for all tests of a block: starts before the first, and is gone after the last.
 * @param environment its settings; the folder is `DATA_DIR`
 */
export function sharedServer(
  environment: Record<string, string> = {},
  sandboxOptions: Parameters<typeof startTestServer>[1] = {},
): TestServer {
  let folder: TestFolder;
  let server: TestServer;
  beforeAll(async () => {
    folder = await freshFolder();
    server = await startTestServer({ DATA_DIR: folder.path, ...environment }, sandboxOptions);
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });
  return {
    get url() {
      return server.url;
    },
    get sandbox() {
      return server.sandbox;
    },
    get: (path) => server.get(path),
    post: (path, body) => server.post(path, body),
    remove: (path) => server.remove(path),
    write: (text, from) => server.write(text, from),
    restart: () => server.restart(),
    stop: () => server.stop(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Asks until the answer holds, and gives it. */
export async function until<T>(
  ask: () => T | Promise<T>,
  holds: (answer: T) => boolean,
  withinMs = 30_000,
): Promise<T> {
  const end = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    if (Date.now() > end)
      throw new Error(`It did not come true. Last: ${JSON.stringify(answer)?.slice(0, 2_000)}`);
    await setTimeout(25);
  }
}
