import { type CartieError, isCartieError, type Lease, sleep } from '@cartie/core';
import type { AccountRecord, AccountStore } from './account-store.ts';
import type { Datacenter, Engine } from './engine.ts';
import { connectionEndOf, type Epoch, openEpoch } from './epoch.ts';
import { failed, mtprotoFailure } from './errors.ts';
import type { HubSettings } from './options.ts';
import type { TlObject } from './tl.ts';
import type { Turns } from './turns.ts';
import type { MtprotoState, MtprotoStateReason } from './types.ts';

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
  side(datacenter: Datacenter, options: { authKey: string | undefined; signal: AbortSignal }): Promise<Epoch>;
  /** Closes the connection and opens the next one at once: the account has moved to another server. */
  reopen(): void;
  /** Tries again what has failed or waits. */
  retry(): void;
  /** A refusal that may be about the session itself. */
  judge(error: unknown): void;
  /** Changes the stored account, as its owner. @throws CartieError `conflict` */
  change(change: (record: AccountRecord) => AccountRecord): Promise<AccountRecord>;
  onState(listener: (state: MtprotoState, previous: MtprotoState) => void): void;
}

/** What happens with a connection that is logged in. */
export interface Session {
  onUpdates(updates: TlObject): void;
  /** Checks the session and fetches what was missed; the account is ready when it resolves. */
  begin(epoch: Epoch): Promise<void>;
  /** The connection has ended. */
  detach(): void;
  stop(): Promise<void>;
}

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

/** What a supervisor is made of. */
export interface SupervisorOptions {
  readonly name: string;
  readonly settings: HubSettings;
  readonly store: AccountStore;
  /** Connects one after another, over all accounts. */
  readonly connecting: Turns;
  /** Takes one of the places of `maxAccounts`; gives how to free it, `undefined` if there is none. */
  readonly capacity: () => (() => void) | undefined;
  engine(): Promise<Engine>;
  apiId(): Promise<number>;
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
  const listeners = new Set<(state: MtprotoState, previous: MtprotoState) => void>();
  const stopping = new AbortController();
  let state: MtprotoState = { name: 'stopped', reason: 'stopped', since: Date.now() };
  let running: Promise<void> | undefined;
  let epoch: Epoch | undefined;
  let lease: Lease | undefined;
  let isLoginWanted = false;
  let isReopening = false;
  let fatal: unknown;
  let stopReason: 'stopped' | 'removed' = 'stopped';
  /** Ends a pause before its time. */
  let nudge = new AbortController();

  function setState(next: MtprotoState['name'], reason?: MtprotoStateReason, retryInMs?: number): void {
    if (state.name === next && state.reason === reason && retryInMs === undefined) return;
    const previous = state;
    const now = Date.now();
    state = {
      name: next,
      ...(reason && { reason }),
      since: previous.name === next && previous.reason === reason ? previous.since : now,
      ...(retryInMs !== undefined && { retryAt: now + retryInMs }),
    };
    for (const listener of listeners) listener(state, previous);
  }

  /** Waits, unless somebody has a reason to go on. */
  async function pause(ms: number): Promise<void> {
    if (stopping.signal.aborted) return;
    nudge = new AbortController();
    await sleep(ms, nudge.signal).catch(() => undefined);
  }

  const isOwner = (): boolean =>
    lease !== undefined && !lease.signal.aborted && lease.remainingMs() > leaseMs / 3;
  const mayWrite = (): boolean => !stopping.signal.aborted && isOwner();

  const sides = new Set<Epoch>();
  function destroyAll(): void {
    epoch?.destroy();
    for (const side of sides) side.destroy();
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const record = await store.readAccount();
        if (record === undefined) return void end('removed');
        if (record.user === undefined && !isLoginWanted) {
          setState('login_required', record.login ? 'login_pending' : (record.lost ?? 'no_session'));
          await pause(settings.scanMs);
          continue;
        }
        const free = options.capacity();
        if (free === undefined) {
          setState('waiting', 'capacity');
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
        if (isUnreadable) return void setState('failed', 'session_unreadable');
        setState('waiting', 'storage', backoffMs);
        await pause(jitter(Math.max(backoffMs, 1_000)));
      }
      if (state.name === 'failed') return;
    }
  }

  /** Runs the account while this process owns it; `false` where another one does. */
  async function own(): Promise<boolean> {
    const taken = await settings.leases.acquire(`mtproto:${name}`, { ttlMs: leaseMs });
    if (taken === undefined) {
      setState('waiting', 'owned_elsewhere');
      return false;
    }
    lease = taken;
    const lose = destroyAll;
    taken.signal.addEventListener('abort', lose, { once: true });
    // No timer is so exact as the check before each write; this one ends connections that are silent.
    const watch = setInterval(
      () => {
        if (!mayWrite()) destroyAll();
      },
      Math.max(20, leaseMs / 30),
    );
    let isOutdated = false;
    const session = options.session({
      fence: taken.fence,
      mayRun: mayWrite,
      isOwner,
      onOutdated() {
        isOutdated = true;
        destroyAll();
      },
    });
    try {
      await store.claim(taken.fence);
      await connectAgainAndAgain(session, () => taken.signal.aborted || isOutdated);
    } catch (error) {
      if (!isCartieError(error) || error.code !== 'conflict') throw error;
      // Somebody newer owns it: he knows better.
      options.onError(error);
      setState('waiting', 'owned_elsewhere');
      return false;
    } finally {
      clearInterval(watch);
      destroyAll();
      epoch = undefined;
      await session.stop().catch(options.onError);
      taken.signal.removeEventListener('abort', lose);
      await taken.release();
      lease = undefined;
    }
    return true;
  }

  async function connectAgainAndAgain(session: Session, isLost: () => boolean): Promise<void> {
    let failures = 0;
    let unknownKeys = 0;
    while (!stopping.signal.aborted && !isLost()) {
      if (!mayWrite()) {
        setState('waiting', 'lease');
        await pause(leaseMs / 10);
        continue;
      }
      const record = await store.readAccount();
      if (record === undefined) return void end('removed');
      if (record.user === undefined && !isLoginWanted) return;
      if (record.user !== undefined || state.name === 'waiting') setState('connecting');
      let error: unknown;
      fatal = undefined;
      try {
        const readyMs = await serve(record, session);
        if (readyMs > steadyMs) failures = 0;
        unknownKeys = 0;
        error = fatal ?? epoch?.ended.reason;
      } catch (thrown) {
        error = fatal ?? thrown;
      }
      session.detach();
      epoch?.destroy();
      epoch = undefined;
      if (stopping.signal.aborted || isLost()) return;
      if (isReopening) {
        isReopening = false;
        continue;
      }
      if (record.user === undefined && !isLoginWanted) return;
      unknownKeys = connectionEndOf(error) === 'key_unknown' ? unknownKeys + 1 : 0;
      const verdict = verdictOn(error, unknownKeys);
      if (verdict !== undefined) return void (await giveUp(verdict));
      if (isCartieError(error) && error.code === 'conflict') return;
      if (isCartieError(error) && error.code === 'invalid_config') {
        options.onError(error);
        return void setState('failed', 'api_missing');
      }
      failures += 1;
      options.onError(error);
      await backOff(error, failures);
    }
  }

  /** One connection, from its beginning to its end. Gives how long it was ready. */
  async function serve(record: AccountRecord, session: Session): Promise<number> {
    const endTurn = await connecting.take(stopping.signal);
    let isReady = false;
    try {
      const onUpdates = record.user === undefined ? options.onLoginUpdate : session.onUpdates;
      const opened = await open(record, { onUpdates, signal: stopping.signal });
      epoch = opened;
      const key = Buffer.from(opened.authKey).toString('base64');
      const current = key === record.authKey ? record : await change((now) => ({ ...now, authKey: key }));
      if (current.user === undefined) setState('login_required', 'login_pending');
      else await session.begin(opened);
      isReady = current.user !== undefined;
    } finally {
      endTurn();
    }
    if (isReady) setState('ready');
    else notify();
    const readyAt = performance.now();
    await ended(epoch as Epoch);
    return isReady ? performance.now() - readyAt : 0;
  }

  async function open(
    { datacenter, authKey }: Pick<AccountRecord, 'datacenter' | 'authKey'>,
    { onUpdates, signal }: { onUpdates: (updates: TlObject) => void; signal: AbortSignal },
  ): Promise<Epoch> {
    const { device = {}, servers } = settings;
    return openEpoch(await options.engine(), {
      apiId: await options.apiId(),
      device: {
        model: device.model ?? 'Server',
        systemVersion: device.systemVersion ?? '1.0',
        appVersion: device.appVersion ?? '1.0',
        language: device.language ?? 'en',
      },
      datacenter,
      authKey: authKey === undefined ? undefined : Buffer.from(authKey, 'base64'),
      publicKeys: servers?.publicKeys ?? [],
      connectTimeoutMs: settings.connectTimeoutMs,
      pingMs: settings.pingMs,
      pingTimeoutMs: settings.pingTimeoutMs,
      signal,
      mayWrite,
      onUpdates,
    });
  }

  async function giveUp({
    name: next,
    reason,
  }: {
    name: 'login_required' | 'failed';
    reason: MtprotoStateReason;
  }): Promise<void> {
    if (next === 'login_required') {
      isLoginWanted = false;
      await change(({ datacenter, app }) => ({ datacenter, ...(app && { app }), lost: reason }));
    }
    setState(next, reason);
  }

  async function backOff(error: unknown, failures: number): Promise<void> {
    const asked = isCartieError(error) ? error.retryAfterMs : undefined;
    const isFlood = isCartieError(error) && error.code === 'rate_limited';
    const isStorage = isCartieError(error) && error.code === 'storage_error';
    const ms = asked ?? jitter(Math.min(maxBackoffMs, backoffMs * 2 ** (failures - 1)));
    setState('waiting', isFlood ? 'flood' : isStorage ? 'storage' : mayWrite() ? 'connection' : 'lease', ms);
    await pause(ms);
  }

  async function change(by: (record: AccountRecord) => AccountRecord): Promise<AccountRecord> {
    if (lease === undefined) throw elsewhere();
    return store.changeAccount(lease.fence, (record) => {
      if (record === undefined) throw failed('not_found', 'The account was removed');
      return by(record);
    });
  }

  function start(): void {
    if (running !== undefined || stopping.signal.aborted) return;
    setState('connecting');
    running = run().finally(() => {
      running = undefined;
    });
  }

  function end(reason: 'stopped' | 'removed'): void {
    setState('stopped', reason);
  }

  // For those who wait for a connection that a login may use: it makes no other state.
  function notify(): void {
    for (const listener of listeners) listener(state, state);
  }

  function waitFor(find: () => Epoch | undefined, signal: AbortSignal): Promise<Epoch> {
    return new Promise((resolve, reject) => {
      const finish = (act: () => void): void => {
        listeners.delete(look);
        signal.removeEventListener('abort', onAbort);
        act();
      };
      const look = (): void => {
        try {
          const found = find();
          if (found !== undefined) finish(() => resolve(found));
        } catch (error) {
          finish(() => reject(error));
        }
      };
      const onAbort = (): void => finish(() => reject(signal.reason));
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      listeners.add(look);
      look();
    });
  }

  const openEpochNow = (): Epoch | undefined =>
    epoch !== undefined && !epoch.ended.aborted ? epoch : undefined;

  return {
    get state() {
      return state;
    },
    start,
    async stop(reason = 'stopped') {
      stopReason = reason;
      if (!stopping.signal.aborted)
        stopping.abort(failed('connection_failed', 'The account is stopped', { outcome: 'not_executed' }));
      nudge.abort();
      destroyAll();
      await running;
      end(stopReason);
    },
    ready: (signal) =>
      waitFor(() => {
        if (state.name === 'ready') return openEpochNow();
        throwIfHopeless(state);
        return undefined;
      }, signal),
    async forLogin(signal) {
      if (state.name === 'ready') throw failed('conflict', 'The account is logged in');
      throwIfOver(state);
      isLoginWanted = true;
      nudge.abort();
      return waitFor(() => {
        throwIfOver(state);
        if (state.name === 'waiting' && state.reason === 'owned_elsewhere') throw elsewhere();
        return state.reason === 'login_pending' ? openEpochNow() : undefined;
      }, signal);
    },
    endLogin(how) {
      if (!isLoginWanted) return;
      isLoginWanted = false;
      isReopening = how === 'done';
      // At once: whoever asks right after the login must not hear that there was none.
      if (isReopening) setState('connecting');
      destroyAll();
    },
    async side(datacenter, { authKey, signal }) {
      const opened = await open(
        { datacenter, ...(authKey !== undefined && { authKey }) },
        { onUpdates: () => undefined, signal },
      );
      sides.add(opened);
      opened.ended.addEventListener('abort', () => sides.delete(opened), { once: true });
      return opened;
    },
    reopen() {
      isReopening = true;
      epoch?.destroy();
    },
    retry() {
      nudge.abort();
      start();
    },
    judge(error) {
      if (verdictOn(error, 0) === undefined) return;
      fatal = error;
      epoch?.destroy();
    },
    change,
    onState(listener) {
      listeners.add((next, previous) => {
        if (next !== previous) listener(next, previous);
      });
    },
  };
}

/** A connection that was ready for so long did not fail at once. Milliseconds. */
const steadyMs = 10_000;

async function ended({ ended: signal }: Epoch): Promise<void> {
  if (!signal.aborted)
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

const losing: Partial<Record<string, { name: 'login_required' | 'failed'; reason: MtprotoStateReason }>> = {
  session_lost: { name: 'login_required', reason: 'session_lost' },
  session_duplicated: { name: 'login_required', reason: 'session_duplicated' },
  account_banned: { name: 'failed', reason: 'account_banned' },
  account_deleted: { name: 'failed', reason: 'account_deleted' },
  api_refused: { name: 'failed', reason: 'api_refused' },
};

/** After which errors trying again is of no use. */
function verdictOn(error: unknown, unknownKeys: number): (typeof losing)[string] {
  const kind = mtprotoFailure(error)?.kind;
  if (kind !== undefined && Object.hasOwn(losing, kind)) return losing[kind];
  // Once may be a server's mistake.
  return unknownKeys >= 2 ? { name: 'login_required', reason: 'key_unknown' } : undefined;
}

function jitter(ms: number): number {
  return ms * (0.5 + Math.random() / 2);
}

function throwIfHopeless(state: MtprotoState): void {
  throwIfOver(state);
  if (state.name === 'login_required') throw failed('unauthorized', 'The account must log in first');
  if (state.name === 'failed') throw failed('unauthorized', 'The account has failed: its state tells why');
  if (state.name === 'waiting' && state.reason === 'owned_elsewhere') throw elsewhere();
}

function throwIfOver(state: MtprotoState): void {
  if (state.name !== 'stopped') return;
  throw failed('connection_failed', 'The account is stopped', { outcome: 'not_executed', retryable: false });
}

function elsewhere(): CartieError {
  return failed('conflict', 'Another process has this account', { retryable: true });
}
