/**
 * A function around a call: lets it through, delays it, repeats it or refuses it. `signal` ends whatever it waits for.
 * A breaker's `run` is one.
 */
export type Policy = <T>(
  call: () => Promise<T>,
  options?: { signal?: AbortSignal | undefined },
) => Promise<T>;
