import { randomBytes } from 'node:crypto';
import { createPasswordVerifier } from './crypto/srp.ts';
import type { DcParts } from './dc-parts.ts';
import type { Listeners } from './listeners.ts';
import { endAuthorization } from './methods/auth-keys.ts';
import { acceptToken } from './methods/auth-qr.ts';
import type { TestDc, TestDcAccount } from './public.ts';
import { liveSessions } from './session/pushing.ts';
import { shownAccount } from './shown-account.ts';
import { createTestDcChats } from './test-dc-chats.ts';
import type { DcConnection } from './transport/connection.ts';
import type { Account } from './world/types.ts';

/** Creates the control API over a running DC. */
export function createTestDc(parts: DcParts, listeners: Listeners): TestDc {
  const { world, keys, logins, clock, codec } = parts;
  const [main] = listeners.addresses();
  if (main === undefined) throw new Error('the DC does not listen');
  const find = (account: Pick<TestDcAccount, 'id'>): Account => {
    const found = world.accounts.get(account.id);
    if (found === undefined)
      throw new Error('account: the DC has no such account; make it with addAccount()');
    return found;
  };
  /** Also of keys that are forgotten by now. */
  const openConnections = (accountId?: number): DcConnection[] =>
    [...parts.openConnections].filter(
      ({ isOpen, record }) =>
        isOpen &&
        (accountId === undefined || record.keyIds.some((keyId) => keys.accountsOf(keyId).has(accountId))),
    );
  const close = async (): Promise<void> => {
    parts.faults.clear();
    await listeners.suspend();
  };
  return {
    ...main,
    dcs: listeners.addresses(),
    publicKey: parts.rsaKey.publicKey,
    layers: codec.layers,
    faults: parts.faults,
    requests: parts.requests,
    connections: parts.connections,
    ...createTestDcChats(parts, find),

    addAccount: ({ dcId = main.dcId, ...options } = {}) =>
      shownAccount(world.addAccount({ ...options, dcId })),
    accounts: () => [...world.accounts.values()].map(shownAccount),
    setPassword(account, password) {
      find(account).password = password === undefined ? undefined : createPasswordVerifier(password);
    },
    lastCode: (phone) => logins.lastCode(phone),
    expireCode(phone) {
      const sent = logins.codeOf(phone);
      if (sent !== undefined) sent.expiresAt = 0;
    },
    acceptQr(token, account) {
      acceptToken(tokenBytes(token), find(account), parts);
    },
    newestQr() {
      const token = logins.newestQr()?.token.toString('base64url');
      return token === undefined ? undefined : `tg://login?token=${token}`;
    },
    provisionKey(account, { dcId = find(account).dcId } = {}) {
      const address = listeners.addresses().find((one) => one.dcId === dcId);
      if (address === undefined) throw new TypeError('dcId: the DC has no such part; name it in dcs');
      const key = keys.add(dcId, randomBytes(256));
      keys.authorize(key, find(account));
      return {
        ...address,
        account: shownAccount(find(account)),
        authKey: Buffer.from(key.bytes),
        keyId: key.id,
      };
    },
    drop(account) {
      const connections = openConnections(account?.id);
      for (const connection of connections) connection.destroy();
      return connections.length;
    },
    revoke(account) {
      for (const key of keys.of(account.id)) endAuthorization(key);
    },
    forgetKeys(account, { dcId } = {}) {
      for (const key of keys.of(account.id)) if (key.dcId === (dcId ?? key.dcId)) keys.remove(key);
    },
    rotateSalts() {
      for (const key of keys.all()) key.salt = randomBytes(8).readBigInt64LE();
    },
    replayLast(account) {
      const sessions = liveSessions(keys, account.id).filter(({ lastPush }) => lastPush !== undefined);
      for (const { connection, lastPush } of sessions) connection?.write(lastPush as Buffer);
      return sessions.length;
    },
    pushRaw: (account, update) => parts.push(find(account), update),
    setClockSkew(ms) {
      clock.skewMs = ms;
    },
    reset() {
      for (const connection of openConnections()) connection.destroy();
      parts.faults.clear();
      parts.requests.clear();
      keys.clear();
      world.clear();
      clock.skewMs = 0;
    },
    suspend: listeners.suspend,
    resume: listeners.resume,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function tokenBytes(token: string | Uint8Array): Uint8Array {
  if (typeof token !== 'string') return token;
  const text = /[?&]token=([^&]+)/.exec(token)?.[1] ?? token;
  return Buffer.from(decodeURIComponent(text), 'base64url');
}
