import { z } from 'zod';
import type { JobQueue } from './job-queue.ts';
import type { SqlDatabase } from './sql.ts';

/** How often workers tell that they live and look for work. For tests; the defaults replace a dead worker in under 30 s. */
export interface WorkTimings {
  /** How often a worker tells that it lives, and looks for dead ones. Milliseconds. @default 5000 */
  heartbeatMs?: number | undefined;
  /** A worker silent for this long is dead; its work is taken over. Milliseconds. @default 15000 */
  deadMs?: number | undefined;
  /** How often work that nobody was woken for is looked for. Milliseconds. @default 1000 */
  pollMs?: number | undefined;
  /** How often old rows are cleaned away. Milliseconds. @default 60000 */
  cleanMs?: number | undefined;
}

/** {@link WorkTimings} without gaps. */
export type AllTimings = { readonly [Name in keyof WorkTimings]-?: number };

const defaultTimings = {
  heartbeatMs: 5_000,
  deadMs: 15_000,
  pollMs: 1_000,
  cleanMs: 60_000,
} as const satisfies AllTimings;

/** `timings` with the defaults for what is absent. */
export function withDefaults(timings: WorkTimings = {}): AllTimings {
  return {
    heartbeatMs: timings.heartbeatMs ?? defaultTimings.heartbeatMs,
    deadMs: timings.deadMs ?? defaultTimings.deadMs,
    pollMs: timings.pollMs ?? defaultTimings.pollMs,
    cleanMs: timings.cleanMs ?? defaultTimings.cleanMs,
  };
}

/** How long a stop waits for what is under way, where the app does not say: as long as a call lasts. Milliseconds. */
export const defaultGraceMs = 30_000;

/** How long a stop waits for the database after that. Milliseconds. */
export function recordMs(graceMs: number): number {
  return Math.min(graceMs, 5_000);
}

// The longest delay that setTimeout takes.
const timer = z
  .number()
  .positive()
  .max(2 ** 31 - 1);

/** Checks {@link WorkTimings}. */
export const timingsSchema = z.strictObject({
  heartbeatMs: timer.optional(),
  deadMs: timer.optional(),
  pollMs: timer.optional(),
  cleanMs: timer.optional(),
});

/** How long a stop waits. */
export const graceSchema = timer;

/** A duration that is only ever compared in the database: up to 100 years. */
export const keptSchema = z
  .number()
  .positive()
  .max(100 * 366 * 86_400_000);

/** How many of something, at least one. */
export const countSchema = z.int().min(1);

/** Checks that a function was given. */
export const functionSchema = z.custom((value) => typeof value === 'function', 'must be a function');

/** Checks a {@link SqlDatabase}. */
export const databaseSchema = z.custom(
  (value) =>
    typeof (value as SqlDatabase | undefined)?.transaction === 'function' &&
    'singleConnection' in (value as SqlDatabase),
  'must be made by pgDatabase, pgliteDatabase or kyselyDatabase',
);

/** Checks a {@link JobQueue}. */
export const jobQueueSchema = z.custom(
  (value) =>
    typeof (value as JobQueue | undefined)?.send === 'function' &&
    typeof (value as JobQueue).work === 'function',
  'must be a JobQueue',
);
