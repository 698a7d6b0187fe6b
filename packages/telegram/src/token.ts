import { CartieError, resolveSecret, type Secret } from '@cartie/core';

/** Reads the bot's token, whatever kind of secret it is. */
export interface TokenReader {
  /** The newest token. */
  read(): Promise<string>;
  /** The bot's id: the token's first part. It stays when a token is replaced, so it is asked for once. */
  botId(limits?: { deadlineMs?: number | undefined; signal?: AbortSignal | undefined }): Promise<string>;
  /** Everything that must be kept out of errors and events. */
  secrets(): readonly string[];
}

const form = /^(\d{1,20}):([\w-]+)$/;

/** @throws CartieError `invalid_config` for a token that is not of the form that BotFather gives. */
export function createTokenReader(token: Secret): TokenReader {
  let botId = typeof token === 'function' ? undefined : checkToken(token).botId;
  const seen: string[] = [];
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
    botId: async ({ deadlineMs = defaultDeadlineMs, signal } = {}) =>
      botId ?? checkToken(await inTime(read(), deadlineMs, signal)).botId,
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

/** Milliseconds. */
const defaultDeadlineMs = 30_000;

// A function that gives the token may never do so.
function inTime<T>(work: Promise<T>, ms: number, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => end(() => reject(signal?.reason));
    const timer = setTimeout(() => end(() => reject(tooLate())), ms);
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      settle();
    };
    signal?.addEventListener('abort', abort, { once: true });
    work.then(
      (value) => end(() => resolve(value)),
      (error: unknown) => end(() => reject(error)),
    );
    if (signal?.aborted) abort();
  });
}

function tooLate(): CartieError {
  return new CartieError('timeout', 'The function given as `token` gave none within `deadlineMs`', {
    service: 'telegram',
    field: 'token',
    outcome: 'not_executed',
  });
}
