export {
  type AutoRiaCallResult,
  type AutoRiaClient,
  type AutoRiaPlainCall,
  createAutoRiaClient,
} from './client.ts';
export type { AutoRiaDictionaries } from './dictionaries.ts';
export { type AutoRiaFailure, type AutoRiaFailureKind, autoRiaFailure } from './errors.ts';
export type { AutoRiaListings } from './listings.ts';
export type { NameOrId } from './names.ts';
export type { AutoRiaNewCarEntry, AutoRiaNewCars } from './new-cars.ts';
export type { OperationName } from './operations.ts';
export type { AutoRiaClientOptions, AutoRiaQuotaOptions } from './options.ts';
export type { AutoRiaPaid, AutoRiaPaidInput, AutoRiaPaidOptions } from './paid.ts';
export type { AutoRiaPriceFilter, AveragePrice } from './prices.ts';
export type { QueryValue } from './query.ts';
export type { AutoRiaQuota, AutoRiaQuotaWindow } from './quota-ledger.ts';
export type { AutoRiaWalkOptions, SearchPage } from './search.ts';
export type {
  AutoRiaCarFilter,
  AutoRiaIgnoredFilter,
  AutoRiaPlaceFilter,
  AutoRiaSearch,
  AutoRiaSearchPage,
} from './search-types.ts';
export type {
  AutoRiaAveragePrice,
  AutoRiaCar,
  AutoRiaEntry,
  AutoRiaEquipment,
  AutoRiaEstimate,
  AutoRiaGeneration,
  AutoRiaGroup,
  AutoRiaIdentified,
  AutoRiaIdentity,
  AutoRiaListing,
  AutoRiaListingIds,
  AutoRiaNamed,
  AutoRiaNewCarListing,
  AutoRiaPhoto,
  AutoRiaPricePoint,
  AutoRiaPrices,
  AutoRiaRemovalReason,
  AutoRiaSimilarCar,
  AutoRiaStoredListing,
} from './types.ts';
