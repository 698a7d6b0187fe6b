import type { Context } from 'hono';

/** Rows of one page of a list. */
export const pageLimit = 50;

/** Messages of one page of a conversation. */
export const threadLimit = 60;

/** A number of ours out of a path or query; `undefined` for anything else. */
export function idOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Two of them with a comma between: where a list ordered by both goes on. */
export function pairOf(text: string | undefined): readonly [number, number] | undefined {
  const [first, second] = (text ?? '').split(',').map(idOf);
  return first === undefined || second === undefined ? undefined : [first, second];
}

/** The answer for what has been deleted, or settled by somebody else. */
export function notFound(context: Context): Response {
  return context.json({ error: 'This is no longer there.' }, 404);
}
