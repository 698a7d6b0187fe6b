import { z } from 'zod';
import type { OnSandbox } from './variable-types.ts';

/** How the server reaches AUTO.RIA. */
export type AutoRiaConfig =
  | { readonly mode: 'off' }
  /** A key of the sandbox. */
  | ({ readonly mode: 'sandbox' } & Quota)
  | ({ readonly mode: 'live'; readonly apiKey: string; readonly userId: string | undefined } & Quota);

interface Quota {
  readonly perHour: number;
  readonly perMonth: number;
}

const calls = (which: string, free: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,6}$/, `must be how often the key may call in ${which}: a free one ${free} times.`)
    .transform(Number)
    .default(free);

/** The variables of AUTO.RIA. */
export const autoRiaVariables = {
  AUTORIA_API_KEY: z
    .string()
    .regex(/^[\w-]{20,}$/, 'must be the key that developers.ria.com gave.')
    .optional(),
  AUTORIA_USER_ID: z
    .string()
    .regex(/^\d{1,15}$/, 'must be the number of your account.')
    .optional(),
  AUTORIA_PER_HOUR: calls('an hour', 30),
  AUTORIA_PER_MONTH: calls('a month', 1_000),
} as const;

type Variables = z.infer<z.ZodObject<typeof autoRiaVariables>>;

/** How AUTO.RIA is reached: live where there is a key. */
export function autoRiaConfig(values: Variables, onSandbox: OnSandbox): AutoRiaConfig {
  const { AUTORIA_API_KEY: apiKey, AUTORIA_USER_ID: userId } = values;
  const quota = { perHour: values.AUTORIA_PER_HOUR, perMonth: values.AUTORIA_PER_MONTH };
  if (apiKey !== undefined && !onSandbox.all) return { mode: 'live', apiKey, userId, ...quota };
  return onSandbox.others ? { mode: 'sandbox', ...quota } : { mode: 'off' };
}

/** What contradicts itself in the variables. */
export function autoRiaProblems(values: Variables): string[] {
  return values.AUTORIA_USER_ID !== undefined && values.AUTORIA_API_KEY === undefined
    ? ['AUTORIA_USER_ID needs AUTORIA_API_KEY.']
    : [];
}
