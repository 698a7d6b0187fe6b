import { setTimeout as pause } from 'node:timers/promises';
import { CartieError, isCartieError, type KeyValueStore, storeClock } from '@cartie/core';
import { service } from './invalid.ts';
import { freeQuota, quotaWindows } from './limits.ts';
import type { AutoRiaQuotaOptions } from './options.ts';

/** What is left of one of the two. */
export interface AutoRiaQuotaWindow {
  readonly limit: number;
  readonly used: number;
  readonly remaining: number;
}

/** What is left of the quota, as all processes on the store have counted it. */
export interface AutoRiaQuota {
  readonly hour: AutoRiaQuotaWindow;
  readonly month: AutoRiaQuotaWindow;
  /** When the next call may be made; 0: now. Milliseconds. */
  readonly retryAfterMs: number;
}

/** Counts the calls of keys, for all processes on a store. Accounts are named by a hash of their key. */
export interface QuotaLedger {
  /** Counts one call, or throws `rate_limited` at once, with when it may be repeated. */
  take(account: string): Promise<void>;
  /** Takes calls back that never reached AUTO.RIA. */
  giveBack(account: string, calls: number): Promise<void>;
  /** AUTO.RIA said that the quota is used up, whatever was counted here: nobody calls for a while. */
  block(account: string): Promise<void>;
  read(account: string): Promise<AutoRiaQuota>;
}

type Bucket = [index: number, calls: number];

interface State {
  hour: Bucket[];
  month: Bucket[];
  /** By the store's clock. */
  blockedUntil?: number | undefined;
}

/**
 * Creates a {@link QuotaLedger}. An account is one value, written by compare-and-swap, so that a call is counted once or not made.
 * Calls are counted in buckets of time: a bucket counts until all of it is past the window, so that nobody calls too early.
 */
export function createQuotaLedger(store: KeyValueStore, options: AutoRiaQuotaOptions): QuotaLedger {
  const clock = storeClock(store, 'autoria:quota-clock:');
  const { perHour = freeQuota.perHour, perMonth = freeQuota.perMonth, month = freeQuota.month } = options;
  let last: Promise<unknown> = Promise.resolve();

  async function load(key: string) {
    const stored = await store.get(key);
    return { version: stored?.version, state: stored === undefined ? empty() : parse(stored.value) };
  }

  /** Reads, changes and writes; again where another process was first. */
  async function write(account: string, apply: (state: State, now: number) => void): Promise<void> {
    const key = `autoria:quota:${account}`;
    for (;;) {
      const { version, state } = await load(key);
      const now = await clock();
      tidy(state, now);
      apply(state, now);
      const written = await store.put(key, JSON.stringify(state), {
        ifVersion: version ?? 'absent',
        ttlMs: quotaWindows.month.windowMs + quotaWindows.month.bucketMs,
      });
      if (written !== undefined) return;
      await pause(Math.random() * 10);
    }
  }

  // One at a time in this process: calls of one process would only get into each other's way.
  function change(account: string, apply: (state: State, now: number) => void): Promise<void> {
    const run = last.then(() => write(account, apply));
    last = run.catch(() => undefined);
    return run;
  }

  function monthStart(now: number): number {
    const date = new Date(now);
    return month === 'calendar'
      ? Date.UTC(date.getUTCFullYear(), date.getUTCMonth())
      : Number.NEGATIVE_INFINITY;
  }

  function usedOf(state: State, now: number): { hour: number; month: number } {
    const since = monthStart(now);
    const thisMonth = state.month.filter(([index]) => index * quotaWindows.month.bucketMs >= since);
    return { hour: sum(state.hour), month: sum(thisMonth) };
  }

  /** When a call may go at the earliest. */
  function freeAt(state: State, now: number): number {
    const used = usedOf(state, now);
    const times = [state.blockedUntil ?? 0];
    if (used.hour >= perHour) times.push(endOf(state.hour, used.hour - perHour, quotaWindows.hour));
    if (used.month >= perMonth) {
      const date = new Date(now);
      times.push(
        month === 'calendar'
          ? Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1)
          : endOf(state.month, used.month - perMonth, quotaWindows.month),
      );
    }
    return Math.max(...times);
  }

  return {
    async take(account) {
      try {
        await change(account, (state, now) => {
          const waitMs = Math.ceil(freeAt(state, now) - now);
          if (waitMs > 0) throw spent(waitMs);
          count(state.hour, Math.floor(now / quotaWindows.hour.bucketMs));
          count(state.month, Math.floor(now / quotaWindows.month.bucketMs));
        });
      } catch (error) {
        // What became of the count is unknown; what became of the call is not.
        if (!isCartieError(error) || error.code !== 'storage_error') throw error;
        throw new CartieError(error.code, error.message, { ...error, outcome: 'not_executed' });
      }
    },
    giveBack: (account, calls) =>
      change(account, (state) => {
        for (let left = calls; left > 0; left -= 1) {
          uncount(state.hour);
          uncount(state.month);
        }
      }),
    block: (account) =>
      change(account, (state, now) => {
        state.blockedUntil = Math.ceil(now + quotaWindows.refusedMs);
      }),
    async read(account) {
      const { state } = await load(`autoria:quota:${account}`);
      const now = await clock();
      tidy(state, now);
      const used = usedOf(state, now);
      const window = (limit: number, calls: number): AutoRiaQuotaWindow => ({
        limit,
        used: calls,
        remaining: Math.max(0, limit - calls),
      });
      return {
        hour: window(perHour, used.hour),
        month: window(perMonth, used.month),
        retryAfterMs: Math.max(0, Math.ceil(freeAt(state, now) - now)),
      };
    },
  };
}

/**
 * The refusal of the ledger. Not retryable while it is inside of core, which would wait for it; the call path makes it so.
 */
function spent(retryAfterMs: number): CartieError {
  return new CartieError('rate_limited', 'The quota of the key is used up: no call was made', {
    service,
    field: 'quota',
    retryable: false,
    retryAfterMs,
  });
}

function empty(): State {
  return { hour: [], month: [] };
}

/** Forgets what no longer counts. */
function tidy(state: State, now: number): void {
  for (const name of ['hour', 'month'] as const) {
    const { windowMs, bucketMs } = quotaWindows[name];
    state[name] = state[name].filter(([index]) => (index + 1) * bucketMs + windowMs > now);
  }
  if (state.blockedUntil !== undefined && state.blockedUntil <= now) delete state.blockedUntil;
}

function count(buckets: Bucket[], index: number): void {
  const newest = buckets.at(-1);
  // Another process's clock may be a little ahead.
  if (newest !== undefined && newest[0] >= index) newest[1] += 1;
  else buckets.push([index, 1]);
}

function uncount(buckets: Bucket[]): void {
  const newest = buckets.at(-1);
  if (newest === undefined) return;
  newest[1] -= 1;
  if (newest[1] <= 0) buckets.pop();
}

function sum(buckets: readonly Bucket[]): number {
  return buckets.reduce((total, [, calls]) => total + calls, 0);
}

/** When more than `over` calls of the oldest buckets count no longer. */
function endOf(
  buckets: readonly Bucket[],
  over: number,
  { windowMs, bucketMs }: { windowMs: number; bucketMs: number },
): number {
  let gone = 0;
  for (const [index, calls] of buckets) {
    gone += calls;
    if (gone > over) return (index + 1) * bucketMs + windowMs;
  }
  return 0;
}

function parse(value: string): State {
  try {
    return JSON.parse(value) as State;
  } catch {
    throw new CartieError('storage_error', 'The count of the quota cannot be read', {
      service,
      retryable: false,
      outcome: 'not_executed',
    });
  }
}
