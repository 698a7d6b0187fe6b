import { type CallOptions, parseWith, type Schema } from '@cartie/core';
import { z } from 'zod';
import type { CallPath } from './call.ts';
import { amountOf, hidden, numberOf, recordOf, textOf, urlOf } from './car.ts';
import type { AutoRiaDictionaries } from './dictionaries.ts';
import { invalid, service } from './invalid.ts';
import { createNames, type NameOrId } from './names.ts';
import type { OperationName } from './operations.ts';
import { type AutoRiaPriceFilter, priceFilterSchema } from './prices.ts';
import type {
  AutoRiaEstimate,
  AutoRiaIdentified,
  AutoRiaPricePoint,
  AutoRiaPrices,
  AutoRiaSimilarCar,
} from './types.ts';

/** A car by what is unique of it, or a kind of cars. A kind needs its brand, model and at least one field more. */
export type AutoRiaPaidInput =
  /** A VIN, a plate, or the id of an advertisement. */
  | { identifier: string }
  | (Omit<AutoRiaPriceFilter, 'options' | 'fuel' | 'gearbox' | 'city' | 'engine'> & {
      model: NameOrId;
      fuel?: NameOrId | undefined;
      gearbox?: NameOrId | undefined;
      /** Litres. */
      engineFrom?: number | undefined;
      engineTo?: number | undefined;
    });

/** Options of a paid call. */
export interface AutoRiaPaidOptions extends CallOptions {
  /** Days that are looked at: 30, 90, 180 or 365. @default 365 */
  periodDays?: number | undefined;
  /** AUTO.RIA's number of a language: 4 is Ukrainian. @default 4 */
  langId?: number | undefined;
}

/**
 * Calls that cost money: they need the options `paid` and `userId`. None is repeated after an unknown outcome, since it may have been
 * charged. Cars that were never on the site are `rejected` (kind `notice`).
 */
export interface AutoRiaPaid {
  /** What such a car costs, and cars like it. AUTO.RIA estimates the model; the cars tell more of a narrow kind. */
  averagePrice(input: AutoRiaPaidInput, options?: AutoRiaPaidOptions): Promise<AutoRiaEstimate>;
  /** What such a car cost, by months. */
  priceHistory(input: AutoRiaPaidInput, options?: AutoRiaPaidOptions): Promise<AutoRiaPricePoint[]>;
  /** What a VIN, a plate or an advertisement tells of its car. */
  identify(identifier: string, options?: AutoRiaPaidOptions): Promise<AutoRiaIdentified>;
}

const litres = z.number().nonnegative().max(20).optional();
const kindSchema = priceFilterSchema
  .omit({ options: true, city: true, engine: true })
  .extend({ engineFrom: litres, engineTo: litres });
const identifierSchema = z.strictObject({ identifier: z.string().trim().min(4).max(40) });

/** Creates {@link AutoRiaPaid}. */
export function createPaid(path: CallPath, dictionaries: AutoRiaDictionaries): AutoRiaPaid {
  async function ask(
    operation: OperationName,
    input: AutoRiaPaidInput,
    { periodDays = 365, langId = 4, ...options }: AutoRiaPaidOptions,
  ): Promise<Readonly<Record<string, unknown>>> {
    const params = await paramsOf(operation, input, { dictionaries, options });
    const { data } = await path.run(operation, { json: { langId, period: periodDays, params } }, options);
    return recordOf(data.json);
  }

  return {
    async averagePrice(input, options = {}) {
      const answer = await ask('paidAveragePrice', input, options);
      const statistics = listOf(answer.statisticData);
      const average = statistics.find(({ type }) => type === 'avgPrice') ?? statistics[0];
      return { prices: pricesOf(average?.price), similar: listOf(answer.similarCars).map(similarOf) };
    },
    async priceHistory(input, options = {}) {
      const answer = await ask('paidPriceHistory', input, options);
      return listOf(answer.graphData).map(({ date, advCnt, price }) => ({
        month: monthOf(date),
        count: numberOf(advCnt),
        prices: pricesOf(price),
      }));
    },
    async identify(identifier, options = {}) {
      const answer = await ask('paidIdentify', { identifier }, options);
      const { chips, link } = recordOf(answer.chipsData);
      return {
        attributes: listOf(chips).map(({ entity, name }) => ({ entity: String(entity), name: String(name) })),
        url: urlOf(recordOf(link).url),
      };
    },
  };
}

async function paramsOf(
  operation: string,
  input: AutoRiaPaidInput,
  { dictionaries, options }: { dictionaries: AutoRiaDictionaries; options: CallOptions },
): Promise<Record<string, unknown>> {
  const context = { service, operation, code: 'invalid_input' } as const;
  if (typeof input === 'object' && input !== null && 'identifier' in input) {
    const { identifier } = parseWith(identifierSchema as Schema<{ identifier: string }>, input, context);
    return { omniId: identifier };
  }
  const kind = parseWith(kindSchema as unknown as Schema<KindOfCar>, input, context);
  const category = await createNames(dictionaries, 1, options).category(kind.category ?? 1);
  const find = createNames(dictionaries, category, options);
  const brand = await find.brand(kind.brand, 'brand');
  if (kind.model === undefined) throw invalid('model', 'is missing', operation);
  const params: Record<string, unknown> = {
    categoryId: String(category),
    brandId: String(brand),
    modelId: String(await find.model(kind.model, brand, 'model')),
  };
  for (const [field, dictionary, name] of [
    ['fuel', 'fuels', 'fuelId'],
    ['gearbox', 'gearboxes', 'gearBoxId'],
    ['body', 'bodystyles', 'bodyId'],
    ['drive', 'drives', 'driveId'],
    ['color', 'colors', 'colorId'],
    ['region', 'regions', 'stateId'],
  ] as const) {
    const value = kind[field];
    if (Array.isArray(value)) throw invalid(field, 'must be one here', operation);
    if (value !== undefined) params[name] = String(await find.entry(dictionary, value as NameOrId, field));
  }
  const thousands = (km?: number): number | undefined =>
    km === undefined ? undefined : Math.round(km / 1_000);
  for (const [name, from, to] of [
    ['year', kind.yearFrom, kind.yearTo],
    ['mileage', thousands(kind.mileageFrom), thousands(kind.mileageTo)],
    ['engineVolume', kind.engineFrom, kind.engineTo],
  ] as const) {
    if (from === undefined && to === undefined) continue;
    params[name] = {
      ...(from !== undefined && { gte: String(from) }),
      ...(to !== undefined && { lte: String(to) }),
    };
  }
  if (Object.keys(params).length === 3) {
    throw invalid(
      'yearFrom',
      'or any other field is missing: brand and model alone are too little',
      operation,
    );
  }
  return params;
}

interface KindOfCar extends AutoRiaPriceFilter {
  engineFrom?: number;
  engineTo?: number;
}

function similarOf(raw: Readonly<Record<string, unknown>>): AutoRiaSimilarCar {
  const all = recordOf(recordOf(raw.price).all);
  const thousands = numberOf(raw.raceInt);
  const prices: AutoRiaPrices = {};
  for (const code of ['USD', 'EUR', 'UAH'] as const) {
    const value = amountOf(recordOf(all[code]).value);
    if (value !== undefined) prices[code] = value;
  }
  return hidden(
    {
      id: String(raw.id),
      title: textOf(raw.title),
      url: urlOf(raw.uri),
      year: numberOf(raw.year),
      mileageKm: thousands === undefined ? undefined : thousands * 1_000,
      prices,
      city: textOf(recordOf(recordOf(raw.location).city).name),
    },
    { vin: textOf(raw.VIN), plateNumber: textOf(raw.plateNumber) },
  );
}

// «06.25» is June 2025.
function monthOf(date: unknown): string {
  const found = /^(\d{2})\.(\d{2})$/.exec(String(date));
  return found ? `20${found[2]}-${found[1]}` : String(date);
}

function pricesOf(price: unknown): AutoRiaPrices {
  const { USD, EUR, UAH } = recordOf(price);
  const prices: AutoRiaPrices = {};
  const found = { USD: amountOf(USD), EUR: amountOf(EUR), UAH: amountOf(UAH) };
  for (const code of ['USD', 'EUR', 'UAH'] as const) {
    if (found[code] !== undefined) prices[code] = found[code];
  }
  return prices;
}

function listOf(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.map(recordOf) : [];
}
