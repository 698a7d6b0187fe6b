// The thread that PGlite lives in; `pglite-thread.ts` talks to it.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { PGlite, type Transaction } from '@electric-sql/pglite';
import type { PgliteAnswer, PgliteRequest, PgliteStart } from './pglite-thread.ts';

const port = parentPort as MessagePort;
const { folder, startParams } = workerData as PgliteStart;
const pglite = await PGlite.create({ dataDir: folder, startParams: [...startParams] });

/** Open transactions by their number, each with what ends it. */
const open = new Map<number, { trx: Transaction; end: PromiseWithResolvers<void>; ended: Promise<void> }>();

port.on('message', (request: PgliteRequest) => {
  handle(request).then(
    (result) => answer({ id: request.id, result }),
    (error: unknown) => answer({ id: request.id, error: plainError(error) }),
  );
});
answer({ id: 0, result: undefined });

async function handle(request: PgliteRequest): Promise<unknown> {
  switch (request.type) {
    case 'query': {
      const target = request.transaction === undefined ? pglite : transaction(request.transaction).trx;
      const { rows, affectedRows, fields } = await target.query(
        request.text,
        request.values,
        request.options,
      );
      return { rows, affectedRows, fields };
    }
    case 'exec':
      return (await pglite.exec(request.text)).map(({ rows, affectedRows, fields }) => ({
        rows,
        affectedRows,
        fields,
      }));
    case 'begin':
      return begin(request.id);
    case 'end':
      return end(request.transaction, request.commit);
    case 'listen':
      await pglite.listen(request.channel, (payload) => answer({ channel: request.channel, payload }));
      return undefined;
    case 'close':
      return pglite.close();
  }
}

/** Resolves once PGlite has given the transaction its turn. */
function begin(id: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = Promise.withResolvers<void>();
    const ended = pglite.transaction(async (trx) => {
      open.set(id, { trx, end, ended });
      resolve();
      await end.promise;
    });
    ended.catch(reject);
  });
}

async function end(id: number, commit: boolean): Promise<void> {
  const { end: ending, ended } = transaction(id);
  open.delete(id);
  if (commit) {
    ending.resolve();
    await ended;
  } else {
    ending.reject(new Error('rolled back'));
    await ended.catch(() => {});
  }
}

function transaction(id: number) {
  const found = open.get(id);
  if (found === undefined) throw new Error('The transaction has ended');
  return found;
}

function answer(message: PgliteAnswer): void {
  port.postMessage(message);
}

/** Errors lose all but their message on the way to another thread; the SQLSTATE must not get lost. */
function plainError(error: unknown): Record<string, unknown> {
  return error instanceof Error ? { ...error, message: error.message } : { message: String(error) };
}
