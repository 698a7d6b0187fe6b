import { PGlite } from '@electric-sql/pglite';
import { lockFolder } from './folder-lock.ts';
import { type PgliteThread, startPglite } from './pglite-thread.ts';

/** PGlite in a folder, made fit for a server. */
export interface EmbeddedDatabase {
  readonly pglite: PgliteThread;
  /** Does what PostgreSQL's background processes would do: checkpoints, vacuums, analyses what has changed. */
  maintain(): Promise<void>;
  close(): Promise<void>;
}

/** What the owner of an embedded database is told. */
export interface EmbeddedEvents {
  /** A round of maintenance failed; the next one is tried all the same. */
  readonly onMaintenanceFailed: (error: unknown) => void;
  /** The database is gone until this process starts anew. */
  readonly onCrash: (error: Error) => void;
}

const maintenanceEveryMs = 30_000;

/**
 * Opens PostgreSQL inside this process, on disk. PGlite lacks what this adds: a lock on the folder (two processes would
 * corrupt it), fsync of every commit, checkpoints and vacuums, and a thread of its own.
 *
 * @throws CartieError `conflict` if another process uses the folder
 */
export async function openEmbeddedPostgres(
  folder: string,
  events: EmbeddedEvents,
): Promise<EmbeddedDatabase> {
  const lock = lockFolder(folder);
  let pglite: PgliteThread;
  try {
    pglite = await startPglite({ folder, startParams }, events.onCrash);
  } catch (error) {
    lock.release();
    throw error;
  }
  let maintaining = Promise.resolve();
  const maintain = (): Promise<void> => {
    const round = maintaining.then(() => runMaintenance(pglite));
    maintaining = round.catch(() => {});
    return round;
  };
  const timer = setInterval(() => {
    maintain().catch(events.onMaintenanceFailed);
  }, maintenanceEveryMs);
  timer.unref();
  return {
    pglite,
    maintain,
    async close() {
      clearInterval(timer);
      await maintaining;
      await pglite.close();
      lock.release();
    },
  };
}

// `-F` turns fsync off, and PGlite's fdatasync does nothing: only opening the log with O_DSYNC reaches the disk.
const startParams = [
  ...PGlite.defaultStartParams.filter((parameter) => parameter !== '-F'),
  '-c',
  'wal_sync_method=open_datasync',
  // Filling each new log file with zeros, synced page by page, would hold up everybody for a tenth of a second and more.
  '-c',
  'wal_init_zero=off',
  // Half of the default saves 100 MB of memory and, measured, costs no time: the system caches the files too.
  '-c',
  'shared_buffers=64MB',
  // `analyze` holds up everybody while it samples: 0.3 s for a table of 60,000 rows by default. Every statement finds its
  // rows by an index, so a tenth of the sample plans them just as well.
  '-c',
  'default_statistics_target=10',
];

/** A log longer than this is checkpointed: it bounds the folder and the time of a start after a crash. Bytes. */
const checkpointAfterBytes = 32 * 1024 * 1024;

async function runMaintenance(pglite: PgliteThread): Promise<void> {
  await pglite.query('select pg_stat_force_next_flush()');
  // PostgreSQL's own rule for autovacuum, which nobody runs here.
  const { rows } = await pglite.query<{ name: string }>(
    `select format('%I.%I', stat.schemaname, stat.relname) as name
       from pg_stat_all_tables stat join pg_class class on class.oid = stat.relid
      where schemaname not in ('pg_toast', 'information_schema')
        and (n_dead_tup > 50 + 0.2 * greatest(reltuples, 0) or n_ins_since_vacuum > 1000 + 0.2 * greatest(reltuples, 0))`,
  );
  // One by one: what others ask meanwhile is answered between two of them.
  for (const { name } of rows) await pglite.exec(`vacuum (analyze) ${name}`);
  const log = await pglite.query<{ due: boolean }>(
    `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn) > ${checkpointAfterBytes} as due from pg_control_checkpoint()`,
  );
  if (log.rows[0]?.due) await pglite.exec('checkpoint');
}
