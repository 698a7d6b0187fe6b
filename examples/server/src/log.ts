import { type CartieError, isCartieError } from '@cartie/core';
import { type Logger, type LoggerOptions, pino } from 'pino';

/** Creates the log: one JSON object a line on standard output. */
export function createLog(level: string, options: LoggerOptions = {}): Logger {
  return pino({ ...options, level, serializers: { err: describeError } });
}

/**
 * What of an error may be written down. Errors of databases quote the values of a statement, which may be anything
 * about a person, so only their SQLSTATE and the names of tables and constraints are kept.
 */
function describeError(error: unknown): Record<string, unknown> {
  if (isCartieError(error)) return Object.fromEntries(written.map((name) => [name, error[name]]));
  if (!(error instanceof Error)) return { type: typeof error };
  const { code, table, constraint } = error as Error & {
    code?: unknown;
    table?: unknown;
    constraint?: unknown;
  };
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) {
    return { type: 'database', code, table, constraint };
  }
  return { type: error.name, message: error.message, code, stack: error.stack };
}

/** Of our own errors, which hold nothing of anybody. */
const written = [
  'code',
  'message',
  'service',
  'operation',
  'field',
  'status',
  'outcome',
  'attempts',
  'requestId',
  'provider',
  'stack',
] as const satisfies readonly (keyof CartieError)[];
