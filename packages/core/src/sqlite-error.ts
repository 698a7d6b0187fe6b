import { CartieError, isCartieError } from './errors.ts';

// https://www.sqlite.org/rescode.html: what `node:sqlite` gives as a number and `better-sqlite3` as a name.
const resultCodes: Readonly<Record<number, string>> = {
  1: 'SQLITE_ERROR',
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  7: 'SQLITE_NOMEM',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  15: 'SQLITE_PROTOCOL',
  23: 'SQLITE_AUTH',
  26: 'SQLITE_NOTADB',
};

const passing = /^SQLITE_(BUSY|LOCKED|NOMEM|IOERR|FULL|CANTOPEN|PROTOCOL)/;

const hints: Readonly<Record<string, string>> = {
  SQLITE_BUSY: 'another connection holds the file',
  SQLITE_LOCKED: 'another connection holds the file',
  SQLITE_READONLY: 'the file cannot be written to',
  SQLITE_FULL: 'the disk is full',
  SQLITE_CANTOPEN: 'the file cannot be opened',
  SQLITE_CORRUPT: 'the file is damaged',
  SQLITE_NOTADB: 'the file is no database',
};

/** Does another connection hold the file at this moment? The statement did nothing and may simply run again. */
export function isSqliteBusy(error: unknown): boolean {
  const code = sqliteCode(error);
  return code !== undefined && /^SQLITE_(BUSY|LOCKED)/.test(code);
}

/** A driver's error as `storage_error`, with the result code and without its message, which may quote values. */
export function sqliteError(error: unknown, operation: string): CartieError {
  if (isCartieError(error)) return error;
  const code = sqliteCode(error);
  const hint = code === undefined ? undefined : hints[code.split('_').slice(0, 2).join('_')];
  return new CartieError('storage_error', `sqlite failed: ${hint ?? code ?? 'is the database still open?'}`, {
    service: 'sqlite',
    operation,
    retryable: code !== undefined && passing.test(code),
    // What SQLite refuses it rolls back; only of a disk that fails nobody knows.
    outcome: code?.startsWith('SQLITE_IOERR') ? 'unknown' : 'not_executed',
    provider: code === undefined ? undefined : { code },
  });
}

function sqliteCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  // The lower byte; above it stands the extended code.
  if (typeof errcode === 'number') return resultCodes[errcode & 255] ?? `SQLITE_${errcode & 255}`;
  return typeof code === 'string' && /^SQLITE_[A-Z_]{2,40}$/.test(code) ? code : undefined;
}
