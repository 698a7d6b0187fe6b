import { z } from 'zod';
import type { OnSandbox } from './variable-types.ts';

/** How the server reaches Viber. */
export type ViberConfig =
  | { readonly mode: 'off' }
  /** A bot of the sandbox. */
  | { readonly mode: 'sandbox'; readonly authToken: string; readonly senderName: string }
  /** The real Viber calls `PUBLIC_URL`. */
  | { readonly mode: 'live'; readonly authToken: string; readonly senderName: string };

/** The variables of Viber. */
export const viberVariables = {
  VIBER_AUTH_TOKEN: z
    .string()
    .regex(
      /^[\da-z]{16}(?:-[\da-z]{16}){2}$/i,
      'must be the token of the bot: three times 16 characters with dashes.',
    )
    .optional(),
  VIBER_SENDER_NAME: z.string().max(28, 'must be at most 28 characters long.').default('Support'),
} as const;

type Variables = z.infer<z.ZodObject<typeof viberVariables>>;

/** The sandbox's bot, always the same, so that a conversation goes on after a restart. Opens nothing. */
const sandboxToken = '7000000001aaaaaa-5andb0xb0t0fthe0-reference0server';

/** How Viber is reached: live where there is a token. */
export function viberConfig(values: Variables, onSandbox: OnSandbox): ViberConfig {
  const { VIBER_AUTH_TOKEN: authToken, VIBER_SENDER_NAME: senderName } = values;
  if (authToken !== undefined && !onSandbox.all) return { mode: 'live', authToken, senderName };
  if (!onSandbox.others) return { mode: 'off' };
  return { mode: 'sandbox', authToken: authToken ?? sandboxToken, senderName };
}

/** What contradicts itself in the variables. */
export function viberProblems(
  values: { readonly PUBLIC_URL?: string | undefined },
  config: ViberConfig,
): string[] {
  return config.mode === 'live' && !values.PUBLIC_URL?.startsWith('https:')
    ? ['VIBER_AUTH_TOKEN needs PUBLIC_URL with https://, because Viber calls no other address.']
    : [];
}
