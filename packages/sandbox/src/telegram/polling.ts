import { apiFailure } from './api-failure.ts';
import type { Params } from './params.ts';
import type { Bot, TelegramState } from './state.ts';
import type { TelegramUpdate } from './types.ts';

/** Rules of getUpdates, in seconds. From the official server's source. */
const pollingRules = { longest: 50, sameOffset: 3, busyOffset: 0.5, conflictPause: 3 } as const;

/** getUpdates with its conflicts. */
export interface Polling {
  get(bot: Bot, params: Params, signal: AbortSignal): Promise<TelegramUpdate[]>;
  /** Ends a poll that waits, with a 409. */
  abort(bot: Bot, reason: 'webhook' | 'poller'): void;
  clear(): void;
}

interface Poller {
  wake: () => void;
  fail: (error: Error) => void;
  nextConflictAt: number;
  lastOffset: number | undefined;
  lastStartedAt: number;
}

/** Creates {@link Polling}. */
export function createPolling(state: TelegramState, hasWebhook: (bot: Bot) => boolean): Polling {
  const { clock } = state;
  const pollers = new Map<number, Poller>();
  const nothing = (): void => undefined;

  function pollerOf(bot: Bot): Poller {
    let poller = pollers.get(bot.id);
    if (!poller) {
      poller = { wake: nothing, fail: nothing, nextConflictAt: 0, lastOffset: undefined, lastStartedAt: 0 };
      pollers.set(bot.id, poller);
    }
    return poller;
  }

  // The second conflict within 3 s is answered 3 s later, so that two pollers do not spin.
  function conflict(poller: Poller, text: string, fail: (error: Error) => void): void {
    const error = apiFailure(409, `Conflict: ${text}`);
    if (clock.now() >= poller.nextConflictAt) {
      poller.nextConflictAt = clock.now() + clock.scaled(pollingRules.conflictPause * 1_000);
      fail(error);
    } else clock.after(pollingRules.conflictPause * 1_000, () => fail(error));
  }

  function abort(bot: Bot, reason: 'webhook' | 'poller'): void {
    const poller = pollers.get(bot.id);
    if (!poller || poller.fail === nothing) return;
    const fail = poller.fail;
    poller.fail = nothing;
    poller.wake = nothing;
    conflict(poller, abortTexts[reason], fail);
  }

  return {
    abort,
    clear() {
      for (const poller of pollers.values()) poller.wake();
      pollers.clear();
    },
    async get(bot, params, signal) {
      const poller = pollerOf(bot);
      if (hasWebhook(bot)) {
        return new Promise((_, reject) =>
          conflict(
            poller,
            "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
            reject,
          ),
        );
      }
      const offset = params.integer('offset');
      let limit = clamp(params.integer('limit', 100), 1, 100);
      let timeout = clamp(params.integer('timeout'), 0, pollingRules.longest);
      const allowed = params.array('allowed_updates');
      if (allowed) bot.updates.allow(allowed.map(String));

      const at = clock.now();
      const since = at - poller.lastStartedAt;
      if (offset === poller.lastOffset) {
        if (timeout < pollingRules.sameOffset && since < clock.scaled(pollingRules.sameOffset * 1_000)) {
          timeout = pollingRules.sameOffset;
        }
        if (since < clock.scaled(pollingRules.busyOffset * 1_000)) limit = 1;
      }
      poller.lastOffset = offset;
      poller.lastStartedAt = at;

      abort(bot, 'poller');
      confirm(bot, offset);
      const waiting = take(bot, limit);
      if (waiting.length > 0 || timeout === 0) return waiting;
      await new Promise<void>((resolve, reject) => {
        const cancel = clock.after(timeout * 1_000, () => poller.wake());
        const forget = bot.updates.onAdd(() => poller.wake());
        const settle = (finish: () => void) => (): void => {
          cancel();
          signal.removeEventListener('abort', wake);
          forget();
          finish();
        };
        const wake = settle(resolve);
        poller.wake = () => {
          poller.wake = nothing;
          poller.fail = nothing;
          wake();
        };
        poller.fail = (error) => settle(() => reject(error))();
        signal.addEventListener('abort', poller.wake, { once: true });
      });
      return take(bot, limit);
    },
  };
}

const abortTexts = {
  webhook: 'terminated by setWebhook request',
  poller: 'terminated by other getUpdates request; make sure that only one bot instance is running',
} as const;

function confirm(bot: Bot, offset: number): void {
  if (offset === 0) return;
  const pending = bot.updates.pending();
  const confirmed = offset > 0 ? pending.filter((update) => update.id < offset) : pending.slice(0, offset);
  for (const update of confirmed) bot.updates.remove(update.id);
}

function take(bot: Bot, limit: number): TelegramUpdate[] {
  return bot.updates
    .pending()
    .slice(0, limit)
    .map((stored) => stored.update);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
