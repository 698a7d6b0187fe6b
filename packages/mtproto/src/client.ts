import { cachedHealth, type HealthCheck, quietListener, resolveSecret } from '@cartie/core';
import { createAccount, type ManagedAccount, type MtprotoAccount } from './account.ts';
import { accountNames, createAccountStore } from './account-store.ts';
import { hubHealth } from './client-health.ts';
import { beginningDatacenter, datacenterAddress } from './datacenters.ts';
import type { Engine } from './engine.ts';
import { failed, invalid } from './errors.ts';
import { type HubSettings, type MtprotoHandler, type MtprotoHubOptions, parseHubOptions } from './options.ts';
import { sessionLimiter } from './session-limiter.ts';
import { parseStringSession } from './string-session.ts';
import { createTurns } from './turns.ts';
import type { MtprotoEvent, MtprotoState } from './types.ts';

/** What became of one account at `start()`. */
export interface StartedAccount {
  readonly account: string;
  readonly state: MtprotoState;
  /** Milliseconds. */
  readonly tookMs: number;
}

/** What a new account may bring along. It is stored with its session. */
export interface NewAccount {
  /** A `StringSession` of GramJS or Telethon: no login is needed. */
  session?: string | undefined;
  /** An application of its own. @default the hub's */
  apiId?: number | undefined;
  apiHash?: string | undefined;
}

/** Which events a subscription gets. */
export interface EventFilter {
  /** Names of accounts. @default all */
  readonly accounts?: readonly string[] | undefined;
  /** Marked ids. @default all */
  readonly chats?: readonly bigint[] | undefined;
}

/** Many accounts. */
export interface MtprotoHub extends AsyncDisposable {
  /**
   * Adds an account, or gives the one of this name. Without a session it has to log in: `account.login`.
   * @param name for the store, events and logs: 1 to 64 letters, digits, `.`, `_`, `-`, and no phone number
   */
  add(name: string, options?: NewAccount): Promise<MtprotoAccount>;
  /** Stops an account and forgets all that is stored of it. @param options.logOut ends its session at Telegram too. @default false */
  remove(name: string, options?: { logOut?: boolean | undefined }): Promise<boolean>;
  /** The account of this name, if this process knows it. */
  account(name: string): MtprotoAccount | undefined;
  accounts(): MtprotoAccount[];
  /**
   * Brings every stored account to life, a few at a time, and keeps them alive; accounts that other processes add are found
   * too. Resolves when each is ready, waits, has failed or must log in; that report is also what `onStateChange` tells.
   */
  start(): Promise<StartedAccount[]>;
  /** Closes all connections and waits for running handlers. Final: nothing is written and nobody is connected to afterwards. */
  stop(): Promise<void>;
  /** One more handler, until it is disposed of. A later one sees an event after the earlier ones. */
  subscribe(handler: MtprotoHandler, filter?: EventFilter): Disposable;
  /** `down` if no account with a session is ready, here or elsewhere; `degraded` if some are not. Asks nobody, never throws. */
  health: HealthCheck;
}

/**
 * Makes Telegram accounts live: connected in one process at a time, back after every restart without a login, their
 * messages in order, once, and none left out.
 *
 * ```ts
 * const hub = createMtprotoHub({ apiId, apiHash, sessions, leases, onMessage: (event) => inbox.accept(toUpdate(event)) });
 * await hub.start();
 * ```
 *
 * @throws CartieError `invalid_config` for a missing, wrong or unknown option
 * @see https://core.telegram.org/api
 */
export function createMtprotoHub(options: MtprotoHubOptions): MtprotoHub {
  const settings = parseHubOptions(options);
  const { sessions } = settings;
  const accounts = new Map<string, ManagedAccount>();
  /** Being removed: what is stored of them is no reason to bring them to life. */
  const leaving = new Set<string>();
  const subscriptions = new Set<{ handler: MtprotoHandler; filter: EventFilter }>();
  const connecting = createTurns(settings.maxConnecting);
  const limiter = settings.limiter ?? sessionLimiter(sessions);
  const emit = quietListener(settings.onEvent);
  const stateWatchers = new Set<() => void>();
  let owned = 0;
  let engine: Promise<Engine> | undefined;
  let scan: NodeJS.Timeout | undefined;
  let isStarted = false;
  let isStopped = false;
  if (settings.onMessage !== undefined) subscriptions.add({ handler: settings.onMessage, filter: {} });

  const context = {
    settings,
    limiter,
    emit,
    connecting,
    async app() {
      const { apiId, apiHash } = settings;
      if (apiId === undefined || apiHash === undefined)
        throw withoutApp(apiId === undefined ? 'apiId' : 'apiHash');
      return { apiId, apiHash: await resolveSecret(apiHash, 'apiHash') };
    },
    engine: () => (engine ??= loadEngine(settings)),
    capacity() {
      if (owned >= settings.maxAccounts) return undefined;
      owned += 1;
      return () => {
        owned -= 1;
      };
    },
    handlers: (event: MtprotoEvent) =>
      [...subscriptions].filter(({ filter }) => isWanted(event, filter)).map(({ handler }) => handler),
    onState(account: string, state: MtprotoState, previous: MtprotoState) {
      for (const watcher of stateWatchers) watcher();
      quietly(() => settings.onStateChange?.({ account, state, previous }));
    },
    onError: (error: unknown, account: string, event?: MtprotoEvent) =>
      quietly(() => settings.onError?.(error, { account, event })),
  };

  function manage(name: string): ManagedAccount {
    const known = accounts.get(name);
    if (known !== undefined) return known;
    // It may have stopped since somebody began to add this one.
    if (isStopped) throw stopped();
    const managed = createAccount(name, context);
    accounts.set(name, managed);
    managed.start();
    return managed;
  }

  async function findAccounts(): Promise<void> {
    const stored = new Set<string>();
    for await (const name of accountNames(sessions)) stored.add(name);
    if (isStopped) return;
    for (const name of shuffled(stored)) if (!leaving.has(name)) manage(name);
    for (const [name, managed] of accounts) {
      if (stored.has(name)) continue;
      accounts.delete(name);
      await managed.stop('removed');
    }
  }

  function settled(managed: ManagedAccount): Promise<StartedAccount> {
    const startedAt = performance.now();
    const { account } = managed;
    return new Promise((resolve) => {
      const look = (): void => {
        if (account.state.name === 'connecting') return;
        stateWatchers.delete(look);
        resolve({
          account: account.name,
          state: account.state,
          tookMs: Math.round(performance.now() - startedAt),
        });
      };
      stateWatchers.add(look);
      look();
    });
  }

  async function stop(): Promise<void> {
    isStopped = true;
    clearInterval(scan);
    await Promise.all(Array.from(accounts.values(), (managed) => managed.stop()));
  }

  return Object.freeze({
    async add(name, { session, apiId, apiHash } = {}) {
      checkName(name);
      const app = ownApp(apiId, apiHash);
      if (app === undefined) await context.app();
      if (isStopped) throw stopped();
      const store = createAccountStore(sessions, name);
      if ((await store.readAccount()) === undefined) {
        const given = session === undefined ? undefined : parseStringSession(session);
        const datacenter =
          given === undefined
            ? beginningDatacenter(settings.servers)
            : datacenterAddress(given.datacenter, settings.servers);
        const record = {
          datacenter,
          ...(app && { app }),
          ...(given && { authKey: given.authKey, user: { id: '0', firstName: '' } }),
        };
        await store.changeAccount('0', (existing) => existing ?? record);
      }
      return manage(name).account;
    },
    async remove(name, { logOut = false } = {}) {
      checkName(name);
      const managed = accounts.get(name);
      if (logOut) await managed?.logOut();
      leaving.add(name);
      try {
        accounts.delete(name);
        await managed?.stop('removed');
        return await createAccountStore(sessions, name).remove();
      } finally {
        leaving.delete(name);
      }
    },
    account: (name) => accounts.get(name)?.account,
    accounts: () => Array.from(accounts.values(), ({ account }) => account),
    async start() {
      if (isStopped) throw stopped();
      await findAccounts();
      if (!isStarted) {
        isStarted = true;
        scan = setInterval(() => {
          findAccounts().catch((error: unknown) => quietly(() => settings.onError?.(error, { account: '' })));
        }, settings.scanMs);
      }
      return Promise.all(Array.from(accounts.values(), settled));
    },
    stop,
    subscribe(handler, filter = {}) {
      if (typeof handler !== 'function') throw invalid('handler', 'must be a function', 'subscribe');
      const subscription = { handler, filter };
      subscriptions.add(subscription);
      return {
        [Symbol.dispose]: () => {
          subscriptions.delete(subscription);
        },
      };
    },
    health: cachedHealth(async () => hubHealth(Array.from(accounts.values(), ({ facts }) => facts())), {
      ttlMs: 1_000,
    }),
    [Symbol.asyncDispose]: stop,
  } satisfies MtprotoHub);
}

async function loadEngine({ engine }: HubSettings): Promise<Engine> {
  return engine ?? (await import('./gramjs-engine.ts')).loadGramjsEngine();
}

function isWanted(event: MtprotoEvent, { accounts, chats }: EventFilter): boolean {
  if (accounts !== undefined && !accounts.includes(event.account)) return false;
  return chats === undefined || (event.chatId !== undefined && chats.includes(event.chatId));
}

function checkName(name: unknown): void {
  if (typeof name === 'string' && /^[\w.-]{1,64}$/.test(name) && !/^\d{7,}$/.test(name)) return;
  throw invalid('name', 'must be 1 to 64 letters, digits, `.`, `_` or `-`, and no phone number', 'add');
}

function ownApp(apiId: unknown, apiHash: unknown): { apiId: number; apiHash: string } | undefined {
  if (apiId === undefined && apiHash === undefined) return undefined;
  if (!Number.isInteger(apiId) || Number(apiId) < 1) throw invalid('apiId', 'must be a whole number', 'add');
  if (typeof apiHash !== 'string' || apiHash.trim() === '')
    throw invalid('apiHash', 'must be a text that is not empty', 'add');
  return { apiId: Number(apiId), apiHash: apiHash.trim() };
}

function stopped(): Error {
  return failed('conflict', 'The hub is stopped');
}

function withoutApp(field: string): Error {
  return failed('invalid_config', `\`${field}\` is missing: give it to the hub, or to the account`, {
    field,
  });
}

// Processes that start together then do not all reach for the same account first.
function shuffled(names: Iterable<string>): string[] {
  return Array.from(names, (name) => ({ name, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ name }) => name);
}

function quietly(tell: () => unknown): void {
  try {
    const result = tell();
    if (result instanceof Promise) result.catch(() => undefined);
  } catch {
    // Whoever watches breaks nothing.
  }
}
