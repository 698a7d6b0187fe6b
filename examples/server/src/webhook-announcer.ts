import { setTimeout } from 'node:timers/promises';

/** Tells a provider where its webhook is. */
export interface WebhookAnnouncer {
  /** Begins to tell, again and again until the provider takes it: it may be down while the server starts. Does not wait for that. */
  receive(publicUrl: string): void;
  /** Gives up what is not yet told. */
  stop(): Promise<void>;
}

const pausesMs = { first: 1_000, longest: 60_000 } as const;

/**
 * Creates a {@link WebhookAnnouncer}.
 * @param parts.path the webhook's, after the public address
 * @param parts.onError told of each try that failed
 */
export function createWebhookAnnouncer(parts: {
  readonly path: string;
  readonly announce: (url: string, signal: AbortSignal) => Promise<unknown>;
  readonly onError: (error: unknown) => void;
}): WebhookAnnouncer {
  const stopping = new AbortController();
  const { signal } = stopping;
  let announcing = Promise.resolve();

  async function announce(url: string): Promise<void> {
    for (
      let pauseMs: number = pausesMs.first;
      !signal.aborted;
      pauseMs = Math.min(pauseMs * 2, pausesMs.longest)
    ) {
      try {
        await parts.announce(url, signal);
        return;
      } catch (error) {
        if (signal.aborted) return;
        parts.onError(error);
        await setTimeout(pauseMs, undefined, { signal }).catch(() => {});
      }
    }
  }

  return {
    receive(publicUrl) {
      announcing = announce(publicUrl + parts.path);
    },
    async stop() {
      stopping.abort();
      await announcing;
    },
  };
}
