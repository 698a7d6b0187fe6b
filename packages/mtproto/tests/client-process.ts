// A process with a hub that does what its parent asks of it. Started by `startClientProcess`.
import { createStores, type KeyValueStore, memoryStore } from '@cartie/core';
import { pgDatabase, postgresStore } from '@cartie/core/postgres';
import { redisStore } from '@cartie/core/redis';
import { Redis } from 'ioredis';
import pg from 'pg';
import { createMtprotoHub, type MtprotoHubOptions, type MtprotoState } from '../src/index.ts';

/** What a client process is started with: plain JSON. */
export interface ClientSetup {
  readonly store: {
    kind: 'memory' | 'redis' | 'postgres';
    url?: string | undefined;
    prefix?: string | undefined;
  };
  readonly encryptionKey: string;
  readonly hub: Omit<
    MtprotoHubOptions,
    'sessions' | 'leases' | 'onMessage' | 'onStateChange' | 'onEvent' | 'onError' | 'engine' | 'limiter'
  >;
  /** How long each event is handled. Milliseconds. */
  readonly handleMs?: number | undefined;
}

/** What a client process tells of each event that it has handled. */
export interface HandledEvent {
  readonly account: string;
  readonly id: string;
  readonly kind: string;
  readonly text: string;
  /** The first to have taken it, of all processes. */
  readonly isFirst: boolean;
}

/** Memory after a collection of garbage (where the process was started with `--expose-gc`), in bytes. */
export interface Memory {
  readonly heapUsed: number;
  readonly rss: number;
}

/** What the parent can ask for. */
export interface ClientRequests {
  add(name: string, session: string): Promise<void>;
  /** Adds an account and begins its login. */
  logIn(name: string): Promise<void>;
  start(): Promise<{ tookMs: number; states: Record<string, MtprotoState> }>;
  states(): Promise<Record<string, MtprotoState>>;
  /** Reads a history and parses it; samples memory each thousand messages. */
  history(
    name: string,
    chat: string,
  ): Promise<{ messages: number; parsed: number; memory: readonly Memory[]; tookMs: number }>;
  memory(): Promise<Memory>;
  /** Stops the hub and closes the store; the process should end then by itself. */
  stop(): Promise<void>;
}

const setup = JSON.parse(process.argv[2] ?? '') as ClientSetup;
const { kv, close } = openStore();
const stores = createStores(kv, { encryptionKey: setup.encryptionKey });
const hub = createMtprotoHub({
  ...setup.hub,
  sessions: stores.sessions,
  leases: stores.leases,
  async onMessage(event) {
    if (setup.handleMs !== undefined) await new Promise((resolve) => setTimeout(resolve, setup.handleMs));
    // As an inbox does: who writes the row first has it.
    const key = `handled:${event.account}:${event.id}`;
    const isFirst =
      setup.store.kind === 'memory' ||
      (await kv.put(key, String(process.pid), { ifVersion: 'absent' })) !== undefined;
    const text = event.kind === 'deleted_messages' ? event.messageIds.join() : event.message.text;
    const { account, id, kind } = event;
    process.send?.({ event: { account, id, kind, text, isFirst } satisfies HandledEvent });
  },
  onStateChange: ({ account, state }) => process.send?.({ account, state }),
});

const states = (): Record<string, MtprotoState> =>
  Object.fromEntries(hub.accounts().map(({ name, state }) => [name, state]));

const requests: ClientRequests = {
  async add(name, session) {
    await hub.add(name, { session });
  },
  async logIn(name) {
    await (await hub.add(name)).login.qr();
  },
  async start() {
    const startedAt = performance.now();
    await hub.start();
    return { tookMs: performance.now() - startedAt, states: states() };
  },
  states: async () => states(),
  async history(name, chat) {
    const samples: Memory[] = [];
    const startedAt = performance.now();
    let messages = 0;
    let parsed = 0;
    for await (const { text } of hub.account(name)?.history(chat, { limit: Number.POSITIVE_INFINITY }) ??
      []) {
      messages += 1;
      if (/^(?<make>\S+) (?<model>\S+) (?<year>\d{4}), (?<km>\d+) km, (?<price>\d+) USD$/.test(text))
        parsed += 1;
      if (messages % 1_000 === 0) samples.push(memory());
    }
    return { messages, parsed, memory: samples, tookMs: performance.now() - startedAt };
  },
  memory: async () => memory(),
  async stop() {
    await hub.stop();
    await close();
  },
};

process.on(
  'message',
  async ({ id, method, args }: { id: number; method: keyof ClientRequests; args: never[] }) => {
    let answer: object;
    try {
      answer = { id, result: await (requests[method] as (...given: never[]) => Promise<unknown>)(...args) };
    } catch (error) {
      answer = { id, error: String(error) };
    }
    process.send?.(answer, () => {
      if (method === 'stop') process.disconnect();
    });
  },
);
process.send?.({ id: 'ready' });

function memory(): Memory {
  const { gc } = globalThis as { gc?: () => void };
  gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  return { heapUsed, rss };
}

function openStore(): { kv: KeyValueStore; close: () => Promise<unknown> } {
  const { kind, url = '', prefix = '' } = setup.store;
  if (kind === 'memory') return { kv: memoryStore(), close: async () => undefined };
  if (kind === 'redis') {
    const redis = new Redis(url);
    return { kv: redisStore(redis, { prefix }), close: () => redis.quit() };
  }
  const pool = new pg.Pool({ connectionString: url, max: 5 });
  return { kv: postgresStore(pgDatabase(pool)), close: () => pool.end() };
}
