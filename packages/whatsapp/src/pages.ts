import { paginate } from '@cartie/core';
import type { Call } from './call.ts';
import type { OperationName } from './operations.ts';
import type { ListOptions } from './types.ts';

/** A page as the Graph API gives it. */
interface GraphPage<Item> {
  /** Groups have a list inside. */
  data?: Item[] | { groups?: Item[] };
  paging?: { cursors?: { after?: string }; next?: string };
}

/** Walks a list of the Graph API, for `for await`: a page is fetched when its first item is asked for. */
export function pages<Item>(
  call: Call,
  operation: OperationName,
  {
    id,
    query,
    pageSize,
    limit,
    ...options
  }: ListOptions & {
    id?: string | undefined;
    query?: Record<string, string | number | undefined> | undefined;
  } = {},
): AsyncGenerator<Item, void, undefined> {
  return paginate<Item>(
    async (after) => {
      const { data } = await call<GraphPage<Item>>(
        operation,
        { id, query: { ...query, limit: pageSize, after } },
        options,
      );
      // The last page has a cursor too; only `next` tells that there is more.
      return {
        items: Array.isArray(data.data) ? data.data : (data.data?.groups ?? []),
        next: data.paging?.next === undefined ? undefined : data.paging.cursors?.after,
      };
    },
    { limit, signal: options.signal },
  );
}
