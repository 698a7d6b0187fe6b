import { type ClientOptions, type parseClientOptions, type Secret, secretSchema } from '@cartie/core';
import { z } from 'zod';
import { rates, type TelegramRates } from './limits.ts';
import type { LocalServer } from './local-file.ts';

/** Options of `createTelegramClient`. */
export interface TelegramClientOptions extends ClientOptions {
  /** The bot's token from BotFather, or a function that gives the newest one. */
  token: Secret;
  /** Limit of one attempt; uploads get more by their size, long polling its own wait. Milliseconds. @default 15000 */
  timeoutMs?: number | undefined;
  /** Requests in flight at once; further calls wait. @default 40 */
  maxConcurrent?: number | undefined;
  /**
   * Sends up to 1,000 messages a second instead of 30, each above 30 for 0.1 Stars of the bot's balance. Must be
   * allowed in BotFather.
   * @default false
   */
  paidBroadcast?: boolean | undefined;
  /** Talks to Telegram's test environment, which has its own accounts and bots. @default false */
  testEnvironment?: boolean | undefined;
  /** Other rates than Telegram's documented ones: what Telegram granted you, or this process's share. */
  rates?: TelegramRates | undefined;
  /**
   * The Bot API server at `baseUrl` is your own and runs with `--local`: files are read from its disk instead of fetched,
   * and uploads may have 2,000 MB. The bot must have left Telegram's server before, by `logOut()`.
   * @see https://core.telegram.org/bots/api#using-a-local-bot-api-server
   */
  localServer?: LocalServer | undefined;
  /** Largest file to upload. Bytes. @default 52428800 (50 MB), 2097152000 (2,000 MB) with `localServer` */
  maxUploadBytes?: number | undefined;
  /** Told when a group has become a supergroup: replace the id in your data. The call itself goes on with the new id. */
  onMigrated?: ((migration: { from: number | string; to: number }) => void) | undefined;
}

const rate = z.strictObject({
  limit: z.int().min(1),
  intervalMs: z.number().positive(),
  burst: z.number().min(1).optional(),
});

/** The fields of {@link TelegramClientOptions} that are not core's. */
export const ownFields = {
  token: secretSchema,
  paidBroadcast: z.boolean().optional(),
  testEnvironment: z.boolean().optional(),
  rates: z
    .strictObject(Object.fromEntries(Object.keys(rates).map((name) => [name, rate.optional()])))
    .optional(),
  localServer: z
    .strictObject({ directory: z.string().min(1), serverDirectory: z.string().min(1).optional() })
    .optional(),
  maxUploadBytes: z.int().positive().optional(),
  onMigrated: z.custom((value) => typeof value === 'function', 'must be a function').optional(),
} satisfies Parameters<typeof parseClientOptions<TelegramClientOptions>>[2];
