import {
  type ClientOptions,
  type KeyValueStore,
  type OwnFields,
  type Secret,
  secretSchema,
} from '@cartie/core';
import { z } from 'zod';
import { apiVersions, limits, type ViberLimits } from './limits.ts';
import type { ViberSender } from './types.ts';

/** Options of `createViberClient`. */
export interface ViberClientOptions extends ClientOptions {
  /** The bot's token, or a function that gives the newest one. Travels in a header only. */
  authToken: Secret;
  /** Whose name messages show, where they do not say it themselves. */
  sender: ViberSender;
  /** Counts calls that Viber counts over half a day. Processes that share it share the count. @default a `memoryStore()` */
  store?: KeyValueStore | undefined;
  /** Limits on which Viber's pages do not agree. */
  limits?: ViberLimits | undefined;
}

const hasStoreMethods = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'get' in value && 'put' in value && 'delete' in value;

/** A token that Viber could have given: it also has to fit into a header. */
export function isToken(value: string): boolean {
  return /^[\x21-\x7e]{16,200}$/.test(value);
}

/** Goes on from the name of the option that holds no token. */
export const tokenRule = 'must be the token that Viber gave: three times 16 characters with dashes';

const version = z.int().min(1).optional();

/** A sender as Viber takes it. */
export const senderSchema = z.looseObject({
  name: z.string().min(1).max(limits.senderName),
  avatar: z.string().min(1).max(limits.url).optional(),
});

/** Limits that may be replaced. */
const limitsSchema = z.strictObject({
  pictureText: z.int().positive().optional(),
  video: z.int().positive().optional(),
  apiVersions: z
    .strictObject(Object.fromEntries(Object.keys(apiVersions).map((feature) => [feature, version])))
    .optional(),
});

/** The fields of {@link ViberClientOptions} that are not core's. */
export const ownFields = {
  authToken: (secretSchema as z.ZodType<Secret>).refine(
    (value) => typeof value !== 'string' || isToken(value),
    tokenRule,
  ),
  sender: senderSchema,
  store: z.custom(hasStoreMethods, 'must have get(), put() and delete(): a KeyValueStore').optional(),
  limits: limitsSchema.optional(),
} satisfies OwnFields<ViberClientOptions>;
