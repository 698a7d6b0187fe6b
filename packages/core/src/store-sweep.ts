import { storeError } from './store-error.ts';

/** Deletes the rows of a store that have expired, which a database does not do by itself. */
export interface StoreSweep {
  /** Counts a write, and deletes a chunk now and then. Never rejects: the write itself is done. */
  afterWrite(): Promise<void>;
  /** Deletes all of them, in chunks, and tells how many. */
  all(): Promise<number>;
}

const writesPerChunk = 100;

/**
 * Creates a {@link StoreSweep}. `deleteChunk` deletes up to `rowsPerChunk` rows, which are more than are written between two
 * chunks, so that expired rows cannot pile up.
 */
export function createStoreSweep(
  service: string,
  rowsPerChunk: number,
  deleteChunk: () => Promise<number>,
): StoreSweep {
  let writes = 0;
  return {
    async afterWrite() {
      writes += 1;
      if (writes % writesPerChunk === 0) await deleteChunk().catch(() => {});
    },
    async all() {
      let swept = 0;
      try {
        for (;;) {
          const chunk = await deleteChunk();
          swept += chunk;
          if (chunk < rowsPerChunk) return swept;
          // Embedded databases answer in microtasks: without this pause nothing else in the process would run.
          await new Promise((resolve) => setImmediate(resolve));
        }
      } catch (error) {
        throw storeError(error, { service, operation: 'sweep' });
      }
    },
  };
}
