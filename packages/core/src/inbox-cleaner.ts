import type { SqlDatabase } from './sql.ts';

const chunk = 500;

/** Drops what is kept long enough, every `everyMs` milliseconds, in small chunks so that nobody waits long. */
export function startInboxCleaner(database: SqlDatabase, everyMs: number): AsyncDisposable {
  return startCleaner(everyMs, async () => (await database.query(clean, [chunk])).length === chunk);
}

/** Runs `step` every `everyMs` milliseconds, and again at once for as long as it finds a full chunk. */
export function startCleaner(everyMs: number, step: () => Promise<boolean>): AsyncDisposable {
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  let timer = setTimeout(tick, everyMs);

  function tick(): void {
    running = run();
  }

  async function run(): Promise<void> {
    try {
      while (!stopped && (await step())) await new Promise(setImmediate);
    } catch {
      // Nothing is lost by cleaning later.
    }
    if (!stopped) timer = setTimeout(tick, everyMs);
  }

  return {
    async [Symbol.asyncDispose]() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

const clean = `
with old as materialized (
  select seq, forget_at <= now() as forgotten from cartie_inbox
  where clean_at <= now() order by clean_at limit $1
  for update skip locked
),
gone as (
  delete from cartie_inbox i using old where i.seq = old.seq and old.forgotten
),
emptied as (
  update cartie_inbox i set payload = null, original = null, clean_at = forget_at
  from old where i.seq = old.seq and not old.forgotten
)
select seq from old`;
