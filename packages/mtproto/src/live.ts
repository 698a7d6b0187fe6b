import { isCartieError, sleep } from '@cartie/core';
import type { AccountStore } from './account-store.ts';
import { createChatQueue } from './chat-queue.ts';
import type { MtprotoHandler } from './options.ts';
import type { Ownership } from './ownership.ts';
import type { Peers } from './peers.ts';
import type { Happening } from './pts-box.ts';
import type { TlObject, TlValue } from './tl.ts';
import type { MtprotoEvent } from './types.ts';
import { createUpdates, type Updates } from './updates.ts';

/** An account's events, for as long as this process owns the account. */
export interface Live {
  readonly updates: Updates;
  /** Goes on handling, after a time in which it was not allowed. */
  wake(): void;
  /** Events that wait or run. */
  readonly queued: number;
  /** Begins no more, waits for what runs (not for ever), and writes down how far it came. */
  stop(timeoutMs: number): Promise<void>;
}

/** What {@link createLive} needs. */
export interface LiveOptions extends Ownership {
  readonly account: string;
  readonly self: bigint;
  readonly store: AccountStore;
  readonly peers: Peers;
  readonly maxChats: number;
  readonly maxQueued: number;
  /** The subscribers of this moment. */
  handlers(event: MtprotoEvent): readonly MtprotoHandler[];
  ask(request: TlObject, signal: AbortSignal): Promise<TlValue>;
  newerThan(chatId: bigint, afterId: number, signal: AbortSignal): AsyncIterable<readonly TlObject[]>;
  dialogs(signal: AbortSignal): AsyncIterable<{ dialogs: readonly TlObject[] }>;
  onError(error: unknown, event?: MtprotoEvent): void;
}

/** Reads how far the account's events were handled, and goes on from there. */
export async function createLive(options: LiveOptions): Promise<Live> {
  const { store, fence, maxQueued, mayRun, onError } = options;
  const stored = await store.readPositions();
  const ending = new AbortController();
  const queue = createChatQueue({ maxChats: options.maxChats, mayRun });
  let isDirty = false;
  let writing: Promise<void> | undefined;

  const updates = createUpdates({
    ...options,
    stored,
    deliver(happening, done) {
      queue.push(happening.event.orderKey, async () => {
        if (await handle(happening)) done();
      });
    },
    queued: () => queue.size,
    room: (signal) => queue.room(Math.max(1, maxQueued / 2), signal),
    onMoved() {
      isDirty = true;
      writing ??= write().finally(() => {
        writing = undefined;
      });
    },
  });

  /** `false` where it must be handled again later. */
  async function handle({ event }: Happening): Promise<boolean> {
    for (const handler of options.handlers(event)) {
      for (let failures = 0; ; failures += 1) {
        try {
          await handler(event, { signal: ending.signal });
          break;
        } catch (error) {
          if (ending.signal.aborted) return false;
          onError(error, event);
          if (!isCartieError(error) || !error.retryable) break;
          await sleep(error.retryAfterMs ?? Math.min(30_000, 250 * 2 ** failures), ending.signal).catch(
            () => undefined,
          );
          if (ending.signal.aborted) return false;
        }
      }
    }
    return true;
  }

  // One write at a time, always of the newest: a crash repeats what was handled during one write.
  async function write(): Promise<void> {
    while (isDirty && options.isOwner()) {
      isDirty = false;
      try {
        await store.writePositions(fence, updates.positions());
      } catch (error) {
        isDirty = true;
        if (isCartieError(error) && (error.code === 'conflict' || error.code === 'not_found')) {
          options.onOutdated();
          return;
        }
        onError(error);
        await sleep(1_000, ending.signal).catch(() => undefined);
        if (ending.signal.aborted) return;
      }
    }
  }

  return {
    updates,
    wake() {
      queue.wake();
      if (isDirty) writing ??= write().finally(() => (writing = undefined));
    },
    get queued() {
      return queue.size;
    },
    async stop(timeoutMs) {
      updates.detach();
      const running = queue.stop();
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, timeoutMs);
      });
      await Promise.race([running, late]);
      clearTimeout(timer);
      ending.abort();
      await writing;
      isDirty = true;
      await write();
    },
  };
}
