import { Worker } from 'node:worker_threads';
import type { Results } from '@electric-sql/pglite';

/** What a {@link startPglite} thread is started with. */
export interface PgliteStart {
  readonly folder: string;
  readonly startParams: readonly string[];
}

/** The part of PGlite that Kysely and pg-boss use. */
export interface PgliteThread {
  query<Row>(
    text: string,
    values?: unknown[],
    options?: { rowMode?: 'object' | 'array' },
  ): Promise<Results<Row>>;
  /** Runs several statements. */
  exec(text: string): Promise<Results[]>;
  /** Nothing else runs until `work` has settled; it rolls back if that rejects. */
  transaction<T>(work: (trx: PgliteTransaction) => Promise<T>): Promise<T>;
  /** The returned function ends it. */
  listen(channel: string, listener: (payload: string) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
  readonly closed: boolean;
  readonly ready: boolean;
  readonly waitReady: Promise<void>;
}

/** An open transaction. */
export interface PgliteTransaction extends Pick<PgliteThread, 'query'> {
  rollback(): Promise<void>;
}

/** What goes to the thread. */
export type PgliteRequest = { readonly id: number } & Command;

type Command =
  | {
      readonly type: 'query';
      readonly text: string;
      readonly values: unknown[] | undefined;
      readonly options: { rowMode?: 'object' | 'array' } | undefined;
      /** The number of its `begin`. */
      readonly transaction: number | undefined;
    }
  | { readonly type: 'exec'; readonly text: string }
  | { readonly type: 'begin' }
  | { readonly type: 'end'; readonly transaction: number; readonly commit: boolean }
  | { readonly type: 'listen'; readonly channel: string }
  | { readonly type: 'close' };

/** What comes back. */
export type PgliteAnswer =
  | { readonly id: number; readonly result?: unknown; readonly error?: Record<string, unknown> }
  | { readonly channel: string; readonly payload: string };

/**
 * Starts PGlite in a thread of its own: it computes without pause, and a server that shares its thread with it answers
 * late (`docs/decisions/` has the numbers).
 *
 * @param onCrash told once if the thread ends without having been closed; every call fails then
 */
export async function startPglite(
  start: PgliteStart,
  onCrash: (error: Error) => void,
): Promise<PgliteThread> {
  const worker = new Worker(new URL('./pglite-worker.ts', import.meta.url), { workerData: start });
  const calls = new Map<number, PromiseWithResolvers<unknown>>();
  const listeners = new Map<string, Set<(payload: string) => void>>();
  let lastId = 0;
  let state: 'open' | 'closing' | 'closed' = 'open';
  let crash: Error | undefined;

  const expect = (id: number): Promise<unknown> => {
    const call = Promise.withResolvers<unknown>();
    calls.set(id, call);
    return call.promise;
  };
  const send = (command: Command, id = ++lastId): Promise<unknown> => {
    if (crash !== undefined) return Promise.reject(crash);
    if (state === 'closed') return Promise.reject(gone('PGlite is closed'));
    const answered = expect(id);
    worker.postMessage({ ...command, id } satisfies PgliteRequest);
    return answered;
  };
  const fail = (error: Error): void => {
    if (crash !== undefined || state === 'closed') return;
    crash = error;
    for (const call of calls.values()) call.reject(error);
    calls.clear();
    onCrash(error);
  };

  worker.on('message', (answer: PgliteAnswer) => {
    if ('channel' in answer) {
      for (const listener of listeners.get(answer.channel) ?? []) listener(answer.payload);
      return;
    }
    const call = calls.get(answer.id);
    calls.delete(answer.id);
    if (answer.error === undefined) call?.resolve(answer.result);
    else call?.reject(Object.assign(new Error(), answer.error));
  });
  worker.on('error', (error) => fail(gone(`PGlite's thread failed: ${(error as Error).message}`)));
  worker.on('exit', () => fail(gone("PGlite's thread ended")));
  const ready = expect(0);
  ready.catch(() => {});
  await ready;

  const query =
    (transaction: number | undefined): PgliteThread['query'] =>
    async <Row>(text: string, values?: unknown[], options?: { rowMode?: 'object' | 'array' }) =>
      (await send({
        type: 'query',
        text,
        values: values && [...values],
        options,
        transaction,
      })) as Results<Row>;

  return {
    query: query(undefined),
    exec: async (text) => (await send({ type: 'exec', text })) as Results[],
    async transaction(work) {
      const transaction = ++lastId;
      await send({ type: 'begin' }, transaction);
      let isOver = false;
      const end = async (commit: boolean): Promise<void> => {
        if (isOver) return;
        isOver = true;
        await send({ type: 'end', transaction, commit });
      };
      try {
        const result = await work({ query: query(transaction), rollback: () => end(false) });
        await end(true);
        return result;
      } catch (error) {
        await end(false).catch(() => {});
        throw error;
      }
    },
    async listen(channel, listener) {
      const known = listeners.get(channel);
      const all = known ?? new Set();
      all.add(listener);
      listeners.set(channel, all);
      if (known === undefined) await send({ type: 'listen', channel });
      return async () => void all.delete(listener);
    },
    async close() {
      if (state !== 'open' || crash !== undefined) return;
      state = 'closing';
      await send({ type: 'close' });
      state = 'closed';
      await worker.terminate();
    },
    get closed() {
      return state === 'closed';
    },
    ready: true,
    waitReady: Promise.resolve(),
  };
}

/** With the SQLSTATE of a lost server, so that what is under way is taken up again after a restart. */
function gone(message: string): Error {
  return Object.assign(new Error(message), { code: '57P01' });
}
