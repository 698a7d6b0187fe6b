import type { AutoRiaCar, AutoRiaClient, AutoRiaQuota } from '@cartie/autoria';
import { type CartieError, isCartieError } from '@cartie/core';

/** A car to be valued. Brand and model by their ids. */
export interface ValuedCar {
  readonly brand: number;
  readonly model: number;
  readonly yearFrom?: number | undefined;
  readonly yearTo?: number | undefined;
  readonly mileageTo?: number | undefined;
}

/** What AUTO.RIA knows of such cars. */
export interface Valuation {
  /** US dollars; `null` where there are too few such cars. */
  readonly average: {
    readonly total: number;
    readonly mean: number;
    readonly median: number | null;
    readonly low: number | null;
    readonly high: number | null;
  } | null;
  /** How many are for sale. */
  readonly count: number;
  /** Filters that AUTO.RIA ignored, so that `count` and `cars` are of more cars than were asked for. */
  readonly ignored: readonly string[];
  /** The cheapest first. */
  readonly cars: readonly ListedCar[];
  readonly quota: AutoRiaQuota | null;
  /** Why not all of it is there: the quota ended on the way. */
  readonly cutShort: string | null;
}

/** A car that is for sale, without what would identify it. */
export interface ListedCar {
  readonly id: string;
  readonly title: string | null;
  readonly year: number | null;
  readonly price: number | null;
  readonly mileageKm: number | null;
  readonly fuel: string | null;
  readonly city: string | null;
  /** AUTO.RIA's terms ask for a link to it. */
  readonly url: string | null;
}

/** Cars that are looked at one by one: each is a call of the quota. */
const looksAt = 5;

/**
 * Values a car: the average, and the cheapest that are for sale now. Costs up to seven calls of the quota; where that ends on the
 * way, what is known until then is given.
 * @throws CartieError of the client, where nothing could be learnt
 */
export async function valueCar(autoria: AutoRiaClient, car: ValuedCar): Promise<Valuation> {
  const average = await autoria.averagePrice(car);
  const found: ListedCar[] = [];
  let count = 0;
  let ignored: string[] = [];
  let cutShort: string | null = null;
  try {
    const page = await autoria.search({ ...car, usedOnly: true, sort: 'price_asc', pageSize: 20 });
    count = page.count;
    ignored = page.ignored.map(({ filter }) => filter);
    for (const id of page.ids.slice(0, looksAt)) {
      const shown = await autoria.car(id).catch(unlessGone);
      if (shown !== undefined) found.push(listed(shown));
    }
  } catch (error) {
    if (!isCartieError(error)) throw error;
    cutShort = whyNot(error);
  }
  return {
    average: average
      ? {
          total: average.total,
          mean: average.mean,
          median: average.percentiles[50] ?? null,
          low: average.percentiles[25] ?? null,
          high: average.percentiles[75] ?? null,
        }
      : null,
    count,
    ignored,
    cars: found,
    quota: (await autoria.quota()) ?? null,
    cutShort,
  };
}

/** Why AUTO.RIA told nothing, for an operator. */
export function whyNot({ code, retryAfterMs = 0, message }: CartieError): string {
  if (code !== 'rate_limited') return message;
  return `The quota of AUTO.RIA is used up. The next call can be made in ${Math.ceil(retryAfterMs / 60_000)} min.`;
}

function unlessGone(error: unknown): undefined {
  if (isCartieError(error) && error.code === 'not_found') return undefined;
  throw error;
}

function listed({ id, title, year, prices, mileageKm, fuel, place, url }: AutoRiaCar): ListedCar {
  return {
    id,
    title: title ?? null,
    year: year ?? null,
    price: prices.USD ?? null,
    mileageKm: mileageKm ?? null,
    fuel: fuel.name ?? null,
    city: place.city.name ?? null,
    url: url ?? null,
  };
}
