/** Disposes of all, one after another or `together`; also where one fails, whose error is thrown at the end. */
export function disposeAll(
  parts: readonly (AsyncDisposable | undefined)[],
  { together = false }: { together?: boolean } = {},
): AsyncDisposable {
  let disposed: Promise<void> | undefined;
  return {
    [Symbol.asyncDispose]() {
      disposed ??= together ? disposeTogether(parts) : disposeInTurn(parts);
      return disposed;
    },
  };
}

async function disposeInTurn(parts: readonly (AsyncDisposable | undefined)[]): Promise<void> {
  const results: PromiseSettledResult<unknown>[] = [];
  for (const part of parts) results.push(...(await Promise.allSettled([part?.[Symbol.asyncDispose]()])));
  throwFirst(results);
}

async function disposeTogether(parts: readonly (AsyncDisposable | undefined)[]): Promise<void> {
  throwFirst(await Promise.allSettled(parts.map((part) => part?.[Symbol.asyncDispose]())));
}

function throwFirst(results: readonly PromiseSettledResult<unknown>[]): void {
  const failure = results.find((result) => result.status === 'rejected');
  if (failure) throw failure.reason;
}
