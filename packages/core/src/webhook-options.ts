import { z } from 'zod';
import { maxTimerMs } from './deadline.ts';
import { parseOptions } from './options.ts';
import type { DedupStore } from './stores.ts';
import type { WebhookOptions } from './webhook.ts';

/** A webhook's limits, all of them given. */
export type WebhookLimits = Omit<z.infer<typeof schema>, keyof typeof functions | 'service' | 'dedup'>;

/** Checks a webhook's options and gives its limits with their defaults. Throws `invalid_config` naming the field. */
export function checkWebhookOptions<T>(options: WebhookOptions<T>): WebhookLimits {
  const service = typeof options?.service === 'string' ? options.service : 'webhook';
  return parseOptions(service, schema, options);
}

const fn = z.custom<unknown>((value) => typeof value === 'function', 'must be a function');
const duration = z.number().positive().max(maxTimerMs);
const count = z.int().positive();

const functions = {
  verify: fn,
  parse: fn,
  onUpdate: fn,
  onGet: fn.optional(),
  respond: fn.optional(),
  onEvent: fn.optional(),
  onError: fn.optional(),
};

const schema = z.strictObject({
  ...functions,
  service: z.string().min(1),
  dedup: z
    .custom<unknown>(
      (value) => typeof (value as DedupStore | null)?.claim === 'function',
      'must be `dedup` of createStores()',
    )
    .optional(),
  // No timer waits for it, so it may be longer than timers go.
  dedupMs: z
    .number()
    .positive()
    .default(8 * 24 * 60 * 60 * 1000),
  maxBodyBytes: count.default(1024 * 1024),
  bodyTimeoutMs: duration.default(10_000),
  timeoutMs: duration.default(25_000),
  maxInFlight: count.default(1_000),
  rate: z.strictObject({ limit: count, intervalMs: duration }).optional(),
});
