/** What the search understood of a query. Lists keep their places: who sends only `[1]` has `null` at 0. */
export interface SearchParams {
  readonly [name: string]: unknown;
}

/** A query as the search reads it: `all` with its defaults, `cleaned` without what says nothing. */
export interface ReadSearch {
  readonly all: SearchParams;
  readonly cleaned: SearchParams;
}

type Kind = 'list' | 'number' | 'text' | 'flag' | 'keyed' | 'nested';

/**
 * Every parameter that the search knows; all others it ignores without a word. Numbers are echoed as such only where
 * the service itself needs them: the others come back as the text that was sent.
 */
const known: Readonly<Record<string, Kind>> = {
  category_id: 'number',
  marka_id: 'list',
  model_id: 'list',
  s_yers: 'list',
  po_yers: 'list',
  brandOrigin: 'list',
  generation_id: 'nested',
  modification_id: 'nested',
  bodystyle: 'list',
  type: 'list',
  gearbox: 'list',
  drive_id: 'list',
  color_id: 'list',
  state: 'list',
  city: 'list',
  auto_options: 'keyed',
  price_ot: 'number',
  price_do: 'number',
  currency: 'text',
  raceFrom: 'text',
  raceTo: 'text',
  engineVolumeFrom: 'number',
  engineVolumeTo: 'number',
  powerFrom: 'text',
  powerTo: 'text',
  power_name: 'text',
  auctionPossible: 'text',
  with_exchange: 'text',
  with_real_exchange: 'text',
  under_credit: 'number',
  confiscated_car: 'number',
  sellerType: 'number',
  matched_country: 'number',
  custom: 'number',
  damage: 'number',
  abroad: 'flag',
  saledParam: 'number',
  with_photo: 'text',
  with_video: 'text',
  top: 'number',
  order_by: 'number',
  searchType: 'number',
  page: 'number',
  countpage: 'number',
  status_id: 'list',
  user_id: 'list',
  auto_ids: 'list',
  lang_id: 'text',
  langId: 'text',
};

/** Other names of the same parameters. */
const aliases: Readonly<Record<string, string>> = {
  marka: 'marka_id',
  model: 'model_id',
  body_id: 'bodystyle',
  bodyStyleId: 'bodystyle',
  fuel_id: 'type',
  gear_id: 'gearbox',
  drive_type: 'drive_id',
  state_id: 'state',
  city_id: 'city',
  country: 'brandOrigin',
};

const defaults: SearchParams = {
  searchType: 1,
  target: 'search',
  event: 'little',
  lang_id: '4',
  page: 0,
  limit_page: null,
  countpage: 10,
  last_id: 0,
  saledParam: 0,
  marka_id: [],
  model_id: [],
  auto_options: [],
  exchange_filter: [],
  user_id: [],
  order_by: 0,
  top: 0,
  currency: 1,
  powerFrom: 0,
  powerTo: 0,
  custom: 0,
  abroad: false,
  damage: 0,
  price_ot: 0,
  price_do: 0,
  s_yers: [null],
  po_yers: [null],
  generation_id: [],
  modification_id: [],
};

/** Reads a query. @param ignored names of parameters that are treated as unknown */
export function readSearch(query: URLSearchParams, ignored: ReadonlySet<string>): ReadSearch {
  const given: Record<string, unknown> = {};
  for (const [written, value] of query) {
    const match = /^([\w.]+)((?:\[[^\]]*\])*)$/.exec(written);
    const name = aliases[match?.[1] ?? ''] ?? match?.[1] ?? '';
    if (ignored.has(name) || !Object.hasOwn(known, name)) continue;
    const indexes = [...(match?.[2] ?? '').matchAll(/\[([^\]]*)\]/g)].map(([, index = '']) => index);
    take(given, name, { kind: known[name] as Kind, indexes, value });
  }
  const all: Record<string, unknown> = { ...defaults, ...given };
  const { type: fuels, gearbox, brandOrigin } = given as Record<string, (number | null)[] | undefined>;
  if (fuels) {
    all.type = fuels.map((fuel) => (fuel === null ? null : String(fuel)));
    all.fuel_id = fuels.filter((fuel) => fuel !== null);
  }
  if (gearbox) all.gear_id = gearbox.filter((gear) => gear !== null);
  if (brandOrigin) all.country = brandOrigin;
  delete all.gearbox;
  delete all.brandOrigin;
  all.countpage = Math.min(100, Math.max(1, Number(all.countpage) || 10));
  const cleaned = Object.fromEntries(
    Object.entries(all).filter(([, value]) => Array.isArray(value) || Boolean(value)),
  );
  return { all, cleaned };
}

function take(
  given: Record<string, unknown>,
  name: string,
  { kind, indexes, value }: { kind: Kind; indexes: readonly string[]; value: string },
): void {
  const number = Number(value);
  switch (kind) {
    case 'number':
      if (Number.isFinite(number)) given[name] = number;
      return;
    case 'text':
      given[name] = value;
      return;
    // Written as 0, 1 and 2; only 1 is told from the rest.
    case 'flag':
      given[name] = value === '1';
      return;
    case 'keyed':
      if (number > 0) given[name] = [...((given[name] as number[] | undefined) ?? []), number];
      return;
    case 'nested': {
      const groups = given[name] as unknown[] | undefined;
      given[name] = placed(groups ?? [], indexes.length === 0 ? ['0'] : indexes, number);
      return;
    }
    case 'list': {
      const list = (given[name] as (number | null)[] | undefined) ?? [];
      const index = indexes[0] === undefined || indexes[0] === '' ? list.length : Number(indexes[0]);
      if (!Number.isInteger(index) || index > 100) return;
      while (list.length < index) list.push(null);
      list[index] = number > 0 ? number : null;
      given[name] = list;
    }
  }
}

function placed(list: unknown[], indexes: readonly string[], value: number): unknown[] {
  const [first = '0', ...rest] = indexes;
  const index = Math.min(100, Number(first) || 0);
  const filled = list.slice();
  while (filled.length <= index) filled.push(null);
  const inner = filled[index];
  filled[index] = rest.length === 0 ? value : placed(Array.isArray(inner) ? inner : [], rest, value);
  return filled;
}
