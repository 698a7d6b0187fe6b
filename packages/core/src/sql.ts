/** Runs one statement with `$1`-style parameters. */
export interface SqlExecutor {
  query<Row extends object = Record<string, unknown>>(
    text: string,
    parameters?: readonly unknown[],
  ): Promise<readonly Row[]>;
}

/** An open transaction; `native` is the driver's own (pg client, PGlite or Kysely transaction) for the app's writes. */
export interface SqlTransaction<Native = unknown> extends SqlExecutor {
  readonly native: Native;
}

/** A PostgreSQL-speaking database: made by `pgDatabase`, `pgliteDatabase` or `kyselyDatabase`. */
export interface SqlDatabase<Native = unknown> extends SqlExecutor {
  /** Commits when `work` resolves, rolls back when it throws, and throws what `work` threw. */
  transaction<T>(work: (trx: SqlTransaction<Native>) => Promise<T>): Promise<T>;
  /**
   * `true` where a transaction owns the only connection (PGlite): inside one, any call that is not on `trx` would
   * wait for itself for ever, so it throws instead; and no other process can hold work of this database.
   */
  readonly singleConnection: boolean;
}
