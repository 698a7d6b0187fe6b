import { CartieError, resolveSecret, type Secret } from '@cartie/core';

/** Reads the bot's token, whatever kind of secret it is. */
export interface TokenReader {
  /** The newest token. */
  read(): Promise<string>;
  /** The bot's id: the token's first part. It stays when a token is replaced. */
  botId(): Promise<string>;
  /** Everything that must be kept out of errors and events. */
  secrets(): readonly string[];
}

const form = /^(\d{1,20}):([\w-]+)$/;

/** @throws CartieError `invalid_config` for a token that is not of the form that BotFather gives. */
export function createTokenReader(token: Secret): TokenReader {
  if (typeof token !== 'function') checkToken(token);
  const seen: string[] = [];
  let botId: string | undefined;
  const read = async (): Promise<string> => {
    const value = await resolveSecret(token, 'token');
    const parts = checkToken(value);
    botId ??= parts.botId;
    if (!seen.includes(value)) seen.push(value, parts.secret);
    // Rotated tokens may still stand in an answer that is on its way; more than a few do not.
    if (seen.length > 8) seen.splice(0, 2);
    return value;
  };
  return {
    read,
    botId: async () => botId ?? checkToken(await read()).botId,
    secrets: () => seen,
  };
}

/** @throws CartieError `invalid_config` */
export function checkToken(token: unknown): { botId: string; secret: string } {
  const [, botId, secret] = typeof token === 'string' ? (form.exec(token) ?? []) : [];
  if (botId === undefined || secret === undefined) {
    throw new CartieError(
      'invalid_config',
      '`token` must be a bot token as BotFather gives it: digits, a colon, letters and digits',
      {
        service: 'telegram',
        field: 'token',
      },
    );
  }
  return { botId, secret };
}
