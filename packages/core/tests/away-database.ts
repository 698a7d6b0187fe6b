import { CartieError } from '@cartie/core';
import type { SqlDatabase } from '@cartie/core/postgres';

/** How a database is away: it refuses at once, or never answers. */
export type Absence = 'refuses' | 'is silent';

/** A database that is away for as long as `absence` is set. */
export interface AwayDatabase extends SqlDatabase {
  absence: Absence | undefined;
}

/** Wraps `database`. */
export function awayDatabase(database: SqlDatabase): AwayDatabase {
  const unlessAway = <Args extends unknown[], T>(work: (...args: Args) => Promise<T>) => {
    return async (...args: Args): Promise<T> => {
      if (away.absence === 'refuses') {
        throw new CartieError('storage_error', 'away', { provider: { code: 'ECONNREFUSED' } });
      }
      return away.absence === 'is silent' ? new Promise<never>(() => undefined) : work(...args);
    };
  };
  const away: AwayDatabase = {
    ...database,
    absence: undefined,
    query: unlessAway(database.query) as SqlDatabase['query'],
    transaction: unlessAway(database.transaction) as SqlDatabase['transaction'],
  };
  return away;
}
