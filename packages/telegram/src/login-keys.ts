import type { JSONWebKeySet } from 'jose';
import { createLocalJWKSet, type LocalJWKSet } from 'jose/jwks/local';

/** Telegram's published keys. */
export interface LoginKeys {
  /** The keys, fetched where there are none that are young enough. */
  current(signal: AbortSignal | undefined): Promise<LocalJWKSet>;
  /** Newer keys for a token that the current ones do not fit; `undefined` where they were fetched a moment ago. */
  newer(signal: AbortSignal | undefined): Promise<LocalJWKSet | undefined>;
}

/** Keys are fetched anew after this: one that Telegram withdrew is not trusted for longer. Milliseconds. */
const maxAgeMs = 3_600_000;
/** Whoever sends us forged tokens makes us ask for keys no more often than this. Milliseconds. */
const minAgeMs = 30_000;

/** Keeps Telegram's keys; one fetch serves all who wait. */
export function createLoginKeys(fetchKeys: () => Promise<JSONWebKeySet>): LoginKeys {
  let known: { readonly keys: LocalJWKSet; readonly at: number } | undefined;
  let fetching: Promise<LocalJWKSet> | undefined;

  function refresh(): Promise<LocalJWKSet> {
    fetching ??= fetchKeys()
      .then((published) => {
        const keys = createLocalJWKSet(published);
        known = { keys, at: performance.now() };
        return keys;
      })
      .finally(() => {
        fetching = undefined;
      });
    return fetching;
  }

  function youngerThan(ms: number): LocalJWKSet | undefined {
    return known !== undefined && performance.now() - known.at < ms ? known.keys : undefined;
  }

  return {
    current: async (signal) => youngerThan(maxAgeMs) ?? (await orAborted(refresh(), signal)),
    newer: async (signal) =>
      youngerThan(minAgeMs) === undefined ? await orAborted(refresh(), signal) : undefined,
  };
}

// The others wait for the same fetch, so one caller's signal must not end it; the client's deadline does.
function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    void work.then(resolve, reject).then(() => signal.removeEventListener('abort', abort));
  });
}
