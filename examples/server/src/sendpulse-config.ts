import { z } from 'zod';
import { derivedSecret } from './derived-secret.ts';
import { belongTogether, type OnSandbox } from './variable-types.ts';

/** Credentials of an account of SendPulse. */
export type SendPulseCredentials =
  | { readonly clientId: string; readonly clientSecret: string }
  | { readonly apiKey: string };

/** How the server reaches SendPulse. */
export type SendPulseConfig =
  | { readonly mode: 'off' }
  /** An account of the sandbox. */
  | ({ readonly mode: 'sandbox' } & Book)
  /** The real SendPulse calls `PUBLIC_URL`, where there is one. */
  | ({ readonly mode: 'live'; readonly credentials: SendPulseCredentials } & Book);

interface Book {
  /** `undefined`: the book with the name {@link defaultBookName}, which is made where it is missing. */
  readonly addressBookId: number | undefined;
  /** The last part of the webhook's address: SendPulse signs nothing. */
  readonly webhookSecret: string;
}

/** The book that people are put into where no other is named. */
export const defaultBookName = 'Cartie leads';

const credential = (what: string) => z.string().regex(/^[\w.~-]{8,200}$/, `must be ${what}.`);

/** The variables of SendPulse. */
export const sendPulseVariables = {
  SENDPULSE_CLIENT_ID: credential('the «ID» of the account’s API settings').optional(),
  SENDPULSE_CLIENT_SECRET: credential('the «Secret» of the account’s API settings').optional(),
  SENDPULSE_API_KEY: credential('a static API key of the account').optional(),
  SENDPULSE_ADDRESS_BOOK_ID: z
    .string()
    .regex(/^[1-9]\d{0,14}$/, 'must be the id of an address book: digits.')
    .transform(Number)
    .optional(),
  SENDPULSE_WEBHOOK_SECRET: z
    .string()
    .regex(
      /^[\w.~-]{16,200}$/,
      'must be 16 characters or more of A–Z, a–z, 0–9, -, _, . and ~: openssl rand -hex 24',
    )
    .optional(),
} as const;

type Variables = z.infer<z.ZodObject<typeof sendPulseVariables>>;

/** How SendPulse is reached: live where there are credentials. */
export function sendPulseConfig(values: Variables, onSandbox: OnSandbox): SendPulseConfig {
  const credentials = credentialsOf(values);
  const addressBookId = values.SENDPULSE_ADDRESS_BOOK_ID;
  if (credentials !== undefined && !onSandbox.all) {
    const webhookSecret = values.SENDPULSE_WEBHOOK_SECRET ?? ownSecret(credentials);
    return { mode: 'live', credentials, addressBookId, webhookSecret };
  }
  if (!onSandbox.others) return { mode: 'off' };
  const webhookSecret = values.SENDPULSE_WEBHOOK_SECRET ?? 'sandbox-webhook-secret';
  return { mode: 'sandbox', addressBookId: undefined, webhookSecret };
}

/** What contradicts itself in the variables. */
export function sendPulseProblems(values: Variables): string[] {
  const problems = belongTogether(values, ['SENDPULSE_CLIENT_ID', 'SENDPULSE_CLIENT_SECRET']);
  if (values.SENDPULSE_API_KEY !== undefined && values.SENDPULSE_CLIENT_ID !== undefined) {
    problems.push('SENDPULSE_API_KEY and SENDPULSE_CLIENT_ID are two ways to sign in. Keep one.');
  }
  for (const name of ['SENDPULSE_ADDRESS_BOOK_ID', 'SENDPULSE_WEBHOOK_SECRET'] as const) {
    if (values[name] !== undefined && credentialsOf(values) === undefined) {
      problems.push(`${name} needs SENDPULSE_CLIENT_ID and SENDPULSE_CLIENT_SECRET, or SENDPULSE_API_KEY.`);
    }
  }
  return problems;
}

function credentialsOf(values: Variables): SendPulseCredentials | undefined {
  const { SENDPULSE_CLIENT_ID: clientId, SENDPULSE_CLIENT_SECRET: clientSecret } = values;
  if (clientId !== undefined && clientSecret !== undefined) return { clientId, clientSecret };
  return values.SENDPULSE_API_KEY === undefined ? undefined : { apiKey: values.SENDPULSE_API_KEY };
}

function ownSecret(credentials: SendPulseCredentials): string {
  const secret = 'apiKey' in credentials ? credentials.apiKey : credentials.clientSecret;
  return derivedSecret(secret, 'cartie-sendpulse-webhook');
}
