import type { AccountRecord, AccountStore } from './account-store.ts';
import type { Calls } from './calls.ts';
import { dialogPages } from './chats.ts';
import type { Epoch } from './epoch.ts';
import { type HistoryContext, readNewer } from './history.ts';
import { createLive, type Live, type LiveOptions } from './live.ts';
import type { HubSettings } from './options.ts';
import type { Ownership } from './ownership.ts';
import type { TlObject } from './tl.ts';
import { askSelf } from './users.ts';

/** What happens with the connections of an account that is logged in, while this process owns it. */
export interface Session {
  onUpdates(updates: TlObject): void;
  /** Checks the session and fetches what was missed; the account is ready when it resolves. */
  begin(epoch: Epoch): Promise<void>;
  /** The connection has ended. */
  detach(): void;
  stop(): Promise<void>;
}

/** What a session needs of its account. */
export interface SessionContext extends Pick<LiveOptions, 'handlers' | 'onError'> {
  readonly settings: HubSettings;
  readonly store: AccountStore;
  readonly history: HistoryContext;
  /** Calls over one connection, before the account is ready. */
  callsOver(epoch: Epoch): Calls;
  change(change: (record: AccountRecord) => AccountRecord): Promise<AccountRecord>;
  /** Told what the account's events come from; `undefined` at the end. */
  onLive(live: Live | undefined, self: bigint | undefined): void;
}

/** Makes a {@link Session}. */
export function createSession(ownership: Ownership, context: SessionContext): Session {
  const { settings, history } = context;
  const { peers, account } = history;
  let live: Live | undefined;
  let calls: Calls;
  let sweep: NodeJS.Timeout | undefined;

  async function beginLive(self: bigint): Promise<Live> {
    const { store, handlers, onError } = context;
    const { maxChats, maxQueued } = settings;
    return createLive({
      ...ownership,
      ...{ account, self, store, peers, maxChats, maxQueued, handlers, onError },
      ask: (request, signal) => calls.call(request, { signal }),
      newerThan: (chatId, afterId, signal) => readNewer(chatId, { afterId, signal }, { ...history, calls }),
      dialogs: (signal) => dialogPages(calls, peers, signal),
    });
  }

  return {
    onUpdates: (updates) => live?.updates.accept(updates),
    async begin(epoch) {
      const { ended } = epoch;
      calls = context.callsOver(epoch);
      const me = await askSelf(calls, { signal: ended });
      await context.change((record) => ({ ...record, user: me }));
      live ??= await beginLive(BigInt(me.id));
      context.onLive(live, BigInt(me.id));
      const { updates } = live;
      if (updates.positions().common === undefined) {
        for await (const { dialogs } of dialogPages(calls, peers, ended))
          for (const dialog of dialogs) updates.follow(dialog);
      }
      await updates.catchUp(ended);
      live.wake();
      sweep = setInterval(() => {
        updates.catchUp(ended).catch(() => undefined); // told to onError
      }, settings.sweepMs);
    },
    detach() {
      clearInterval(sweep);
      live?.updates.detach();
    },
    async stop() {
      clearInterval(sweep);
      await live?.stop(settings.stopTimeoutMs);
      if (live !== undefined) context.onLive(undefined, undefined);
    },
  };
}
