import { type CallOptions, CartieError, parseWith, type Schema } from '@cartie/core';
import { z } from 'zod';
import { listFrom, objectFrom } from './answers.ts';
import type { CallPath } from './call.ts';
import { invalid, service } from './invalid.ts';
import type { OperationName } from './operations.ts';
import type { QueryPair } from './query.ts';
import type { AutoRiaNewCarListing } from './types.ts';

/** An entry of a dictionary of new cars, in AUTO.RIA's spelling. */
export type AutoRiaNewCarEntry = Record<string, unknown>;

/**
 * New cars: the way from a brand to a trim, and a dealer's own listings (these need `userId`, and do not count against the quota).
 */
export interface AutoRiaNewCars {
  /** `marka_id`, `name`, `country_id`, … */
  brands(category?: number, options?: CallOptions): Promise<AutoRiaNewCarEntry[]>;
  /** `model_id`, `name`, … */
  models(brand: number, options?: CallOptions & { category?: number }): Promise<AutoRiaNewCarEntry[]>;
  /** `generation_id`, `year_from`, … */
  generations(model: number, options?: CallOptions): Promise<AutoRiaNewCarEntry[]>;
  /** `generation_bodystyle_id`, `bodystyle_id` */
  bodystyles(generation: number, options?: CallOptions): Promise<AutoRiaNewCarEntry[]>;
  /** `base_id`, `name`, … of a `generation_bodystyle_id`. */
  modifications(generationBodystyle: number, options?: CallOptions): Promise<AutoRiaNewCarEntry[]>;
  /** `equip_id`, `year`, `name` of a `base_id`. */
  equipments(base: number, options?: CallOptions): Promise<AutoRiaNewCarEntry[]>;
  listings(options?: CallOptions): Promise<{ active: number[]; archive: number[] }>;
  /** Gives the id. Never repeated after an unknown outcome: look at `listings()` then. */
  create(listing: AutoRiaNewCarListing, options?: CallOptions): Promise<number>;
  /** Was there such a listing? */
  update(
    id: number,
    changes: Partial<AutoRiaNewCarListing> & { currency_id: 1 | 2 | 3 },
    options?: CallOptions,
  ): Promise<boolean>;
  /** Was there such a listing? */
  remove(id: number, options?: CallOptions): Promise<boolean>;
}

const flag = z.union([z.literal(0), z.literal(1)]).optional();
const id = z.int().positive();
const listingSchema = z.strictObject({
  marka_id: id,
  model_id: id,
  base_id: id,
  equip_id: id,
  currency_id: z.union([z.literal(1), z.literal(2), z.literal(3)]),
  price: z.number().positive().optional(),
  auto_note: z.string().optional(),
  version: z.string().optional(),
  in_stock: flag,
  test_drive: flag,
});
const changesSchema = listingSchema.partial().required({ currency_id: true });

interface Changed {
  num_rows?: number;
  last_insert_id?: number;
}

/** Creates {@link AutoRiaNewCars}. */
export function createNewCars(path: CallPath): AutoRiaNewCars {
  async function ask(
    operation: OperationName,
    query: readonly QueryPair[],
    options: CallOptions = {},
  ): Promise<unknown> {
    for (const [name, value] of query) {
      if (name.endsWith('_id') && !(Number.isSafeInteger(value) && Number(value) > 0)) {
        throw invalid(name, 'must be an id', operation);
      }
    }
    return (await path.run(operation, { query }, options)).data.json;
  }
  const pairs = (fields: object): QueryPair[] =>
    Object.entries(fields).filter(([, value]) => value !== undefined) as QueryPair[];
  const check = <T>(schema: unknown, value: T, operation: OperationName): T =>
    parseWith(schema as Schema<T>, value, { service, operation, code: 'invalid_input' });
  type Given = Parameters<typeof ask>;
  const list = async (...given: Given): Promise<AutoRiaNewCarEntry[]> =>
    listFrom(await ask(...given), given[0]);
  const one = async <T extends object>(...given: Given): Promise<T> =>
    objectFrom(await ask(...given), given[0]);
  const changed = async (...given: Given): Promise<boolean> =>
    Number((await one<Changed>(...given)).num_rows) > 0;

  return {
    brands: (category = 1, options) => list('newCarBrands', [['category_id', category]], options),
    models: (brand, { category = 1, ...options } = {}) =>
      list(
        'newCarModels',
        [
          ['marka_id', brand],
          ['category_id', category],
        ],
        options,
      ),
    generations: (model, options) => list('newCarGenerations', [['model_id', model]], options),
    bodystyles: (generation, options) => list('newCarBodystyles', [['generation_id', generation]], options),
    modifications: (generationBodystyle, options) =>
      list('newCarModifications', [['generation_bodystyle_id', generationBodystyle]], options),
    equipments: (base, options) => list('newCarEquipments', [['base_id', base]], options),
    listings: (options) => one('newCarListings', [], options),
    async create(listing, options) {
      const query = pairs(check(listingSchema, listing, 'createNewCar'));
      const { last_insert_id: made } = await one<Changed>('createNewCar', query, options);
      if (!Number(made)) throw withoutId();
      return Number(made);
    },
    async update(listingId, changes, options) {
      const query = pairs(check(changesSchema, changes, 'updateNewCar'));
      return changed('updateNewCar', [['auto_id', listingId], ...query], options);
    },
    remove: (listingId, options) => changed('removeNewCar', [['auto_id', listingId]], options),
  };
}

function withoutId(): CartieError {
  return new CartieError('invalid_response', 'The answer is good but names no listing', {
    service,
    operation: 'createNewCar',
  });
}
