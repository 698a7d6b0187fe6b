import {
  bodystyles,
  type CatalogueBrand,
  carBrands,
  cities,
  colors,
  driverTypes,
  type Entry,
  fuels,
  gearboxes,
  slugOf,
  states,
} from './catalogue.ts';
import type { SandboxCar } from './public.ts';

/** Units of other currencies for one dollar. */
const rates = { EUR: 0.92, UAH: 41 } as const;

/** Prices of a car in the three currencies, whole. */
export function pricesOf({ usd }: Pick<SandboxCar, 'usd'>): Record<'USD' | 'EUR' | 'UAH', number> {
  return { USD: usd, EUR: Math.round(usd * rates.EUR), UAH: Math.round(usd * rates.UAH) };
}

/** A number as the API writes prices: `32 999`. */
export function spaced(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+(?!\d))/g, ' ');
}

/** Names of brand and model. */
export function namesOf({ brandId, modelId }: Pick<SandboxCar, 'brandId' | 'modelId'>): {
  brand: string;
  model: string;
} {
  const brand: CatalogueBrand | undefined = carBrands.find(({ id }) => id === brandId);
  const model = brand?.models.find(({ id }) => id === modelId);
  return { brand: brand?.name ?? 'Інше', model: model?.name ?? 'Інша' };
}

/** The site's path of a car. */
export function linkOf(car: SandboxCar): string {
  const { brand, model } = namesOf(car);
  return `/auto_${slugOf(brand)}_${slugOf(model).replaceAll('-', '_')}_${car.id}.html`;
}

/** The address of a photo without size and ending. */
export function photoOf(car: SandboxCar, id: number): string {
  const { brand, model } = namesOf(car);
  return `https://cdn${id % 4}.riastatic.com/photosnew/auto/photo/${slugOf(brand)}_${slugOf(model)}__${id}`;
}

/** Answers `GET /auto/info`. */
export function infoOf(car: SandboxCar): Record<string, unknown> {
  const { brand, model } = namesOf(car);
  const prices = pricesOf(car);
  const [main] = car.photos;
  const photo = main === undefined ? undefined : photoOf(car, main);
  const generation = carBrands
    .flatMap(({ models }) => models.flatMap(({ generations }) => generations))
    .find(({ id }) => id === car.generationId);
  const added = timeOf(car.addedAt);
  const masked = car.VIN === undefined ? undefined : `${car.VIN.slice(0, 9)}xxxxxx${car.VIN.slice(-2)}`;
  return {
    userId: 10_896_536,
    chipsCount: 0,
    locationCityName: nameIn(cities[car.stateId] ?? [], car.cityId),
    auctionPossible: true,
    exchangePossible: false,
    realtyExchange: false,
    addDate: added,
    updateDate: added,
    expireDate: timeOf(car.addedAt + 92 * 86_400_000),
    soldDate: car.sold ? added : '',
    userPhoneData: { phoneId: '611111111', phone: '(xxx) xxx xx xx' },
    ...prices,
    prices: [Object.fromEntries(Object.entries(prices).map(([code, value]) => [code, spaced(value)]))],
    markId: car.brandId,
    markName: brand,
    markNameEng: slugOf(brand),
    modelId: car.modelId,
    modelName: model,
    modelNameEng: slugOf(model),
    subCategoryName: nameIn(bodystyles, car.bodyId),
    title: `${brand} ${model}`,
    ...(car.VIN !== undefined && { VIN: car.VIN }),
    ...(car.plateNumber !== undefined && { plateNumber: car.plateNumber }),
    checkedVin: { isShow: false, orderId: 0, ...(masked !== undefined && { vin: masked }) },
    codedVin: { iv: '0037541c7b3b9202437d5207e2221ad6', text: 'c7205f9d64b6' },
    secureKey: '91d3eaef0acdcaa0afabe8f0f4ae52b1',
    vinSvg: '<svg xmlns="http://www.w3.org/2000/svg"></svg>',
    linkToView: linkOf(car),
    photoData: {
      all: [...car.photos],
      count: car.photos.length,
      ...(photo !== undefined && {
        seoLinkM: `${photo}m.jpg`,
        seoLinkSX: `${photo}sx.jpg`,
        seoLinkB: `${photo}b.jpg`,
        seoLinkF: `${photo}f.jpg`,
      }),
    },
    stateData: {
      cityId: car.cityId,
      stateId: car.stateId,
      name: nameIn(cities[car.stateId] ?? [], car.cityId),
      regionName: nameIn(states, car.stateId),
    },
    color: { name: nameIn(colors, car.colorId), eng: 'color', hex: '#000000' },
    dealer: { id: 0, name: '', type: '', typeId: 0, link: '', logo: '' },
    autoInfoBar: {
      abroad: car.abroad,
      custom: car.custom,
      damage: car.damage,
      confiscatedCar: false,
      onRepairParts: false,
      underCredit: false,
    },
    levelData: { level: 0, label: 0, period: 0, hotType: '', expireDate: '' },
    badges: [],
    autoData: {
      autoId: car.id,
      categoryId: car.categoryId,
      year: car.year,
      race: `${car.raceInt} тис. км`,
      raceInt: car.raceInt,
      fuelId: car.fuelId,
      fuelName: fuelNameOf(car),
      gearBoxId: car.gearboxId,
      gearboxName: nameIn(gearboxes, car.gearboxId),
      driveId: car.driveId,
      driveName: nameIn(driverTypes[1] ?? [], car.driveId),
      bodyId: car.bodyId,
      generationId: car.generationId,
      generationName: generation?.name ?? '',
      modificationId: car.modificationId,
      modificationName: nameIn(generation?.modifications ?? [], car.modificationId),
      equipmentId: 0,
      equipmentName: '',
      statusId: 0,
      isSold: car.sold,
      mainCurrency: 'USD',
      description: car.description,
    },
  };
}

/** Volume and fuel are one text. */
function fuelNameOf({ fuelId, engineVolume }: SandboxCar): string {
  const name = nameIn(fuels, fuelId);
  return engineVolume > 0 ? `${name}, ${engineVolume} л.` : name;
}

function nameIn(entries: readonly Entry[], id: number): string {
  return entries.find(({ value }) => value === id)?.name ?? '';
}

function timeOf(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ');
}
