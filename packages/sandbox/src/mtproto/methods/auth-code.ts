import type { TlObject } from '../codec/tl-object.ts';
import { badRequest, rpcError } from '../session/rpc-error.ts';
import { userObject } from '../view/peers.ts';
import type { Account } from '../world/types.ts';
import type { SentLoginCode } from './logins.ts';
import type { Call, Method } from './method.ts';

/** Wrong codes until the code is worthless. */
const maxWrongCodes = 5;

/** Login with a code. @see https://core.telegram.org/api/auth */
export const codeMethods: Readonly<Record<string, Method>> = {
  'auth.sendCode'(params, call) {
    checkApp(params);
    const phone = String(params.phone_number).replace(/\D/g, '');
    if (phone.length < 5) throw badRequest('PHONE_NUMBER_INVALID');
    checkHome(call.world.byPhone(phone), call.dcId, 'PHONE');
    return sentCode(call.logins.sendCode(phone), 'auth.sentCodeTypeApp');
  },
  'auth.resendCode'(params, call) {
    pendingCode(params, call);
    return sentCode(call.logins.sendCode(String(params.phone_number)), 'auth.sentCodeTypeSms');
  },
  'auth.cancelCode'(params, call) {
    pendingCode(params, call);
    call.logins.cancelCode(String(params.phone_number));
    return true;
  },
  'auth.signIn'(params, call) {
    const given = String(params.phone_code ?? '');
    if (given === '') throw badRequest('PHONE_CODE_EMPTY');
    const sent = pendingCode(params, call);
    if (given !== sent.code) {
      sent.wrong += 1;
      if (sent.wrong >= maxWrongCodes) sent.expiresAt = 0;
      throw badRequest('PHONE_CODE_INVALID');
    }
    const account = call.world.byPhone(sent.phone);
    if (account === undefined) return { _: 'auth.authorizationSignUpRequired' };
    call.logins.cancelCode(sent.phone);
    return enter(account, call);
  },
};

/** Finishes a login, or asks for the password. */
export function enter(account: Account, call: Call): TlObject {
  if (account.password !== undefined) {
    call.key.awaitsPassword = account;
    throw rpcError(401, 'SESSION_PASSWORD_NEEDED');
  }
  return authorized(account, call);
}

/** The login is done: the key is the account's. */
export function authorized(account: Account, call: Call): TlObject {
  call.keys.authorize(call.session.key, account);
  return { _: 'auth.authorization', user: userObject(account, account) };
}

/** Any app is taken, as long as it names itself. */
export function checkApp({ api_id, api_hash }: TlObject): void {
  if (!(Number(api_id) > 0) || api_hash === '') throw badRequest('API_ID_INVALID');
}

/** Sends the client to the account's DC. */
function checkHome(account: Account | undefined, dcId: number, kind: 'PHONE' | 'USER'): void {
  if (account !== undefined && account.dcId !== dcId) throw rpcError(303, `${kind}_MIGRATE_${account.dcId}`);
}

function pendingCode(params: TlObject, call: Call): SentLoginCode {
  const sent = call.logins.codeOf(String(params.phone_number));
  if (sent === undefined || sent.expiresAt <= Date.now()) throw badRequest('PHONE_CODE_EXPIRED');
  if (sent.hash !== params.phone_code_hash) throw badRequest('PHONE_CODE_HASH_EMPTY');
  return sent;
}

function sentCode({ hash, code }: SentLoginCode, type: string): TlObject {
  return {
    _: 'auth.sentCode',
    type: { _: type, length: code.length },
    phone_code_hash: hash,
    next_type: type === 'auth.sentCodeTypeApp' ? { _: 'auth.codeTypeSms' } : undefined,
    timeout: 60,
  };
}
