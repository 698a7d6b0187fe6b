import { randomBytes } from 'node:crypto';
import { isTlObject, type TlObject } from '../codec/tl-object.ts';
import { dhGenerator, dhPrimeBytes } from '../crypto/dh-group.ts';
import type { PasswordVerifier } from '../crypto/srp.ts';
import { badRequest } from '../session/rpc-error.ts';
import { authorized } from './auth-code.ts';
import { callerOf } from './caller.ts';
import type { Method } from './method.ts';

/** Two-step verification. @see https://core.telegram.org/api/srp */
export const passwordMethods: Readonly<Record<string, Method>> = {
  'account.getPassword'(_params, call) {
    const account = call.key.awaitsPassword ?? callerOf(call);
    const challenge = call.logins.challenge(account);
    const newSalts = { salt1: randomBytes(8), salt2: randomBytes(16) };
    return {
      _: 'account.password',
      has_password: challenge !== undefined,
      current_algo: account.password === undefined ? undefined : algorithm(account.password),
      srp_B: challenge?.srpB,
      srp_id: challenge?.srpId,
      hint: challenge === undefined ? undefined : 'hint',
      new_algo: algorithm(newSalts),
      new_secure_algo: { _: 'securePasswordKdfAlgoPBKDF2HMACSHA512iter100000', salt: randomBytes(8) },
      secure_random: randomBytes(256),
    };
  },
  'auth.checkPassword'({ password }, call) {
    if (!isTlObject(password, 'inputCheckPasswordSRP')) throw badRequest('PASSWORD_HASH_INVALID');
    const account = call.key.awaitsPassword;
    if (account === undefined) throw badRequest('PASSWORD_EMPTY');
    const asked = call.logins.takeChallenge(password.srp_id as bigint);
    if (asked?.account !== account) throw badRequest('SRP_ID_INVALID');
    if (!asked.challenge.verify(password.A as Buffer, password.M1 as Buffer))
      throw badRequest('PASSWORD_HASH_INVALID');
    return authorized(account, call);
  },
};

function algorithm({ salt1, salt2 }: Pick<PasswordVerifier, 'salt1' | 'salt2'>): TlObject {
  return {
    _: 'passwordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow',
    salt1,
    salt2,
    g: dhGenerator,
    p: dhPrimeBytes,
  };
}
