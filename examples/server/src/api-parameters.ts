import type { Context } from 'hono';

/** Rows of one page of a list. */
export const pageLimit = 50;

/** A number of ours out of a path or query; `undefined` for anything else. */
export function idOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** The answer for what has been deleted, or settled by somebody else. */
export function notFound(context: Context): Response {
  return context.json({ error: 'This is no longer there.' }, 404);
}
