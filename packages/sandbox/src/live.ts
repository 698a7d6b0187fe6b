/** Something changed; for live views. Holds only where to look, not what is there. */
export interface LiveEvent {
  readonly provider: string;
  readonly type:
    | 'message'
    | 'call'
    | 'delivery'
    | 'fault'
    | 'reset'
    | 'bot'
    | 'chat'
    | 'dataset'
    | 'event'
    | 'number';
  readonly bot?: number | undefined;
  readonly chat?: number | undefined;
}

/** Tells every listener of each {@link LiveEvent}. */
export interface Live {
  emit(event: LiveEvent): void;
  /** The returned function stops listening. */
  listen(listener: (event: LiveEvent) => void): () => void;
}

/** Creates a {@link Live}. */
export function createLive(): Live {
  const listeners = new Set<(event: LiveEvent) => void>();
  return {
    emit(event) {
      for (const listener of listeners) listener(event);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
