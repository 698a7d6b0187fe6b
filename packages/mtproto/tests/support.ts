import { setTimeout as pause } from 'node:timers/promises';
import { type ClientEvent, createStores, type KeyValueStore, memoryStore, type Stores } from '@cartie/core';
import {
  gramjsSession,
  startTestDc,
  type TestDc,
  type TestDcAccount,
  type TestDcOptions,
} from '@cartie/sandbox';
import { vi } from 'vitest';
import {
  createMtprotoHub,
  type MtprotoAccount,
  type MtprotoEvent,
  type MtprotoHub,
  type MtprotoHubOptions,
  type MtprotoServers,
  type MtprotoStateChange,
} from '../src/index.ts';

// A busy machine takes long for a key exchange.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

export const encryptionKey: string = Buffer.alloc(32, 7).toString('base64');
export const apiHash = '0123456789abcdef0123456789abcdef';

/** How clients reach a test DC. */
export function serversOf(dc: TestDc): MtprotoServers {
  return {
    datacenters: dc.dcs.map(({ dcId, host, port }) => ({ id: dcId, host, port })),
    publicKeys: [dc.publicKey.pem],
  };
}

/** Options under which a test does not wait; limits stay as they are, for machines that are busy. */
export const quick = {
  backoffMs: 20,
  maxBackoffMs: 100,
} as const satisfies Partial<MtprotoHubOptions>;

/** A hub, and what it told. */
export interface Watched extends AsyncDisposable {
  readonly hub: MtprotoHub;
  readonly stores: Stores;
  readonly events: MtprotoEvent[];
  readonly states: MtprotoStateChange[];
  readonly errors: unknown[];
  readonly seen: ClientEvent[];
  /** `message one`, `edited_message one!`, `deleted_messages 1,2` */
  told(): string[];
}

/** Makes a hub on a test DC. */
export function makeHub(
  dc: TestDc,
  options: Partial<MtprotoHubOptions> & { kv?: KeyValueStore } = {},
): Watched {
  const { kv = memoryStore(), onMessage, onStateChange, ...rest } = options;
  const stores = createStores(kv, { encryptionKey });
  const events: MtprotoEvent[] = [];
  const states: MtprotoStateChange[] = [];
  const errors: unknown[] = [];
  const seen: ClientEvent[] = [];
  const hub = createMtprotoHub({
    apiId: 12_345,
    apiHash,
    sessions: stores.sessions,
    leases: stores.leases,
    servers: serversOf(dc),
    ...quick,
    onMessage: async (event, context) => {
      await onMessage?.(event, context);
      events.push(event);
    },
    onStateChange(change) {
      states.push(change);
      onStateChange?.(change);
    },
    onError: (error) => errors.push(error),
    onEvent: (event) => seen.push(event),
    ...rest,
  });
  return {
    hub,
    stores,
    events,
    states,
    errors,
    seen,
    told: () => events.map(shown),
    [Symbol.asyncDispose]: () => hub.stop(),
  };
}

/** An event in a few words. */
export function shown(event: MtprotoEvent): string {
  const what = event.kind === 'deleted_messages' ? event.messageIds.join() : event.message.text;
  return `${event.kind} ${what}`;
}

/** A DC with an account, and a hub where it is ready. */
export interface Scene extends AsyncDisposable {
  readonly dc: TestDc;
  readonly person: TestDcAccount;
  readonly watched: Watched;
  readonly account: MtprotoAccount;
}

/** Starts a DC and a hub with one account that is logged in. */
export async function startScene(
  options: Partial<MtprotoHubOptions> & { kv?: KeyValueStore; dc?: TestDcOptions } = {},
): Promise<Scene> {
  const { dc: dcOptions, ...hubOptions } = options;
  const dc = await startTestDc(dcOptions);
  const person = dc.addAccount();
  const watched = makeHub(dc, hubOptions);
  const account = await addReady(watched.hub, dc, person);
  return {
    dc,
    person,
    watched,
    account,
    async [Symbol.asyncDispose]() {
      await watched.hub.stop();
      await dc.close();
    },
  };
}

/** Adds an account by a provisioned key and waits until it is ready. */
export async function addReady(
  hub: MtprotoHub,
  dc: TestDc,
  person: TestDcAccount,
  name = 'cars',
): Promise<MtprotoAccount> {
  const account = await hub.add(name, { session: gramjsSession(dc.provisionKey(person)) });
  await account.ready();
  return account;
}

/** The items of an iterable. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** What a promise was rejected with. */
export async function thrown(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Waits until something is so. */
export async function until(isSo: () => boolean, timeoutMs = 30_000): Promise<void> {
  const endsAt = performance.now() + timeoutMs;
  while (!isSo()) {
    if (performance.now() > endsAt) throw new Error('It did not come to be so in time');
    await pause(10);
  }
}
