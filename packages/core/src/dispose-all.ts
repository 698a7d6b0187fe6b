/** Disposes of all, one after another, the first first; also where one fails, whose error is thrown at the end. */
export function disposeAll(parts: readonly (AsyncDisposable | undefined)[]): AsyncDisposable {
  let disposed: Promise<void> | undefined;
  return {
    [Symbol.asyncDispose]() {
      disposed ??= dispose(parts);
      return disposed;
    },
  };
}

async function dispose(parts: readonly (AsyncDisposable | undefined)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const part of parts) {
    try {
      await part?.[Symbol.asyncDispose]();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
