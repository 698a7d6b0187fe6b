import type { SqlDatabase } from './sql.ts';

/** Options of {@link startHeartbeat}. */
export interface HeartbeatOptions {
  database: SqlDatabase;
  id: string;
  timings: { heartbeatMs: number; deadMs: number };
  /** Work of a dead worker became free. */
  onFreed(): void;
}

/** The workers of this process: on a database that only one process can open, all others are dead. */
export const liveWorkers = new Set<string>();

/** Registers the worker `id`, tells that it lives until disposed of, and frees what dead workers held. */
export async function startHeartbeat(options: HeartbeatOptions): Promise<AsyncDisposable> {
  const { database, id, timings } = options;
  await database.query(beat, [id]);
  liveWorkers.add(id);
  if (database.singleConnection) await free(database, buryStrangers, [[...liveWorkers]]);

  let aliveSince = performance.now();
  let lastBeat = aliveSince;
  let beating: Promise<void> = Promise.resolve();

  async function beatAndSweep(): Promise<void> {
    await database.query(beat, [id]);
    const now = performance.now();
    // After a pause of this process or of the database everybody looks dead. Whoever lives gets the time to say so.
    if (now - lastBeat > 2 * timings.heartbeatMs) aliveSince = now;
    lastBeat = now;
    if (database.singleConnection || now - aliveSince < timings.deadMs) return;
    if (await free(database, buryDead, [timings.deadMs, id])) options.onFreed();
  }

  const timer = setInterval(() => {
    // A beat that fails makes the next gap long, which is all that follows from it.
    beating = beating.then(beatAndSweep).catch(() => undefined);
  }, timings.heartbeatMs);

  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await beating;
    },
  };
}

const beat = `
insert into cartie_worker (id) values ($1::uuid)
on conflict (id) do update set heartbeat_at = now()`;

const buryDead = `
delete from cartie_worker
where heartbeat_at < now() - $1::float8 * interval '1 millisecond' and id <> $2::uuid`;

const buryStrangers = 'delete from cartie_worker where id <> all ($1::uuid[])';

async function free(database: SqlDatabase, bury: string, parameters: unknown[]): Promise<boolean> {
  await database.query(bury, parameters);
  const [row] = await database.query<{ freed: number }>('select cartie_lanes_free() as freed');
  return Number(row?.freed) > 0;
}
