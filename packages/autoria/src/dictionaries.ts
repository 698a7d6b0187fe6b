import { createHash } from 'node:crypto';
import { type CallOptions, CartieError, isCartieError, type KeyValueStore } from '@cartie/core';
import { listFrom, objectFrom } from './answers.ts';
import { autoRiaOrigin, type CallInput, type CallPath } from './call.ts';
import { invalid, service } from './invalid.ts';
import { dictionaryMaxAgeMs, dictionaryStaleMs } from './limits.ts';
import type { OperationName } from './operations.ts';
import type { AutoRiaClientOptions } from './options.ts';
import type { AutoRiaEntry, AutoRiaEquipment, AutoRiaGeneration, AutoRiaGroup } from './types.ts';

type Entries = Promise<AutoRiaEntry[]>;

/**
 * AUTO.RIA's dictionaries. Each is kept in the store as long as the server says, for all processes on it; while AUTO.RIA gives no
 * new one (it is down, the quota is used up), the old one is good for 30 days. Category 1 is cars.
 */
export interface AutoRiaDictionaries {
  categories(options?: CallOptions): Entries;
  brands(category: number, options?: CallOptions): Entries;
  models(category: number, brand: number, options?: CallOptions): Entries;
  /** Models in families; what stands alone has no members. */
  modelGroups(category: number, brand: number, options?: CallOptions): Promise<AutoRiaGroup[]>;
  allModels(options?: CallOptions): Entries;
  generations(model: number, options?: CallOptions): Promise<AutoRiaGeneration[]>;
  modifications(generation: number, options?: CallOptions & { body?: number }): Entries;
  bodies(generation: number, options?: CallOptions): Entries;
  equipments(modification: number, options?: CallOptions): Promise<AutoRiaEquipment[]>;
  bodystyles(category: number, options?: CallOptions): Entries;
  bodystyleGroups(category: number, options?: CallOptions): Promise<AutoRiaGroup[]>;
  allBodystyles(options?: CallOptions): Entries;
  gearboxes(category: number, options?: CallOptions): Entries;
  drives(category: number, options?: CallOptions): Entries;
  fuels(options?: CallOptions): Entries;
  options(category: number, options?: CallOptions): Entries;
  /** Options in groups, for listings, as AUTO.RIA gives them. */
  optionGroups(category: number, options?: CallOptions): Promise<Record<string, unknown>>;
  regions(options?: CallOptions): Entries;
  cities(region: number, options?: CallOptions): Entries;
  colors(options?: CallOptions): Entries;
  /** Mostly ISO numbers, and from 900 AUTO.RIA's own. */
  countries(options?: CallOptions): Entries;
}

/** Reads a dictionary from the store or from AUTO.RIA. */
export type ReadDictionary = (
  operation: OperationName,
  input: CallInput,
  options: CallOptions,
) => Promise<unknown>;

/** Creates {@link ReadDictionary}. One question at a time for each dictionary, however many ask. */
export function createDictionaryCache(
  path: CallPath,
  store: KeyValueStore,
  { baseUrl = autoRiaOrigin, dictionaryTtlMs }: AutoRiaClientOptions,
): ReadDictionary {
  const running = new Map<string, Promise<unknown>>();
  // Another server's dictionaries are not ours.
  const place = createHash('sha256').update(baseUrl).digest('hex').slice(0, 8);

  async function ask(
    key: string,
    { operation, input, options }: { operation: OperationName; input: CallInput; options: CallOptions },
  ): Promise<unknown> {
    const kept = await stored(store, key);
    if (kept !== undefined && kept.freshUntil > Date.now()) return kept.data;
    try {
      const { data: answer } = await path.run(operation, input, options);
      const data = answer.json;
      if (typeof data !== 'object' || data === null) throw notDictionary(operation);
      const maxAgeMs = dictionaryTtlMs ?? maxAgeOf(answer.headers);
      const value = JSON.stringify({ freshUntil: Date.now() + maxAgeMs, data });
      await ignoringStore(store.put(key, value, { ttlMs: Math.max(maxAgeMs, dictionaryStaleMs) }));
      return data;
    } catch (error) {
      if (kept !== undefined && isCartieError(error) && error.retryable) return kept.data;
      throw error;
    }
  }

  return (operation, input, options) => {
    const name = [operation, ...Object.values(input.parts ?? {}), ...(input.query ?? []).flat()].join(':');
    const key = `autoria:dictionary:${place}:${name}`;
    // Who brings a signal waits for himself only: his abort must not end what others wait for.
    if (options.signal !== undefined) return ask(key, { operation, input, options });
    const shared = running.get(key);
    if (shared) return shared;
    const run = ask(key, { operation, input, options }).finally(() => running.delete(key));
    running.set(key, run);
    return run;
  };
}

/** Creates {@link AutoRiaDictionaries}. */
export function createDictionaries(read: ReadDictionary): AutoRiaDictionaries {
  const list = async <T extends object = AutoRiaEntry>(
    operation: OperationName,
    parts: Readonly<Record<string, number>>,
    options: CallOptions = {},
  ): Promise<T[]> => {
    checkIds(operation, parts);
    return listFrom<T>(await read(operation, { parts }, options), operation);
  };
  const groups = async (
    operation: OperationName,
    parts: Readonly<Record<string, number>>,
    options?: CallOptions,
  ): Promise<AutoRiaGroup[]> =>
    (await list<AutoRiaEntry | AutoRiaEntry[]>(operation, parts, options)).flatMap(groupOf);

  return {
    categories: (options) => list('categories', {}, options),
    brands: (category, options) => list('brands', { category }, options),
    models: (category, brand, options) => list('models', { category, brand }, options),
    modelGroups: (category, brand, options) => groups('modelGroups', { category, brand }, options),
    allModels: (options) => list('allModels', {}, options),
    async generations(model, options) {
      const models = await list<{ generations?: AutoRiaGeneration[] }>('generations', { model }, options);
      return models.flatMap(({ generations = [] }) => generations);
    },
    modifications: (generation, { body, ...options } = {}) =>
      body === undefined
        ? list('modifications', { generation }, options)
        : list('modificationsByBody', { generation, body }, options),
    bodies: (generation, options) => list('bodies', { generation }, options),
    async equipments(modification, options = {}) {
      checkIds('equipments', { modification });
      const query = [['modificationId', modification]] as const;
      return listFrom(await read('equipments', { query }, options), 'equipments');
    },
    bodystyles: (category, options) => list('bodystyles', { category }, options),
    bodystyleGroups: (category, options) => groups('bodystyleGroups', { category }, options),
    allBodystyles: (options) => list('allBodystyles', {}, options),
    gearboxes: (category, options) => list('gearboxes', { category }, options),
    drives: (category, options) => list('drives', { category }, options),
    fuels: (options) => list('fuels', {}, options),
    options: (category, options) => list('options', { category }, options),
    async optionGroups(category, options = {}) {
      checkIds('optionGroups', { category });
      return objectFrom(await read('optionGroups', { parts: { category } }, options), 'optionGroups');
    },
    regions: (options) => list('regions', {}, options),
    cities: (region, options) => list('cities', { region }, options),
    colors: (options) => list('colors', {}, options),
    countries: (options) => list('countries', {}, options),
  };
}

// A group is a list whose first entry names it; between groups there are entries that stand alone.
function groupOf(item: AutoRiaEntry | AutoRiaEntry[]): AutoRiaGroup[] {
  if (!Array.isArray(item)) return [{ ...item, members: [] }];
  const [first, ...members] = item;
  return first === undefined ? [] : [{ ...first, members }];
}

function checkIds(operation: string, parts: Readonly<Record<string, number>>): void {
  for (const [name, id] of Object.entries(parts)) {
    if (!Number.isSafeInteger(id) || id < 1)
      throw invalid(name, 'must be the id of a dictionary entry', operation);
  }
}

async function stored(
  store: KeyValueStore,
  key: string,
): Promise<{ freshUntil: number; data: unknown } | undefined> {
  const kept = await ignoringStore(store.get(key));
  if (kept === undefined) return undefined;
  try {
    return JSON.parse(kept.value) as { freshUntil: number; data: unknown };
  } catch {
    return undefined;
  }
}

// A cache that fails is a cache that is empty.
async function ignoringStore<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isCartieError(error) && error.code !== 'storage_error') throw error;
    return undefined;
  }
}

function maxAgeOf(headers: Headers): number {
  const seconds = /\bmax-age=(\d{1,9})\b/.exec(headers.get('cache-control') ?? '')?.[1];
  return seconds === undefined ? dictionaryMaxAgeMs : Number(seconds) * 1_000;
}

function notDictionary(operation: string): CartieError {
  return new CartieError('invalid_response', 'The answer is not a dictionary', { service, operation });
}
