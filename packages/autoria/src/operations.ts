/** What a call has to know about an endpoint. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Names in braces are parts that are filled in. */
  readonly path: string;
  /** May the call be repeated when its outcome is unknown? */
  readonly idempotent: boolean;
  /** Does each attempt count against the quota? Work with one's own listings does not. */
  readonly counted: boolean;
  /** Costs money: needs the option `paid`. */
  readonly paid?: true;
  /** Names the account: needs the option `userId`. */
  readonly user?: true;
}

const read = { method: 'GET', idempotent: true, counted: true } as const;
const paid = { method: 'POST', idempotent: false, counted: true, paid: true, user: true } as const;
const own = { counted: false, user: true } as const;

/**
 * Every endpoint. Paid calls are never repeated after an unknown outcome, since they may have been charged, and neither is
 * what makes a listing. Misspelt paths are AUTO.RIA's own.
 * @see https://github.com/ria-com/auto-ria-rest-api/blob/master/AUTO_RIA_API/README.md
 */
export const operations = {
  search: { ...read, path: '/auto/search' },
  car: { ...read, path: '/auto/info' },
  averagePrice: { ...read, path: '/auto/average_price' },

  paidAveragePrice: { ...paid, path: '/auto/ai-avarage-price/' },
  paidPriceHistory: { ...paid, path: '/auto/statistic-avarage-price/' },
  paidIdentify: { ...paid, path: '/auto/params/by/vin-code/' },

  categories: { ...read, path: '/auto/categories' },
  brands: { ...read, path: '/auto/categories/{category}/marks' },
  models: { ...read, path: '/auto/categories/{category}/marks/{brand}/models' },
  modelGroups: { ...read, path: '/auto/categories/{category}/marks/{brand}/models/_group' },
  allModels: { ...read, path: '/auto/models' },
  generations: { ...read, path: '/generations/by/models/{model}/generations' },
  modifications: { ...read, path: '/modifications/by/generation/{generation}/modifications' },
  modificationsByBody: {
    ...read,
    path: '/modifications/by/generation/{generation}/body/{body}/modifications',
  },
  bodies: { ...read, path: '/bodies/by/generation/{generation}/bodies' },
  equipments: { ...read, path: '/auto_ria/equips_by_modifications' },
  bodystyles: { ...read, path: '/auto/categories/{category}/bodystyles' },
  bodystyleGroups: { ...read, path: '/auto/categories/{category}/bodystyles/_group' },
  allBodystyles: { ...read, path: '/auto/bodystyles' },
  gearboxes: { ...read, path: '/auto/categories/{category}/gearboxes' },
  drives: { ...read, path: '/auto/categories/{category}/driverTypes' },
  fuels: { ...read, path: '/auto/type' },
  options: { ...read, path: '/auto/categories/{category}/options' },
  optionGroups: { ...read, path: '/used_auto/get_options/{category}/optionsV2' },
  regions: { ...read, path: '/auto/states' },
  cities: { ...read, path: '/auto/states/{region}/cities' },
  colors: { ...read, path: '/auto/colors' },
  countries: { ...read, path: '/auto/countries' },

  newCarBrands: { ...read, path: '/auto/new/marks' },
  newCarModels: { ...read, path: '/auto/new/models' },
  newCarGenerations: { ...read, path: '/auto/new/generation' },
  newCarBodystyles: { ...read, path: '/auto/new/generation_bodystyles' },
  newCarModifications: { ...read, path: '/auto/new/generation_bodystyles_bases' },
  newCarEquipments: { ...read, path: '/auto/new/equip_base' },
  newCarListings: { ...own, method: 'GET', idempotent: true, path: '/auto/new/autos' },
  createNewCar: { ...own, method: 'POST', idempotent: false, path: '/auto/new/autos' },
  updateNewCar: { ...own, method: 'PUT', idempotent: true, path: '/auto/new/autos' },
  removeNewCar: { ...own, method: 'DELETE', idempotent: true, path: '/auto/new/autos' },

  listingIds: { ...own, method: 'GET', idempotent: true, path: '/auto/used/autos/ids' },
  listing: { ...own, method: 'GET', idempotent: true, path: '/auto/used/autos/{id}' },
  createListing: { ...own, method: 'POST', idempotent: false, path: '/auto/used/autos/' },
  updateListing: { ...own, method: 'PUT', idempotent: true, path: '/auto/used/autos/{id}' },
  removeListing: { ...own, method: 'DELETE', idempotent: true, path: '/auto/used/autos/{id}' },
  listingStatistics: { ...own, method: 'GET', idempotent: true, path: '/auto/used/autos/{id}/statistic' },
  listingOptions: { ...own, method: 'GET', idempotent: true, path: '/auto/used/autos/{id}/options' },
  addListingOptions: { ...own, method: 'POST', idempotent: true, path: '/auto/used/autos/{id}/options' },
  removeListingOptions: {
    ...own,
    method: 'DELETE',
    idempotent: true,
    path: '/auto/used/autos/{id}/options/{options}',
  },
  exchangeFilters: { ...own, method: 'GET', idempotent: true, path: '/auto/used/autos/{id}/exchangeFilters' },
  addExchangeFilter: {
    ...own,
    method: 'POST',
    idempotent: false,
    path: '/auto/used/autos/{id}/exchangeFilter',
  },
  removeExchangeFilter: {
    ...own,
    method: 'DELETE',
    idempotent: true,
    path: '/auto/used/autos/{id}/exchangeFilter/{filter}',
  },
  listingPhotos: { ...own, method: 'GET', idempotent: true, path: '/auto/fotos/{id}' },
  uploadListingPhotos: {
    ...own,
    method: 'POST',
    idempotent: false,
    path: '/auto/used/autos/{id}/photos/upload',
  },
} as const satisfies Record<string, Operation>;

/** An endpoint by its name here. */
export type OperationName = keyof typeof operations;
