import {
  type ClientOptions,
  durationSchema,
  type KeyValueStore,
  type OwnFields,
  type Secret,
  secretSchema,
} from '@cartie/core';
import { z } from 'zod';

/** How often a key may call. */
export interface AutoRiaQuotaOptions {
  /** @default 30, a free key's */
  perHour?: number | undefined;
  /** @default 1000, a free key's */
  perMonth?: number | undefined;
  /**
   * Is a month the last 31 days, or does it begin with the calendar's (UTC)? AUTO.RIA does not say. `rolling` is never too
   * much for either. @default 'rolling'
   */
  month?: 'rolling' | 'calendar' | undefined;
}

/** Options of `createAutoRiaClient`. */
export interface AutoRiaClientOptions extends ClientOptions {
  /** The key of developers.ria.com, or a function that gives the newest one. It travels in every URL: AUTO.RIA takes it nowhere else. */
  apiKey: Secret;
  /** Your account's number: for paid calls and your own listings. */
  userId?: string | number | undefined;
  /** Allows calls that cost money. @default false */
  paid?: boolean | undefined;
  /** What the key may call; `false` leaves counting to you. */
  quota?: AutoRiaQuotaOptions | false | undefined;
  /** Keeps the quota's count and the dictionaries. Processes that share it share both. @default a `memoryStore()` */
  store?: KeyValueStore | undefined;
  /** How long dictionaries are kept. Milliseconds. @default as long as the server says, which is 12 minutes */
  dictionaryTtlMs?: number | undefined;
}

/** A key that AUTO.RIA could have given. */
export function isApiKey(value: string): boolean {
  return /^[\x21-\x7e]{8,200}$/.test(value);
}

/** Goes on from the name of the option that holds no key. */
export const keyRule = 'must be the key of developers.ria.com: 8 characters or more, without spaces';

const hasStoreMethods = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'get' in value && 'put' in value && 'delete' in value;

const quotaSchema = z.union([
  z.literal(false),
  z.strictObject({
    perHour: z.int().positive().optional(),
    perMonth: z.int().positive().optional(),
    month: z.enum(['rolling', 'calendar']).optional(),
  }),
]);

const isUserId = (value: unknown): boolean => /^\d{1,15}$/.test(String(value));

/** The fields of {@link AutoRiaClientOptions} that are not core's. */
export const ownFields = {
  apiKey: (secretSchema as z.ZodType<Secret>).refine(
    (value) => typeof value !== 'string' || isApiKey(value),
    keyRule,
  ),
  userId: z.custom<string | number>(isUserId, 'must be the number of your account').optional(),
  paid: z.boolean().optional(),
  quota: quotaSchema.optional(),
  store: z.custom(hasStoreMethods, 'must have get(), put() and delete(): a KeyValueStore').optional(),
  dictionaryTtlMs: { '~standard': { validate: (value) => optional(value) } },
} satisfies OwnFields<AutoRiaClientOptions>;

function optional(value: unknown) {
  return value === undefined ? { value } : durationSchema['~standard'].validate(value);
}
