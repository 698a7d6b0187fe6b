import type { AutoRiaCallRecord } from './records.ts';

/** What to make a key with. */
export interface AutoRiaKeyOptions {
  /** @default a random one of 40 letters and digits */
  key?: string | undefined;
  /** The account that the key belongs to: what calls name as `user_id`. @default a random one */
  userId?: number | undefined;
  /** May it make the calls that cost money? @default false */
  paid?: boolean | undefined;
  /** @default 30 */
  perHour?: number | undefined;
  /** @default 1000 */
  perMonth?: number | undefined;
}

/** A key of the simulated AUTO.RIA. */
export interface SandboxAutoRiaKey {
  readonly key: string;
  readonly userId: number;
}

/** What the gateway thinks of a key. */
export type AutoRiaKeyState = 'valid' | 'disabled' | 'unauthorized' | 'unverified';

/** A car that is for sale, in the API's own words where it has them. Mileage (`raceInt`) in thousands of km. */
export interface SandboxCar {
  readonly id: number;
  readonly type: 'UsedAuto' | 'NewAuto';
  readonly categoryId: number;
  readonly brandId: number;
  readonly modelId: number;
  readonly generationId: number;
  readonly modificationId: number;
  readonly year: number;
  readonly usd: number;
  readonly raceInt: number;
  readonly fuelId: number;
  readonly gearboxId: number;
  readonly driveId: number;
  readonly bodyId: number;
  readonly colorId: number;
  readonly stateId: number;
  readonly cityId: number;
  /** Litres; 0 for an electric car. */
  readonly engineVolume: number;
  /** Horsepower. */
  readonly power: number;
  readonly options: readonly number[];
  /** Undefined where the seller does not show it. */
  readonly VIN: string | undefined;
  readonly plateNumber: string | undefined;
  readonly sold: boolean;
  readonly abroad: boolean;
  /** Not cleared by customs. */
  readonly custom: boolean;
  readonly damage: boolean;
  /** Ids of photos. */
  readonly photos: readonly number[];
  readonly description: string;
  /** Epoch milliseconds. */
  readonly addedAt: number;
}

/** A car to add, or what to change of one. */
export type SandboxCarInput = { readonly [Field in keyof SandboxCar]?: SandboxCar[Field] | undefined };

/** How much of a key's quota is used. */
export interface AutoRiaUsage {
  readonly hour: number;
  readonly month: number;
}

/** The simulated AUTO.RIA, seen from outside of its API. */
export interface AutoRiaSandbox {
  /** What a client takes as its base URL: the simulated server's, or the real one's in process. */
  apiUrl: string;

  /** Makes a key; a known one is given back. */
  createKey(options?: AutoRiaKeyOptions): SandboxAutoRiaKey;
  keys(): SandboxAutoRiaKey[];
  setKey(key: string, state: AutoRiaKeyState): void;
  /** Calls that count against the key's quota, now. */
  usage(key: string): AutoRiaUsage;
  /** Counts this many calls that somebody else made with the key. */
  use(key: string, calls: number): void;

  /** Puts a car up for sale. */
  addCar(car?: SandboxCarInput): SandboxCar;
  setCar(id: number, changes: SandboxCarInput): SandboxCar;
  removeCar(id: number): void;
  cars(): SandboxCar[];
  /** Publishes a draft of an account's own listings, as its owner would on the site; edits of its basics are locked an hour later. */
  publish(id: number): void;

  /** The next call that the gateway lets through is refused with this code, or this message of an endpoint. */
  refuseNext(codeOrMessage: string): void;
  /** The answers to searches say nothing of this parameter from now on, and do not obey it. */
  ignore(parameter: string): void;

  /** Calls of the API, oldest first. */
  calls(): AutoRiaCallRecord[];
  /** Forgets everything but the cars it begins with. */
  reset(): void;
}
