import { rpcError } from '../session/rpc-error.ts';
import type { Account } from '../world/types.ts';
import type { Call } from './method.ts';

/** The account that calls; 401 without a login. */
export function callerOf(call: Call): Account {
  if (call.account !== undefined) return call.account;
  throw rpcError(
    401,
    call.key.awaitsPassword === undefined ? 'AUTH_KEY_UNREGISTERED' : 'SESSION_PASSWORD_NEEDED',
  );
}
