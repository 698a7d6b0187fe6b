import { infoOf, linkOf, namesOf, photoOf, pricesOf, spaced } from './car-info.ts';
import { bodystyles, fuels, gearboxes } from './catalogue.ts';
import { complaint, noticeError } from './failure.ts';
import type { SandboxCar } from './public.ts';

/** Answers `GET /auto/average_price`. Ranges are one name twice, lists are one name many times. */
export function averagePrice(cars: readonly SandboxCar[], query: URLSearchParams): Record<string, unknown> {
  const numbers = (name: string): number[] =>
    [...query]
      .filter(([written]) => written.replace(/\[\d*\]$/, '') === name)
      .map(([, value]) => Number(value))
      .filter((value) => value >= 0);
  const oneOf = (name: string, value: number): boolean => {
    const wanted = numbers(name).filter(Boolean);
    return wanted.length === 0 || wanted.includes(value);
  };
  const between = (name: string, value: number): boolean => {
    const [from, to] = numbers(name);
    return from === undefined || (to === undefined ? value === from : value >= from && value <= to);
  };
  const found = cars
    .filter(
      (car) =>
        car.type === 'UsedAuto' &&
        oneOf('main_category', car.categoryId) &&
        oneOf('marka_id', car.brandId) &&
        oneOf('model_id', car.modelId) &&
        oneOf('body_id', car.bodyId) &&
        oneOf('gear_id', car.gearboxId) &&
        oneOf('fuel_id', car.fuelId) &&
        oneOf('drive_id', car.driveId) &&
        oneOf('state_id', car.stateId) &&
        oneOf('city_id', car.cityId) &&
        oneOf('color_id', car.colorId) &&
        numbers('options').every((option) => car.options.includes(option)) &&
        between('yers', car.year) &&
        between('raceInt', car.raceInt) &&
        between('engineVolume', car.engineVolume),
    )
    .slice(0, 1_000);
  if (found.length < 2) throw complaint(400, 'Not Enough Data');
  const sorted = found.map(({ usd }) => usd).sort((a, b) => a - b);
  const middle = sorted.slice(Math.floor(sorted.length / 4), Math.ceil((sorted.length * 3) / 4));
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return {
    total: found.length,
    arithmeticMean: mean(sorted),
    interQuartileMean: mean(middle),
    percentiles: Object.fromEntries(
      [1, 5, 25, 50, 75, 95, 99].map((percent) => [percent.toFixed(1), at(percent / 100)]),
    ),
    prices: found.map(({ usd }) => usd),
    classifieds: found.map(({ id }) => id),
  };
}

/** Answers the paid `POST /auto/ai-avarage-price/`. */
export function aiAveragePrice(cars: readonly SandboxCar[], body: unknown): Record<string, unknown> {
  const similar = similarTo(cars, body);
  const { USD, UAH } = pricesOf({ usd: Math.round(mean(similar.map(({ usd }) => usd))) });
  return {
    similarCars: similar.slice(0, 5).map((car) => {
      const { brand, model } = namesOf(car);
      const prices = pricesOf(car);
      return {
        VIN: car.VIN ?? '',
        plateNumber: car.plateNumber ?? '',
        id: car.id,
        title: `${brand} ${model}`,
        brand: { eng: brand.toLowerCase(), id: car.brandId },
        model: { eng: model.toLowerCase(), id: car.modelId },
        fuel: { name: (infoOf(car).autoData as { fuelName: string }).fuelName },
        gearbox: { name: gearboxes.find(({ value }) => value === car.gearboxId)?.name ?? '' },
        level: 0,
        location: { city: { name: infoOf(car).locationCityName } },
        mainPhoto: car.photos[0] === undefined ? '' : photoOf(car, car.photos[0]),
        price: {
          all: {
            UAH: { currency: { abbreviated: 'грн', sign: '₴' }, value: spaced(prices.UAH) },
            USD: { currency: { abbreviated: null, sign: '$' }, value: spaced(prices.USD) },
          },
        },
        race: `${car.raceInt} тис. км`,
        raceInt: car.raceInt,
        uri: linkOf(car),
        // The real service has both kinds, too.
        verifiedVIN: car.VIN === undefined ? 0 : true,
        year: car.year,
      };
    }),
    statisticData: [{ id: 'avgPriceBlock', name: 'Середня ціна', type: 'avgPrice', price: { UAH, USD } }],
  };
}

/** Periods that the paid statistics know. Days. */
const periods = [
  { name: 'Останній місяць', value: 30 },
  { name: '3 місяці', value: 90 },
  { name: 'Останні півроку', value: 180 },
  { name: 'Останній рік', value: 365 },
] as const;

/** Answers the paid `POST /auto/statistic-avarage-price/`: a point for each month, as `MM.YY`. */
export function priceStatistics(
  cars: readonly SandboxCar[],
  body: unknown,
  now: number,
): Record<string, unknown> {
  const similar = similarTo(cars, body);
  const days = Number((body as { period?: unknown }).period) || 365;
  const months = Math.max(1, Math.round(days / 30));
  const usd = Math.round(mean(similar.map((car) => car.usd)));
  const graphData = Array.from({ length: months }, (_, index) => {
    const date = new Date(now);
    date.setUTCDate(1);
    date.setUTCMonth(date.getUTCMonth() - (months - 1 - index));
    const { USD, UAH } = pricesOf({ usd: usd + (months - index) * 25 });
    const month = String(date.getUTCMonth() + 1).padStart(2, '0');
    return {
      advCnt: similar.length,
      date: `${month}.${String(date.getUTCFullYear()).slice(2)}`,
      price: { UAH, USD },
    };
  });
  return {
    graphData,
    noticeData: [success('Знайдено')],
    periodSelectorData: { fieldId: 'periodSelector', elements: periods },
  };
}

/** Answers the paid `POST /auto/params/by/vin-code/`. */
export function paramsByVin(cars: readonly SandboxCar[], body: unknown): Record<string, unknown> {
  const car = byIdentifier(cars, paramsOf(body).omniId);
  const { brand, model } = namesOf(car);
  const chip = (entity: string, name: string | undefined) => ({ entity, id: `${entity}_0`, name });
  return {
    chipsData: {
      chips: [
        chip('categoryId', 'Легкові'),
        chip('brandId', brand),
        chip('modelId', model),
        chip('bodyId', bodystyles.find(({ value }) => value === car.bodyId)?.name),
        chip('fuelId', fuels.find(({ value }) => value === car.fuelId)?.name),
        chip('gearBoxId', gearboxes.find(({ value }) => value === car.gearboxId)?.name),
        chip('year', `${car.year} - ${car.year} рр.`),
      ],
      link: {
        text: 'Переглянути пропозиції',
        url: `https://auto.ria.com/uk/search/?brand.id[0]=${car.brandId}&model.id[0]=${car.modelId}`,
      },
    },
    noticeData: [success(`Знайдено ${brand} ${model} ${car.year}`)],
    searchType: 'VIN',
  };
}

function success(noticeString: string): Record<string, string> {
  return { linkHref: '', linkText: '', noticeString, noticeType: 'success' };
}

function paramsOf(body: unknown): Record<string, unknown> {
  const params = (body as { params?: unknown } | undefined)?.params;
  if (typeof params !== 'object' || params === null) throw noticeError('Помилка. Некоректні вхідні данні');
  return params as Record<string, unknown>;
}

function byIdentifier(cars: readonly SandboxCar[], omniId: unknown): SandboxCar {
  const found = cars.find(
    ({ id, VIN, plateNumber }) => [String(id), VIN, plateNumber].includes(String(omniId)) && omniId !== '',
  );
  if (found === undefined) throw noticeError('Помилка. Некоректні вхідні данні');
  return found;
}

// Ids are text here, ranges `{ gte, lte }`; three ids alone are too little.
function similarTo(cars: readonly SandboxCar[], body: unknown): SandboxCar[] {
  const params = paramsOf(body);
  if (params.omniId !== undefined) {
    const { brandId, modelId } = byIdentifier(cars, params.omniId);
    return cars.filter((car) => car.brandId === brandId && car.modelId === modelId);
  }
  const { categoryId, brandId, modelId, ...more } = params;
  if (!categoryId || !brandId || !modelId || Object.keys(more).length === 0) {
    throw noticeError('Помилка. Некоректні вхідні данні');
  }
  const range = (value: number, given: unknown): boolean => {
    const { gte, lte } = (given ?? {}) as { gte?: string; lte?: string };
    return (gte === undefined || value >= Number(gte)) && (lte === undefined || value <= Number(lte));
  };
  const same = (value: number, given: unknown): boolean => given === undefined || String(value) === given;
  const found = cars.filter(
    (car) =>
      same(car.brandId, brandId) &&
      same(car.modelId, modelId) &&
      same(car.fuelId, more.fuelId) &&
      same(car.gearboxId, more.gearBoxId) &&
      same(car.bodyId, more.bodyId) &&
      range(car.year, more.year) &&
      range(car.raceInt, more.mileage) &&
      range(car.engineVolume, more.engineVolume),
  );
  if (found.length === 0) throw noticeError('Недостатньо даних');
  return found;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
