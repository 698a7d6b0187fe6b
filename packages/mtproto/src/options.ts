import {
  durationSchema,
  type EventListener,
  type LeaseStore,
  type Limiter,
  parseOptions,
  type Secret,
  type SessionStore,
  secretSchema,
} from '@cartie/core';
import { z } from 'zod';
import type { Datacenter, Engine } from './engine.ts';
import { service } from './errors.ts';
import { historyRate } from './limits.ts';
import type { MtprotoEvent, MtprotoStateChange } from './types.ts';

/** Handles one event. The next of the same chat waits until it has settled. */
export type MtprotoHandler = (event: MtprotoEvent, context: { signal: AbortSignal }) => unknown;

/** Other servers than Telegram's own: a test DC. */
export interface MtprotoServers {
  /** The first is where new accounts begin. */
  readonly datacenters: readonly Datacenter[];
  /** Their RSA keys, in PEM. Trusted by the whole process from then on. */
  readonly publicKeys?: readonly string[] | undefined;
}

/** How Telegram's list of devices shows the sessions. */
export interface MtprotoDevice {
  /** @default 'Server' */
  readonly model?: string | undefined;
  /** @default '1.0' */
  readonly systemVersion?: string | undefined;
  /** @default '1.0' */
  readonly appVersion?: string | undefined;
  /** @default 'en' */
  readonly language?: string | undefined;
}

/** Options of `createMtprotoHub`. */
export interface MtprotoHubOptions {
  /** The application that accounts log in with, unless they bring their own. @see https://my.telegram.org/apps */
  apiId?: number | undefined;
  /** The application's secret («App api_hash»), or a function that gives it. */
  apiHash?: Secret | undefined;
  /** Keeps sessions, positions and cursors, encrypted: `createStores(…).sessions`. All processes share it. */
  sessions: SessionStore;
  /** Makes each account live in one process only: `createStores(…).leases`. All processes share it. */
  leases: LeaseStore;
  /**
   * Handles new, edited and deleted messages of all accounts: of one chat in order and one at a time. A thrown
   * `CartieError` that is `retryable` (`storage_error`, `overloaded`, …) holds its chat and the event is tried again; anything
   * else is told to `onError`, and the event counts as handled.
   */
  onMessage?: MtprotoHandler | undefined;
  /** Watches the accounts' states. */
  onStateChange?: ((change: MtprotoStateChange) => void) | undefined;
  /** Told what handlers threw, and what went wrong in the background. */
  onError?:
    | ((error: unknown, context: { account: string; event?: MtprotoEvent | undefined }) => void)
    | undefined;
  /** Watches calls and waits. */
  onEvent?: EventListener | undefined;
  /** Paces history, by `mtproto:history:<chat>`. @default over `sessions`: one rate for all processes */
  limiter?: Limiter | undefined;
  /** Pages of history per chat. @default 10 a minute */
  historyRate?: { limit: number; intervalMs: number } | undefined;
  /** How long after a process's death its accounts are free. Milliseconds. @default 30000 */
  leaseMs?: number | undefined;
  /** How often the store is asked for accounts that other processes added or left. Milliseconds. @default 30000 */
  scanMs?: number | undefined;
  /** Most accounts that are live in this process. @default no limit */
  maxAccounts?: number | undefined;
  /** Accounts that connect at the same time. @default 5 */
  maxConnecting?: number | undefined;
  /** Chats of one account whose handlers run at the same time. @default 16 */
  maxChats?: number | undefined;
  /** Events of one account that wait for their handlers; what comes beyond is fetched later. @default 10000 */
  maxQueued?: number | undefined;
  /** Limit for a connection until its first answer. Milliseconds. @default 15000 */
  connectTimeoutMs?: number | undefined;
  /** Limit of one attempt of a call. Milliseconds. @default 15000 */
  timeoutMs?: number | undefined;
  /** Limit of a whole call: waiting for the connection and for floods, attempts, pauses. Milliseconds. @default 30000 */
  deadlineMs?: number | undefined;
  /** How often a call may be repeated, where that is safe. @default 2 */
  retries?: number | undefined;
  /** First pause after a connection that failed; doubles each time, with jitter. Milliseconds. @default 1000 */
  backoffMs?: number | undefined;
  /** Longest pause. Milliseconds. @default 60000 */
  maxBackoffMs?: number | undefined;
  /** How often a connection is asked whether it lives. Milliseconds. @default 30000 */
  pingMs?: number | undefined;
  /** How long that may take. Milliseconds. @default 10000 */
  pingTimeoutMs?: number | undefined;
  /** How often all chats are asked for what was never pushed. Milliseconds. @default 900000 */
  sweepMs?: number | undefined;
  /** How long `stop()` waits for handlers that run. Milliseconds. @default 5000 */
  stopTimeoutMs?: number | undefined;
  /** Other servers than Telegram's own: a test DC. */
  servers?: MtprotoServers | undefined;
  /** How Telegram's list of devices shows the sessions. */
  device?: MtprotoDevice | undefined;
  /** Another MTProto library behind the seam. @default GramJS */
  engine?: Engine | undefined;
}

/** Options of one call. */
export interface MtprotoCallOptions {
  /** Limit of one attempt. Milliseconds. */
  timeoutMs?: number | undefined;
  /** Limit of the whole call: waiting for the connection and for floods, attempts, pauses. Milliseconds. */
  deadlineMs?: number | undefined;
  /** How many times the call may be repeated after its first attempt, where that is safe. */
  retries?: number | undefined;
  /** Ends the call at once; its `reason` is thrown as it is. */
  signal?: AbortSignal | undefined;
  /** May it be repeated when its outcome is unknown? @default by the table of methods; false for those it does not have */
  idempotent?: boolean | undefined;
}

/** Options with their defaults. */
export type HubSettings = MtprotoHubOptions & typeof defaults;

const defaults = {
  historyRate: historyRate as { limit: number; intervalMs: number },
  leaseMs: 30_000,
  scanMs: 30_000,
  maxAccounts: Number.POSITIVE_INFINITY,
  maxConnecting: 5,
  maxChats: 16,
  maxQueued: 10_000,
  connectTimeoutMs: 15_000,
  timeoutMs: 15_000,
  deadlineMs: 30_000,
  retries: 2,
  backoffMs: 1_000,
  maxBackoffMs: 60_000,
  pingMs: 30_000,
  pingTimeoutMs: 10_000,
  sweepMs: 900_000,
  stopTimeoutMs: 5_000,
};

const isFunction = (value: unknown): boolean => typeof value === 'function';
const withMethods = (...names: string[]) =>
  z.custom<never>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      names.every((name) => isFunction((value as Record<string, unknown>)[name])),
    `must have ${names.map((name) => `${name}()`).join(', ')}`,
  );
const functionSchema = z.custom<never>(isFunction, 'must be a function').optional();
const count = z.int().min(1).optional();
const duration = (durationSchema as z.ZodType<number>).optional();

const datacenterSchema = z.strictObject({
  id: z.int().min(1).max(1_000),
  host: z.string().min(1).max(255),
  port: z.int().min(1).max(65_535),
});

const optionsSchema = z.strictObject({
  apiId: z.int().min(1).optional(),
  apiHash: (secretSchema as z.ZodType<Secret>).optional(),
  sessions: withMethods('get', 'put', 'delete', 'list'),
  leases: withMethods('acquire'),
  onMessage: functionSchema,
  onStateChange: functionSchema,
  onError: functionSchema,
  onEvent: functionSchema,
  limiter: withMethods('acquire', 'pause').optional(),
  historyRate: z.strictObject({ limit: z.int().min(1), intervalMs: z.number().positive() }).optional(),
  leaseMs: z.number().min(300).max(3_600_000).optional(),
  scanMs: duration,
  maxAccounts: z.union([z.int().min(1), z.literal(Number.POSITIVE_INFINITY)]).optional(),
  maxConnecting: count,
  maxChats: count,
  maxQueued: count,
  connectTimeoutMs: duration,
  timeoutMs: duration,
  deadlineMs: duration,
  retries: z.int().min(0).max(100).optional(),
  backoffMs: duration,
  maxBackoffMs: duration,
  pingMs: duration,
  pingTimeoutMs: duration,
  sweepMs: duration,
  stopTimeoutMs: duration,
  servers: z
    .strictObject({
      datacenters: z.array(datacenterSchema).min(1),
      publicKeys: z.array(z.string().min(1)).optional(),
    })
    .optional(),
  device: z
    .strictObject({
      model: z.string().min(1).max(100).optional(),
      systemVersion: z.string().min(1).max(100).optional(),
      appVersion: z.string().min(1).max(100).optional(),
      language: z.string().min(2).max(10).optional(),
    })
    .optional(),
  engine: withMethods('connect', 'passwordCheck').optional(),
});

/** Checks the options and fills in defaults. @throws CartieError `invalid_config` naming the field; never a value */
export function parseHubOptions(options: MtprotoHubOptions): HubSettings {
  const parsed: object = parseOptions(service, optionsSchema, options);
  const given = Object.entries(parsed).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(given) } as HubSettings;
}
