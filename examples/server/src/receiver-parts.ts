import type { EventListener, Update } from '@cartie/core';

/** What everything that receives from a provider needs from the rest of the server. */
export interface ReceiverParts {
  /** Stores an update; resolves when it can be acknowledged. */
  readonly accept: (update: Update) => Promise<unknown>;
  readonly onEvent: EventListener;
  /** Told what a background task of the receiver met. */
  readonly onFailure: (failure: { operation: string; error: unknown }) => void;
}
