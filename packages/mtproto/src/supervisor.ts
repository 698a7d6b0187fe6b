import { isCartieError, sleep } from '@cartie/core';
import {
  createStateHolder,
  ownedElsewhere,
  type StateHolder,
  throwIfElsewhere,
  throwIfHopeless,
  throwIfStopped,
} from './account-state.ts';
import type { AccountRecord, AccountStore } from './account-store.ts';
import { type Connections, type ConnectionsOptions, createConnections } from './connections.ts';
import { connectionEndOf, type Epoch } from './epoch.ts';
import { failed } from './errors.ts';
import { createOwner, type Ownership } from './ownership.ts';
import type { Session } from './session.ts';
import type { TlObject } from './tl.ts';
import type { Turns } from './turns.ts';
import type { MtprotoState } from './types.ts';
import { type Verdict, verdictOn } from './verdicts.ts';

/** Keeps one account connected: one owner among all processes, one connection at a time, pauses that grow. */
export interface Supervisor {
  readonly state: MtprotoState;
  start(): void;
  /** Ends for good: no further connection, no further write. */
  stop(reason?: 'stopped' | 'removed'): Promise<void>;
  /** The connection of a ready account; waits for it. @throws CartieError where a person must act first */
  ready(signal: AbortSignal): Promise<Epoch>;
  /** A connection for a login; makes the account connect for it. */
  forLogin(signal: AbortSignal): Promise<Epoch>;
  /** No login needs the connection any more: it succeeded or was given up. */
  endLogin(how: 'done' | 'given_up'): void;
  /** A further connection, to where a file is; it ends with the others. The caller destroys it. */
  side: Connections['openSide'];
  /** Closes the connection and opens the next one at once: the account has moved to another server. */
  reopen(): void;
  /** Tries again what has failed or waits. */
  retry(): void;
  /** A refusal that may be about the session itself. */
  judge(error: unknown): void;
  /** Changes the stored account, as its owner. @throws CartieError `conflict` */
  change(change: (record: AccountRecord) => AccountRecord): Promise<AccountRecord>;
  onState: StateHolder['onChange'];
}

/** What a supervisor is made of. */
export interface SupervisorOptions extends Omit<ConnectionsOptions, 'mayWrite'> {
  readonly name: string;
  readonly store: AccountStore;
  /** Connects one after another, over all accounts. */
  readonly connecting: Turns;
  /** Takes one of the places of `maxAccounts`; gives how to free it, `undefined` if there is none. */
  readonly capacity: () => (() => void) | undefined;
  /** Made anew each time this process comes to own the account. */
  session(ownership: Ownership): Session;
  /** Updates of a connection that is not logged in. */
  onLoginUpdate(updates: TlObject): void;
  onError(error: unknown): void;
}

/** Makes a {@link Supervisor}. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { name, settings, store, connecting } = options;
  const { leaseMs, backoffMs, maxBackoffMs } = settings;
  const state = createStateHolder();
  const stopping = new AbortController();
  const mayWrite = (): boolean => !stopping.signal.aborted && owner.isOwner();
  const connections = createConnections({ ...options, mayWrite });
  const owner = createOwner({
    name,
    leases: settings.leases,
    leaseMs,
    mayWrite,
    onForbidden: connections.destroyAll,
  });
  let running: Promise<void> | undefined;
  let isLoginWanted = false;
  let isReopening = false;
  let fatal: unknown;
  /** Ends a pause before its time. */
  let nudge = new AbortController();

  /** Waits, unless somebody has a reason to go on. */
  async function pause(ms: number): Promise<void> {
    if (stopping.signal.aborted) return;
    nudge = new AbortController();
    await sleep(ms, nudge.signal).catch(() => undefined);
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const record = await store.readAccount();
        if (record === undefined) return state.set('stopped', 'removed');
        if (record.user === undefined && !isLoginWanted) {
          state.set('login_required', record.login ? 'login_pending' : (record.lost ?? 'no_session'));
          await pause(settings.scanMs);
          continue;
        }
        const free = options.capacity();
        if (free === undefined) {
          state.set('waiting', 'capacity');
          await pause(leaseMs / 4);
          continue;
        }
        let isElsewhere: boolean;
        try {
          isElsewhere = !(await own());
        } finally {
          free();
        }
        // Not while it holds a place: others may be free.
        if (isElsewhere) await pause(jitter(leaseMs / 4));
      } catch (error) {
        if (stopping.signal.aborted) return;
        options.onError(error);
        const isUnreadable = isCartieError(error) && error.code === 'storage_error' && !error.retryable;
        if (isUnreadable) return state.set('failed', 'session_unreadable');
        state.set('waiting', 'storage', backoffMs);
        await pause(jitter(Math.max(backoffMs, 1_000)));
      }
      if (state.current.name === 'failed') return;
    }
  }

  /** Runs the account while this process owns it; `false` where another one does. */
  async function own(): Promise<boolean> {
    let isOurs = true;
    const isTaken = await owner.own(async ({ fence, signal }) => {
      let isOutdated = false;
      const onOutdated = (): void => {
        isOutdated = true;
        connections.destroyAll();
      };
      const session = options.session({ fence, mayRun: mayWrite, isOwner: owner.isOwner, onOutdated });
      try {
        await store.claim(fence);
        await connectAgainAndAgain(session, () => signal.aborted || isOutdated);
      } catch (error) {
        if (!isCartieError(error) || error.code !== 'conflict') throw error;
        // Somebody newer owns it: he knows better.
        options.onError(error);
        isOurs = false;
        state.set('waiting', 'owned_elsewhere');
      } finally {
        connections.destroyAll();
        connections.close();
        await session.stop().catch(options.onError);
      }
    });
    if (!isTaken) state.set('waiting', 'owned_elsewhere');
    return isTaken && isOurs;
  }

  async function connectAgainAndAgain(session: Session, isLost: () => boolean): Promise<void> {
    let failures = 0;
    let unknownKeys = 0;
    while (!stopping.signal.aborted && !isLost()) {
      if (!mayWrite()) {
        state.set('waiting', 'lease');
        await pause(leaseMs / 10);
        continue;
      }
      const record = await store.readAccount();
      if (record === undefined) return state.set('stopped', 'removed');
      if (record.user === undefined && !isLoginWanted) return;
      if (record.user !== undefined || state.current.name === 'waiting') state.set('connecting');
      let error: unknown;
      fatal = undefined;
      try {
        const readyMs = await serve(record, session);
        if (readyMs > steadyMs) failures = 0;
        unknownKeys = 0;
        error = fatal ?? connections.main?.ended.reason;
      } catch (thrown) {
        error = fatal ?? thrown;
      }
      session.detach();
      connections.close();
      if (stopping.signal.aborted || isLost()) return;
      if (isReopening) {
        isReopening = false;
        continue;
      }
      if (record.user === undefined && !isLoginWanted) return;
      unknownKeys = connectionEndOf(error) === 'key_unknown' ? unknownKeys + 1 : 0;
      const verdict = verdictOn(error, unknownKeys);
      if (verdict !== undefined) return giveUp(verdict);
      if (isCartieError(error) && error.code === 'conflict') return;
      options.onError(error);
      if (isCartieError(error) && error.code === 'invalid_config') return state.set('failed', 'api_missing');
      failures += 1;
      await backOff(error, failures);
    }
  }

  /** One connection, from its beginning to its end. Gives how long it was ready. */
  async function serve(record: AccountRecord, session: Session): Promise<number> {
    const endTurn = await connecting.take(stopping.signal);
    let opened: Epoch;
    let isReady = false;
    try {
      const onUpdates = record.user === undefined ? options.onLoginUpdate : session.onUpdates;
      opened = await connections.open(record, { onUpdates, signal: stopping.signal });
      const key = Buffer.from(opened.authKey).toString('base64');
      const current = key === record.authKey ? record : await change((now) => ({ ...now, authKey: key }));
      if (current.user === undefined) state.set('login_required', 'login_pending');
      else await session.begin(opened);
      isReady = current.user !== undefined;
    } finally {
      endTurn();
    }
    if (isReady) state.set('ready');
    // For those who wait for a connection that a login may use: it makes no other state.
    else state.lookAgain();
    const readyAt = performance.now();
    await ended(opened);
    return isReady ? performance.now() - readyAt : 0;
  }

  async function giveUp({ name: next, reason }: Verdict): Promise<void> {
    if (next === 'login_required') {
      isLoginWanted = false;
      await change(({ datacenter, app }) => ({ datacenter, ...(app && { app }), lost: reason }));
    }
    state.set(next, reason);
  }

  async function backOff(error: unknown, failures: number): Promise<void> {
    const { code, retryAfterMs } = isCartieError(error) ? error : {};
    const ms = retryAfterMs ?? jitter(Math.min(maxBackoffMs, backoffMs * 2 ** (failures - 1)));
    if (code === 'rate_limited') state.set('waiting', 'flood', ms);
    else if (code === 'storage_error') state.set('waiting', 'storage', ms);
    else state.set('waiting', mayWrite() ? 'connection' : 'lease', ms);
    await pause(ms);
  }

  async function change(by: (record: AccountRecord) => AccountRecord): Promise<AccountRecord> {
    const { fence } = owner;
    if (fence === undefined) throw ownedElsewhere();
    return store.changeAccount(fence, (record) => {
      if (record === undefined) throw failed('not_found', 'The account was removed');
      return by(record);
    });
  }

  function start(): void {
    if (running !== undefined || stopping.signal.aborted) return;
    state.set('connecting');
    running = run().finally(() => {
      running = undefined;
    });
  }

  return {
    get state() {
      return state.current;
    },
    start,
    async stop(reason = 'stopped') {
      if (!stopping.signal.aborted)
        stopping.abort(failed('connection_failed', 'The account is stopped', { outcome: 'not_executed' }));
      nudge.abort();
      connections.destroyAll();
      await running;
      state.set('stopped', reason);
    },
    ready: (signal) =>
      state.waitFor((current) => {
        if (current.name === 'ready') return connections.live;
        throwIfHopeless(current);
        return undefined;
      }, signal),
    async forLogin(signal) {
      if (state.current.name === 'ready') throw failed('conflict', 'The account is logged in');
      throwIfStopped(state.current);
      isLoginWanted = true;
      nudge.abort();
      return state.waitFor((current) => {
        throwIfStopped(current);
        throwIfElsewhere(current);
        return current.reason === 'login_pending' ? connections.live : undefined;
      }, signal);
    },
    endLogin(how) {
      if (!isLoginWanted) return;
      isLoginWanted = false;
      isReopening = how === 'done';
      // At once: whoever asks right after the login must not hear that there was none.
      if (isReopening) state.set('connecting');
      connections.destroyAll();
    },
    side: connections.openSide,
    reopen() {
      isReopening = true;
      connections.main?.destroy();
    },
    retry() {
      nudge.abort();
      start();
    },
    judge(error) {
      if (verdictOn(error, 0) === undefined) return;
      fatal = error;
      connections.main?.destroy();
    },
    change,
    onState: state.onChange,
  };
}

/** A connection that was ready for so long did not fail at once. Milliseconds. */
const steadyMs = 10_000;

async function ended({ ended: signal }: Epoch): Promise<void> {
  if (!signal.aborted)
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function jitter(ms: number): number {
  return ms * (0.5 + Math.random() / 2);
}
