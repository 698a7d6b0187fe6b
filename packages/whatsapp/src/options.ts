import { type ClientOptions, durationSchema, type OwnFields, type Secret, secretSchema } from '@cartie/core';
import { z } from 'zod';
import type { WhatsAppRates } from './limits.ts';

/** Options of `createWhatsAppClient`. */
export interface WhatsAppClientOptions extends ClientOptions {
  /** The number that sends, by its id (not the number itself). One client for each number. */
  phoneNumberId: string;
  /** An access token, or a function that gives the newest one. Travels in a header only, and only to Meta. */
  accessToken: Secret;
  /** The app's secret, where the app requires a proof of it (`appsecret_proof`). */
  appSecret?: Secret | undefined;
  /** The WhatsApp Business account (WABA): needed for templates, flows, the list of numbers and subscribed apps. */
  businessAccountId?: string | undefined;
  /** The app: needed for resumable uploads. */
  appId?: string | undefined;
  /** @default 'v26.0' */
  apiVersion?: string | undefined;
  /** Other rates than those of a usual number: `throughput` (80 a second), `pair` (one in 6 s to one recipient, 10 at once). */
  rates?: WhatsAppRates | undefined;
}

const id = z.custom<string>(
  (value) => typeof value === 'string' && /^\d{1,30}$/.test(value),
  'must be an id: digits, as a string',
);

const rate = z
  .strictObject({
    limit: z.int().min(1).max(100_000),
    intervalMs: durationSchema as z.ZodType<number>,
    burst: z.int().min(1).max(100_000).optional(),
  })
  .optional();

/** The fields of {@link WhatsAppClientOptions} that are not core's. */
export const ownFields = {
  phoneNumberId: id,
  accessToken: secretSchema,
  appSecret: (secretSchema as z.ZodType<Secret>).optional(),
  businessAccountId: id.optional(),
  appId: id.optional(),
  apiVersion: z
    .custom<string>(
      (value) => typeof value === 'string' && /^v\d{2,3}\.\d$/.test(value),
      'must be a version such as v26.0',
    )
    .optional(),
  rates: z.strictObject({ throughput: rate, pair: rate }).optional(),
} satisfies OwnFields<WhatsAppClientOptions>;
