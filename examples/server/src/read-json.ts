import { CartieError } from '@cartie/core';
import type { Context } from 'hono';
import type { z } from 'zod';

const maxBodyBytes = 64 * 1024;

/**
 * The body of a request, checked.
 * @throws CartieError `invalid_input` that names the fields, never their values
 */
export async function readBody<T>(context: Context, schema: z.ZodType<T>): Promise<T> {
  const parsed = schema.safeParse(await readJson(context));
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => issue.path.join('.') || 'body');
  throw new CartieError('invalid_input', `Missing or wrong: ${[...new Set(fields)].join(', ')}.`);
}

async function readJson(context: Context): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of context.req.raw.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBodyBytes) throw new CartieError('invalid_input', 'The request is too large.');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}
