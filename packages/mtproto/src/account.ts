import type { CartieError, ClientEvent, Limiter } from '@cartie/core';
import { type AccountRecord, type AccountStore, createAccountStore } from './account-store.ts';
import { type Calls, createCalls } from './calls.ts';
import { type ChatFinding, createChats } from './chats.ts';
import type { AccountFacts } from './client-health.ts';
import { datacenterAddress } from './datacenters.ts';
import type { Epoch } from './epoch.ts';
import { type HistoryContext, type HistoryOptions, readHistory } from './history.ts';
import { createCursor } from './history-cursor.ts';
import type { Live } from './live.ts';
import { createLogin, type MtprotoLogin } from './login.ts';
import { type DownloadOptions, downloadMedia } from './media.ts';
import type { HubSettings, MtprotoCallOptions, MtprotoHandler } from './options.ts';
import { createPeers } from './peers.ts';
import { createSending, type Sending } from './send.ts';
import { createSession } from './session.ts';
import { connectSide } from './side-connections.ts';
import { createSupervisor, type SupervisorOptions } from './supervisor.ts';
import type { TlObject, TlValue } from './tl.ts';
import type { ChatLike, MtprotoEvent, MtprotoMessage, MtprotoState, MtprotoUser } from './types.ts';
import { askSelf, shownUser } from './users.ts';

/** One account. Its calls wait until it is ready, and end by their deadline if it does not get so. */
export interface MtprotoAccount extends Sending, ChatFinding {
  readonly name: string;
  readonly state: MtprotoState;
  /** Who is logged in, as last known: nobody is asked. */
  readonly user: MtprotoUser | undefined;
  readonly login: MtprotoLogin;
  /** Resolves once the account is ready. @throws CartieError where a person must act first, or after `deadlineMs` */
  ready(options?: Pick<MtprotoCallOptions, 'deadlineMs' | 'signal'>): Promise<void>;
  /** Who it is, as Telegram says now. */
  me(options?: MtprotoCallOptions): Promise<MtprotoUser>;
  /**
   * The messages of a chat, newest first: 100 unless `limit` says otherwise. At most 10 pages (of 100) a minute for each
   * chat, over all processes; waits that Telegram asks for are obeyed however long. Memory does not grow with the length.
   */
  history(chat: ChatLike, options?: HistoryOptions): AsyncGenerator<MtprotoMessage, void, undefined>;
  /** The file of a message, part by part. A larger one than `maxBytes` (50 MB) is refused. */
  download(message: MtprotoMessage, options?: DownloadOptions): AsyncGenerator<Uint8Array, void, undefined>;
  /**
   * Any method of Telegram's, in plain data: `{ _: 'channels.getFullChannel', channel }`. It is repeated only as far as
   * `options.idempotent` allows.
   * @see https://core.telegram.org/methods
   */
  invoke<Answer extends TlValue = TlObject>(request: TlObject, options?: MtprotoCallOptions): Promise<Answer>;
  /** What Telegram wants to know of a chat in a request: an `inputPeer…`. */
  inputPeer(chat: ChatLike, options?: MtprotoCallOptions): Promise<TlObject>;
  /** Tries again at once, where the account waits or has failed. */
  retry(): void;
}

/** An account, and what the hub does with it. */
export interface ManagedAccount {
  readonly account: MtprotoAccount;
  start(): void;
  stop(reason?: 'stopped' | 'removed'): Promise<void>;
  /** Ends the session at Telegram too, where that is possible. */
  logOut(): Promise<void>;
  facts(): AccountFacts;
}

/** What an account shares with the others of its hub. */
export interface AccountContext extends Pick<SupervisorOptions, 'connecting' | 'capacity' | 'engine'> {
  readonly settings: HubSettings;
  readonly limiter: Limiter;
  readonly emit: ((event: ClientEvent) => void) | undefined;
  /** The hub's own application. @throws CartieError `invalid_config` where there is none */
  app(): Promise<{ apiId: number; apiHash: string }>;
  handlers(event: MtprotoEvent): readonly MtprotoHandler[];
  onState(account: string, state: MtprotoState, previous: MtprotoState): void;
  onError(error: unknown, account: string, event?: MtprotoEvent): void;
}

/** Makes an account of a hub. */
export function createAccount(name: string, context: AccountContext): ManagedAccount {
  const { settings, emit } = context;
  const store = watched(createAccountStore(settings.sessions, name), (record) => {
    user = record?.user && shownUser(record.user);
  });
  const peers = createPeers();
  let user: MtprotoUser | undefined;
  let self: bigint | undefined;
  let live: Live | undefined;

  const onError = (error: unknown, event?: MtprotoEvent): void => context.onError(error, name, event);
  const supervisor = createSupervisor({
    ...context,
    name,
    store,
    session: (ownership) =>
      createSession(ownership, {
        ...{ settings, store, history, onError, handlers: context.handlers, change: supervisor.change },
        callsOver: (epoch) => callsOver(epoch, supervisor.judge),
        onLive(next, id = self) {
          live = next;
          self = id;
        },
      }),
    apiId: async () => (await app()).apiId,
    onLoginUpdate: (updates) => login.onUpdate(updates),
    onError,
  });
  supervisor.onState((state, previous) => context.onState(name, state, previous));

  const calls = createCalls({
    defaults: settings,
    emit,
    epoch: (signal) => supervisor.ready(signal),
    state: () => supervisor.state,
    onAnswer: (request, answer) => live?.updates.noteAnswer(request, answer),
    onRefusal: (error) => supervisor.judge(error),
  });
  const history: HistoryContext = {
    account: name,
    calls,
    peers,
    limiter: context.limiter,
    rate: settings.historyRate,
    self: () => self,
    cursor: (chatId, cursor) => createCursor(settings.sessions, name, { chatId, name: cursor }),
  };
  const chats = createChats({
    calls,
    peers,
    self: () => self,
    onDialog: (dialog) => live?.updates.follow(dialog),
  });
  const { idOf, ...found } = chats;
  const sending = createSending({ calls, chats, peers, self: () => self });

  const login = createLogin({
    calls: createCalls({
      defaults: settings,
      emit,
      epoch: (signal) => supervisor.forLogin(signal),
      state: () => supervisor.state,
    }),
    deadlineMs: settings.deadlineMs,
    app,
    engine: context.engine,
    read: store.readAccount,
    change: supervisor.change,
    async moveTo(id) {
      const datacenter = datacenterAddress(id, settings.servers);
      await supervisor.change(({ authKey: _key, otherKeys: _keys, ...record }) => ({
        ...record,
        datacenter,
      }));
      supervisor.reopen();
    },
    onDone: () => supervisor.endLogin('done'),
    onEnd: () => supervisor.endLogin('given_up'),
  });

  async function app(): Promise<{ apiId: number; apiHash: string }> {
    return (await store.readAccount())?.app ?? context.app();
  }

  /** Calls over one connection, also before the account is ready. */
  function callsOver(epoch: Epoch, onRefusal?: (error: CartieError) => void): Calls {
    return createCalls({
      defaults: { ...settings, deadlineMs: Math.max(60_000, settings.deadlineMs) },
      emit,
      async epoch() {
        epoch.ended.throwIfAborted();
        return epoch;
      },
      state: () => supervisor.state,
      onRefusal,
    });
  }

  const account: MtprotoAccount = Object.freeze({
    name,
    get state() {
      return supervisor.state;
    },
    get user() {
      return user;
    },
    login: Object.freeze(withoutUpdates(login)),
    ready: calls.ready,
    me: async (options) => shownUser(await askSelf(calls, options)),
    async *history(chat, options = {}) {
      const id = await idOf(chat, { signal: options.signal });
      yield* readHistory(id, options, history);
    },
    ...found,
    ...sending,
    download: (message, options = {}) =>
      downloadMedia(message, options, {
        calls,
        peers,
        home: async () => (await store.readAccount())?.datacenter.id ?? 0,
        connect: (id, signal) =>
          connectSide(id, signal, {
            ...{ store, calls, callsOver, servers: settings.servers },
            ...{ open: supervisor.side, change: supervisor.change },
          }),
      }),
    async invoke<Answer extends TlValue>(request: TlObject, options: MtprotoCallOptions = {}) {
      return (await calls.call(request, { ...options, idempotent: options.idempotent ?? false })) as Answer;
    },
    async inputPeer(chat, options) {
      return peers.inputPeer(await idOf(chat, options));
    },
    retry: () => supervisor.retry(),
  } satisfies MtprotoAccount);

  return {
    account,
    start: supervisor.start,
    stop: supervisor.stop,
    async logOut() {
      // Where it has failed nobody can be asked.
      if (supervisor.state.name === 'failed' || (await store.readAccount())?.user === undefined) return;
      await calls.call(
        { _: 'auth.logOut' },
        { deadlineMs: Math.min(10_000, settings.deadlineMs), idempotent: false },
      );
    },
    facts: () => ({
      state: supervisor.state,
      behind: live?.updates.behind ?? 0,
      queued: live?.queued ?? 0,
      lastUpdateAt: live?.updates.lastUpdateAt,
      lagMs: live?.updates.lagMs,
    }),
  };
}

/** A store that tells what it reads and writes. */
function watched(store: AccountStore, onRecord: (record: AccountRecord | undefined) => void): AccountStore {
  return {
    ...store,
    async readAccount() {
      const record = await store.readAccount();
      onRecord(record);
      return record;
    },
    async changeAccount(fence, change) {
      const record = await store.changeAccount(fence, change);
      onRecord(record);
      return record;
    },
  };
}

function withoutUpdates({ onUpdate: _onUpdate, ...login }: ReturnType<typeof createLogin>): MtprotoLogin {
  return login;
}
