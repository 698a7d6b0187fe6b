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
  /**
   * Runs `listener` once the transaction has committed, not if it rolls back. What it throws is swallowed. Absent where
   * the app began the transaction itself (`pgTransaction`, `pgliteTransaction`, `kyselyTransaction`).
   */
  afterCommit?: ((listener: () => void) => void) | undefined;
}

/** A PostgreSQL-speaking database: made by `pgDatabase`, `pgliteDatabase` or `kyselyDatabase`. */
export interface SqlDatabase<Native = unknown> extends SqlExecutor {
  /**
   * Commits when `work` resolves, rolls back when it throws, and throws what `work` threw. The isolation level is
   * «read committed». A transaction that a swallowed error has aborted throws `storage_error` instead of committing nothing.
   */
  transaction<T>(work: (trx: SqlTransaction<Native>) => Promise<T>): Promise<T>;
  /**
   * `true` where a transaction owns the only connection (PGlite): inside one, any call that is not on `trx` would
   * wait for itself for ever, so it throws instead; and no other process can hold work of this database.
   */
  readonly singleConnection: boolean;
  /** Throws `invalid_input` where a call on the database would wait for itself: inside its own transaction on a single connection. */
  assertOutsideTransaction?: (() => void) | undefined;
}
