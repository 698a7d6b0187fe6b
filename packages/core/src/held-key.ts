import { CartieError } from './errors.ts';
import type { KeyValueStore } from './key-value-store.ts';

/** A key that this process alone holds: written by it and renewed until it lets go. */
export interface HeldKey {
  /** The version of the first write: greater than that of every holder before. */
  readonly fence: string;
  /** Aborts with `conflict` when the key is lost or let go, at the latest when it would have ended by this process's clock. */
  readonly signal: AbortSignal;
  /** How long the key surely stays ours if it is never renewed again; 0 once it is lost or let go. Milliseconds. */
  remainingMs(): number;
  /** Ends the hold by a last value that stays for `ttlMs`. Throws `conflict` if the key was lost. Can be tried again. */
  replace(value: string, ttlMs: number): Promise<void>;
  /** Lets go; never throws: what a failing store keeps ends by its ttl. */
  release(): Promise<void>;
}

/** What to hold. */
export interface HoldOptions {
  key: string;
  /** Unlike any other holder's value. */
  value: string;
  ttlMs: number;
  /** The option that `ttlMs` came from. */
  ttlField: string;
  /** Names the thing in errors: `The lease`. */
  what: string;
}

/** Holds the key if nobody does. It is written again every third of `ttlMs`, and sooner after the store has failed. */
export async function holdKey(
  store: KeyValueStore,
  { key, value, ttlMs, ttlField, what }: HoldOptions,
): Promise<HeldKey | undefined> {
  if (!(ttlMs >= 10 && ttlMs <= 86_400_000)) {
    throw new CartieError('invalid_input', `${ttlField} must be 10 ms to 24 hours`, { field: ttlField });
  }
  // Asked before the write, so that the store's own end comes after this one.
  let endsAt = performance.now() + ttlMs;
  let endsAtByDate = Date.now() + ttlMs;
  const first = await store.put(key, value, { ifVersion: 'absent', ttlMs });
  if (first === undefined) return undefined;

  let version: string | undefined = first;
  let open = true;
  let inHand: Promise<unknown> = Promise.resolve();
  let renewTimer: NodeJS.Timeout | undefined;
  let endTimer: NodeJS.Timeout | undefined;
  const controller = new AbortController();

  function close(why: 'lost' | 'released'): void {
    open = false;
    clearTimeout(renewTimer);
    clearTimeout(endTimer);
    if (!controller.signal.aborted) controller.abort(new CartieError('conflict', `${what} was ${why}`));
  }

  function schedule(renewInMs: number): void {
    if (!open) return;
    clearTimeout(endTimer);
    endTimer = setTimeout(() => close('lost'), Math.max(0, endsAt - performance.now()));
    renewTimer = setTimeout(() => {
      inHand = renew();
    }, renewInMs);
    // A process may end while it holds a key; the key then ends by its ttl.
    endTimer.unref();
    renewTimer.unref();
  }

  async function renew(): Promise<void> {
    try {
      const startedAt = performance.now();
      const startedAtByDate = Date.now();
      if (await write(value, ttlMs)) {
        endsAt = startedAt + ttlMs;
        endsAtByDate = startedAtByDate + ttlMs;
        schedule(ttlMs / 3);
      } else {
        close('lost');
      }
    } catch {
      // The store is down: still ours until `endsAt`, when the end timer says otherwise.
      schedule(ttlMs / 10);
    }
  }

  // An earlier write may have taken place though its answer was lost: then the version is new and the value is ours.
  async function write(next: string, ttl: number): Promise<boolean> {
    if (version !== undefined) {
      const written = await store.put(key, next, { ifVersion: version, ttlMs: ttl });
      if (written !== undefined) {
        version = written;
        return true;
      }
      version = undefined;
    }
    const stored = await store.get(key);
    if (stored?.value === next && next !== value) return true;
    if (stored?.value !== value) return false;
    const written = await store.put(key, next, { ifVersion: stored.version, ttlMs: ttl });
    version = written;
    return written !== undefined;
  }

  async function remove(): Promise<void> {
    if (version !== undefined && (await store.delete(key, { ifVersion: version }))) return;
    const stored = await store.get(key);
    if (stored?.value === value) await store.delete(key, { ifVersion: stored.version });
  }

  schedule(ttlMs / 3);

  return {
    fence: first,
    signal: controller.signal,
    // The monotonic clock may stand still while the machine sleeps, the other one does not.
    remainingMs: () =>
      open ? Math.max(0, Math.min(endsAt - performance.now(), endsAtByDate - Date.now())) : 0,
    async replace(last, lastTtlMs) {
      close('released');
      await inHand;
      if (!(await write(last, lastTtlMs))) throw new CartieError('conflict', `${what} was lost`);
      version = undefined; // the last value is not for a release to remove
    },
    async release() {
      close('released');
      await inHand;
      await remove().catch(() => {}); // it ends by its ttl
    },
  };
}
