/** An entry of a dictionary, as AUTO.RIA spells it: `value` is the id. */
export interface AutoRiaEntry {
  name: string;
  value: number;
  /** Body styles: 0, or the style that it is a kind of. */
  parentId?: number;
}

/** A group of entries; one that stands alone has no `members`. */
export interface AutoRiaGroup extends AutoRiaEntry {
  members: AutoRiaEntry[];
}

/** A generation of a model. `yearTo` 0: still built. */
export interface AutoRiaGeneration {
  generationId: number;
  name: string;
  yearFrom: number;
  yearTo: number;
  modelId: number;
  eng?: string;
}

/** A trim of a modification. */
export interface AutoRiaEquipment {
  equipId: number;
  baseId: number;
  year: string;
  name: string;
}

/** Something that AUTO.RIA names by an id and a word. */
export interface AutoRiaNamed {
  id: number | undefined;
  name: string | undefined;
}

/** Prices as numbers, each where AUTO.RIA tells it. */
export interface AutoRiaPrices {
  USD?: number;
  EUR?: number;
  UAH?: number;
}

/** One photo in AUTO.RIA's sizes, from small to large: `sx`, `m`, `b`, `f`. */
export interface AutoRiaPhoto {
  id: number;
  sx: string;
  m: string;
  b: string;
  f: string;
}

/**
 * What may identify a car's owner. It is there to be read, but is not enumerable: `JSON.stringify`, `console.log`, `{ ...car }` and
 * loggers do not show it.
 */
export interface AutoRiaIdentity {
  /** Where the seller shows it. */
  readonly vin: string | undefined;
  readonly plateNumber: string | undefined;
}

/** A car that is for sale. */
export interface AutoRiaCar extends AutoRiaIdentity {
  id: string;
  title: string | undefined;
  /** Its page: show it as a link, AUTO.RIA's terms ask for one. */
  url: string | undefined;
  brand: AutoRiaNamed;
  model: AutoRiaNamed;
  generation: AutoRiaNamed;
  modification: AutoRiaNamed;
  equipment: AutoRiaNamed;
  year: number | undefined;
  prices: AutoRiaPrices;
  /** The currency that the seller chose. */
  currency: string | undefined;
  /** Kilometres; AUTO.RIA rounds to thousands. */
  mileageKm: number | undefined;
  fuel: AutoRiaNamed;
  gearbox: AutoRiaNamed;
  drive: AutoRiaNamed;
  body: AutoRiaNamed;
  /** Read from the fuel's name: «Дизель, 1.97 л.». */
  engineLitres: number | undefined;
  /** Horsepower, read from the modification's name. */
  power: number | undefined;
  color: string | undefined;
  place: { region: AutoRiaNamed; city: AutoRiaNamed };
  photos: AutoRiaPhoto[];
  /** May be more than `photos`. */
  photoCount: number;
  description: string | undefined;
  sold: boolean;
  /** What AUTO.RIA warns of. */
  flags: {
    abroad: boolean;
    uncleared: boolean;
    damaged: boolean;
    confiscated: boolean;
    forParts: boolean;
    underCredit: boolean;
  };
  sellerId: number | undefined;
  dealer: AutoRiaNamed | undefined;
  /** Times as AUTO.RIA writes them, `2024-07-05 11:36:06`; it tells no time zone. */
  addedAt: string | undefined;
  updatedAt: string | undefined;
  expiresAt: string | undefined;
  soldAt: string | undefined;
  /** The whole answer, VIN and plate in it; not enumerable either. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** What cars of a kind cost: from {@link AutoRiaClient.averagePrice}. In US dollars. */
export interface AutoRiaAveragePrice {
  /** Cars that were counted. */
  total: number;
  mean: number;
  /** Without the cheapest and the dearest quarter. */
  interQuartileMean: number;
  /** By percent: `percentiles[50]` is the median. */
  percentiles: Readonly<Record<number, number>>;
  /** At most 1,000. */
  prices: number[];
  /** The cars of `prices`. */
  ids: string[];
}

/** A car like the one that was asked about. */
export interface AutoRiaSimilarCar extends AutoRiaIdentity {
  id: string;
  title: string | undefined;
  url: string | undefined;
  year: number | undefined;
  mileageKm: number | undefined;
  prices: AutoRiaPrices;
  city: string | undefined;
}

/** What a paid estimate says. */
export interface AutoRiaEstimate {
  prices: AutoRiaPrices;
  similar: AutoRiaSimilarCar[];
}

/** A month of a paid history of prices. */
export interface AutoRiaPricePoint {
  /** `2025-06` */
  month: string;
  /** Advertisements of that month. */
  count: number | undefined;
  prices: AutoRiaPrices;
}

/** What a paid call found out about a car by its VIN, plate or advertisement. */
export interface AutoRiaIdentified {
  /** `brandId`, `modelId`, `year`, … each with its name. */
  attributes: { entity: string; name: string }[];
  /** A search for such cars on the site. */
  url: string | undefined;
}

/** Ids of your own listings. */
export interface AutoRiaListingIds {
  active: { moderated: number[]; notModerated: number[] };
  draft: number[];
  awaitingPayment: number[];
  archive: number[];
}

/**
 * A listing of your own, in AUTO.RIA's spelling. `mileage` is in thousands of km.
 * @see https://github.com/ria-com/auto-ria-rest-api/blob/master/AUTO_RIA_API/README.md
 */
export interface AutoRiaListing {
  year: number;
  price: { value: number; currency: { id: number } };
  categories: { main: { id: number } };
  brand: { id: number };
  model: { id: number };
  body: { id: number };
  mileage: number;
  region: { id: number };
  city: { id: number };
  modification?: string;
  VIN?: string;
  damage?: boolean;
  custom?: boolean;
  gearbox?: { id: number };
  drive?: { id: number };
  fuel?: { id: number; consumption?: { route?: number; city?: number; combine?: number } };
  engine?: { volume: { liters: number } };
  power?: { hp?: number; kW?: number };
  color?: { id: number; metallic?: boolean };
  description?: { ru?: string; uk?: string };
  doors?: number;
  seats?: number;
  [field: string]: unknown;
}

/** A listing that exists. */
export type AutoRiaStoredListing = Partial<AutoRiaListing> & { _id: number };

/** Why a listing ends: 4 sold by AUTO.RIA, 5 sold elsewhere, 6 to be listed anew, 7 not for sale any more. */
export type AutoRiaRemovalReason = 4 | 5 | 6 | 7;

/** A listing of a new car. `currency_id`: 1 dollar, 2 euro, 3 hryvnia. */
export interface AutoRiaNewCarListing {
  marka_id: number;
  model_id: number;
  base_id: number;
  equip_id: number;
  currency_id: 1 | 2 | 3;
  price?: number;
  auto_note?: string;
  version?: string;
  in_stock?: 0 | 1;
  test_drive?: 0 | 1;
}
