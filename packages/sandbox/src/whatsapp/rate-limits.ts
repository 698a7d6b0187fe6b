/** A bucket that refills steadily: `capacity` at once, then one each `gapMs`. */
export interface Buckets {
  /** Takes one; false when the bucket is empty. */
  take(key: string, capacity: number, gapMs: number): boolean;
  clear(): void;
}

/** Creates {@link Buckets}, all full. Times are real milliseconds. */
export function createBuckets(now: () => number = () => performance.now()): Buckets {
  const buckets = new Map<string, { left: number; at: number }>();
  return {
    take(key, capacity, gapMs) {
      const at = now();
      const bucket = buckets.get(key) ?? { left: capacity, at };
      bucket.left = Math.min(capacity, bucket.left + (at - bucket.at) / gapMs);
      bucket.at = at;
      buckets.set(key, bucket);
      if (bucket.left < 1) return false;
      bucket.left -= 1;
      return true;
    },
    clear: () => buckets.clear(),
  };
}
