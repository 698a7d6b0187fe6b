import { setTimeout } from 'node:timers/promises';
import { gramjsSession, startTestDc, type TestDc, type TestDcAccount } from '@cartie/sandbox';
import type { ClientProcess } from '../../packages/mtproto/tests/start-client-process.ts';
import { openSharedStore, startClient } from '../support/mtproto-scene.ts';
import { until } from '../support/pace.ts';

/** Options of {@link runMtprotoTakeover}. */
export interface MtprotoTakeoverOptions {
  readonly kind: 'redis' | 'postgres';
  /** Divided by three. */
  readonly accounts: number;
  readonly leaseMs: number;
  /** Posts a second, over all accounts' channels. */
  readonly rate: number;
}

/** What {@link runMtprotoTakeover} found. */
export interface MtprotoTakeoverReport {
  /** How many accounts each process had before anything happened. */
  readonly shares: readonly number[];
  /** From the kill until all accounts are live again. Milliseconds. */
  readonly takenOverMs: number | undefined;
  /** From the freeze until all accounts are live elsewhere. Milliseconds. */
  readonly frozenTakenOverMs: number | undefined;
  /** Connections of the frozen process that the server still had open when it went on: on these it could write. */
  readonly openAfterFreeze: number;
  /** Bytes that the frozen process wrote on them. */
  readonly bytesAfterFreeze: number;
  /** Times that two connections wrote on one session at a time. */
  readonly overlaps: number;
  readonly posted: number;
  readonly handled: number;
  readonly missed: number;
  /** Handlers that began for an event that another had handled: a crash repeats what it had not written down. */
  readonly deliveredAgain: number;
  readonly disordered: number;
  /** Were all accounts ready at the end, each in one process, without a login? */
  readonly allReady: boolean;
  readonly logins: number;
}

/** Three processes share accounts on one store; one is killed, one is stopped for twice the lease and goes on. */
export async function runMtprotoTakeover(options: MtprotoTakeoverOptions): Promise<MtprotoTakeoverReport> {
  const { accounts: count, leaseMs, rate } = options;
  const third = count / 3;
  await using store = await openSharedStore(options.kind);
  await using dc = await startTestDc();
  const people = Array.from({ length: count }, () => dc.addAccount());
  const channels = people.map((person) => dc.createChannel({ members: [person] }));
  const hub = {
    leaseMs,
    scanMs: leaseMs / 2,
    pingMs: Math.max(200, leaseMs / 5),
    // The server closes what does not ping for longer than this: later than the frozen process goes on.
    pingTimeoutMs: 3 * leaseMs,
  };
  await using killed = await startClient(dc, store.place, { ...hub, maxAccounts: third });
  await using frozen = await startClient(dc, store.place, { ...hub, maxAccounts: third });
  await using last = await startClient(dc, store.place, { ...hub, maxAccounts: count });
  for (const [index, person] of people.entries()) {
    await killed.add(nameOf(index), gramjsSession(dc.provisionKey(person)));
  }
  const all = [killed, frozen, last];
  await until(() => readyIn(killed).length === third, 30_000);
  await frozen.start();
  await until(() => readyIn(frozen).length === third, 30_000);
  await last.start();
  await until(() => readyIn(last).length === third, 30_000);
  const shares = all.map((client) => readyIn(client).length);

  let posted = 0;
  let isPosting = true;
  const posting = (async () => {
    while (isPosting) {
      channels[posted % count]?.post(String(posted));
      posted += 1;
      await setTimeout(1_000 / rate);
    }
  })();

  await setTimeout(Math.min(2_000, leaseMs));
  killed.signal('SIGKILL');
  const killedAt = performance.now();
  const isTakenOver = await until(() => readyIn(last).length === 2 * third, 4 * leaseMs + 30_000);
  const takenOverMs = isTakenOver ? performance.now() - killedAt : undefined;

  const held = readyIn(frozen);
  frozen.signal('SIGSTOP');
  const frozenAt = performance.now();
  await setTimeout(300);
  const before = writtenBy(dc, held, people);
  const isElsewhere = await until(() => readyIn(last).length === count, 2 * leaseMs + 30_000);
  const frozenTakenOverMs = isElsewhere ? performance.now() - frozenAt : undefined;
  await setTimeout(Math.max(0, 2 * leaseMs - (performance.now() - frozenAt)));
  const openAfterFreeze = dc.connections
    .list()
    .filter(({ id, closedAt }) => before.connections.has(id) && closedAt === undefined).length;
  frozen.signal('SIGCONT');
  await setTimeout(Math.min(5_000, leaseMs));
  const bytesAfterFreeze = writtenOn(dc, before.connections) - before.bytes;

  isPosting = false;
  await posting;
  const stored = async (): Promise<Set<string>> => {
    const keys = new Set<string>();
    for await (const key of store.kv.list('handled:')) keys.add(key);
    return keys;
  };
  let handled = await stored();
  for (let tries = 0; tries < 120 && handled.size < posted; tries += 1) {
    await setTimeout(500);
    handled = await stored();
  }
  const states = await last.states();
  const logins =
    dc.requests.count({ method: 'auth.signIn' }) + dc.requests.count({ method: 'auth.sendCode' });
  const report = {
    shares,
    takenOverMs,
    frozenTakenOverMs,
    openAfterFreeze,
    bytesAfterFreeze,
    overlaps: overlaps(dc, people),
    posted,
    handled: handled.size,
    missed: posted - handled.size,
    deliveredAgain: all.flatMap((client) => client.handled.filter(({ isFirst }) => !isFirst)).length,
    disordered: disorders(all),
    allReady: Object.values(states).filter(({ name }) => name === 'ready').length === count,
    logins,
  };
  await Promise.all([frozen.stop(), last.stop()]);
  return report;
}

const nameOf = (index: number): string => `account-${index}`;

function readyIn(client: ClientProcess): string[] {
  return [...client.lastStates].filter(([, state]) => state.name === 'ready').map(([name]) => name);
}

/** The connections of these accounts that are open now, and what was written on them so far. */
function writtenBy(
  dc: TestDc,
  names: readonly string[],
  people: readonly TestDcAccount[],
): { connections: ReadonlySet<number>; bytes: number } {
  const accounts = people.filter((_, index) => names.includes(nameOf(index)));
  const connections = new Set(
    accounts
      .flatMap((account) => dc.connections.list({ account }))
      .filter(({ closedAt }) => closedAt === undefined)
      .map(({ id }) => id),
  );
  return { connections, bytes: writtenOn(dc, connections) };
}

function writtenOn(dc: TestDc, connections: ReadonlySet<number>): number {
  return dc.connections
    .list()
    .filter(({ id }) => connections.has(id))
    .reduce((sum, { bytesReceived }) => sum + bytesReceived, 0);
}

/** How often a connection of an account was written on after the next one had been. */
function overlaps(dc: TestDc, people: readonly TestDcAccount[]): number {
  let count = 0;
  for (const account of people) {
    const connections = dc.connections.list({ account }).sort((a, b) => a.openedAt - b.openedAt);
    for (const [index, { lastReceivedAt = 0 }] of connections.entries()) {
      const next = connections[index + 1];
      if (next !== undefined && lastReceivedAt > next.openedAt) count += 1;
    }
  }
  return count;
}

/** Pairs of one account's posts that one process handled in the wrong order. */
function disorders(clients: readonly ClientProcess[]): number {
  let count = 0;
  for (const { handled } of clients) {
    const newest = new Map<string, number>();
    for (const { account, text, isFirst } of handled) {
      if (isFirst && Number(text) < (newest.get(account) ?? -1)) count += 1;
      if (isFirst) newest.set(account, Number(text));
    }
  }
  return count;
}

if (import.meta.main) {
  const [kind = 'postgres', accounts = '30', leaseMs = '30000', rate = '40'] = process.argv.slice(2);
  const report = await runMtprotoTakeover({
    kind: kind === 'redis' ? 'redis' : 'postgres',
    accounts: Number(accounts),
    leaseMs: Number(leaseMs),
    rate: Number(rate),
  });
  console.log(JSON.stringify(report, null, 2));
}
