import { parseWith, type Schema } from '@cartie/core';
import { z } from 'zod';
import { invalid, service } from './invalid.ts';
import { limits } from './limits.ts';
import type { NameOrId, Names } from './names.ts';
import type { QueryValue } from './query.ts';
import { type AutoRiaCarFilter, type AutoRiaSearch, currencies, orders, periods } from './search-types.ts';

/** A filter as it is sent, and where the echo has to have it. */
export interface SentFilter {
  readonly filter: string;
  readonly params: { readonly [name: string]: QueryValue };
  /** Names of the echo, any of which will do: it calls some parameters otherwise. */
  readonly echo: readonly string[];
}

const nameOrId = z.union([z.string().trim().min(1).max(100), z.int().nonnegative()]);
const names = z.union([nameOrId, z.array(nameOrId).min(1).max(50)]).optional();
const amount = z.number().nonnegative().max(1e9).optional();
const year = z.int().min(1900).max(2100).optional();
const flag = z.boolean().optional();
const keys = <T extends string>(table: Readonly<Record<T, number>>) =>
  z.enum(Object.keys(table) as [T, ...T[]]).optional();

const carShape = {
  brand: nameOrId.optional(),
  model: nameOrId.optional(),
  generations: z
    .array(
      z.union([
        z.int().positive(),
        z.strictObject({ id: z.int().positive(), modifications: z.array(z.int().positive()) }),
      ]),
    )
    .optional(),
  yearFrom: year,
  yearTo: year,
  country: nameOrId.optional(),
};

const searchSchema = z.strictObject({
  ...carShape,
  category: nameOrId.optional(),
  anyOf: z.array(z.strictObject(carShape)).min(1).max(20).optional(),
  region: nameOrId.optional(),
  city: nameOrId.optional(),
  places: z
    .array(z.strictObject({ region: nameOrId, city: nameOrId.optional() }))
    .min(1)
    .max(50)
    .optional(),
  fuel: names,
  gearbox: names,
  body: names,
  drive: names,
  color: names,
  options: z.array(nameOrId).min(1).max(50).optional(),
  priceFrom: amount,
  priceTo: amount,
  currency: keys(currencies),
  mileageFrom: amount,
  mileageTo: amount,
  engineFrom: amount,
  engineTo: amount,
  powerFrom: amount,
  powerTo: amount,
  published: keys(periods),
  seller: z.enum(['private', 'company']).optional(),
  sold: z.enum(['only', 'hide']).optional(),
  usedOnly: flag,
  withPhoto: flag,
  withVideo: flag,
  bargain: flag,
  exchange: flag,
  abroadOnly: flag,
  custom: z.int().nonnegative().optional(),
  damage: z.int().nonnegative().optional(),
  more: z.record(z.string().regex(/^[\w.]{1,64}$/), z.unknown()).optional(),
  sort: keys(orders),
  page: z.int().nonnegative().max(100_000).optional(),
  pageSize: z.int().positive().max(limits.searchPage).optional(),
  ifIgnored: z.enum(['report', 'throw']).optional(),
});

/**
 * Checks a search.
 * @throws CartieError `invalid_input` that names the field, and the right name where it is misspelt
 */
export function checkSearch(search: unknown): AutoRiaSearch {
  const schema = searchSchema as unknown as Schema<AutoRiaSearch>;
  const checked = parseWith(schema, search, { service, operation: 'search', code: 'invalid_input' });
  const { anyOf, places, region, city, more } = checked;
  const kind = carFields.find((field) => checked[field] !== undefined);
  if (anyOf && kind !== undefined) throw invalid(kind, 'cannot be beside `anyOf`: put it into it', 'search');
  if (places && (region ?? city) !== undefined)
    throw invalid('region', 'cannot be beside `places`: put it into it', 'search');
  if (city !== undefined && region === undefined) throw invalid('city', 'needs its `region`', 'search');
  for (const name of ['api_key', 'page', 'countpage']) {
    if (more && name in more) throw invalid(`more.${name}`, 'has a field of its own', 'search');
  }
  for (const [index, one] of (anyOf ?? [checked]).entries()) {
    const at = anyOf ? `anyOf[${index}].` : '';
    if (one.model !== undefined && one.brand === undefined)
      throw invalid(`${at}model`, 'needs its `brand`', 'search');
    if (one.generations && one.model === undefined)
      throw invalid(`${at}generations`, 'needs their `model`', 'search');
  }
  return checked;
}

const carFields = ['brand', 'model', 'generations', 'yearFrom', 'yearTo', 'country'] as const;

/** Fields that are one parameter with one value. */
const single = {
  priceFrom: { param: 'price_ot' },
  priceTo: { param: 'price_do' },
  mileageFrom: { param: 'raceFrom', of: (km: number) => Math.floor(km / 1_000) },
  mileageTo: { param: 'raceTo', of: (km: number) => Math.ceil(km / 1_000) },
  engineFrom: { param: 'engineVolumeFrom' },
  engineTo: { param: 'engineVolumeTo' },
  powerFrom: { param: 'powerFrom' },
  powerTo: { param: 'powerTo' },
  currency: { param: 'currency', of: (name: keyof typeof currencies) => currencies[name] },
  published: { param: 'top', of: (name: keyof typeof periods) => periods[name] },
  sort: { param: 'order_by', of: (name: keyof typeof orders) => orders[name] },
  seller: { param: 'sellerType', of: (name: string) => (name === 'private' ? 1 : 2) },
  sold: { param: 'saledParam', of: (name: string) => (name === 'only' ? 1 : 2) },
  custom: { param: 'custom' },
  damage: { param: 'damage' },
  // 4 is «used cars only».
  usedOnly: { param: 'searchType', of: (on: boolean) => (on ? 4 : undefined) },
  withPhoto: { param: 'with_photo', of: Number },
  withVideo: { param: 'with_video', of: Number },
  bargain: { param: 'auctionPossible', of: Number },
  exchange: { param: 'with_exchange', of: Number },
  abroadOnly: { param: 'abroad', of: Number },
} as const satisfies Partial<
  Record<keyof AutoRiaSearch, { param: string; of?: (value: never) => QueryValue }>
>;

/** Fields that are names of a dictionary. */
const listed = {
  fuel: { dictionary: 'fuels', param: 'type', echo: ['fuel_id', 'type'] },
  gearbox: { dictionary: 'gearboxes', param: 'gearbox', echo: ['gear_id', 'gearbox'] },
  body: { dictionary: 'bodystyles', param: 'bodystyle', echo: ['bodystyle', 'body_id', 'bodyStyleId'] },
  drive: { dictionary: 'drives', param: 'drive_id', echo: ['drive_id', 'drive_type'] },
  color: { dictionary: 'colors', param: 'color_id', echo: ['color_id', 'color'] },
} as const;

/** Writes a checked search as AUTO.RIA's parameters. `filters` is what the echo can confirm. */
export async function buildFilters(search: AutoRiaSearch, names: Names): Promise<SentFilter[]> {
  const filters: SentFilter[] = [
    ...(await carFilters(search, names)),
    ...(await placeFilters(search, names)),
  ];
  for (const [filter, { dictionary, param, echo }] of Object.entries(listed)) {
    const given = search[filter as keyof typeof listed];
    if (given === undefined) continue;
    const ids = await Promise.all(
      [given].flat().map((value) => names.entry(dictionary, value as NameOrId, filter)),
    );
    filters.push({ filter, params: { [param]: ids }, echo });
  }
  if (search.options) {
    const ids = await Promise.all(search.options.map((value) => names.entry('options', value, 'options')));
    const params = { auto_options: Object.fromEntries(ids.map((id) => [id, id])) };
    filters.push({ filter: 'options', params, echo: ['auto_options', 'options'] });
  }
  for (const [filter, row] of Object.entries(single)) {
    const given = search[filter as keyof typeof single];
    if (given === undefined) continue;
    const value = 'of' in row ? (row.of as (value: unknown) => QueryValue)(given) : given;
    filters.push({ filter, params: { [row.param]: value }, echo: [row.param] });
  }
  // AUTO.RIA counts kilowatts otherwise.
  if ((search.powerFrom ?? search.powerTo) !== undefined) {
    filters.push({ filter: 'power', params: { power_name: 1 }, echo: ['power_name'] });
  }
  for (const [name, value] of Object.entries(search.more ?? {})) {
    filters.push({ filter: name, params: { [name]: value }, echo: [name] });
  }
  return filters;
}

// Lists belong together by their places: the first brand with the first model, years and country.
async function carFilters(search: AutoRiaSearch, names: Names): Promise<SentFilter[]> {
  const kinds: readonly AutoRiaCarFilter[] = search.anyOf ?? [search];
  const found = await Promise.all(
    kinds.map(async (kind, index) => {
      const at = search.anyOf ? `anyOf[${index}].` : '';
      const brand = kind.brand === undefined ? undefined : await names.brand(kind.brand, `${at}brand`);
      const model =
        kind.model === undefined || brand === undefined
          ? undefined
          : await names.model(kind.model, brand, `${at}model`);
      const country =
        kind.country === undefined ? undefined : await names.entry('countries', kind.country, `${at}country`);
      return { ...kind, brand, model, country };
    }),
  );
  type Found = (typeof found)[number];
  const filter = (
    name: string,
    [param, ...echo]: readonly [string, ...string[]],
    read: (kind: Found) => QueryValue,
  ): SentFilter[] => {
    const values = found.map(read);
    return values.every((value) => value === undefined)
      ? []
      : [{ filter: name, params: { [param]: values }, echo: [param, ...echo] }];
  };
  return [
    ...filter('brand', ['marka_id', 'marka'], ({ brand }) => brand),
    // 0 is «all models of this brand».
    ...filter('model', ['model_id', 'model'], ({ brand, model }) => model ?? (brand && 0)),
    ...filter('generations', ['generation_id'], ({ generations }) =>
      generations?.map((one) => (typeof one === 'number' ? one : one.id)),
    ),
    ...filter('generations.modifications', ['modification_id'], ({ generations }) => {
      const lists = generations?.map((one) => (typeof one === 'number' ? undefined : one.modifications));
      return lists?.some((list) => list !== undefined) ? lists : undefined;
    }),
    ...filter('yearFrom', ['s_yers'], ({ yearFrom }) => yearFrom),
    ...filter('yearTo', ['po_yers'], ({ yearTo }) => yearTo),
    ...filter('country', ['brandOrigin', 'country'], ({ country }) => country),
  ];
}

async function placeFilters(search: AutoRiaSearch, names: Names): Promise<SentFilter[]> {
  const { places, region, city } = search;
  const wanted = places ?? (region === undefined ? [] : [{ region, city }]);
  if (wanted.length === 0) return [];
  const found = await Promise.all(
    wanted.map(async (place, index) => {
      const at = places ? `places[${index}].` : '';
      const regionId = await names.entry('regions', place.region, `${at}region`);
      // 0 is «all cities of this region».
      const cityId = place.city === undefined ? 0 : await names.city(place.city, regionId, `${at}city`);
      return { regionId, cityId };
    }),
  );
  const regions = { state: found.map(({ regionId }) => regionId) };
  const cities = { city: found.map(({ cityId }) => cityId) };
  return [
    { filter: 'region', params: regions, echo: ['state', 'state_id', 'm_state'] },
    { filter: 'city', params: cities, echo: ['city', 'city_id', 'm_city'] },
  ];
}
