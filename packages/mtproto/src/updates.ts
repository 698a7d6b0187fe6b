import { isCartieError, sleep } from '@cartie/core';
import { LRUCache } from 'lru-cache';
import type { StoredPositions } from './account-store.ts';
import { type CommonState, type DifferenceContext, fetchChannel, fetchCommon } from './difference.ts';
import { mtprotoFailure } from './errors.ts';
import { boxOf, happeningsOf } from './happenings.ts';
import { ownUpdate } from './own-updates.ts';
import { bareId, channelId, isChannelId, type Peers, peerId } from './peers.ts';
import { createPtsBox, type Happening, type PtsBox } from './pts-box.ts';
import { type TlObject, type TlValue, tlLong, tlNumber, tlObject, tlObjects } from './tl.ts';

/** Turns an account's updates into events: each once, those of a chat in order, none left out. */
export interface Updates {
  /** An object of type `Updates` that the server pushed, or that was the answer to a request. */
  accept(updates: TlObject): void;
  /** What the answer to a request of ours moves. */
  noteAnswer(request: TlObject, answer: TlValue): void;
  /** Fetches what was missed: resolves when private chats and groups have it; channels follow. `signal` ends with the connection. */
  catchUp(signal: AbortSignal): Promise<void>;
  /** Begins to follow a channel at this point, where it is not followed yet. */
  follow(dialog: TlObject): void;
  /** Forgets what came too early; the next `catchUp` fetches it. */
  detach(): void;
  positions(): StoredPositions;
  /** Channels that are being fetched. */
  readonly behind: number;
  /** When the last update came. Epoch milliseconds. */
  readonly lastUpdateAt: number | undefined;
  /** From the date of the last event to its arrival. Milliseconds. */
  readonly lagMs: number | undefined;
}

/** What updates are handled with. */
export interface UpdatesOptions {
  readonly account: string;
  readonly self: bigint;
  readonly peers: Peers;
  readonly stored: StoredPositions | undefined;
  readonly maxQueued: number;
  /** Fetches over the present connection. */
  ask(request: TlObject, signal: AbortSignal): Promise<TlValue>;
  newerThan(chatId: bigint, afterId: number, signal: AbortSignal): AsyncIterable<readonly TlObject[]>;
  dialogs(signal: AbortSignal): AsyncIterable<{ dialogs: readonly TlObject[] }>;
  deliver(happening: Happening, done: () => void): void;
  /** Events that wait for their handlers. */
  queued(): number;
  room(signal: AbortSignal): Promise<void>;
  onMoved(): void;
  onError(error: unknown): void;
}

/** Makes {@link Updates}. */
export function createUpdates(options: UpdatesOptions): Updates {
  const { account, self, peers, stored, onMoved } = options;
  const recentChats = new LRUCache<number, bigint>({ max: 10_000 });
  const channels = new Map<bigint, PtsBox>();
  const state: CommonState = { qts: stored?.common?.qts ?? 0, date: stored?.common?.date ?? 0 };
  const fetching = new Map<bigint | 'common', Promise<void>>();
  /** To be fetched, and not asked for since. */
  const again = new Set<bigint | 'common'>();
  let connection: AbortSignal | undefined;
  let lastUpdateAt: number | undefined;
  let lagMs: number | undefined;

  const happeningContext = { account, self, chatOf: (id: number) => recentChats.get(id) };
  const common = boxFor('common', stored?.common);
  for (const [bare, position] of Object.entries(stored?.channels ?? {})) {
    const id = channelId(BigInt(bare));
    if (!peers.get(id)) peers.note({ id, accessHash: BigInt(position.accessHash) });
    channels.set(id, boxFor(id, position));
  }

  function boxFor(
    id: bigint | 'common',
    position: { pts: number; done: readonly string[]; lastId: number } | undefined,
  ): PtsBox {
    return createPtsBox({
      stored: position,
      deliver(happening, done) {
        const { event } = happening;
        if (id === 'common' && event.kind === 'message') recentChats.set(event.message.id, event.chatId);
        if (event.kind === 'message') lagMs = Math.max(0, Date.now() - event.message.date);
        options.deliver(happening, done);
      },
      onGap: () => fetch(id),
      onMoved,
    });
  }

  function boxOfChannel(id: bigint): PtsBox {
    const known = channels.get(id);
    if (known !== undefined) return known;
    const box = boxFor(id, undefined);
    channels.set(id, box);
    return box;
  }

  function offer(update: TlObject): void {
    if (update._ === 'updateChannelTooLong') {
      const bare = tlLong(update.channelId);
      if (bare === undefined) return;
      const id = channelId(bare);
      const at = tlNumber(update.pts);
      if (channels.has(id)) fetch(id);
      else if (at !== undefined) boxOfChannel(id).begin(at);
      return;
    }
    const pts = tlNumber(update.pts);
    const count = tlNumber(update.ptsCount);
    if (pts === undefined || count === undefined) return;
    const id = boxOf(update);
    const box = id === 'common' ? common : boxOfChannel(id);
    // Handlers are far behind: what comes now is fetched once they are not.
    if (options.queued() >= options.maxQueued) {
      fetch(id);
      return;
    }
    box.offer({ pts, count, happenings: happeningsOf(update, 'live', happeningContext) });
  }

  /** Fetches what this box has missed by now; where that is under way, once more if it has asked already. Failures are tried again. */
  function fetch(id: bigint | 'common'): void {
    if (connection === undefined || connection.aborted) return;
    again.add(id);
    fetched(id, connection).catch(() => undefined); // told to onError
  }

  function fetched(id: bigint | 'common', signal: AbortSignal): Promise<void> {
    const underWay = fetching.get(id);
    if (underWay !== undefined) return underWay;
    const box = id === 'common' ? common : channels.get(id);
    if (box === undefined) return Promise.resolve();
    box.hold();
    const run = fetchWithRepeats(id, box, signal).finally(() => {
      if (fetching.get(id) === run) fetching.delete(id);
      if (signal.aborted) return;
      box.release();
      if (again.has(id)) fetch(id);
    });
    fetching.set(id, run);
    return run;
  }

  async function fetchWithRepeats(id: bigint | 'common', box: PtsBox, signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        const context = contextFor(id, signal);
        await (id === 'common' ? fetchCommon(box, state, context) : fetchChannel(box, id, context));
        return;
      } catch (error) {
        if (signal.aborted) return;
        const kind = mtprotoFailure(error)?.kind;
        if (id !== 'common' && (kind === 'chat_private' || kind === 'chat_not_found')) {
          // We are out of it: there is nothing more to come.
          channels.delete(id);
          again.delete(id);
          onMoved();
          return;
        }
        options.onError(error);
        if (id === 'common' && failures >= 2) throw error;
        const asked = isCartieError(error) ? error.retryAfterMs : undefined;
        await sleep(asked ?? Math.min(60_000, 1_000 * 2 ** failures), signal).catch(() => undefined);
      }
    }
  }

  function contextFor(id: bigint | 'common', signal: AbortSignal): DifferenceContext {
    return {
      ...happeningContext,
      peers,
      ask(request) {
        again.delete(id);
        return options.ask(request, signal);
      },
      room: () => options.room(signal),
      newerThan: (chatId, afterId) => options.newerThan(chatId, afterId, signal),
      dialogs: () => options.dialogs(signal),
      onOther: offer,
    };
  }

  function accept(updates: TlObject): void {
    lastUpdateAt = Date.now();
    peers.learn(updates);
    switch (updates._) {
      case 'updates':
      case 'updatesCombined':
        for (const update of tlObjects(updates.updates)) offer(update);
        break;
      case 'updateShort': {
        const update = tlObject(updates.update);
        if (update !== undefined) offer(update);
        break;
      }
      case 'updatesTooLong':
        fetch('common');
        break;
      default:
        offer(updates);
    }
    const date = tlNumber(updates.date);
    if (date !== undefined) state.date = Math.max(state.date, date);
  }

  return {
    accept,
    noteAnswer(request, answer) {
      const object = tlObject(answer);
      if (object === undefined) return;
      const own = ownUpdate(request, object, self);
      if (own !== undefined) offer(own);
      else if (object._.startsWith('update') && !object._.startsWith('updates.')) accept(object);
      else peers.learn(object);
    },
    async catchUp(signal) {
      connection = signal;
      const underWay = [...fetching.values()];
      await fetched('common', signal);
      void Promise.allSettled(underWay);
      const due = [...channels.keys()];
      // A few at a time: an account may be in hundreds.
      const next = async (): Promise<void> => {
        for (let id = due.shift(); id !== undefined && !signal.aborted; id = due.shift())
          await fetched(id, signal);
      };
      void Promise.all(Array.from({ length: 4 }, next)).catch(options.onError);
    },
    follow(dialog) {
      const id = peerId(dialog.peer);
      const pts = tlNumber(dialog.pts);
      if (id === undefined || !isChannelId(id) || pts === undefined || !peers.get(id)) return;
      const box = boxOfChannel(id);
      if (box.pts === undefined) box.begin(pts, tlNumber(dialog.topMessage) ?? 0);
    },
    detach() {
      connection = undefined;
      fetching.clear();
      again.clear();
      for (const box of [common, ...channels.values()]) box.drop();
    },
    positions() {
      const position = common.position();
      const followed: Record<string, StoredPositions['channels'][string]> = {};
      for (const [id, box] of channels) {
        const at = box.position();
        const accessHash = peers.get(id)?.accessHash;
        if (at !== undefined && accessHash !== undefined)
          followed[String(bareId(id))] = { ...at, accessHash: String(accessHash) };
      }
      return { ...(position && { common: { ...position, ...state } }), channels: followed };
    },
    get behind() {
      return fetching.size;
    },
    get lastUpdateAt() {
      return lastUpdateAt;
    },
    get lagMs() {
      return lagMs;
    },
  };
}
