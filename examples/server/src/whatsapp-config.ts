import { z } from 'zod';
import { derivedSecret } from './derived-secret.ts';
import type { OnSandbox } from './variable-types.ts';
import type { FallbackTemplate } from './whatsapp-sender.ts';

/** A number of WhatsApp and the app that it is used through. */
export interface WhatsAppAccount {
  readonly phoneNumberId: string;
  readonly businessAccountId: string;
  readonly accessToken: string;
  readonly appSecret: string;
  /** Meta sends it when it asks whether the webhook is ours. */
  readonly verifyToken: string;
}

/** How the server reaches WhatsApp. */
export type WhatsAppConfig =
  | { readonly mode: 'off' }
  /** A number of the sandbox. */
  | ({ readonly mode: 'sandbox' } & Sending)
  /** The real WhatsApp calls `PUBLIC_URL`. */
  | ({ readonly mode: 'live'; readonly account: WhatsAppAccount } & Sending);

interface Sending {
  /** Messages a second. */
  readonly throughput: number;
  /** What a text goes out as when the 24 hours are over; `undefined`: it does not. */
  readonly fallback: FallbackTemplate | undefined;
}

const id = (what: string) => z.string().regex(/^\d{5,30}$/, `must be the id of ${what}: digits.`);

/** The variables of WhatsApp. */
export const whatsAppVariables = {
  WHATSAPP_PHONE_NUMBER_ID: id('the number (not the number itself)').optional(),
  WHATSAPP_BUSINESS_ACCOUNT_ID: id('the WhatsApp Business account').optional(),
  WHATSAPP_ACCESS_TOKEN: z
    .string()
    .regex(/^[\w-]{20,}$/, 'must be a token with rights on the account, such as EAA….')
    .optional(),
  WHATSAPP_APP_SECRET: z
    .string()
    .regex(/^\w{16,}$/, 'must be the secret of the app: it signs the webhooks.')
    .optional(),
  WHATSAPP_VERIFY_TOKEN: z
    .string()
    .regex(/^[\w-]{16,256}$/, 'must be 16 to 256 characters of A–Z, a–z, 0–9, _ and -: openssl rand -hex 32')
    .optional(),
  WHATSAPP_THROUGHPUT: z
    .string()
    .regex(/^(20|80|1000)$/, 'must be 20 (the number is also in the app), 80 or 1000 (upgraded by Meta).')
    .transform(Number)
    .default(80),
  WHATSAPP_FALLBACK_TEMPLATE: z
    .string()
    .regex(/^[a-z\d_]+:[a-z]{2,3}(_[A-Za-z]+)?$/, 'must be the name and language of a template: answer:uk.')
    .optional(),
} as const;

const needed = [
  'WHATSAPP_PHONE_NUMBER_ID',
  'WHATSAPP_BUSINESS_ACCOUNT_ID',
  'WHATSAPP_ACCESS_TOKEN',
  'WHATSAPP_APP_SECRET',
] as const;

type Variables = z.infer<z.ZodObject<typeof whatsAppVariables>>;

/** The fallback template that the sandbox has. */
export const sandboxFallback: FallbackTemplate = { name: 'answer', language: 'en' };

/** How WhatsApp is reached: live where all of its variables are given. */
export function whatsAppConfig(values: Variables, onSandbox: OnSandbox): WhatsAppConfig {
  const [name, language] = values.WHATSAPP_FALLBACK_TEMPLATE?.split(':') ?? [];
  const fallback = name !== undefined && language !== undefined ? { name, language } : undefined;
  const throughput = values.WHATSAPP_THROUGHPUT;
  const [phoneNumberId, businessAccountId, accessToken, appSecret] = needed.map((one) => values[one]);
  if (!onSandbox.all && phoneNumberId && businessAccountId && accessToken && appSecret) {
    const verifyToken =
      values.WHATSAPP_VERIFY_TOKEN ?? derivedSecret(appSecret, 'cartie-whatsapp-verify-token');
    const account = { phoneNumberId, businessAccountId, accessToken, appSecret, verifyToken };
    return { mode: 'live', account, throughput, fallback };
  }
  if (!onSandbox.others) return { mode: 'off' };
  return { mode: 'sandbox', throughput, fallback: fallback ?? sandboxFallback };
}

/** What contradicts itself in the variables. */
export function whatsAppProblems(
  values: Variables & { readonly PUBLIC_URL?: string | undefined },
  config: WhatsAppConfig,
): string[] {
  const missing = needed.filter((name) => values[name] === undefined);
  const given = Object.keys(whatsAppVariables).filter(
    (name) => name !== 'WHATSAPP_THROUGHPUT' && values[name as keyof Variables] !== undefined,
  );
  if (
    given.length > 0 &&
    missing.length > 0 &&
    !(given.length === 1 && given[0] === 'WHATSAPP_FALLBACK_TEMPLATE')
  ) {
    return [`${given[0]} needs ${missing.join(', ')} too.`];
  }
  if (config.mode === 'live' && !values.PUBLIC_URL?.startsWith('https:')) {
    return ['WHATSAPP_PHONE_NUMBER_ID needs PUBLIC_URL with https://, because Meta calls no other address.'];
  }
  return [];
}
