import { setTimeout as sleep } from 'node:timers/promises';
import { isCartieError } from './errors.ts';
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
 * ends its key (later updates must not overtake), not the others. Gives the first refusal.
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
  handling: UpdateHandling<T>,
  signal: AbortSignal,
): Promise<Refusal | undefined> {
  const { onUpdate, dedup, report } = handling;
  let claim: DedupClaim | undefined;
  try {
    if (dedup !== undefined) {
      const claimed = await dedup.claim(`${update.source}/${update.id}`);
      if (claimed === 'done') return undefined;
      if (claimed === 'busy') return busy;
      claim = claimed;
    }
    // Once the claim is lost another delivery may be handled: this one must not go on beside it.
    await onUpdate(update, { signal: claim ? AbortSignal.any([signal, claim.signal]) : signal });
  } catch (error) {
    report(error);
    await claim?.release();
    return refusedByHandler(error);
  }
  if (claim !== undefined) await commit(claim, handling);
  return undefined;
}

const commitPausesMs = [20, 100, 500];

/**
 * Tries to remember the update as handled. Where that fails for good, it is reported and the answer stays 200: the
 * update is handled, and a refusal would have it sent and, once the claim has run out, handled again.
 */
async function commit<T>(claim: DedupClaim, { dedupMs, report }: UpdateHandling<T>): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await claim.commit(dedupMs);
    } catch (error) {
      const pauseMs = commitPausesMs[attempt];
      const lost = isCartieError(error) && error.code === 'conflict';
      if (pauseMs === undefined || lost) return report(error);
      await sleep(pauseMs);
    }
  }
}

const busy: Refusal = {
  status: 503,
  code: 'conflict',
  message: 'Another delivery of this update is being handled; send again later.',
  retryAfterMs: defaultRetryAfterMs,
};
