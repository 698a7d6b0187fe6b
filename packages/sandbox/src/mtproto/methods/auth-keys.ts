import { randomBytes } from 'node:crypto';
import type { TlObject } from '../codec/tl-object.ts';
import { decryptMessageV1 } from '../crypto/message-key-v1.ts';
import { type AuthKey, authorityOf } from '../session/auth-keys.ts';
import { badRequest } from '../session/rpc-error.ts';
import type { Account } from '../world/types.ts';
import { authorized } from './auth-code.ts';
import { callerOf } from './caller.ts';
import type { Call, Method } from './method.ts';

const exported = new WeakMap<object, Map<string, Account>>();

/** Authorizations and their keys: other DCs, temporary keys, ending them. */
export const authKeyMethods: Readonly<Record<string, Method>> = {
  'auth.logOut'(_params, call) {
    callerOf(call);
    call.key.account = undefined;
    return { _: 'auth.loggedOut' };
  },
  'auth.exportAuthorization'({ dc_id }, call) {
    const account = callerOf(call);
    if (!call.addresses().some(({ dcId }) => dcId === dc_id)) throw badRequest('DC_ID_INVALID');
    const bytes = randomBytes(128);
    exportsOf(call).set(bytes.toString('hex'), account);
    return { _: 'auth.exportedAuthorization', id: account.id, bytes };
  },
  'auth.importAuthorization'({ id, bytes }, call) {
    const name = (bytes as Buffer).toString('hex');
    const account = exportsOf(call).get(name);
    exportsOf(call).delete(name);
    if (account === undefined || BigInt(account.id) !== id) throw badRequest('AUTH_BYTES_INVALID');
    return authorized(account, call);
  },
  'auth.bindTempAuthKey'(params, call) {
    const permanent = call.keys
      .all()
      .find((key) => keyNumber(key) === params.perm_auth_key_id && key.dcId === call.dcId);
    const temporary = call.session.key;
    if (permanent === undefined || temporary.expiresAt === undefined)
      throw badRequest('ENCRYPTED_MESSAGE_INVALID');
    const plain = openBinding(params.encrypted_message as Buffer, permanent);
    const inner = call.codec.decode(plain.subarray(32), 0);
    const isTrue =
      inner._ === 'bind_auth_key_inner' &&
      inner.nonce === params.nonce &&
      inner.temp_auth_key_id === keyNumber(temporary) &&
      inner.perm_auth_key_id === keyNumber(permanent) &&
      inner.temp_session_id === call.session.id &&
      plain.readBigInt64LE(16) === call.messageId;
    if (!isTrue) throw badRequest('ENCRYPTED_MESSAGE_INVALID');
    temporary.permanent = permanent;
    permanent.layer ||= temporary.layer;
    return true;
  },
  'account.getAuthorizations'(_params, call) {
    const account = callerOf(call);
    const authorities = call.keys.of(account.id).filter((key) => authorityOf(key) === key);
    return {
      _: 'account.authorizations',
      authorization_ttl_days: 180,
      authorizations: authorities.map((key) => authorization(key, call)),
    };
  },
  'account.resetAuthorization'({ hash }, call) {
    const account = callerOf(call);
    const other = call.keys.of(account.id).find((key) => keyNumber(key) === hash && key !== call.key);
    if (other === undefined) throw badRequest('HASH_INVALID');
    endAuthorization(other);
    return true;
  },
  'auth.resetAuthorizations'(_params, call) {
    for (const key of call.keys.of(callerOf(call).id))
      if (authorityOf(key) !== call.key) endAuthorization(key);
    return true;
  },
};

/** Ends a key's authorization from outside: its next call is told so once, later ones that there is none. */
export function endAuthorization(key: AuthKey): void {
  const authority = authorityOf(key);
  authority.account = undefined;
  authority.endedWith = 'SESSION_REVOKED';
}

function authorization(key: AuthKey, { key: own, clock }: Call): TlObject {
  const isCurrent = key === own;
  return {
    _: 'authorization',
    current: isCurrent,
    hash: isCurrent ? 0 : keyNumber(key),
    device_model: key.device,
    date_created: Math.floor(key.createdAt / 1000),
    date_active: clock.seconds(),
  };
}

function keyNumber(key: AuthKey): bigint {
  return Buffer.from(key.id, 'hex').readBigInt64LE();
}

function openBinding(message: Buffer, permanent: AuthKey): Buffer {
  try {
    return decryptMessageV1(message, permanent.bytes);
  } catch {
    throw badRequest('ENCRYPTED_MESSAGE_INVALID');
  }
}

function exportsOf(call: Call): Map<string, Account> {
  const known = exported.get(call.keys) ?? new Map<string, Account>();
  exported.set(call.keys, known);
  return known;
}
