import { z } from 'zod';
import { CartieError } from './errors.ts';

const positive = z.number().positive().finite();
const count = z.number().int().positive();
const fn = z.custom<(...args: never[]) => unknown>(
  (value) => typeof value === 'function',
  'must be a function',
);

const schema = z.strictObject({
  service: z.string().min(1),
  verify: fn,
  parse: fn,
  onUpdate: fn,
  onGet: fn.optional(),
  respond: fn.optional(),
  dedup: z.looseObject({ claim: fn }).optional(),
  dedupMs: positive.default(8 * 24 * 60 * 60 * 1000),
  maxBodyBytes: count.default(1024 * 1024),
  bodyTimeoutMs: positive.default(10_000),
  timeoutMs: positive.default(25_000),
  maxInFlight: count.default(1_000),
  rate: z.strictObject({ limit: positive, intervalMs: positive }).optional(),
  onEvent: fn.optional(),
  onError: fn.optional(),
});

/** The numbers of a webhook's options with their defaults. Throws `invalid_config` naming the field, never its value. */
export function checkWebhookOptions(
  options: object,
): Pick<
  z.infer<typeof schema>,
  'dedupMs' | 'maxBodyBytes' | 'bodyTimeoutMs' | 'timeoutMs' | 'maxInFlight' | 'rate'
> {
  const checked = schema.safeParse(options);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  const field =
    issue?.code === 'unrecognized_keys' ? issue.keys[0] : issue?.path.map(String).join('.') || 'options';
  const fault = issue?.code === 'unrecognized_keys' ? 'is not an option' : 'is missing or wrong';
  throw new CartieError('invalid_config', `createWebhookHandler: ${field} ${fault}.`, {
    operation: 'createWebhookHandler',
    field,
  });
}
