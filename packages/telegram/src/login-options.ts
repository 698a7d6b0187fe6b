import { type ClientOptions, type parseClientOptions, type Secret, secretSchema } from '@cartie/core';
import { z } from 'zod';

/** Options of `createTelegramLogin`. */
export interface TelegramLoginOptions extends ClientOptions {
  /** The bot's id: BotFather's «Client ID». */
  clientId: number | string;
  /** BotFather's «Client Secret», not the bot's token. Needed to redeem codes, not to verify ID tokens. */
  clientSecret?: Secret | undefined;
  /** Where Telegram sends the user back to: one of the bot's «Allowed URLs». Needed to begin a login. */
  redirectUri?: string | undefined;
  /** How far our clock may be behind or ahead of Telegram's. Milliseconds. @default 60000 */
  clockSkewMs?: number | undefined;
}

/** The fields of {@link TelegramLoginOptions} that are not core's. */
export const loginFields = {
  clientId: z.custom<number | string>(
    (value) => (typeof value === 'string' || typeof value === 'number') && /^\d{1,20}$/.test(String(value)),
    'must be the Client ID that BotFather gives: a number',
  ),
  clientSecret: (secretSchema as z.ZodType<Secret>).optional(),
  redirectUri: z
    .custom<string>(
      (value) => typeof value === 'string' && /^[a-z][a-z0-9+.-]*:/i.test(value) && URL.canParse(value),
      'must be an absolute URL',
    )
    .optional(),
  clockSkewMs: z.number().min(0).optional(),
} satisfies Parameters<typeof parseClientOptions<TelegramLoginOptions>>[2];
