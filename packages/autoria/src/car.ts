import type { AutoRiaCar, AutoRiaIdentity, AutoRiaNamed, AutoRiaPhoto, AutoRiaPrices } from './types.ts';

type Raw = Readonly<Record<string, unknown>>;

/** The site that pages of cars are on. */
const siteOrigin = 'https://auto.ria.com';

/** Reads what AUTO.RIA says of a car, whatever of it is missing. */
export function toCar(raw: Raw, id: string): AutoRiaCar {
  const auto = recordOf(raw.autoData);
  const state = recordOf(raw.stateData);
  const flags = recordOf(raw.autoInfoBar);
  const dealer = recordOf(raw.dealer);
  const checked = recordOf(raw.checkedVin);
  const fuelName = textOf(auto.fuelName);
  const modificationName = textOf(auto.modificationName);
  const photos = recordOf(raw.photoData);
  const thousands = numberOf(auto.raceInt) ?? thousandsIn(textOf(auto.race));
  const { vin: shownVin } = checked.isShow === true ? checked : { vin: undefined };
  const car = {
    id: textOf(String(auto.autoId ?? '')) ?? id,
    title: textOf(raw.title),
    url: urlOf(raw.linkToView),
    brand: named(raw.markId, raw.markName),
    model: named(raw.modelId, raw.modelName),
    generation: named(auto.generationId, auto.generationName),
    modification: named(auto.modificationId, modificationName),
    equipment: named(auto.equipmentId, auto.equipmentName),
    year: numberOf(auto.year),
    prices: pricesIn(raw),
    currency: textOf(auto.mainCurrency),
    mileageKm: thousands === undefined ? undefined : thousands * 1_000,
    fuel: named(auto.fuelId, fuelName),
    gearbox: named(auto.gearBoxId, auto.gearboxName),
    drive: named(auto.driveId, auto.driveName),
    body: named(auto.bodyId, raw.subCategoryName),
    engineLitres: numberIn(fuelName, /(\d+(?:[.,]\d+)?)\s*л/),
    power: numberIn(modificationName, /\((\d+)\s*(?:к|л)\.?\s?с/),
    color: textOf(recordOf(raw.color).name),
    place: {
      region: named(state.stateId, state.regionName),
      city: named(state.cityId, state.name),
    },
    photos: photosIn(photos),
    photoCount: numberOf(photos.count) ?? 0,
    description: textOf(auto.description),
    sold: auto.isSold === true,
    flags: {
      abroad: flags.abroad === true,
      uncleared: flags.custom === true || Number(auto.custom) === 1,
      damaged: flags.damage === true,
      confiscated: flags.confiscatedCar === true,
      forParts: flags.onRepairParts === true,
      underCredit: flags.underCredit === true,
    },
    sellerId: numberOf(raw.userId),
    dealer: Number(dealer.id) > 0 ? named(dealer.id, dealer.name) : undefined,
    addedAt: textOf(raw.addDate),
    updatedAt: textOf(raw.updateDate),
    expiresAt: textOf(raw.expireDate),
    soldAt: textOf(raw.soldDate),
  };
  return hidden(car, {
    vin: textOf(raw.VIN) ?? textOf(shownVin),
    plateNumber: textOf(raw.plateNumber),
    raw,
  });
}

/** Adds what may be read but is not shown: loggers, JSON and copies leave it out. */
export function hidden<Shown extends object, Hidden extends AutoRiaIdentity>(
  shown: Shown,
  secrets: Hidden,
): Shown & Hidden {
  for (const [name, value] of Object.entries(secrets)) {
    // A getter: `inspect` with `showHidden` shows that it is there, not what it gives.
    Object.defineProperty(shown, name, { get: () => value as unknown, enumerable: false });
  }
  return shown as Shown & Hidden;
}

/** Prices as numbers, from numbers or from «32 999». */
function pricesIn(raw: Raw): AutoRiaPrices {
  const [written] = Array.isArray(raw.prices) ? (raw.prices as unknown[]) : [];
  const prices: AutoRiaPrices = {};
  for (const code of ['USD', 'EUR', 'UAH'] as const) {
    const value = amountOf(raw[code]) ?? amountOf(recordOf(written)[code]);
    if (value !== undefined) prices[code] = value;
  }
  return prices;
}

/** A price: a number, or digits with spaces between them. */
export function amountOf(value: unknown): number | undefined {
  if (typeof value === 'string') {
    const text = value.replaceAll(/\s/g, '').replace(',', '.');
    return /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
  }
  return numberOf(value);
}

/** A page of the site from its path. */
export function urlOf(path: unknown): string | undefined {
  const text = textOf(path);
  if (text === undefined || !URL.canParse(text, siteOrigin)) return undefined;
  const url = new URL(text, siteOrigin);
  return /(^|\.)ria\.com$/.test(url.hostname) && url.protocol === 'https:' ? url.href : undefined;
}

/** A text that is not empty. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

/** A number that is finite. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** An object; an empty one for anything else. */
export function recordOf(value: unknown): Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Raw) : {};
}

function named(id: unknown, name: unknown): AutoRiaNamed {
  const number = numberOf(id);
  return { id: number === 0 ? undefined : number, name: textOf(name) };
}

// Ids of all photos, but addresses of the main one only: the others differ in the id.
function photosIn(photos: Raw): AutoRiaPhoto[] {
  const link = ['seoLinkF', 'seoLinkB', 'seoLinkM', 'seoLinkSX']
    .map((name) => textOf(photos[name]))
    .find((text) => text !== undefined);
  const parts = /^(https:\/\/cdn\d*\.riastatic\.com\/.+__)(\d+)(?:sx|m|b|fx?)(\.\w+)$/.exec(link ?? '');
  if (!parts) return [];
  const [, before = '', main = '', ending = ''] = parts;
  const all = Array.isArray(photos.all) ? (photos.all as unknown[]).map(Number) : [];
  const ids = [...new Set([Number(main), ...all])].filter(Number.isSafeInteger);
  const size = (id: number, letters: string): string => `${before}${id}${letters}${ending}`;
  return ids.map((id) => ({ id, sx: size(id, 'sx'), m: size(id, 'm'), b: size(id, 'b'), f: size(id, 'f') }));
}

function thousandsIn(text: string | undefined): number | undefined {
  return numberIn(text, /([\d\s]+)\s*тис|([\d\s]+)\s*тыс/);
}

function numberIn(text: string | undefined, pattern: RegExp): number | undefined {
  const found = text === undefined ? null : pattern.exec(text);
  return amountOf(found?.[1] ?? found?.[2]);
}
