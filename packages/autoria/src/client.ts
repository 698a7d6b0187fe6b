import {
  type CallOptions,
  CartieError,
  guardStore,
  type HealthCheck,
  isCartieError,
  memoryStore,
  parseClientOptions,
} from '@cartie/core';
import { createCallPath } from './call.ts';
import { recordOf, toCar } from './car.ts';
import { createHealth } from './client-health.ts';
import { type AutoRiaDictionaries, createDictionaries, createDictionaryCache } from './dictionaries.ts';
import { invalid, service } from './invalid.ts';
import { type AutoRiaListings, createListings } from './listings.ts';
import { type AutoRiaNewCars, createNewCars } from './new-cars.ts';
import { type AutoRiaClientOptions, ownFields } from './options.ts';
import { type AutoRiaPaid, createPaid } from './paid.ts';
import { type AveragePrice, createAveragePrice } from './prices.ts';
import { nestedPairs, type QueryValue } from './query.ts';
import type { AutoRiaQuota } from './quota-ledger.ts';
import { type AutoRiaWalkOptions, createSearch, type SearchPage, walkIds } from './search.ts';
import type { AutoRiaSearch } from './search-types.ts';
import type { AutoRiaCar } from './types.ts';

/** A call of {@link AutoRiaClient.call}. */
export interface AutoRiaPlainCall {
  /** @default 'GET' */
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | undefined;
  query?: { readonly [name: string]: QueryValue } | undefined;
  json?: unknown;
  /** Sends your `userId`. @default false */
  user?: boolean | undefined;
  /** Counts against the quota. @default true */
  counted?: boolean | undefined;
}

/** An answer of {@link AutoRiaClient.call}. */
export interface AutoRiaCallResult<Data> {
  data: Data;
  status: number;
  attempts: number;
}

/** AUTO.RIA. Every method throws a `CartieError`; `autoRiaFailure()` says what AUTO.RIA meant by it. */
export interface AutoRiaClient {
  /** One page of results, and which filters AUTO.RIA ignored. Costs one call, and dictionaries for names. */
  search: SearchPage;
  /** All ids that fit, page by page; costs a call for each 100. Throws `rejected` if AUTO.RIA ignored a filter. */
  ids(search: AutoRiaSearch, options?: AutoRiaWalkOptions): AsyncGenerator<string, void, undefined>;
  /** All cars that fit; costs a call for each car. Cars that are gone meanwhile are left out. */
  cars(search: AutoRiaSearch, options?: AutoRiaWalkOptions): AsyncGenerator<AutoRiaCar, void, undefined>;
  /** One car by the id of its advertisement. */
  car(id: string | number, options?: CallOptions): Promise<AutoRiaCar>;
  /** What cars of a kind cost, by the free statistics; `undefined` where there are too few. */
  averagePrice: AveragePrice;
  readonly dictionaries: AutoRiaDictionaries;
  readonly paid: AutoRiaPaid;
  readonly newCars: AutoRiaNewCars;
  readonly listings: AutoRiaListings;
  /** What is left of the quota, as counted by all processes on the store; `undefined` if `quota` is `false`. Costs nothing. */
  quota(): Promise<AutoRiaQuota | undefined>;
  /** Does AUTO.RIA take the key? Costs one call. Never throws. */
  testConnection(options?: CallOptions): Promise<{ ok: true } | { ok: false; error: CartieError }>;
  /**
   * Any endpoint by its path, under the same policies. Nothing is known to be safe: it is repeated only as far as
   * `options.idempotent` allows.
   */
  call<Data = unknown>(
    path: string,
    call?: AutoRiaPlainCall,
    options?: CallOptions,
  ): Promise<AutoRiaCallResult<Data>>;
  /** Passive: what the last call said, and the quota. Never throws. */
  health: HealthCheck;
}

/**
 * A client of AUTO.RIA's API that counts the quota for all processes, tells which filters of a search were ignored, and shows the
 * key and the cars' numbers nowhere.
 *
 * ```ts
 * const autoria = createAutoRiaClient({ apiKey });
 * const { ids, ignored } = await autoria.search({ brand: 'BMW', model: 'X5', yearFrom: 2015, priceTo: 30_000 });
 * ```
 *
 * @throws CartieError `invalid_config` for a missing, wrong or unknown option
 * @see https://developers.ria.com
 */
export function createAutoRiaClient(options: AutoRiaClientOptions): AutoRiaClient {
  const parsed = parseClientOptions(service, options, ownFields);
  const store = guardStore(parsed.store ?? memoryStore());
  const path = createCallPath(parsed, store);
  const dictionaries = createDictionaries(createDictionaryCache(path, store, parsed));
  const search = createSearch(path, dictionaries);
  const ids: AutoRiaClient['ids'] = (wanted, walk) => walkIds(search, wanted, walk);

  async function car(id: string | number, callOptions: CallOptions = {}): Promise<AutoRiaCar> {
    if (!/^[1-9]\d{0,14}$/.test(String(id))) throw invalid('id', 'must be the id of an advertisement', 'car');
    const { data } = await path.run('car', { query: [['auto_id', String(id)]] }, callOptions);
    const raw = recordOf(data.json);
    if (raw.autoData === undefined) throw unreadable();
    return toCar(raw, String(id));
  }

  return Object.freeze({
    search,
    ids,
    async *cars(wanted, walk: AutoRiaWalkOptions = {}) {
      const { limit = Number.POSITIVE_INFINITY, ...callOptions } = walk;
      let given = 0;
      // The limit is of cars, not of ids: some may be gone.
      for await (const id of ids(wanted, callOptions)) {
        if (given >= limit) return;
        const found = await car(id, callOptions).catch((error: unknown) => {
          if (isCartieError(error) && error.code === 'not_found') return undefined;
          throw error;
        });
        if (found === undefined) continue;
        yield found;
        given += 1;
        if (given >= limit) return;
      }
    },
    car,
    averagePrice: createAveragePrice(path, dictionaries),
    dictionaries,
    paid: createPaid(path, dictionaries),
    newCars: createNewCars(path),
    listings: createListings(path),
    quota: path.quota,
    async testConnection(callOptions = {}) {
      try {
        await path.run('fuels', {}, { retries: 0, ...callOptions });
        return { ok: true };
      } catch (error) {
        if (!isCartieError(error)) throw error;
        return { ok: false, error };
      }
    },
    async call<Data>(
      target: string,
      { method = 'GET', query = {}, json, user = false, counted = true }: AutoRiaPlainCall = {},
      callOptions: CallOptions = {},
    ): Promise<AutoRiaCallResult<Data>> {
      if (typeof target !== 'string' || !/^\/[\w/,.-]*$/.test(target)) {
        throw invalid('path', 'must begin with / and hold no query', 'call');
      }
      const { data, status, attempts } = await path.runPlain(
        {
          operation: 'call',
          method,
          path: target,
          idempotent: false,
          counted,
          ...(user && { user: true as const }),
          query: nestedPairs(query),
          json,
        },
        callOptions,
      );
      return { data: data.json as Data, status, attempts };
    },
    health: createHealth(path),
  } satisfies AutoRiaClient);
}

function unreadable(): CartieError {
  return new CartieError('invalid_response', 'The answer is not a car', { service, operation: 'car' });
}
