import { randomUUID } from 'node:crypto';
import { startSandbox, type TestDc } from '@cartie/sandbox';
import { until } from '../support/pace.ts';
import { createServerDatabase, type Engine } from '../support/server-database.ts';
import { freePort, type ServerProcess, startServerProcess } from '../support/server-process.ts';

/** What {@link runServerAccounts} found. */
export interface ServerAccountsReport {
  readonly accounts: number;
  /** Of the accounts, live again after the restart. */
  readonly ready: number;
  /** Key exchanges and logins after the restart. */
  readonly handshakes: number;
  readonly logins: number;
  /** From the start of the new process until all were live; undefined if they never were. Milliseconds. */
  readonly readyMs: number | undefined;
  /** Posts written while no server ran, and how many of them the feed has, each once. */
  readonly missed: number;
  readonly found: number;
}

/**
 * Accounts log in at the reference server by its API and follow a channel; the server ends, the channel goes on, and
 * another process takes up.
 */
export async function runServerAccounts(options: {
  engine: Engine;
  accounts: number;
  /** How the server ends: in order, or killed, after which its leases first have to run out. */
  signal: 'SIGTERM' | 'SIGKILL';
}): Promise<ServerAccountsReport> {
  const { engine, accounts, signal } = options;
  const missed = 10;
  await using database = await createServerDatabase(engine);
  await using sandbox = await startSandbox({ mtproto: true });
  const dc = sandbox.mtproto as TestDc;
  const channel = dc.createChannel({ title: 'Cars', username: 'cars_of_the_town' });
  const environment = {
    ...database.environment,
    SANDBOX_URL: sandbox.url,
    PORT: String(await freePort()),
  };
  const first = await startServerProcess(environment);
  try {
    for (let index = 0; index < accounts; index += 1) await logIn(first, dc, index);
    if (!(await until(async () => (await readyAccounts(first)) === accounts, 60_000))) {
      throw new Error('not all accounts became live');
    }
  } finally {
    await first.end(signal);
  }
  const { handshakes } = dc.connections;
  dc.requests.clear();
  for (let index = 0; index < missed; index += 1) channel.post(`while nobody ran ${index}`);
  const started = performance.now();
  const second = await startServerProcess(environment);
  try {
    const isReady = await until(async () => (await readyAccounts(second)) === accounts, 120_000);
    const readyMs = isReady ? Math.round(performance.now() - started) : undefined;
    await until(async () => (await missedPosts(second)).length >= missed, 60_000);
    return {
      accounts,
      ready: await readyAccounts(second),
      handshakes: dc.connections.handshakes - handshakes,
      logins: Object.keys(dc.requests.counts()).filter((method) => method.startsWith('auth.')).length,
      readyMs,
      missed,
      found: new Set(await missedPosts(second)).size,
    };
  } finally {
    await second.end('SIGTERM');
  }
}

async function logIn(server: ServerProcess, dc: TestDc, index: number): Promise<void> {
  const id = randomUUID();
  const { phone } = dc.addAccount({ firstName: `Reader ${index}` });
  await post(server, '/connectors', { id, label: `Reader ${index}` });
  await post(server, `/connectors/${id}/login/phone`, { phone: `+${phone}` });
  await post(server, `/connectors/${id}/login/code`, { code: dc.lastCode(phone) });
  await until(async () => (await readyAccounts(server)) === index + 1, 30_000);
  await post(server, `/connectors/${id}/channels`, { channel: '@cars_of_the_town' });
}

async function post(server: ServerProcess, path: string, body: object): Promise<void> {
  const answer = await fetch(`${server.url}/api${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${text}`);
}

/** How many accounts are live, as the operator's page shows it. */
async function readyAccounts(server: ServerProcess): Promise<number> {
  const connectors = (await (await fetch(`${server.url}/api/connectors`)).json()) as {
    state: { name: string };
  }[];
  return connectors.filter(({ state }) => state.name === 'ready').length;
}

async function missedPosts(server: ServerProcess): Promise<string[]> {
  const posts = (await (await fetch(`${server.url}/api/feed`)).json()) as { text: string }[];
  return posts.map(({ text }) => text).filter((text) => text.startsWith('while nobody ran'));
}

if (import.meta.main) {
  const [engine = 'pglite', accounts = '30', signal = 'SIGTERM'] = process.argv.slice(2);
  const report = await runServerAccounts({
    engine: engine as Engine,
    accounts: Number(accounts),
    signal: signal === 'SIGKILL' ? 'SIGKILL' : 'SIGTERM',
  });
  console.log(JSON.stringify(report, null, 2));
}
