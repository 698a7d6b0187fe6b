import { type ClientOptions, type OwnFields, type Secret, secretSchema } from '@cartie/core';
import { z } from 'zod';
import { versionFault } from './api-version.ts';

/** Options of `createMetaCapiClient`. */
export interface MetaCapiClientOptions extends ClientOptions {
  /** The dataset (pixel) that events go to. */
  datasetId: string;
  /** An access token with rights on the dataset, or a function that gives the newest one. Travels in a header only. */
  accessToken: Secret;
  /** The app's secret, where the app requires a proof of it (`appsecret_proof`). */
  appSecret?: Secret | undefined;
  /** @default 'v26.0' */
  apiVersion?: string | undefined;
  /** Shows the events in Events Manager's «Test events». Meta uses them for ads all the same. */
  testEventCode?: string | undefined;
  /** Country of phones without a country code and of addresses without a country: two letters, `UA`. */
  defaultCountry?: string | undefined;
  /** Who sends on behalf of others, for Meta's statistics: `partner_agent`. */
  partnerAgent?: string | undefined;
  /** Replaces the names that messaging events may have; accounts differ in what they take. */
  messagingEvents?: readonly string[] | undefined;
  /** Most events of one request. @default 1000 */
  batchSize?: number | undefined;
  /**
   * Another origin than `https://graph.facebook.com`: a proxy, the sandbox. One that ends in `/capi` is a Conversions API
   * Gateway of your own, whose addresses have no version.
   */
  baseUrl?: string | undefined;
}

const digits = (value: unknown): boolean => typeof value === 'string' && /^\d{1,30}$/.test(value);
const country = (value: unknown): boolean => typeof value === 'string' && /^[a-z]{2}$/i.test(value);

const version = z.string().superRefine((value, context) => {
  const message = versionFault(value);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

/** The fields of {@link MetaCapiClientOptions} that are not core's. */
export const ownFields = {
  datasetId: z.custom(digits, 'must be the id of a dataset: digits, as a string'),
  accessToken: secretSchema,
  appSecret: (secretSchema as z.ZodType<Secret>).optional(),
  apiVersion: version.optional(),
  testEventCode: z.string().min(1).optional(),
  defaultCountry: z
    .custom<string>(country, 'must be a country as two letters, such as UA')
    .transform((text) => text.toUpperCase())
    .optional(),
  partnerAgent: z.string().min(1).optional(),
  messagingEvents: z.array(z.string().min(1)).min(1).optional(),
  batchSize: z.int().min(1).max(1_000).optional(),
} satisfies OwnFields<MetaCapiClientOptions>;
