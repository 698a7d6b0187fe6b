import type { Codec } from '../codec/codec.ts';
import type { TlObject } from '../codec/tl-object.ts';
import { type AuthKeys, authorityOf } from './auth-keys.ts';
import type { TakingFaults } from './faults.ts';
import type { Session } from './session.ts';

/** Sends updates to an account's sessions that are connected, as its faults let it. */
export type Push = (account: { readonly id: number }, updates: TlObject, except?: Session) => void;

/** Creates a {@link Push}. */
export function createPush({
  keys,
  codec,
  faults,
}: {
  readonly keys: AuthKeys;
  readonly codec: Codec;
  readonly faults: TakingFaults;
}): Push {
  return (account, updates, except) => {
    if (faults.take('lose_updates', account.id)) return;
    const isTwice = faults.take('repeat_updates', account.id) !== undefined;
    const slow = faults.take('slow_updates', account.id);
    const sendAll = (): void => {
      for (const session of sessionsOf(keys, account.id)) {
        if (!isLive(session)) session.hasMissed = true;
        else if (session !== except)
          session.send(codec.encode(updates, authorityOf(session.key).layer), 'push');
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
