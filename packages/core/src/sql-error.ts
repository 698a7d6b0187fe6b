import { CartieError, isCartieError, type Outcome } from './errors.ts';
import { failedToConnect } from './network-failure.ts';

// Classes of SQLSTATE after which the same statement may succeed: https://www.postgresql.org/docs/current/errcodes-appendix.html
const passing = {
  unavailable: ['08', '53', '57', '58'],
  collision: ['40001', '40P01', '55P03'],
} as const satisfies Record<string, readonly string[]>;

/**
 * Wraps what a driver threw as `storage_error`. Drivers put values into messages (`Key (email)=(…) already exists`), so
 * only the SQLSTATE and the names of schema objects are kept. A `CartieError` is returned as it is.
 */
export function sqlError(error: unknown, operation: string, outcome?: Outcome): CartieError {
  if (isCartieError(error)) return error;
  const code = errorCode(error);
  const place = schemaObject(error);
  const collision = isCollisionCode(code);
  const unavailable = isUnavailableCode(code);
  return new CartieError('storage_error', describe(operation, code, place), {
    service: 'postgres',
    operation,
    retryable: collision || unavailable,
    // A statement that PostgreSQL itself refused did nothing; a broken connection says nothing.
    outcome:
      outcome ??
      ((code !== undefined && !unavailable) || wasRefused(error, code) ? 'not_executed' : 'unknown'),
    provider: { code, ...(place === undefined ? {} : { message: place }) },
  });
}

/** Did two transactions collide (deadlock, serialization failure, lock timeout)? The same work can simply run again. */
export function isCollision(error: unknown): boolean {
  return isCollisionCode(errorCode(error));
}

/** Is the database down, starting, full or out of reach? Says nothing about the work itself. Also for errors of the driver as it threw them. */
export function isUnavailable(error: unknown): boolean {
  if (isCartieError(error)) {
    return error.code === 'storage_error' && error.retryable && isUnavailableCode(errorCode(error));
  }
  const code = errorCode(error);
  return code === undefined ? isLostConnection(error) : isUnavailableCode(code);
}

const hints: Readonly<Record<string, string>> = {
  '25P02': 'an earlier statement of the transaction failed and its error was swallowed',
  '28000': 'the log-in was refused',
  '28P01': 'the password was refused',
  '42501': "the database user lacks rights to cartie's tables",
  '42883': 'a function is missing: run migratePostgres',
  '42P01': 'a table is missing: run migratePostgres',
  '53300': 'it has too many connections',
  ECONNREFUSED: 'nobody listens there: check that it runs, and its address',
  ENOTFOUND: 'its host does not exist: check its address',
};

function describe(operation: string, code: string | undefined, place: string | undefined): string {
  if (code === undefined) {
    return `the database could not be asked (${operation}): check that it runs and that its pool has free connections`;
  }
  const at = place === undefined ? '' : ` at ${place}`;
  const hint = hints[code];
  return `the database failed (${operation}): ${code}${at}${hint === undefined ? '' : `, ${hint}`}`;
}

/** Does the error come from the database, wrapped or as the driver threw it? */
export function isDatabaseError(error: unknown): boolean {
  if (isCartieError(error)) return error.code === 'storage_error';
  const code = errorCode(error);
  return (code !== undefined && isSqlState(code)) || isLostConnection(error);
}

function isCollisionCode(code: string | undefined): boolean {
  return passing.collision.some((known) => known === code);
}

function isUnavailableCode(code: string | undefined): boolean {
  return (
    code === undefined || !isSqlState(code) || passing.unavailable.some((known) => code.startsWith(known))
  );
}

function isSqlState(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code);
}

// pg and pg-pool throw plain errors without a code when a connection is lost or none comes in time.
const lostConnection =
  /connection terminated|timeout exceeded when trying to connect|client has encountered/i;

function isLostConnection(error: unknown): boolean {
  return error instanceof Error && lostConnection.test(error.message);
}

// It is starting, stopping or recovering; it has no connection to spare.
const refusals: ReadonlySet<string | undefined> = new Set(['57P03', '53300']);

// pg-pool: no connection came free, or none could be made, within `connectionTimeoutMillis`.
const noConnection = /timeout exceeded when trying to connect|terminated due to connection timeout/i;

/** Was there no connection that a statement could have gone over? */
function wasRefused(error: unknown, code: string | undefined): boolean {
  const isLate = error instanceof Error && noConnection.test(error.message);
  return isLate || refusals.has(code) || failedToConnect(error);
}

function errorCode(error: unknown): string | undefined {
  if (isCartieError(error)) {
    const code = error.provider?.code;
    return code === undefined ? undefined : String(code);
  }
  if (typeof error !== 'object' || error === null) return undefined;
  if ((error as { name?: unknown }).name === 'AbortedTransactionError') return '25P02';
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && /^[A-Z0-9_]{5,40}$/.test(code) ? code : undefined;
}

// Names of constraints, tables and columns come from the schema, never from data.
function schemaObject(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { table, column, constraint } = error as { table?: unknown; column?: unknown; constraint?: unknown };
  const names = [table, column, constraint].filter(
    (name): name is string => typeof name === 'string' && /^[\w$]{1,63}$/.test(name),
  );
  return names.length === 0 ? undefined : [...new Set(names)].join('.');
}
