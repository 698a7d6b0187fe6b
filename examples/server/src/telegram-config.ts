import { z } from 'zod';
import { baseUrl } from './variable-types.ts';

/** How the server reaches Telegram. */
export type TelegramConfig =
  /** A bot of the sandbox, which needs no account. */
  | {
      readonly mode: 'sandbox';
      readonly token: string;
      readonly webhookSecret: string | undefined;
      /** A balancer in front of several servers; `undefined` for this server's own address. */
      readonly publicUrl: string | undefined;
    }
  /** The real Telegram calls `PUBLIC_URL`. */
  | {
      readonly mode: 'webhook';
      readonly token: string;
      readonly webhookSecret: string | undefined;
      readonly publicUrl: string;
      readonly apiUrl: string | undefined;
    }
  /** The server asks the real Telegram for updates: there is no public address. */
  | { readonly mode: 'polling'; readonly token: string; readonly apiUrl: string | undefined };

/** The variables of the Telegram bot. */
export const telegramVariables = {
  TELEGRAM_BOT_TOKEN: z
    .string()
    .regex(/^\d{3,20}:[\w-]{20,}$/, 'must be the token that @BotFather gave, such as 123456789:AA….')
    .optional(),
  TELEGRAM_WEBHOOK_SECRET: z
    .string()
    .regex(/^[\w-]{16,256}$/, 'must be 16 to 256 characters of A–Z, a–z, 0–9, _ and -: openssl rand -hex 32')
    .optional(),
  TELEGRAM_API_URL: baseUrl(
    'must be the address of your own Bot API server, such as http://127.0.0.1:8081.',
  ).optional(),
} as const;

type Variables = z.infer<z.ZodObject<typeof telegramVariables>>;

/** The sandbox's bot, always the same, so that a conversation goes on after a restart. Opens nothing. */
const sandboxToken = '7000000001:AAsandbox-bot-of-the-reference-server';

/** How Telegram is reached: live where there is a token. */
export function telegramConfig(
  values: Variables & { readonly PUBLIC_URL?: string | undefined },
  onSandbox: { readonly all: boolean },
): TelegramConfig {
  const {
    TELEGRAM_BOT_TOKEN: token,
    TELEGRAM_WEBHOOK_SECRET: webhookSecret,
    TELEGRAM_API_URL: apiUrl,
    PUBLIC_URL: publicUrl,
  } = values;
  if (onSandbox.all || token === undefined) {
    return { mode: 'sandbox', token: token ?? sandboxToken, webhookSecret, publicUrl };
  }
  if (publicUrl === undefined) return { mode: 'polling', token, apiUrl };
  return { mode: 'webhook', token, webhookSecret, publicUrl, apiUrl };
}

/** What contradicts itself in the variables. */
export function telegramProblems(
  values: Variables & { readonly SANDBOX_URL?: string | undefined },
  config: TelegramConfig,
): string[] {
  if (config.mode === 'webhook' && config.apiUrl === undefined && !config.publicUrl.startsWith('https:')) {
    return ['PUBLIC_URL must begin with https://, because Telegram calls no other address.'];
  }
  if (config.mode === 'sandbox' && values.TELEGRAM_API_URL !== undefined) {
    return [
      values.SANDBOX_URL === undefined
        ? 'TELEGRAM_API_URL needs TELEGRAM_BOT_TOKEN. Set both or neither.'
        : 'TELEGRAM_API_URL and SANDBOX_URL name two Telegrams. Keep one.',
    ];
  }
  return [];
}
