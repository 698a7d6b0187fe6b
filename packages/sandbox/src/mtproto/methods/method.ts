import type { Codec } from '../codec/codec.ts';
import type { TlObject } from '../codec/tl-object.ts';
import type { DcClock } from '../dc-clock.ts';
import type { DcAddress } from '../public.ts';
import type { AuthKey, AuthKeys } from '../session/auth-keys.ts';
import type { Push } from '../session/pushing.ts';
import type { Session } from '../session/session.ts';
import type { Account } from '../world/types.ts';
import type { World } from '../world/world.ts';
import type { Logins } from './logins.ts';
import type { Uploads } from './uploads.ts';

/** What methods work on. */
export interface MethodParts {
  readonly codec: Codec;
  readonly clock: DcClock;
  readonly world: World;
  readonly keys: AuthKeys;
  readonly logins: Logins;
  readonly uploads: Uploads;
  readonly addresses: () => readonly DcAddress[];
  /** Sends updates to the account's sessions, but not to the caller's: it has its answer. */
  readonly push: Push;
}

/** Who calls. */
export interface Call extends MethodParts {
  readonly dcId: number;
  /** The key that carries the authorization. */
  readonly key: AuthKey;
  readonly session: Session;
  readonly messageId: bigint;
  /** Undefined before a login; methods that need one get it by `callerOf`. */
  readonly account: Account | undefined;
}

/** One method: gives its TL result, or throws an RPC error. */
export type Method = (params: TlObject, call: Call) => unknown;
