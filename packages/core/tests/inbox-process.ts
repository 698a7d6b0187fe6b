// A worker in a process of its own, for tests that kill and stop it.
import { createInbox, pgDatabase } from '@cartie/core/postgres';
import pg from 'pg';

const argument = JSON.parse(process.argv[2] ?? '{}') as {
  url: string;
  timings: { heartbeatMs: number; deadMs: number; pollMs: number };
  /** Hangs for this long in the row with this id, after its write. */
  hang?: { id: string; ms: number };
  /** Dies in the row with this id. */
  die?: string;
  attempts?: number;
  workers?: number;
};

const pool = new pg.Pool({ connectionString: argument.url, max: 6 });
const inbox = createInbox({ database: pgDatabase(pool), timings: argument.timings });

for (let n = 0; n < (argument.workers ?? 1); n += 1) {
  await inbox.work(
    async (row, trx) => {
      await trx.query('insert into effect (key, id, worker) values ($1, $2, $3)', [
        row.orderKey,
        row.id,
        `${process.pid}.${n}`,
      ]);
      if (row.id === argument.die) process.kill(process.pid, 'SIGKILL');
      if (row.id === argument.hang?.id) {
        print(`hangs at attempt ${row.attempt}`);
        await new Promise((resolve) => setTimeout(resolve, argument.hang?.ms));
        print('awake');
      }
    },
    {
      attempts: argument.attempts,
      backoffMs: 20,
      onHandled: (row) => row.id === argument.hang?.id && print('handled'),
    },
  );
}
print('ready');

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
