import { randomBytes, randomInt } from 'node:crypto';
import { createPasswordChallenge, type PasswordChallenge } from '../crypto/srp.ts';
import type { DcClock } from '../dc-clock.ts';
import type { AuthKey } from '../session/auth-keys.ts';
import type { Account } from '../world/types.ts';

/** A code that was sent. */
export interface SentLoginCode {
  readonly phone: string;
  readonly hash: string;
  readonly code: string;
  /** Epoch milliseconds. */
  expiresAt: number;
  wrong: number;
}

/** A QR code on a screen. */
export interface QrToken {
  readonly token: Buffer;
  /** The key that showed it. */
  readonly key: AuthKey;
  readonly expiresAt: number;
  acceptedBy: Account | undefined;
}

/** Logins that are under way. */
export interface Logins {
  sendCode(phone: string): SentLoginCode;
  /** The newest code of this number. */
  codeOf(phone: string): SentLoginCode | undefined;
  cancelCode(phone: string): void;
  lastCode(phone: string): string | undefined;
  /** The token that this key shows: the same one until it expires. */
  qrOf(key: AuthKey): QrToken;
  /** The newest token that is shown and that nobody has scanned. */
  newestQr(): QrToken | undefined;
  findQr(token: Uint8Array): QrToken | undefined;
  forgetQr(token: QrToken): void;
  challenge(account: Account): PasswordChallenge | undefined;
  /** Takes a challenge back: each is good for one answer. */
  takeChallenge(
    srpId: bigint,
  ): { readonly challenge: PasswordChallenge; readonly account: Account } | undefined;
}

/** How long things are valid: QR tokens 30 s, codes 5 min. @see https://core.telegram.org/api/qr-login */
const validMs = { qr: 30_000, code: 300_000 } as const;

/** Creates {@link Logins}. */
export function createLogins(clock: DcClock): Logins {
  const codes = new Map<string, SentLoginCode>();
  const lastCodes = new Map<string, string>();
  const tokens = new Map<string, QrToken>();
  const challenges = new Map<bigint, { challenge: PasswordChallenge; account: Account }>();
  const digitsOf = (phone: string): string => phone.replace(/\D/g, '');
  return {
    sendCode(phone) {
      const sent: SentLoginCode = {
        phone: digitsOf(phone),
        hash: randomBytes(9).toString('hex'),
        code: String(randomInt(10_000, 100_000)),
        expiresAt: Date.now() + clock.scaled(validMs.code),
        wrong: 0,
      };
      codes.set(sent.phone, sent);
      lastCodes.set(sent.phone, sent.code);
      return sent;
    },
    codeOf: (phone) => codes.get(digitsOf(phone)),
    cancelCode: (phone) => void codes.delete(digitsOf(phone)),
    lastCode: (phone) => lastCodes.get(digitsOf(phone)),
    qrOf(key) {
      const shown = [...tokens.values()].find(
        (token) => token.key === key && (token.expiresAt > Date.now() || token.acceptedBy !== undefined),
      );
      if (shown !== undefined) return shown;
      const token: QrToken = {
        token: randomBytes(32),
        key,
        expiresAt: Date.now() + clock.scaled(validMs.qr),
        acceptedBy: undefined,
      };
      tokens.set(token.token.toString('hex'), token);
      return token;
    },
    newestQr: () =>
      [...tokens.values()].findLast(
        ({ expiresAt, acceptedBy }) => expiresAt > Date.now() && acceptedBy === undefined,
      ),
    findQr: (token) => tokens.get(Buffer.from(token).toString('hex')),
    forgetQr: ({ token }) => void tokens.delete(token.toString('hex')),
    challenge(account) {
      if (account.password === undefined) return undefined;
      const challenge = createPasswordChallenge(account.password);
      challenges.set(challenge.srpId, { challenge, account });
      return challenge;
    },
    takeChallenge(srpId) {
      const taken = challenges.get(srpId);
      challenges.delete(srpId);
      return taken;
    },
  };
}
