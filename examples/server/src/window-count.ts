/** Counts by key in windows of time. */
export interface WindowCount {
  /** Is this key at its limit? */
  isFull(key: string): boolean;
  add(key: string): void;
}

/** Creates a count of at most `limit` in `windowMs` milliseconds; remembers a bounded number of keys. */
export function createWindowCount(limit: number, windowMs: number): WindowCount {
  const windows = new Map<string, { endsAt: number; count: number }>();
  const current = (key: string) => {
    const window = windows.get(key);
    return window !== undefined && window.endsAt > Date.now() ? window : undefined;
  };
  return {
    isFull: (key) => (current(key)?.count ?? 0) >= limit,
    add(key) {
      const window = current(key) ?? { endsAt: Date.now() + windowMs, count: 0 };
      window.count += 1;
      windows.delete(key);
      windows.set(key, window);
      const [oldest] = windows.keys();
      if (windows.size > 10_000 && oldest !== undefined) windows.delete(oldest);
    },
  };
}
