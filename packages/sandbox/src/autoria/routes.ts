import type { Clock } from '../clock.ts';
import { infoOf } from './car-info.ts';
import type { Cars } from './cars.ts';
import { dictionaryAt, dictionaryMaxAge } from './dictionaries.ts';
import { complaint, refusal } from './failure.ts';
import type { Key } from './keys.ts';
import type { Listings } from './listings.ts';
import type { NewCars } from './new-cars.ts';
import { aiAveragePrice, averagePrice, paramsByVin, priceStatistics } from './prices.ts';
import { searchCars } from './search.ts';

/** A request as the endpoints see it: the gateway has let it through. */
export interface RiaRequest {
  readonly method: string;
  readonly path: string;
  /** Without the key. */
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly key: Key;
}

/** What an endpoint answers. */
export interface RiaAnswer {
  /** `undefined` for an empty body. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One endpoint, or several that belong together. */
export interface Route {
  readonly operation: string;
  /** Does a call count against the quota? Work with one's own listings is free. */
  readonly counted: boolean;
  answer(request: RiaRequest): RiaAnswer;
}

/** What the endpoints work on. */
export interface RouteParts {
  readonly clock: Clock;
  readonly cars: Cars;
  readonly listings: Listings;
  readonly newCars: NewCars;
  /** Parameters that searches do not obey. */
  readonly ignored: ReadonlySet<string>;
}

// Two of the endpoints say that their JSON is a web page.
const asHtml = { 'content-type': 'text/html; charset=utf-8' };

/** Finds the endpoint at a path. */
export function createRoutes(parts: RouteParts): (path: string) => Route | undefined {
  const { clock, cars, listings, newCars, ignored } = parts;
  const fixed: Readonly<Record<string, Route>> = {
    '/auto/search': {
      operation: 'search',
      counted: true,
      answer: (request) => {
        only(request, 'GET');
        return { body: searchCars(cars.all(), request.query, ignored), headers: asHtml };
      },
    },
    '/auto/info': {
      operation: 'info',
      counted: true,
      answer: (request) => {
        only(request, 'GET');
        const car = cars.get(Number(request.query.get('auto_id')));
        if (!car) throw refusal('NOT_FOUND');
        return { body: infoOf(car), headers: asHtml };
      },
    },
    '/auto/average_price': {
      operation: 'average_price',
      counted: true,
      answer: (request) => {
        only(request, 'GET');
        return { body: averagePrice(cars.all(), request.query) };
      },
    },
    '/auto/ai-avarage-price': paid(({ body }) => aiAveragePrice(used(cars), body)),
    '/auto/statistic-avarage-price': paid(({ body }) => priceStatistics(used(cars), body, clock.now())),
    '/auto/params/by/vin-code': paid(({ body }) => paramsByVin(used(cars), body)),
  };

  return (path) => {
    const trimmed = path.replace(/\/+$/, '');
    const route = Object.hasOwn(fixed, trimmed) ? fixed[trimmed] : undefined;
    if (route) return route;
    const [, area, rest = ''] = /^\/auto\/(used\/autos|new|fotos)(?:\/(.*))?$/.exec(trimmed) ?? [];
    if (area === 'used/autos') {
      return {
        operation: 'listings',
        counted: false,
        answer: ({ method, query, body, key }) => {
          const call = {
            method,
            path: rest.split('/').filter(Boolean),
            query,
            body,
            userId: userOf(query, key),
          };
          return { body: listings.answer(call) };
        },
      };
    }
    if (area === 'fotos') {
      return {
        operation: 'listings',
        counted: false,
        answer: () => ({ body: listings.photos(Number(rest)) }),
      };
    }
    if (area === 'new') {
      return {
        operation: 'new',
        counted: rest !== 'autos',
        answer: ({ method, query, key }) => {
          const userId = rest === 'autos' ? userOf(query, key) : undefined;
          return { body: newCars.answer({ method, name: rest, query, userId }) };
        },
      };
    }
    const read = dictionaryAt(trimmed);
    if (!read) return undefined;
    return {
      operation: 'dictionary',
      counted: true,
      answer: (request) => {
        only(request, 'GET');
        return {
          body: read(request.query),
          headers: { 'cache-control': `public, max-age=${dictionaryMaxAge}` },
        };
      },
    };
  };
}

function paid(answer: (request: RiaRequest) => unknown): Route {
  return {
    operation: 'paid',
    counted: true,
    answer: (request) => {
      only(request, 'POST');
      if (!request.key.paid) throw refusal('API_KEY_UNAUTHORIZED');
      userOf(request.query, request.key);
      return { body: answer(request) };
    },
  };
}

function used(cars: Cars) {
  return cars.all().filter(({ type }) => type === 'UsedAuto');
}

function only({ method }: RiaRequest, wanted: string): void {
  if (method !== wanted) throw refusal('NOT_FOUND');
}

function userOf(query: URLSearchParams, key: Key): number {
  const given = query.get('user_id');
  if (given === null || given === '') throw complaint(400, 'user_id is required');
  if (given !== String(key.userId)) throw refusal('API_KEY_UNAUTHORIZED');
  return key.userId;
}
