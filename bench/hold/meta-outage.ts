import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { startSandbox } from '@cartie/sandbox';
import { startGate } from '../support/gate.ts';
import { repeated, tally } from '../support/numbers.ts';
import { until } from '../support/pace.ts';
import { createServerDatabase, type Engine } from '../support/server-database.ts';
import { freePort, type ServerProcess, startServerProcess } from '../support/server-process.ts';

/** Options of {@link runMetaOutage}. */
export interface MetaOutageOptions {
  readonly engine: Engine;
  /** Leads that come in through `POST /api/leads` while Meta is away. @default 10000 */
  readonly leads?: number;
  /** Meta comes back this many milliseconds after the last start of the server. @default it is back before that start */
  readonly lateMs?: number | undefined;
}

/** What {@link runMetaOutage} found. */
export interface MetaOutageReport {
  readonly sent: number;
  /** Leads that were acknowledged at last. */
  readonly acknowledged: number;
  readonly kills: number;
  /** Requests that the kills broke, sent again with the same id. */
  readonly brokenByKills: number;
  /** Hours between the first lead and Meta's return, on the server's clock. */
  readonly hours: number;
  /** Events that count at Meta, by id: all and distinct ones. */
  readonly counted: number;
  readonly countedTwice: number;
  /** Acknowledged leads of which Meta has no event. */
  readonly lost: number;
  /** Events that came again after their first arrival was not answered: dropped by Meta. */
  readonly droppedByMeta: number;
  /** Events that arrived after one that happened more than a second later. */
  readonly disordered: number;
  /** Requests to Meta by how they ended. */
  readonly requests: Record<string, number>;
  /** The server's outbox rows for Meta by status. */
  readonly outbox: Record<string, number>;
  /** Milliseconds from Meta's return, and the last lead, until it had everything. */
  readonly recoveredMs: number | undefined;
}

const account = {
  id: '420000000000007',
  token: 'EAAtoken-of-the-outage-measurement',
  appSecret: 'secret0of0the0outage0measurement',
};
const adminToken = 'admin-of-the-outage-measurement';
const hoursApart = 8;
const callers = 16;

/**
 * Meta is away for a day in which leads come in: refuses connections, answers 500, answers with web pages; the server is killed three
 * times. A day passes by moving everything that is stored eight hours into the past at each kill. Then both sides are compared.
 */
export async function runMetaOutage(options: MetaOutageOptions): Promise<MetaOutageReport> {
  const { engine, leads = 10_000, lateMs } = options;
  await using database = await createServerDatabase(engine);
  await using sandbox = await startSandbox({ history: leads * 20 });
  await using gate = await startGate(sandbox.url);
  sandbox.meta.createDataset(account);
  const environment = {
    ...database.environment,
    PORT: String(await freePort()),
    SANDBOX_PORT: String(await freePort()),
    ADMIN_TOKEN: adminToken,
    META_DATASET_ID: account.id,
    META_ACCESS_TOKEN: account.token,
    META_APP_SECRET: account.appSecret,
    META_API_URL: `${gate.url}/meta`,
    LEADS_PER_MINUTE: '1000000000',
  };
  const firstAt = Date.now();
  const killedAt: number[] = [];
  let server = await startServerProcess(environment);
  const url = server.url;
  const ids = Array.from({ length: leads }, () => randomUUID());
  const form = createForm(url, ids);

  // The first batch arrives, and its answer does not: then Meta is gone.
  sandbox.faults.set({ provider: 'meta', kind: 'reset', after: true, times: 1 });
  await form.sendTo(0.1);
  await until(() => sandbox.meta.calls().length > 0, 10_000);
  await gate.shut();
  const kills = [
    { at: 0.4, change: () => undefined },
    {
      at: 0.7,
      async change() {
        sandbox.faults.set({ provider: 'meta', kind: 'html', times: 2 });
        sandbox.faults.set({ provider: 'meta', kind: 'server_error' });
        await gate.open();
      },
    },
    {
      at: 0.9,
      change() {
        sandbox.faults.clear();
        if (lateMs !== undefined) sandbox.faults.set({ provider: 'meta', kind: 'html' });
      },
    },
  ];
  for (const [index, { at, change }] of kills.entries()) {
    // Killed in the middle of a load that does not wait for it.
    const sending = form.sendTo(at);
    await form.reached(at - 0.1);
    // A fresh server tries at once: let it meet what is wrong.
    if (index === 2)
      await until(() => sandbox.meta.calls().some(({ fault }) => fault === 'server_error'), 10_000);
    await server.end('SIGKILL');
    killedAt.push(Date.now());
    await database.query(ageEverything);
    await change();
    server = await startServerProcess(environment);
    await sending;
  }
  await form.sendTo(1);
  await setTimeout(lateMs ?? 0);
  sandbox.faults.clear();
  const backAt = performance.now();
  const hours = (Date.now() - firstAt) / 3_600_000 + kills.length * hoursApart;

  const isDrained = async (): Promise<boolean> => {
    if (sandbox.meta.distinct().length < leads) return false;
    return (await waitingEvents(server)) === 0;
  };
  const drained = await until(isDrained, 120_000);
  const recoveredMs = drained ? performance.now() - backAt : undefined;
  await server.end('SIGTERM');

  const outbox = await database.query<{ status: string; count: string }>(
    "select status, count(*)::text as count from cartie_outbox where topic like 'meta%' group by status",
  );
  const arrived = sandbox.meta.distinct();
  /** What arrived before a kill has become older since, as all that is stored. */
  const agedAfter = (at: number): number => killedAt.filter((kill) => kill > at).length;
  const counted = new Set(arrived.map(({ eventId }) => eventId));
  return {
    sent: ids.length,
    acknowledged: form.acknowledged(),
    kills: kills.length,
    brokenByKills: form.broken(),
    hours: Math.round(hours),
    counted: arrived.length,
    countedTwice: repeated(arrived.map(({ eventId }) => eventId)).length,
    lost: ids.filter((id) => !counted.has(id)).length,
    droppedByMeta: sandbox.meta.duplicates().length,
    disordered: disordered(
      arrived.map(({ at, eventTime }) => eventTime - agedAfter(at) * hoursApart * 3_600),
    ),
    requests: tally(sandbox.meta.calls().map(({ status, fault }) => fault ?? status ?? 'none')),
    outbox: Object.fromEntries(outbox.map(({ status, count }) => [status, Number(count)])),
    recoveredMs: recoveredMs === undefined ? undefined : Math.round(recoveredMs),
  };
}

/** As if eight hours had passed: all times that are stored, those inside of the events too. */
const ageEverything = `do $$
declare
  stored record;
begin
  for stored in select table_name, column_name from information_schema.columns
    where table_schema = 'public' and data_type = 'timestamp with time zone'
  loop
    execute format('update %I set %2$I = %2$I - interval ''${hoursApart} hours''', stored.table_name, stored.column_name);
  end loop;
  update cartie_outbox set
    payload = jsonb_set(payload::jsonb, '{event_time}',
      to_jsonb((payload::jsonb ->> 'event_time')::bigint - ${hoursApart * 3_600}))::text,
    result = (
      select jsonb_object_agg(key, case when key in ('unknownSince', 'unsentAt')
        then to_jsonb(value::text::bigint - ${hoursApart * 3_600_000}) else value end)
      from jsonb_each(result::jsonb)
    )::text
  where topic like 'meta%';
end $$`;

interface Form {
  /** Sends until this share of all leads is acknowledged. */
  sendTo(share: number): Promise<void>;
  /** Resolves once this share is acknowledged. */
  reached(share: number): Promise<void>;
  acknowledged(): number;
  broken(): number;
}

/** Visitors who send again what was not acknowledged, as the demo shop's page does with the same id. */
function createForm(url: string, ids: readonly string[]): Form {
  let next = 0;
  let acknowledged = 0;
  let broken = 0;

  async function send(id: string, index: number): Promise<void> {
    for (;;) {
      try {
        const response = await fetch(`${url}/api/leads`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', cookie: `_fbp=fb.1.1596403881668.${index}` },
          body: JSON.stringify({
            id,
            name: `Visitor ${index}`,
            email: `visitor${index}@example.com`,
            car: 'golf-2019',
          }),
        });
        await response.body?.cancel();
        if (!response.ok) throw new Error(`POST /api/leads: ${response.status}`);
        acknowledged += 1;
        return;
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        broken += 1;
        await setTimeout(250);
      }
    }
  }

  return {
    async sendTo(share) {
      const end = Math.round(ids.length * share);
      const caller = async (): Promise<void> => {
        while (next < end) {
          const index = next++;
          await send(ids[index] as string, index);
        }
      };
      await Promise.all(Array.from({ length: callers }, caller));
    },
    async reached(share) {
      while (acknowledged < ids.length * share) await setTimeout(5);
    },
    acknowledged: () => acknowledged,
    broken: () => broken,
  };
}

/** How many events wait for Meta, as the operator's page shows it. */
async function waitingEvents(server: ServerProcess): Promise<number> {
  const response = await fetch(`${server.url}/api/events`, {
    headers: { authorization: `Bearer ${adminToken}` },
  });
  let text = '';
  for await (const chunk of (response.body as ReadableStream<Uint8Array>).pipeThrough(
    new TextDecoderStream(),
  )) {
    text += chunk;
    const data = /^event: leads\ndata: (.*)\n/m.exec(text)?.[1];
    if (data !== undefined) return (JSON.parse(data) as { events: { waiting: number } }).events.waiting;
  }
  throw new Error('the page was not told about leads');
}

/** Seconds may tie and transactions overlap, so a second is not disorder. */
function disordered(times: readonly number[]): number {
  let latest = 0;
  let count = 0;
  for (const time of times) {
    if (time < latest - 1) count += 1;
    latest = Math.max(latest, time);
  }
  return count;
}

if (import.meta.main) {
  const [engine = 'pglite', leads = '10000', lateMs = '20000'] = process.argv.slice(2);
  const report = await runMetaOutage({
    engine: engine as Engine,
    leads: Number(leads),
    lateMs: Number(lateMs),
  });
  console.log(JSON.stringify({ engine, ...report }, null, 2));
}
