import { carBrands } from './catalogue.ts';
import type { SandboxCar } from './public.ts';
import { type ReadSearch, readSearch, type SearchParams } from './search-params.ts';

/** The advertisement that is among the results of every search. */
const offerOfTheDay = { id: '100500', type: 'OfferOfTheDay' } as const;

/** Answers `GET /auto/search`. */
export function searchCars(
  cars: readonly SandboxCar[],
  query: URLSearchParams,
  ignored: ReadonlySet<string>,
): Record<string, unknown> {
  const read = readSearch(query, ignored);
  const { all } = read;
  const found = cars.filter((car) => matches(car, all)).sort(orderOf(Number(all.order_by)));
  const size = Number(all.countpage);
  const page = Math.max(0, Number(all.page) || 0);
  const shown = found.slice(page * size, (page + 1) * size);
  const data: { id: string; type: string }[] = shown.map(({ id, type }) => ({ id: String(id), type }));
  if (data.length > 1) data.splice(2, 0, offerOfTheDay);
  const result = { count: found.length, last_id: 0 };
  return {
    additional_params: {
      lang_id: all.lang_id,
      page,
      view_type_id: 0,
      target: 'search',
      section: 'auto',
      catalog_name: '',
      elastica: true,
      nodejs: true,
      searchByTypeAction: true,
    },
    result: {
      search_result: { ids: shown.map(({ id }) => String(id)), ...result },
      search_result_common: { ...result, data },
      active_marka: activeBrand(read),
      active_model: null,
      active_state: null,
      active_city: null,
      revies: null,
      isCommonSearch: Number(all.searchType) !== 4,
      additional: {
        user_auto_positions: [],
        search_params: read,
        query_string: withoutKey(query),
      },
    },
  };
}

function matches(car: SandboxCar, params: SearchParams): boolean {
  const rate = { '1': 1, '2': 0.92, '3': 41 }[String(params.currency)] ?? 1;
  const price = car.usd * rate;
  const sold = Number(params.saledParam) || 0;
  const checks = [
    !has(params.category_id) || Number(params.category_id) === car.categoryId,
    inBlocks(car, params),
    inList(params.fuel_id, car.fuelId),
    inList(params.gear_id, car.gearboxId),
    inList(params.bodystyle, car.bodyId),
    inList(params.drive_id, car.driveId),
    inList(params.color_id, car.colorId),
    inPlaces(car, params),
    within(price, params.price_ot, params.price_do),
    within(car.raceInt, params.raceFrom, params.raceTo),
    within(car.engineVolume, params.engineVolumeFrom, params.engineVolumeTo),
    within(car.power, params.powerFrom, params.powerTo),
    (params.auto_options as number[]).every((option) => car.options.includes(option)),
    !params.abroad || car.abroad,
    // The pages do not agree on what 0 and 1, or 1 and 2, mean; 1 is «not cleared», 2 is «was in an accident».
    !has(params.custom) || car.custom,
    !has(params.damage) || car.damage === (Number(params.damage) === 2),
    sold === 0 || car.sold === (sold === 1),
    !has(params.with_photo) || car.photos.length > 0,
    Number(params.searchType) !== 4 || car.type === 'UsedAuto',
  ];
  return checks.every(Boolean);
}

// Brand, model, years and country at one index belong together; a car has to fit one of these.
function inBlocks(car: SandboxCar, params: SearchParams): boolean {
  const [brands, models, from, to, countries] = [
    params.marka_id,
    params.model_id,
    params.s_yers,
    params.po_yers,
    params.country,
  ].map((list) => (Array.isArray(list) ? (list as (number | null)[]) : []));
  const blocks = Math.max(brands?.length ?? 0, from?.length ?? 0, to?.length ?? 0, countries?.length ?? 0);
  if (blocks === 0) return true;
  return Array.from({ length: blocks }, (_, index) => index).some((index) => {
    const same = (list: (number | null)[] | undefined, value: number | undefined): boolean =>
      !list?.[index] || list[index] === value;
    const generations = flatAt(params.generation_id, index);
    const modifications = flatAt(params.modification_id, index);
    const country = carBrands.find(({ id }) => id === car.brandId)?.countryId;
    return (
      same(brands, car.brandId) &&
      same(models, car.modelId) &&
      same(countries, country) &&
      within(car.year, from?.[index], to?.[index]) &&
      (generations.length === 0 || generations.includes(car.generationId)) &&
      (modifications.length === 0 || modifications.includes(car.modificationId))
    );
  });
}

function inPlaces(car: SandboxCar, params: SearchParams): boolean {
  const regions = (params.state as (number | null)[] | undefined) ?? [];
  const towns = (params.city as (number | null)[] | undefined) ?? [];
  if (regions.every((region) => !region)) return true;
  return regions.some(
    (region, index) => region === car.stateId && (!towns[index] || towns[index] === car.cityId),
  );
}

function flatAt(groups: unknown, index: number): number[] {
  const group = Array.isArray(groups) ? (groups as unknown[])[index] : undefined;
  return Array.isArray(group) ? (group.flat(3).filter(Boolean) as number[]) : [];
}

function inList(list: unknown, value: number): boolean {
  const wanted = Array.isArray(list) ? (list as (number | null)[]).filter(Boolean) : [];
  return wanted.length === 0 || wanted.includes(value);
}

function within(value: number, from: unknown, to: unknown): boolean {
  return (!has(from) || value >= Number(from)) && (!has(to) || value <= Number(to));
}

function has(value: unknown): boolean {
  return Number(value) > 0;
}

function orderOf(order: number): (a: SandboxCar, b: SandboxCar) => number {
  const by: Readonly<Record<number, (car: SandboxCar) => number>> = {
    2: ({ usd }) => usd,
    3: ({ usd }) => -usd,
    5: ({ year }) => -year,
    6: ({ year }) => year,
    7: ({ addedAt }) => -addedAt,
    8: ({ addedAt }) => addedAt,
    12: ({ raceInt }) => -raceInt,
    13: ({ raceInt }) => raceInt,
  };
  const rank = by[order];
  return (a, b) => (rank ? rank(a) - rank(b) : 0) || b.id - a.id;
}

function activeBrand({ all }: ReadSearch): Record<string, unknown> | null {
  const [id] = all.marka_id as number[];
  const found = carBrands.find((brand) => brand.id === id);
  return found ? { marka_id: found.id, name: found.name, active: 1, country_id: found.countryId } : null;
}

function withoutKey(query: URLSearchParams): string {
  const shown = new URLSearchParams(query);
  shown.delete('api_key');
  shown.set('lang_id', '4');
  shown.set('langId', '4');
  return shown.toString();
}
