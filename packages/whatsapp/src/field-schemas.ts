import { z } from 'zod';

/**
 * A text of at most `max` characters as a reader counts them: an emoji beyond the 16 bits of a JavaScript unit is one.
 * @param min 0 allows an empty one
 */
export function text(max: number, min = 1): z.ZodType<string> {
  return z.string().superRefine((value, context) => {
    if (value.length < min) context.addIssue({ code: 'custom', message: 'must not be empty' });
    else if (isLonger(value, max)) {
      context.addIssue({ code: 'custom', message: `must be at most ${max} characters long` });
    }
  }) as z.ZodType<string>;
}

/** Any text that is not empty. */
export const anyText: z.ZodType<string> = text(32_768);

/** A list of `min` to `max` items. */
export function list(item: z.ZodType, max: number, min = 1): z.ZodType {
  return z.array(item).min(min).max(max);
}

/** An http or https address. */
export const webAddress: z.ZodType<string> = z
  .string()
  .refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), {
    message: 'must be an http or https URL',
  }) as z.ZodType<string>;

/** A file: exactly one of `id` and `link`, and `extra` fields. */
export function media(extra: z.ZodRawShape = {}): z.ZodType {
  return z
    .looseObject({ id: anyText.optional(), link: webAddress.optional(), ...extra })
    .superRefine((value, context) => {
      if ((value.id === undefined) === (value.link === undefined)) {
        context.addIssue({
          code: 'custom',
          path: ['id'],
          message: 'must be given, or else `link`, but not both',
        });
      }
    });
}

/** A latitude or longitude: a number, or its digits as a text. */
export function degrees(max: number): z.ZodType {
  return z.custom((value) => {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    return typeof number === 'number' && Math.abs(number) <= max;
  }, `must be a number of degrees from -${max} to ${max}`);
}

function isLonger(value: string, max: number): boolean {
  if (value.length <= max) return false;
  // The length counts halves of surrogate pairs; only a text near the limit is counted anew.
  if (value.length > 2 * max) return true;
  let count = 0;
  for (const _ of value) count++;
  return count > max;
}
