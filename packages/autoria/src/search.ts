import { type CallOptions, CartieError, type Page, paginate } from '@cartie/core';
import { z } from 'zod';
import type { CallPath } from './call.ts';
import type { AutoRiaDictionaries } from './dictionaries.ts';
import { ignoredFilters } from './ignored-filters.ts';
import { service } from './invalid.ts';
import { limits } from './limits.ts';
import { createNames } from './names.ts';
import { nestedPairs } from './query.ts';
import { buildFilters, checkSearch } from './search-query.ts';
import type { AutoRiaIgnoredFilter, AutoRiaSearch, AutoRiaSearchPage } from './search-types.ts';

/** How far a loop over results goes. */
export interface AutoRiaWalkOptions extends CallOptions {
  /** Most cars to give. @default all */
  limit?: number | undefined;
}

const id = z.union([z.string(), z.number()]).transform(String);
const answerSchema = z.object({
  result: z.object({
    search_result: z.object({ ids: z.array(id), count: z.coerce.number() }),
    search_result_common: z
      .object({ data: z.array(z.object({ id, type: z.string() })).optional() })
      .nullish(),
    additional: z.object({
      search_params: z.object({ cleaned: z.record(z.string(), z.unknown()) }),
    }),
  }),
});

/** Searches one page. */
export type SearchPage = (search: AutoRiaSearch, options?: CallOptions) => Promise<AutoRiaSearchPage>;

/** Creates {@link SearchPage}. */
export function createSearch(path: CallPath, dictionaries: AutoRiaDictionaries): SearchPage {
  return async (search, options = {}) => {
    const checked = checkSearch(search);
    const { page = 0, pageSize = 20, ifIgnored = 'report' } = checked;
    const category = await createNames(dictionaries, 1, options).category(checked.category ?? 1);
    const names = createNames(dictionaries, category, options);
    const filters = [
      { filter: 'category', params: { category_id: category }, echo: ['category_id', 'categori_id'] },
      ...(await buildFilters(checked, names)),
    ];
    const query = [
      ...nestedPairs(Object.assign({}, ...filters.map(({ params }) => params))),
      ['page', page] as const,
      ['countpage', pageSize] as const,
    ];
    const { data: answer } = await path.run('search', { query }, options);
    const parsed = answerSchema.safeParse(answer.json);
    if (!parsed.success) throw unreadable();
    const { search_result, search_result_common, additional } = parsed.data.result;
    const ignored = ignoredFilters(filters, additional.search_params.cleaned);
    if (ifIgnored === 'throw' && ignored.length > 0) throw notObeyed(ignored);
    const items =
      search_result_common?.data ?? search_result.ids.map((one) => ({ id: one, type: 'UsedAuto' }));
    const others = new Set(items.filter(({ type }) => type !== 'UsedAuto').map((one) => one.id));
    return {
      ids: search_result.ids.filter((one) => !others.has(one)),
      items,
      count: search_result.count,
      page,
      pageSize,
      ignored,
    };
  };
}

/** Walks through all pages of a search. A car that moves to another page meanwhile is given once. */
export async function* walkIds(
  searchPage: SearchPage,
  search: AutoRiaSearch,
  { limit, ...options }: AutoRiaWalkOptions = {},
): AsyncGenerator<string, void, undefined> {
  const seen = new Set<string>();
  // A page costs one call, whatever its size.
  const pageSize = search?.pageSize ?? limits.searchPage;
  const fetchPage = async (cursor?: number): Promise<Page<string, number>> => {
    const page = cursor ?? search?.page ?? 0;
    const found = await searchPage({ ifIgnored: 'throw', ...search, page, pageSize }, options);
    const fresh = found.ids.filter((one) => !seen.has(one));
    for (const one of fresh) seen.add(one);
    const isLast = found.items.length === 0 || (page + 1) * pageSize >= found.count;
    return { items: fresh, next: isLast ? undefined : page + 1 };
  };
  yield* paginate<string, number>(fetchPage, { limit, signal: options.signal });
}

function notObeyed(ignored: readonly AutoRiaIgnoredFilter[]): CartieError {
  const list = ignored.map(({ filter }) => `\`${filter}\``).join(', ');
  return new CartieError('rejected', `AUTO.RIA ignored ${list}: the results are of another search`, {
    service,
    operation: 'search',
    field: ignored[0]?.filter,
  });
}

function unreadable(): CartieError {
  return new CartieError('invalid_response', 'The answer is not a result of a search', {
    service,
    operation: 'search',
  });
}
