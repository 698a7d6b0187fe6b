/** What waits for one transaction's commit. */
export interface CommitListeners {
  add(listener: () => void): void;
  /** The transaction has committed. */
  run(): void;
}

/** Listeners of one transaction; those of a transaction that rolls back are simply dropped with it. */
export function commitListeners(): CommitListeners {
  const listeners: (() => void)[] = [];
  return {
    add: (listener) => void listeners.push(listener),
    run() {
      for (const listener of listeners.splice(0)) {
        try {
          listener();
        } catch {
          // The commit stands; a listener cannot undo it.
        }
      }
    },
  };
}
