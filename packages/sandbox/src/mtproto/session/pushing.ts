import type { Codec } from '../codec/codec.ts';
import type { TlObject } from '../codec/tl-object.ts';
import { type AuthKeys, authorityOf } from './auth-keys.ts';
import type { TakingFaults } from './faults.ts';
import type { Session } from './session.ts';

/** Sends updates, or bytes that stand for some, to an account's sessions that are connected, as its faults let it. */
export type Push = (account: { readonly id: number }, updates: TlObject | Uint8Array) => void;

/** Tells clients what happened. */
export interface Pushing {
  readonly push: Push;
  /** Runs a call of this session: what comes of it is in its answer, and is pushed to others only. */
  callOf<T>(session: Session, run: () => T): T;
}

/** Creates {@link Pushing}. */
export function createPushing({
  keys,
  codec,
  faults,
}: {
  readonly keys: AuthKeys;
  readonly codec: Codec;
  readonly faults: TakingFaults;
}): Pushing {
  let caller: Session | undefined;

  const push: Push = (account, updates) => {
    const except = caller;
    if (faults.take('lose_updates', account.id)) return;
    const isTwice = faults.take('repeat_updates', account.id) !== undefined;
    const slow = faults.take('slow_updates', account.id);
    const bodyFor = ({ key }: Session): Buffer =>
      updates instanceof Uint8Array ? Buffer.from(updates) : codec.encode(updates, authorityOf(key).layer);
    const sendAll = (): void => {
      for (const session of sessionsOf(keys, account.id)) {
        if (!isLive(session)) session.hasMissed = true;
        else if (session !== except) session.send(bodyFor(session), 'push');
      }
    };
    const send = (): void => {
      sendAll();
      // A turn later, so that it is a packet of its own.
      if (isTwice) setImmediate(sendAll);
    };
    if (slow === undefined) send();
    else setTimeout(send, slow.delayMs ?? 1000).unref();
  };

  return {
    push,
    callOf(session, run) {
      caller = session;
      try {
        return run();
      } finally {
        caller = undefined;
      }
    },
  };
}

/** The account's sessions that have a connection and want updates. */
export function liveSessions(keys: AuthKeys, accountId: number): Session[] {
  return sessionsOf(keys, accountId).filter(isLive);
}

function sessionsOf(keys: AuthKeys, accountId: number): Session[] {
  return keys
    .of(accountId)
    .flatMap((key) => [...key.sessions.values()])
    .filter(({ wantsUpdates }) => wantsUpdates);
}

function isLive({ connection }: Session): boolean {
  return connection?.isOpen === true;
}
