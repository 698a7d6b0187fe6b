import { CartieError } from './errors.ts';

/** One page of a list. */
export interface Page<Item, Cursor> {
  readonly items: readonly Item[];
  /** Where the next page begins; absent or `null` on the last one. */
  readonly next?: Cursor | null | undefined;
}

/** Options of {@link paginate}. */
export interface PaginateOptions<Cursor> {
  /** Where to begin. @default the beginning */
  start?: Cursor | undefined;
  /** Most items to give. @default all */
  limit?: number | undefined;
  /** Ends the list; its `reason` is thrown. */
  signal?: AbortSignal | undefined;
}

/**
 * Walks a list page by page, for `for await`. A page is fetched only when its first item is asked for.
 *
 * @throws CartieError `invalid_response` when the provider gives a cursor that it has given before: the list would
 *   never end
 */
export async function* paginate<Item, Cursor extends string | number = string>(
  fetchPage: (cursor: Cursor | undefined) => Promise<Page<Item, Cursor>>,
  { start, limit = Number.POSITIVE_INFINITY, signal }: PaginateOptions<Cursor> = {},
): AsyncGenerator<Item, void, undefined> {
  const seen = new Set<Cursor | undefined>([start]);
  let cursor = start;
  let left = limit;
  while (left > 0) {
    signal?.throwIfAborted();
    const { items, next } = await fetchPage(cursor);
    for (const item of items) {
      signal?.throwIfAborted();
      yield item;
      if (--left <= 0) return;
    }
    if (next === undefined || next === null || next === '') return;
    if (seen.has(next)) {
      throw new CartieError('invalid_response', 'The list repeats a page, so it would never end', {
        retryable: false,
      });
    }
    seen.add(next);
    cursor = next;
  }
}
