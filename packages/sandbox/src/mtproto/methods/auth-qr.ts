import type { TlObject } from '../codec/tl-object.ts';
import { badRequest } from '../session/rpc-error.ts';
import type { Account } from '../world/types.ts';
import { checkApp, enter } from './auth-code.ts';
import { callerOf } from './caller.ts';
import type { QrToken } from './logins.ts';
import type { Call, Method } from './method.ts';

/** Login by QR code. @see https://core.telegram.org/api/qr-login */
export const qrMethods: Readonly<Record<string, Method>> = {
  'auth.exportLoginToken'(params, call) {
    checkApp(params);
    return tokenState(call.logins.qrOf(call.session.key), call);
  },
  'auth.importLoginToken'({ token }, call) {
    const shown = call.logins.findQr(token as Buffer);
    if (shown === undefined) throw badRequest('AUTH_TOKEN_INVALID');
    if (shown.expiresAt <= Date.now()) throw badRequest('AUTH_TOKEN_EXPIRED');
    return tokenState(shown, call);
  },
  'auth.acceptLoginToken'({ token }, call) {
    const shown = acceptToken(token as Buffer, callerOf(call), call);
    return {
      _: 'authorization',
      hash: shown.key.createdAt,
      device_model: shown.key.device,
      date_created: call.clock.seconds(),
      date_active: call.clock.seconds(),
    };
  },
};

/** The code is scanned: its owner is told, and gets in when it asks again. */
export function acceptToken(
  token: Uint8Array,
  account: Account,
  { logins, clock, codec }: Pick<Call, 'logins' | 'clock' | 'codec'>,
): QrToken {
  const shown = logins.findQr(token);
  if (shown === undefined) throw badRequest('AUTH_TOKEN_INVALID');
  if (shown.expiresAt <= Date.now()) throw badRequest('AUTH_TOKEN_EXPIRED');
  if (shown.acceptedBy !== undefined) throw badRequest('AUTH_TOKEN_ALREADY_ACCEPTED');
  shown.acceptedBy = account;
  const update = { _: 'updateShort', update: { _: 'updateLoginToken' }, date: clock.seconds() };
  for (const session of shown.key.sessions.values()) {
    if (session.wantsUpdates) session.send(codec.encode(update, shown.key.layer), 'push');
  }
  return shown;
}

function tokenState(shown: QrToken, call: Call): TlObject {
  const account = shown.acceptedBy;
  if (account === undefined) {
    // In the DC's time, which the client compares with its own.
    const expires = Math.floor((shown.expiresAt + call.clock.skewMs) / 1000);
    return { _: 'auth.loginToken', expires, token: shown.token };
  }
  if (account.dcId !== call.dcId) {
    return { _: 'auth.loginTokenMigrateTo', dc_id: account.dcId, token: shown.token };
  }
  call.logins.forgetQr(shown);
  return { _: 'auth.loginTokenSuccess', authorization: enter(account, call) };
}
