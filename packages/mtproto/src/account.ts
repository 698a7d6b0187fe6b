import type { CartieError, ClientEvent, Limiter } from '@cartie/core';
import { type AccountRecord, type AccountStore, createAccountStore } from './account-store.ts';
import { type Calls, createCalls } from './calls.ts';
import { createChats, dialogPages } from './chats.ts';
import { datacenterAddress } from './datacenters.ts';
import type { Datacenter } from './engine.ts';
import { connectionEndOf, type Epoch } from './epoch.ts';
import { failed, mtprotoFailure } from './errors.ts';
import { createCursor, type HistoryContext, type HistoryOptions, readHistory, readNewer } from './history.ts';
import { createLive, type Live } from './live.ts';
import { createLogin, type MtprotoLogin, shownUser, userOf } from './login.ts';
import { type DownloadOptions, downloadMedia, type SideConnection } from './media.ts';
import type { HubSettings, MtprotoCallOptions, MtprotoHandler } from './options.ts';
import { createPeers } from './peers.ts';
import { createSending, type OutgoingText } from './send.ts';
import { createSupervisor, type Ownership, type Session, type SupervisorOptions } from './supervisor.ts';
import { type TlObject, type TlValue, tlObject, tlObjects } from './tl.ts';
import type {
  ChatLike,
  MtprotoChat,
  MtprotoEvent,
  MtprotoMessage,
  MtprotoState,
  MtprotoUser,
} from './types.ts';

/** One account. Its calls wait until it is ready, and end by their deadline if it does not get so. */
export interface MtprotoAccount {
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
  /** Finds a chat by name or id. */
  resolve(chat: ChatLike, options?: MtprotoCallOptions): Promise<MtprotoChat>;
  /** Several chats, in the order of the list. */
  entities(chats: readonly ChatLike[], options?: MtprotoCallOptions): Promise<MtprotoChat[]>;
  /** Joins a channel or group, by name, id or address of invitation. Its messages are events from then on, none missed. */
  join(chat: ChatLike, options?: MtprotoCallOptions): Promise<MtprotoChat>;
  /** The chats that the account is in. */
  dialogs(options?: {
    limit?: number | undefined;
    signal?: AbortSignal | undefined;
  }): AsyncGenerator<MtprotoChat, void, undefined>;
  /** Sends a text. It may be repeated: Telegram takes each message once, by a random id. */
  send(chat: ChatLike, message: OutgoingText, options?: MtprotoCallOptions): Promise<MtprotoMessage>;
  edit(
    chat: ChatLike,
    edit: { id: number; text: string },
    options?: MtprotoCallOptions,
  ): Promise<MtprotoMessage>;
  /** Deletes messages. @param options.forAll also for the others, in private chats and groups. @default true */
  delete(
    chat: ChatLike,
    ids: readonly number[],
    options?: MtprotoCallOptions & { forAll?: boolean | undefined },
  ): Promise<void>;
  /** Marks a chat as read. @param options.upTo the last message that was read. @default all */
  read(chat: ChatLike, options?: MtprotoCallOptions & { upTo?: number | undefined }): Promise<void>;
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
  facts(): {
    state: MtprotoState;
    behind: number;
    queued: number;
    lastUpdateAt: number | undefined;
    lagMs: number | undefined;
  };
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
    session,
    apiId: async () => (await app()).apiId,
    onLoginUpdate: (updates) => login.onUpdate(updates),
    onError,
  });
  supervisor.onState((state, previous) => context.onState(name, state, previous));

  const calls = createCalls({
    defaults: settings,
    emit,
    epoch: (signal) => supervisor.ready(signal),
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
  const sending = createSending({ calls, chats, peers, self: () => self });

  const login = createLogin({
    calls: createCalls({ defaults: settings, emit, epoch: (signal) => supervisor.forLogin(signal) }),
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
    async own({ signal, deadlineMs = settings.deadlineMs }) {
      const limit = AbortSignal.timeout(deadlineMs);
      await supervisor.forLogin(signal === undefined ? limit : AbortSignal.any([signal, limit]));
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
      onRefusal,
    });
  }

  function session(ownership: Ownership): Session {
    let own: Live | undefined;
    let current: Calls | undefined;
    let sweep: NodeJS.Timeout | undefined;
    return {
      onUpdates: (updates) => own?.updates.accept(updates),
      async begin(epoch) {
        const over = callsOver(epoch, supervisor.judge);
        current = over;
        const me = userOf(
          tlObjects(
            await over.call({ _: 'users.getUsers', id: [{ _: 'inputUserSelf' }] }, { signal: epoch.ended }),
          )[0],
        );
        if (me === undefined) throw failed('invalid_response', 'Telegram did not tell who the account is');
        self = BigInt(me.id);
        await supervisor.change((record) => ({ ...record, user: me }));
        own ??= await createLive({
          account: name,
          self,
          ...ownership,
          store,
          peers,
          maxChats: settings.maxChats,
          maxQueued: settings.maxQueued,
          handlers: context.handlers,
          ask: (request, signal) => (current as Calls).call(request, { signal }),
          newerThan: (chatId, afterId, signal) =>
            readNewer(chatId, { afterId, signal }, { ...history, calls: current as Calls }),
          dialogs: (signal) => dialogPages(current as Calls, peers, signal),
          onError,
        });
        live = own;
        const { updates } = own;
        if (updates.positions().common === undefined) {
          for await (const { dialogs } of dialogPages(over, peers, epoch.ended))
            for (const dialog of dialogs) updates.follow(dialog);
        }
        await updates.catchUp(epoch.ended);
        own.wake();
        sweep = setInterval(() => {
          updates.catchUp(epoch.ended).catch(() => undefined); // told to onError
        }, settings.sweepMs);
      },
      detach() {
        clearInterval(sweep);
        own?.updates.detach();
      },
      async stop() {
        clearInterval(sweep);
        await own?.stop(settings.stopTimeoutMs);
        if (live === own) live = undefined;
      },
    };
  }

  async function connectSide(id: number, signal: AbortSignal): Promise<SideConnection> {
    const datacenter = datacenterAddress(id, settings.servers);
    const { side, isNew } = await openSide(datacenter, (await store.readAccount())?.otherKeys?.[id], signal);
    const over = callsOver(side);
    try {
      if (isNew || !(await isLoggedIn(over, signal))) {
        const exported = tlObject(await calls.call({ _: 'auth.exportAuthorization', dcId: id }, { signal }));
        if (exported?.id === undefined || exported.bytes === undefined) {
          throw failed('invalid_response', 'Telegram gave no way to its other server');
        }
        const { id: userId, bytes } = exported;
        await over.call({ _: 'auth.importAuthorization', id: userId, bytes }, { signal });
        const key = Buffer.from(side.authKey).toString('base64');
        await supervisor.change((record) => ({ ...record, otherKeys: { ...record.otherKeys, [id]: key } }));
      }
      return { calls: over, destroy: side.destroy };
    } catch (error) {
      side.destroy();
      throw error;
    }
  }

  // A connection without policies, whose handshake fails by itself once in 256 times.
  async function openSide(
    datacenter: Datacenter,
    known: string | undefined,
    signal: AbortSignal,
  ): Promise<{ side: Epoch; isNew: boolean }> {
    let authKey = known;
    for (let failures = 0; ; failures += 1) {
      try {
        const side = await supervisor.side(datacenter, { authKey, signal });
        return { side, isNew: authKey === undefined };
      } catch (error) {
        if (signal.aborted || failures >= 2) throw error;
        if (connectionEndOf(error) === 'key_unknown') authKey = undefined;
      }
    }
  }

  async function isLoggedIn(over: Calls, signal: AbortSignal): Promise<boolean> {
    try {
      await over.call({ _: 'users.getUsers', id: [{ _: 'inputUserSelf' }] }, { signal });
      return true;
    } catch (error) {
      if (mtprotoFailure(error)?.kind === 'session_lost') return false;
      throw error;
    }
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
    async me(options) {
      const me = userOf(
        tlObjects(await calls.call({ _: 'users.getUsers', id: [{ _: 'inputUserSelf' }] }, options))[0],
      );
      if (me === undefined) throw failed('invalid_response', 'Telegram did not tell who the account is');
      return shownUser(me);
    },
    async *history(chat, options = {}) {
      const id = await chats.idOf(chat, { signal: options.signal });
      yield* readHistory(id, options, history);
    },
    resolve: chats.resolve,
    entities: chats.entities,
    join: chats.join,
    dialogs: chats.dialogs,
    ...sending,
    download: (message, options = {}) =>
      downloadMedia(message, options, {
        calls,
        peers,
        home: async () => (await store.readAccount())?.datacenter.id ?? 0,
        connect: connectSide,
      }),
    async invoke<Answer extends TlValue>(request: TlObject, options: MtprotoCallOptions = {}) {
      return (await calls.call(request, { ...options, idempotent: options.idempotent ?? false })) as Answer;
    },
    async inputPeer(chat, options) {
      return peers.inputPeer(await chats.idOf(chat, options));
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
