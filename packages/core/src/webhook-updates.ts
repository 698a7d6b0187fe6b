import type { DedupClaim, DedupStore } from './stores.ts';
import type { Update } from './webhook.ts';
import { defaultRetryAfterMs, type Refusal, refusedByHandler } from './webhook-refusal.ts';

/** How updates are handled. */
export interface UpdateHandling<T> {
  readonly onUpdate: (update: Update<T>, context: { signal: AbortSignal }) => unknown;
  readonly dedup: DedupStore | undefined;
  readonly dedupMs: number;
  /** Told what was thrown. */
  readonly report: (error: unknown) => void;
}

/**
 * Handles all updates of one request: those of one `orderKey` in order, different keys at the same time. A failure
 * ends its key (later updates must not overtake), not the others. Gives the first refusal; never rejects.
 */
export async function handleUpdates<T>(
  updates: readonly Update<T>[],
  handling: UpdateHandling<T>,
  signal: AbortSignal,
): Promise<Refusal | undefined> {
  const [only] = updates;
  if (only !== undefined && updates.length === 1) return handleUpdate(only, handling, signal);
  const byKey = new Map<string, Update<T>[]>();
  for (const update of updates) {
    const inOrder = byKey.get(update.orderKey);
    if (inOrder === undefined) byKey.set(update.orderKey, [update]);
    else inOrder.push(update);
  }
  const refusals = await Promise.all(
    Array.from(byKey.values(), async (inOrder) => {
      for (const update of inOrder) {
        // The answer is out already and tells the provider to send again: what has not begun waits for that.
        if (signal.aborted) return undefined;
        const refusal = await handleUpdate(update, handling, signal);
        if (refusal !== undefined) return refusal;
      }
      return undefined;
    }),
  );
  return refusals.find((refusal) => refusal !== undefined);
}

async function handleUpdate<T>(
  update: Update<T>,
  { onUpdate, dedup, dedupMs, report }: UpdateHandling<T>,
  signal: AbortSignal,
): Promise<Refusal | undefined> {
  let claim: DedupClaim | undefined;
  try {
    if (dedup !== undefined) {
      const claimed = await dedup.claim(`${update.source}/${update.id}`);
      if (claimed === 'done') return undefined;
      if (claimed === 'busy') return busy;
      claim = claimed;
    }
    await onUpdate(update, { signal });
  } catch (error) {
    report(error);
    await release(claim, report);
    return refusedByHandler(error);
  }
  try {
    await claim?.commit(dedupMs);
  } catch (error) {
    // The update is handled. A refusal now would make the provider send it again, and once the claim has run out it
    // would be handled a second time; so it is reported and answered with 200.
    report(error);
  }
  return undefined;
}

async function release(claim: DedupClaim | undefined, report: (error: unknown) => void): Promise<void> {
  try {
    await claim?.release();
  } catch (error) {
    // The claim runs out by itself.
    report(error);
  }
}

const busy: Refusal = {
  status: 503,
  code: 'conflict',
  message: 'Another delivery of this update is being handled; send again later.',
  retryAfterMs: defaultRetryAfterMs,
};
