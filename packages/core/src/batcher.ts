import { AsyncLocalStorage } from 'node:async_hooks';

/** Options of {@link createBatcher}. */
export interface BatcherOptions<Item, Result> {
  /** Does the work of a batch in one go: one result per item, in order, or throws and has done nothing. */
  run(items: readonly Item[]): Promise<readonly Result[]>;
  /** Most weight of a batch; an item that weighs more is a batch of its own. */
  maxWeight: number;
  /** What an item weighs. @default 1 */
  weigh?: ((item: Item) => number) | undefined;
  /** May an item have failed the whole batch? Then it is split until only the bad ones fail. @default never */
  splits?: ((error: unknown) => boolean) | undefined;
}

/** Groups concurrent calls. */
export interface Batcher<Item, Result> {
  add(item: Item): Promise<Result>;
}

interface Waiting<Item, Result> {
  item: Item;
  weight: number;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * Natural batching: what comes while a batch is under way forms the next one. No timer: a lone call starts at once, and
 * the busier the database, the larger the batches.
 */
export function createBatcher<Item, Result>(options: BatcherOptions<Item, Result>): Batcher<Item, Result> {
  // A batch serves many callers, so it must not run inside the async context (a transaction, a trace) of the first.
  const outside = AsyncLocalStorage.snapshot();
  const { weigh = () => 1 } = options;
  const waiting: Waiting<Item, Result>[] = [];
  let running = false;

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, batchLength(waiting, options.maxWeight));
      await runBatch(batch, options);
    }
    running = false;
  }

  return {
    add(item) {
      return new Promise<Result>((resolve, reject) => {
        waiting.push({ item, weight: weigh(item), resolve, reject });
        if (running) return;
        running = true;
        // Never rejects: each item's own promise tells.
        outside(() => void drain());
      });
    },
  };
}

function batchLength(waiting: readonly { weight: number }[], maxWeight: number): number {
  let weight = 0;
  for (const [index, item] of waiting.entries()) {
    weight += item.weight;
    if (weight > maxWeight) return Math.max(1, index);
  }
  return waiting.length;
}

async function runBatch<Item, Result>(
  batch: readonly Waiting<Item, Result>[],
  options: BatcherOptions<Item, Result>,
): Promise<void> {
  try {
    const results = await options.run(batch.map((waiting) => waiting.item));
    for (const [index, waiting] of batch.entries()) waiting.resolve(results[index] as Result);
  } catch (error) {
    if (batch.length > 1 && options.splits?.(error) === true) {
      const middle = batch.length >> 1;
      await runBatch(batch.slice(0, middle), options);
      await runBatch(batch.slice(middle), options);
      return;
    }
    for (const waiting of batch) waiting.reject(error);
  }
}
