import { z } from 'zod';
import { wholeNumber } from './variable-types.ts';

/** Who may send leads to `POST /api/leads`. */
export interface LeadConfig {
  /** Sites whose forms are taken beside this server's own pages: `https://cars.example`. */
  readonly origins: readonly string[];
  /** Leads that one address may send in a minute. */
  readonly perMinute: number;
  /** Proxies in front of this server that append to `X-Forwarded-For`. */
  readonly trustedProxies: number;
  /** Of phones without a country code: two letters. */
  readonly country: string;
}

/** The variables of leads. */
export const leadVariables = {
  LEADS_ORIGINS: z
    .string()
    .default('')
    .transform((value) => value.split(/[\s,]+/).filter((origin) => origin !== ''))
    .refine(
      (origins) => origins.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin),
      'must be sites without a path, with commas between them: https://cars.example,https://www.cars.example.',
    ),
  LEADS_PER_MINUTE: wholeNumber('must be a whole number above 0.')
    .refine((value) => value > 0, 'must be a whole number above 0.')
    .default(10),
  TRUSTED_PROXIES: wholeNumber('must be the number of proxies in front of this server: 0, 1, ….').default(0),
  DEFAULT_COUNTRY: z
    .string()
    .regex(/^[A-Za-z]{2}$/, 'must be a country as two letters, such as UA.')
    .default('UA'),
} as const;

/** How leads are taken. */
export function leadConfig(values: z.infer<z.ZodObject<typeof leadVariables>>): LeadConfig {
  return {
    origins: values.LEADS_ORIGINS,
    perMinute: values.LEADS_PER_MINUTE,
    trustedProxies: values.TRUSTED_PROXIES,
    country: values.DEFAULT_COUNTRY,
  };
}
