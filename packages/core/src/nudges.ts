import type { SqlDatabase } from './sql.ts';

// Workers and writers of one process meet here, by the database object they share.
const listeners = new WeakMap<SqlDatabase, Map<string, Set<() => void>>>();

/** Calls `listener` whenever this process writes work of `queue`. Returns a function that stops it. */
export function onNudge(database: SqlDatabase, queue: string, listener: () => void): () => void {
  const queues = listeners.get(database) ?? new Map<string, Set<() => void>>();
  listeners.set(database, queues);
  const ofQueue = queues.get(queue) ?? new Set<() => void>();
  queues.set(queue, ofQueue);
  ofQueue.add(listener);
  return () => void ofQueue.delete(listener);
}

/** Tells the workers of this process that `queue` has work. */
export function nudge(database: SqlDatabase, queue: string): void {
  for (const listener of listeners.get(database)?.get(queue) ?? []) listener();
}
