/** Work of many chats: of one chat in order and one at a time, of several at the same time. */
export interface ChatQueue {
  /** Adds work. What it rejects with is swallowed: it must report by itself. */
  push(chat: string, work: () => Promise<void>): void;
  /** Work that waits or runs. */
  readonly size: number;
  /** Waits until less than `count` wait. */
  room(count: number, signal: AbortSignal): Promise<void>;
  /** Goes on after a time in which `mayRun` said no. */
  wake(): void;
  /** Begins nothing more. Resolves when what runs has ended. */
  stop(): Promise<void>;
}

/** Makes a {@link ChatQueue}. `mayRun` is asked before each piece of work. */
export function createChatQueue({
  maxChats,
  mayRun,
}: {
  maxChats: number;
  mayRun: () => boolean;
}): ChatQueue {
  const waiting = new Map<string, (() => Promise<void>)[]>();
  /** Chats that have work and no runner, in the order of their first. */
  const due: string[] = [];
  const running = new Set<Promise<void>>();
  const watchers = new Set<() => void>();
  let size = 0;
  let isStopped = false;

  function start(): void {
    while (due.length > 0 && running.size < maxChats && !isStopped && mayRun()) {
      const chat = due.shift() as string;
      const run = runChat(chat).finally(() => {
        running.delete(run);
        start();
      });
      running.add(run);
    }
  }

  async function runChat(chat: string): Promise<void> {
    const works = waiting.get(chat) ?? [];
    // A chat gives its place to others after a while; its order does not suffer.
    for (let count = 0; count < 50 && works.length > 0; count += 1) {
      if (isStopped || !mayRun()) break;
      const work = works.shift() as () => Promise<void>;
      await work().catch(() => undefined);
      size -= 1;
      for (const watcher of watchers) watcher();
    }
    if (works.length > 0) due.push(chat);
    else waiting.delete(chat);
  }

  return {
    get size() {
      return size;
    },
    push(chat, work) {
      if (isStopped) return;
      size += 1;
      const works = waiting.get(chat);
      if (works !== undefined) {
        works.push(work);
        return;
      }
      waiting.set(chat, [work]);
      due.push(chat);
      start();
    },
    async room(count, signal) {
      signal.throwIfAborted();
      if (size < count) return;
      await new Promise<void>((resolve, reject) => {
        const end = (): void => {
          watchers.delete(watch);
          signal.removeEventListener('abort', onAbort);
        };
        const watch = (): void => {
          if (size >= count) return;
          end();
          resolve();
        };
        const onAbort = (): void => {
          end();
          reject(signal.reason);
        };
        watchers.add(watch);
        signal.addEventListener('abort', onAbort, { once: true });
      });
    },
    wake: start,
    async stop() {
      isStopped = true;
      due.length = 0;
      await Promise.all(running);
    },
  };
}
