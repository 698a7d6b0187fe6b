// Faster than this, caching would only confuse whoever has just changed something.
const cheapMs = 25;

/**
 * A count that may be slow, asked at most so often that it costs a tenth of the time; concurrent callers share one.
 * On a small table every call asks anew.
 */
export function cachedCount<T>(count: () => Promise<T>): () => Promise<T> {
  let current: Promise<T> | undefined;
  return () => {
    current ??= ask();
    return current;
  };

  async function ask(): Promise<T> {
    const started = performance.now();
    try {
      const result = await count();
      const tookMs = performance.now() - started;
      if (tookMs < cheapMs) current = undefined;
      else setTimeout(() => (current = undefined), 10 * tookMs).unref();
      return result;
    } catch (error) {
      current = undefined;
      throw error;
    }
  }
}
