import type { CallOptions } from '@cartie/core';
import { listFrom, objectFrom } from './answers.ts';
import type { CallInput, CallPath } from './call.ts';
import { invalid } from './invalid.ts';
import { limits } from './limits.ts';
import type { OperationName } from './operations.ts';
import type {
  AutoRiaListing,
  AutoRiaListingIds,
  AutoRiaRemovalReason,
  AutoRiaStoredListing,
} from './types.ts';

/**
 * Your own listings; needs the option `userId`. They do not count against the quota. A new one is a draft that is published on the
 * site. An hour after that its basics are locked: changing them is `conflict` (kind `edit_locked`).
 */
export interface AutoRiaListings {
  ids(options?: CallOptions): Promise<AutoRiaListingIds>;
  get(id: number, options?: CallOptions): Promise<AutoRiaStoredListing>;
  /** Never repeated after an unknown outcome: look at `ids()` then. */
  create(listing: AutoRiaListing, options?: CallOptions): Promise<AutoRiaStoredListing>;
  update(id: number, changes: Partial<AutoRiaListing>, options?: CallOptions): Promise<void>;
  remove(id: number, reason: AutoRiaRemovalReason, options?: CallOptions): Promise<void>;
  /** How often it was seen, and its phone asked for. */
  statistics(id: number, options?: CallOptions): Promise<{ views: number; clicks: number }>;
  options(id: number, options?: CallOptions): Promise<number[]>;
  addOptions(id: number, ids: readonly number[], options?: CallOptions): Promise<void>;
  removeOptions(id: number, ids: readonly number[], options?: CallOptions): Promise<void>;
  exchangeFilters(id: number, options?: CallOptions): Promise<Record<string, unknown>[]>;
  addExchangeFilter(
    id: number,
    filter: Readonly<Record<string, unknown>>,
    options?: CallOptions,
  ): Promise<void>;
  removeExchangeFilter(id: number, filter: number, options?: CallOptions): Promise<void>;
  /** Photos of any listing, by their ids. */
  photos(id: number, options?: CallOptions): Promise<{ id: number; formats: string[] }[]>;
  /** AUTO.RIA fetches the photos from these addresses, and keeps them in any order. */
  uploadPhotos(
    id: number,
    photos: { main: string; links: readonly string[] },
    options?: CallOptions,
  ): Promise<void>;
}

interface PhotoAnswer {
  data?: Record<string, Record<string, { photo_id: number; formats?: string[] }>>;
}

const reasons: readonly unknown[] = [4, 5, 6, 7];

/** Creates {@link AutoRiaListings}. */
export function createListings(path: CallPath): AutoRiaListings {
  async function ask(
    operation: OperationName,
    input: CallInput,
    options: CallOptions = {},
  ): Promise<unknown> {
    for (const [name, id] of Object.entries(input.parts ?? {})) {
      if (name !== 'options' && !(Number.isSafeInteger(id) && Number(id) > 0)) {
        throw invalid(name, 'must be an id', operation);
      }
    }
    return (await path.run(operation, input, options)).data.json;
  }
  type Given = Parameters<typeof ask>;
  const none = async (...given: Given): Promise<void> => void (await ask(...given));
  const one = async <T extends object>(...given: Given): Promise<T> =>
    objectFrom(await ask(...given), given[0]);
  const list = async <T extends object>(...given: Given): Promise<T[]> =>
    listFrom(await ask(...given), given[0]);

  return {
    ids: (options) => one('listingIds', {}, options),
    get: (id, options) => one('listing', { parts: { id } }, options),
    async create(listing, options) {
      checkObject(listing, 'listing', 'createListing');
      return one('createListing', { json: listing }, options);
    },
    async update(id, changes, options) {
      checkObject(changes, 'changes', 'updateListing');
      return none('updateListing', { parts: { id }, json: changes }, options);
    },
    async remove(id, reason, options) {
      if (!reasons.includes(reason)) throw invalid('reason', 'must be 4, 5, 6 or 7', 'removeListing');
      return none('removeListing', { parts: { id }, query: [['reason_id', reason]] }, options);
    },
    statistics: (id, options) => one('listingStatistics', { parts: { id } }, options),
    async options(id, options) {
      const found = await list<{ id: number }>('listingOptions', { parts: { id } }, options);
      return found.map((option) => option.id);
    },
    async addOptions(id, ids, options) {
      checkList(ids, 'addListingOptions');
      return none('addListingOptions', { parts: { id }, json: ids.map((one) => ({ id: one })) }, options);
    },
    async removeOptions(id, ids, options) {
      checkList(ids, 'removeListingOptions');
      return none('removeListingOptions', { parts: { id, options: ids.join(',') } }, options);
    },
    exchangeFilters: (id, options) => list('exchangeFilters', { parts: { id } }, options),
    async addExchangeFilter(id, filter, options) {
      checkObject(filter, 'filter', 'addExchangeFilter');
      return none('addExchangeFilter', { parts: { id }, json: filter }, options);
    },
    removeExchangeFilter: (id, filter, options) =>
      none('removeExchangeFilter', { parts: { id, filter } }, options),
    async photos(id, options) {
      const answer = await one<PhotoAnswer>('listingPhotos', { parts: { id } }, options);
      const photos = Object.values(answer.data?.[String(id)] ?? {});
      return photos.map(({ photo_id, formats = [] }) => ({ id: photo_id, formats }));
    },
    async uploadPhotos(id, photos, options) {
      checkObject(photos, 'photos', 'uploadListingPhotos');
      const all = [photos.main, ...(photos.links ?? [])];
      const wrong = all.findIndex((link) => typeof link !== 'string' || !/^https?:\/\//.test(link));
      if (wrong >= 0) {
        throw invalid(
          wrong === 0 ? 'main' : `links[${wrong - 1}]`,
          'must be an address',
          'uploadListingPhotos',
        );
      }
      if (all.length > limits.photos) {
        throw invalid('links', `must be at most ${limits.photos}`, 'uploadListingPhotos');
      }
      return none('uploadListingPhotos', { parts: { id }, json: photos }, options);
    },
  };
}

function checkObject(value: unknown, field: string, operation: string): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(field, 'must be an object', operation);
  }
}

function checkList(ids: readonly number[], operation: string): void {
  if (!Array.isArray(ids) || ids.length === 0 || !ids.every((id) => Number.isSafeInteger(id) && id > 0)) {
    throw invalid('ids', 'must be a list of ids of options', operation);
  }
}
