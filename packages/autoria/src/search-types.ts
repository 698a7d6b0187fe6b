import type { NameOrId } from './names.ts';
import type { QueryValue } from './query.ts';

/** One kind of car of a search. A model needs its brand. */
export interface AutoRiaCarFilter {
  brand?: NameOrId | undefined;
  model?: NameOrId | undefined;
  /** Ids of generations, or generations with ids of modifications. Needs a model. */
  generations?: readonly (number | { id: number; modifications: readonly number[] })[] | undefined;
  yearFrom?: number | undefined;
  yearTo?: number | undefined;
  /** Where the brand is from. */
  country?: NameOrId | undefined;
}

/** A region, or a city of it. */
export interface AutoRiaPlaceFilter {
  region: NameOrId;
  city?: NameOrId | undefined;
}

/** Orders of a search. */
export const orders = {
  default: 0,
  price_asc: 2,
  price_desc: 3,
  year_desc: 5,
  year_asc: 6,
  newest: 7,
  oldest: 8,
  mileage_desc: 12,
  mileage_asc: 13,
} as const;

/** When an advertisement was published. */
export const periods = {
  hour: 1,
  today: 2,
  '3days': 3,
  week: 4,
  month: 5,
  '3months': 6,
  '3hours': 8,
  '6hours': 9,
  '2days': 10,
  '24hours': 11,
  '12hours': 14,
} as const;

/** Currencies of prices. */
export const currencies = { USD: 1, EUR: 2, UAH: 3 } as const;

/**
 * A search. Names are looked up in AUTO.RIA's dictionaries, which costs calls of the quota where they are not kept; ids cost
 * nothing. Either `brand`, `model`, … or `anyOf` for several kinds of cars; either `region`, `city` or `places`.
 */
export interface AutoRiaSearch extends AutoRiaCarFilter {
  /** @default 1: cars */
  category?: NameOrId | undefined;
  anyOf?: readonly AutoRiaCarFilter[] | undefined;
  region?: NameOrId | undefined;
  /** Needs its region. Kyiv is the city «Київ» of the region «Київська». */
  city?: NameOrId | undefined;
  places?: readonly AutoRiaPlaceFilter[] | undefined;
  fuel?: NameOrId | readonly NameOrId[] | undefined;
  gearbox?: NameOrId | readonly NameOrId[] | undefined;
  body?: NameOrId | readonly NameOrId[] | undefined;
  drive?: NameOrId | readonly NameOrId[] | undefined;
  color?: NameOrId | readonly NameOrId[] | undefined;
  /** All of them. */
  options?: readonly NameOrId[] | undefined;
  priceFrom?: number | undefined;
  priceTo?: number | undefined;
  /** Of the prices. @default 'USD' */
  currency?: keyof typeof currencies | undefined;
  /** Kilometres; AUTO.RIA knows thousands. */
  mileageFrom?: number | undefined;
  mileageTo?: number | undefined;
  /** Litres. Sellers write 1.97 for 2.0: ask for a range. */
  engineFrom?: number | undefined;
  engineTo?: number | undefined;
  /** Horsepower. */
  powerFrom?: number | undefined;
  powerTo?: number | undefined;
  published?: keyof typeof periods | undefined;
  seller?: 'private' | 'company' | undefined;
  /** Of cars that are sold: only these, or none. @default all */
  sold?: 'only' | 'hide' | undefined;
  /** Leaves new cars out. @default false */
  usedOnly?: boolean | undefined;
  withPhoto?: boolean | undefined;
  withVideo?: boolean | undefined;
  bargain?: boolean | undefined;
  exchange?: boolean | undefined;
  /** Only cars outside of Ukraine. The API cannot leave these out. */
  abroadOnly?: boolean | undefined;
  /** AUTO.RIA's own number: its pages do not agree on what 0 and 1 mean. A 0 cannot be confirmed. */
  custom?: number | undefined;
  /** AUTO.RIA's own number: its pages do not agree on what 0, 1 and 2 mean. A 0 cannot be confirmed. */
  damage?: number | undefined;
  /** Any other parameter, by AUTO.RIA's name. */
  more?: { readonly [name: string]: QueryValue } | undefined;
  /** @default 'default' */
  sort?: keyof typeof orders | undefined;
  /** From 0. */
  page?: number | undefined;
  /** At most 100. @default 20 */
  pageSize?: number | undefined;
  /**
   * What happens when AUTO.RIA ignored a filter: it is in `ignored`, or an error. A loop over pages throws unless told otherwise, since
   * it would walk through the whole site. @default 'report' for `search()`, 'throw' for `ids()` and `cars()`
   */
  ifIgnored?: 'report' | 'throw' | undefined;
}

/** A filter that AUTO.RIA did not take as it was meant. */
export interface AutoRiaIgnoredFilter {
  /** The field of the search, or the name in `more`. */
  filter: string;
  /** `not_echoed`: what AUTO.RIA says that it understood has nothing of it; `changed`: it has something else. */
  reason: 'not_echoed' | 'changed';
}

/** One page of results. */
export interface AutoRiaSearchPage {
  /** Ids of used cars on this page. */
  ids: string[];
  /** All that is on this page: new cars and the offer of the day, too. */
  items: { id: string; type: string }[];
  /** How many fit in all. */
  count: number;
  page: number;
  pageSize: number;
  /** Empty: AUTO.RIA took every filter. */
  ignored: AutoRiaIgnoredFilter[];
}
