import { z } from 'zod';
import { belongTogether, type OnSandbox, wholeNumber } from './variable-types.ts';

/** How the accounts that read channels reach Telegram. */
export interface MtprotoConfig {
  readonly mode: 'sandbox' | 'live';
  /** The app of accounts that bring none of their own. */
  readonly api: { readonly apiId: number; readonly apiHash: string } | undefined;
}

/** The variables of the accounts that read channels. */
export const mtprotoVariables = {
  TELEGRAM_API_ID: wholeNumber('must be the api_id of your app at my.telegram.org/apps: digits.').optional(),
  TELEGRAM_API_HASH: z
    .string()
    .regex(/^[\da-f]{32}$/, 'must be the api_hash of your app: 32 characters of 0–9 and a–f.')
    .optional(),
} as const;

type Variables = z.infer<z.ZodObject<typeof mtprotoVariables>>;

/** The simulated Telegram takes any app. */
const sandboxApi = { apiId: 1, apiHash: 'sandbox' };

/** How accounts reach Telegram: the real one with an app, and beside a real bot, where each account may bring its own. */
export function mtprotoConfig(values: Variables, onSandbox: OnSandbox): MtprotoConfig {
  const { TELEGRAM_API_ID: apiId, TELEGRAM_API_HASH: apiHash } = values;
  if (apiId !== undefined && apiHash !== undefined && !onSandbox.all) {
    return { mode: 'live', api: { apiId, apiHash } };
  }
  return onSandbox.others ? { mode: 'sandbox', api: sandboxApi } : { mode: 'live', api: undefined };
}

/** What contradicts itself in the variables. */
export function mtprotoProblems(values: Variables): string[] {
  return belongTogether(values, ['TELEGRAM_API_ID', 'TELEGRAM_API_HASH']);
}
