import type { Lease, LeaseStore } from '@cartie/core';

/** This process's hold on an account. */
export interface Ownership {
  readonly fence: string;
  /** May something new begin? Not when somebody else may own the account, and not while it stops. */
  mayRun(): boolean;
  /** Is it surely ours? */
  isOwner(): boolean;
  /** The store says that it is ours no longer. */
  onOutdated(): void;
}

/** Makes an account live in one process alone. */
export interface Owner {
  /** Is the account surely ours? Not in the last third of a lease that was not renewed. */
  isOwner(): boolean;
  /** Of the lease; `undefined` while there is none. */
  readonly fence: string | undefined;
  /** Runs `work` with the account's lease; `false` where another process has it. */
  own(work: (lease: Pick<Lease, 'fence' | 'signal'>) => Promise<void>): Promise<boolean>;
}

/** What an owner is made of. */
export interface OwnerOptions {
  readonly name: string;
  readonly leases: LeaseStore;
  readonly leaseMs: number;
  /** May its connections write? Looked at now and then. */
  mayWrite(): boolean;
  /** They may not. */
  onForbidden(): void;
}

/** Makes an {@link Owner}. */
export function createOwner({ name, leases, leaseMs, mayWrite, onForbidden }: OwnerOptions): Owner {
  let lease: Lease | undefined;
  return {
    isOwner: () => lease !== undefined && !lease.signal.aborted && lease.remainingMs() > leaseMs / 3,
    get fence() {
      return lease?.fence;
    },
    async own(work) {
      const taken = await leases.acquire(`mtproto:${name}`, { ttlMs: leaseMs });
      if (taken === undefined) return false;
      lease = taken;
      taken.signal.addEventListener('abort', onForbidden, { once: true });
      // No timer is so exact as the check before each write; this one ends connections that are silent.
      const look = (): void => {
        if (!mayWrite()) onForbidden();
      };
      const watch = setInterval(look, Math.max(20, leaseMs / 30));
      try {
        await work(taken);
      } finally {
        clearInterval(watch);
        taken.signal.removeEventListener('abort', onForbidden);
        await taken.release();
        lease = undefined;
      }
      return true;
    },
  };
}
