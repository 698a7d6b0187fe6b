import {
  CartieError,
  type HealthCheck,
  isCartieError,
  type KeyValueStore,
  type LeaseStore,
  parseOptions,
  type Update,
} from '@cartie/core';
import type { Update as TelegramUpdate } from '@grammyjs/types';
import { z } from 'zod';
import type { TelegramClient } from './client.ts';
import { backoff, pause } from './pause.ts';
import { type PollerState, pollerHealth } from './poller-health.ts';
import { createPollerProgress } from './poller-progress.ts';
import { handleInOrder } from './poller-work.ts';
import { allowedUpdates, toUpdate, type WantedKinds } from './updates.ts';

/** Options of {@link createTelegramPoller}. */
export interface TelegramPollerOptions {
  /** Of `createTelegramClient`. */
  client: Pick<TelegramClient, 'getUpdates' | 'botId'>;
  /** Lets one process poll; the others stand by and take over. */
  leases: LeaseStore;
  /** Keeps how far the updates are handled. */
  store: Pick<KeyValueStore, 'get' | 'put'>;
  /**
   * Takes one update. When it throws it is tried again, until it resolves or the update has expired; updates of its
   * chat wait for it, others go on. The next updates are fetched when all are taken, so it should be quick: an
   * `inbox.accept`. `signal` aborts when the poller stops.
   */
  onUpdate: (update: Update<TelegramUpdate>, context: { signal: AbortSignal }) => Promise<unknown>;
  /** What to be told. @default 'default', Telegram's own set: without `chat_member` and reactions */
  kinds?: WantedKinds | undefined;
  /** How long Telegram waits for an update before it answers with none, at most 50 s. Milliseconds. @default 30000 */
  waitMs?: number | undefined;
  /** Chats that are handled at the same time. @default 10 */
  concurrency?: number | undefined;
  /** How long after a process died another one takes over. Milliseconds. @default 30000 */
  leaseMs?: number | undefined;
  /** First pause after a failure; doubles each time, with jitter. Milliseconds. @default 1000 */
  backoffMs?: number | undefined;
  /** Longest pause. Milliseconds. @default 60000 */
  maxBackoffMs?: number | undefined;
  /** Told what failed: a poll, `onUpdate`, the store. What it throws is swallowed. */
  onError?: ((error: unknown) => void) | undefined;
}

/** A bot's long polling. */
export interface TelegramPoller extends AsyncDisposable {
  /** Starts, or starts again after `stop()`. Does nothing while it runs. */
  start(): void;
  /** Fetches no more and waits for the updates in hand. What is not handled is fetched again at the next start. */
  stop(): Promise<void>;
  /** `ok` also while another process polls; `degraded` after a failure, `down` after several in a row. Asks nobody. */
  health: HealthCheck;
}

/**
 * Fetches a bot's updates by long polling, for where Telegram cannot reach a webhook. One process polls at a time; it
 * outlives conflicts, floods, outages and resets, and forgets an update only after `onUpdate` has taken it: delivery is
 * at least once, in order within a chat. A webhook that is set must be deleted first (`deleteWebhook`).
 *
 * ```ts
 * const poller = createTelegramPoller({ client, leases, store, onUpdate: (update) => inbox.accept(update) });
 * poller.start();
 * ```
 *
 * @throws CartieError `invalid_config` for a missing, wrong or unknown option
 * @see https://core.telegram.org/bots/api#getupdates
 */
export function createTelegramPoller(options: TelegramPollerOptions): TelegramPoller {
  parseOptions('telegram', optionsSchema, options);
  const { client, leases, store, onUpdate, onError } = options;
  const { waitMs = 30_000, concurrency = 10, leaseMs = 30_000 } = options;
  const { backoffMs = 1_000, maxBackoffMs = 60_000 } = options;
  const allowed = allowedUpdates(options.kinds);
  const timeout = Math.ceil(waitMs / 1000);
  const state: PollerState = { phase: 'stopped', failures: 0, lastError: '', lastPollAt: 0, inHand: 0 };
  let running: { controller: AbortController; ended: Promise<void> } | undefined;

  const report = (error: unknown): void => {
    try {
      onError?.(error);
    } catch {
      // Watching never stops the poller.
    }
  };
  const failed = async (error: unknown, signal: AbortSignal): Promise<void> => {
    state.failures += 1;
    state.lastError = isCartieError(error) ? `${error.code}: ${error.message}` : 'an unknown error';
    report(error);
    const asked = isCartieError(error) ? error.retryAfterMs : undefined;
    await pause(asked ?? backoff(state.failures, backoffMs, maxBackoffMs), signal);
  };

  const poll = async (source: string, signal: AbortSignal): Promise<void> => {
    const progress = await createPollerProgress(store, `${source.replace(':', '-poller:')}`);
    while (!signal.aborted) {
      const startedAt = performance.now();
      let raw: TelegramUpdate[];
      try {
        const offset = progress.offset();
        raw = await client.getUpdates(
          { timeout, allowed_updates: allowed, ...(offset === undefined ? {} : { offset }) },
          { signal, retries: 0 },
        );
        progress.confirmed();
        state.failures = 0;
        state.lastPollAt = Date.now();
      } catch (error) {
        if (!signal.aborted) await failed(error, signal);
        continue;
      }
      const ids = raw.map(({ update_id }) => update_id);
      const updates = raw
        .filter(({ update_id }) => !progress.isDone(update_id))
        .map((each) => toUpdate(each, source));
      state.inHand = updates.length;
      const done = await handleInOrder(updates, {
        concurrency,
        signal,
        handle: (update) => onUpdate(update, { signal }),
        onFailure: report,
        backoffMs: (attempt) => backoff(attempt, backoffMs, maxBackoffMs),
      });
      state.inHand = 0;
      // How far we are is only a saving of work: Telegram keeps what was not confirmed.
      await progress.advance(ids, done).catch(report);
      // Telegram waits for updates; what answers at once without any must not be asked in a loop.
      if (raw.length === 0 && performance.now() - startedAt < minimumPollMs)
        await pause(minimumPollMs, signal);
    }
  };

  const run = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      try {
        const source = `telegram:${await client.botId()}`;
        const lease = await leases.acquire(`${source}:poller`, { ttlMs: leaseMs });
        if (lease === undefined) {
          state.phase = 'standby';
          state.failures = 0;
          await pause(leaseMs / 3, signal);
          continue;
        }
        state.phase = 'polling';
        try {
          await poll(source, AbortSignal.any([signal, lease.signal]));
        } finally {
          await lease.release().catch(report);
        }
      } catch (error) {
        if (!signal.aborted) await failed(error, signal);
      }
    }
  };

  const stop = async (): Promise<void> => {
    const stopping = running;
    if (stopping === undefined) return;
    stopping.controller.abort(new CartieError('conflict', 'The poller was stopped', { service: 'telegram' }));
    await stopping.ended;
  };

  return {
    start() {
      if (running !== undefined && !running.controller.signal.aborted) return;
      const controller = new AbortController();
      const before = running?.ended ?? Promise.resolve();
      const current = {
        controller,
        ended: before
          .then(() => run(controller.signal))
          .finally(() => {
            if (running === current) {
              running = undefined;
              state.phase = 'stopped';
            }
          }),
      };
      state.phase = 'standby';
      running = current;
    },
    stop,
    [Symbol.asyncDispose]: stop,
    health: async () => pollerHealth(state),
  };
}

/** Not asked more often than this while there are no updates. Milliseconds. */
const minimumPollMs = 500;

const has = (...names: string[]) =>
  z.custom(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function'),
    `must have ${names.map((name) => `${name}()`).join(' and ')}`,
  );
const fn = z.custom((value) => typeof value === 'function', 'must be a function');
const optionsSchema = z.strictObject({
  client: has('getUpdates', 'botId'),
  leases: has('acquire'),
  store: has('get', 'put'),
  onUpdate: fn,
  kinds: z.union([z.enum(['default', 'all']), z.array(z.string())]).optional(),
  waitMs: z.number().min(0).max(50_000).optional(),
  concurrency: z.int().min(1).optional(),
  leaseMs: z.number().positive().optional(),
  backoffMs: z.number().positive().optional(),
  maxBackoffMs: z.number().positive().optional(),
  onError: fn.optional(),
});
