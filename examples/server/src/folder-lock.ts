import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CartieError } from '@cartie/core';

/** The right to be the only process that uses a folder. */
export interface FolderLock {
  release(): void;
}

/**
 * Locks a folder for this process. The lock is an open transaction of SQLite on `<folder>.lock`, which the operating
 * system ends with the process, however it dies: there is no stale lock to judge and none is ever stolen.
 * @throws CartieError `conflict` if another process has it
 */
export function lockFolder(folder: string): FolderLock {
  mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
  const lock = new DatabaseSync(`${folder}.lock`);
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch {
    lock.close();
    throw new CartieError(
      'conflict',
      'Another process is using this DATA_DIR. The embedded database has room for one: stop the other process, ' +
        'start with another DATA_DIR, or set DATABASE_URL to share a PostgreSQL.',
      { service: 'server', operation: 'database' },
    );
  }
  return { release: () => lock.close() };
}
