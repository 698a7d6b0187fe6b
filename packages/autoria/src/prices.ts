import { type CallOptions, CartieError, isCartieError, parseWith, type Schema } from '@cartie/core';
import { z } from 'zod';
import type { CallPath } from './call.ts';
import type { AutoRiaDictionaries } from './dictionaries.ts';
import { autoRiaFailure } from './errors.ts';
import { service } from './invalid.ts';
import { createNames, type NameOrId } from './names.ts';
import type { QueryPair } from './query.ts';
import type { AutoRiaAveragePrice } from './types.ts';

/** Cars to average. Names and ids as in a search. */
export interface AutoRiaPriceFilter {
  /** @default 1: cars */
  category?: NameOrId | undefined;
  brand: NameOrId;
  model?: NameOrId | undefined;
  yearFrom?: number | undefined;
  yearTo?: number | undefined;
  /** Kilometres; AUTO.RIA knows thousands. */
  mileageFrom?: number | undefined;
  mileageTo?: number | undefined;
  /** Any of them. */
  fuel?: NameOrId | readonly NameOrId[] | undefined;
  gearbox?: NameOrId | readonly NameOrId[] | undefined;
  body?: NameOrId | undefined;
  drive?: NameOrId | undefined;
  color?: NameOrId | undefined;
  /** Litres. */
  engine?: number | undefined;
  region?: NameOrId | undefined;
  city?: NameOrId | undefined;
  /** All of them. */
  options?: readonly NameOrId[] | undefined;
}

/** What cars of a kind cost; `undefined` where AUTO.RIA has too few of them. */
export type AveragePrice = (
  filter: AutoRiaPriceFilter,
  options?: CallOptions,
) => Promise<AutoRiaAveragePrice | undefined>;

const nameOrId = z.union([z.string().trim().min(1).max(100), z.int().nonnegative()]);
const names = z.union([nameOrId, z.array(nameOrId).min(1).max(50)]).optional();
const year = z.int().min(1900).max(2100).optional();
const km = z.number().nonnegative().max(1e7).optional();

/** The shape of {@link AutoRiaPriceFilter}. */
export const priceFilterSchema = z.strictObject({
  category: nameOrId.optional(),
  brand: nameOrId,
  model: nameOrId.optional(),
  yearFrom: year,
  yearTo: year,
  mileageFrom: km,
  mileageTo: km,
  fuel: names,
  gearbox: names,
  body: nameOrId.optional(),
  drive: nameOrId.optional(),
  color: nameOrId.optional(),
  engine: z.number().positive().max(20).optional(),
  region: nameOrId.optional(),
  city: nameOrId.optional(),
  options: z.array(nameOrId).min(1).max(50).optional(),
});

const answerSchema = z.object({
  total: z.number(),
  arithmeticMean: z.number(),
  interQuartileMean: z.number(),
  percentiles: z.record(z.string(), z.number()),
  prices: z.array(z.number()),
  classifieds: z.array(z.union([z.string(), z.number()]).transform(String)),
});

/** Creates {@link AveragePrice}. */
export function createAveragePrice(path: CallPath, dictionaries: AutoRiaDictionaries): AveragePrice {
  return async (filter, options = {}) => {
    const schema = priceFilterSchema as unknown as Schema<AutoRiaPriceFilter>;
    const checked = parseWith(schema, filter, {
      service,
      operation: 'averagePrice',
      code: 'invalid_input',
    });
    const query = await queryOf(checked, dictionaries, options);
    try {
      const { data: answer } = await path.run('averagePrice', { query }, options);
      const parsed = answerSchema.safeParse(answer.json);
      if (!parsed.success) throw unreadable();
      const { total, arithmeticMean, interQuartileMean, percentiles, prices, classifieds } = parsed.data;
      return {
        total,
        mean: arithmeticMean,
        interQuartileMean,
        percentiles: Object.fromEntries(
          Object.entries(percentiles).map(([percent, price]) => [Number(percent), price]),
        ),
        prices,
        ids: classifieds,
      };
    } catch (error) {
      if (isCartieError(error) && autoRiaFailure(error)?.kind === 'not_enough_data') return undefined;
      throw error;
    }
  };
}

// Here a list is one name many times, and a range the same name twice.
async function queryOf(
  filter: AutoRiaPriceFilter,
  dictionaries: AutoRiaDictionaries,
  options: CallOptions,
): Promise<QueryPair[]> {
  const category = await createNames(dictionaries, 1, options).category(filter.category ?? 1);
  const find = createNames(dictionaries, category, options);
  const brand = await find.brand(filter.brand, 'brand');
  const pairs: QueryPair[] = [
    ['main_category', category],
    ['marka_id', brand],
  ];
  if (filter.model !== undefined) pairs.push(['model_id', await find.model(filter.model, brand, 'model')]);
  for (const [field, dictionary, name] of [
    ['fuel', 'fuels', 'fuel_id'],
    ['gearbox', 'gearboxes', 'gear_id'],
    ['body', 'bodystyles', 'body_id'],
    ['drive', 'drives', 'drive_id'],
    ['color', 'colors', 'color_id'],
    ['options', 'options', 'options'],
  ] as const) {
    const given = filter[field];
    for (const value of given === undefined ? [] : [given].flat()) {
      pairs.push([name, await find.entry(dictionary, value as NameOrId, field)]);
    }
  }
  if (filter.region !== undefined) {
    const region = await find.entry('regions', filter.region, 'region');
    pairs.push(['state_id', region]);
    if (filter.city !== undefined) pairs.push(['city_id', await find.city(filter.city, region, 'city')]);
  }
  if (filter.engine !== undefined) pairs.push(['engineVolume', filter.engine]);
  const { yearFrom, yearTo, mileageFrom, mileageTo } = filter;
  if ((yearFrom ?? yearTo) !== undefined) {
    pairs.push(['yers', yearFrom ?? 1900], ['yers', yearTo ?? new Date().getFullYear() + 1]);
  }
  if ((mileageFrom ?? mileageTo) !== undefined) {
    const thousands = [Math.floor((mileageFrom ?? 0) / 1_000), Math.ceil((mileageTo ?? 5e6) / 1_000)];
    for (const one of thousands) pairs.push(['raceInt', one]);
  }
  return pairs;
}

function unreadable(): CartieError {
  return new CartieError('invalid_response', 'The answer is not an average of prices', {
    service,
    operation: 'averagePrice',
  });
}
