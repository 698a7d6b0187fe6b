import type { CartieError } from '@cartie/core';
import type { Calls } from './calls.ts';
import { failed, invalid, mtprotoFailure } from './errors.ts';
import { limits } from './limits.ts';
import type { MtprotoCallOptions } from './options.ts';
import { bareId, isChannelId, type Peers, peerId, toChat } from './peers.ts';
import { type TlObject, type TlValue, tlNumber, tlObject, tlObjects } from './tl.ts';
import type { ChatLike, MtprotoChat } from './types.ts';

/** What finding chats needs of the account. */
export interface ChatsContext {
  readonly calls: Calls;
  readonly peers: Peers;
  self(): bigint | undefined;
  /** A chat that the account is in, with where its updates are. */
  onDialog(dialog: TlObject): void;
}

/** Finds chats. */
export interface ChatFinding {
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
}

/** Finds chats, also for other parts of the account. */
export interface Chats extends ChatFinding {
  /** The marked id, with what Telegram wants to know about it. */
  idOf(chat: ChatLike, options?: MtprotoCallOptions): Promise<bigint>;
}

/** Makes {@link Chats}. */
export function createChats({ calls, peers, self, onDialog }: ChatsContext): Chats {
  async function idOf(chat: ChatLike, options?: MtprotoCallOptions): Promise<bigint> {
    if (typeof chat === 'bigint') return chat;
    const name = nameIn(chat);
    if (name === 'me') {
      if (self() === undefined) await calls.ready(options);
      return self() as bigint;
    }
    return peers.byUsername(name)?.id ?? (await byName(name, options)).id;
  }

  async function byName(username: string, options?: MtprotoCallOptions): Promise<MtprotoChat> {
    const answer = tlObject(await calls.call({ _: 'contacts.resolveUsername', username }, options));
    const id = peerId(answer?.peer);
    const found =
      answer &&
      [...tlObjects(answer.chats), ...tlObjects(answer.users)].map(toChat).find((chat) => chat?.id === id);
    if (!found) throw failed('not_found', 'Nobody has this name', { operation: 'contacts.resolveUsername' });
    return found;
  }

  async function entities(chats: readonly ChatLike[], options?: MtprotoCallOptions): Promise<MtprotoChat[]> {
    const ids: bigint[] = [];
    for (const chat of chats) ids.push(await idOf(chat, options));
    const found = new Map<bigint, MtprotoChat>();
    const ask = async (request: TlObject): Promise<void> => {
      for (const raw of itemsOf(await calls.call(request, options))) {
        const chat = toChat(raw);
        if (chat !== undefined) found.set(chat.id, chat);
      }
    };
    const users = ids.filter((id) => id > 0n);
    const channels = ids.filter(isChannelId);
    const groups = ids.filter((id) => id < 0n && !isChannelId(id));
    if (users.length > 0)
      await ask({ _: 'users.getUsers', id: users.map((id) => inputUser(peers.inputPeer(id))) });
    if (channels.length > 0)
      await ask({ _: 'channels.getChannels', id: channels.map((id) => peers.inputChannel(id)) });
    if (groups.length > 0) await ask({ _: 'messages.getChats', id: groups.map((id) => bareId(id)) });
    return ids.map((id) => {
      const chat = found.get(id);
      if (chat === undefined) throw failed('not_found', 'There is no such chat');
      return chat;
    });
  }

  async function acceptInvitation(hash: string, options?: MtprotoCallOptions): Promise<bigint> {
    const imported = await unlessMember(calls.call({ _: 'messages.importChatInvite', hash }, options));
    // A member is not told of what.
    const answer = tlObject(imported ?? (await calls.call({ _: 'messages.checkChatInvite', hash }, options)));
    const raw = tlObjects(answer?.chats)[0] ?? tlObject(answer?.chat);
    const joined = raw && toChat(raw);
    if (!joined)
      throw failed('invalid_response', 'Telegram did not tell which chat was joined', { operation: 'join' });
    peers.learn({ _: 'chats', chats: [joined.raw] });
    return joined.id;
  }

  async function join(chat: ChatLike, options?: MtprotoCallOptions): Promise<MtprotoChat> {
    const hash = typeof chat === 'string' ? inviteHash(chat) : undefined;
    const id = hash === undefined ? await idOf(chat, options) : await acceptInvitation(hash, options);
    if (hash === undefined)
      await unlessMember(calls.call({ _: 'channels.joinChannel', channel: peers.inputChannel(id) }, options));
    // From here on nothing of it may be missed.
    const answer = tlObject(
      await calls.call(
        { _: 'messages.getPeerDialogs', peers: [{ _: 'inputDialogPeer', peer: peers.inputPeer(id) }] },
        { ...options, idempotent: true },
      ),
    );
    if (answer !== undefined) for (const dialog of tlObjects(answer.dialogs)) onDialog(dialog);
    const [joined] = await entities([id], options);
    return joined as MtprotoChat;
  }

  return {
    idOf,
    async resolve(chat, options) {
      if (typeof chat === 'string' && nameIn(chat) !== 'me') return byName(nameIn(chat), options);
      const [found] = await entities([chat], options);
      return found as MtprotoChat;
    },
    entities,
    join,
    async *dialogs({ limit = Number.POSITIVE_INFINITY, signal } = {}) {
      let left = limit;
      for await (const { dialogs, chats } of dialogPages(calls, peers, signal)) {
        for (const dialog of dialogs) {
          onDialog(dialog);
          const chat = chats.get(peerId(dialog.peer) ?? 0n);
          if (chat === undefined) continue;
          yield chat;
          if (--left <= 0) return;
        }
      }
    },
  };
}

/** The account's list of chats, page by page. */
export async function* dialogPages(
  calls: Calls,
  peers: Peers,
  signal?: AbortSignal,
): AsyncGenerator<
  { dialogs: readonly TlObject[]; chats: ReadonlyMap<bigint, MtprotoChat> },
  void,
  undefined
> {
  const seen = new Set<bigint>();
  let offset = { offsetDate: 0, offsetId: 0, offsetPeer: { _: 'inputPeerEmpty' } as TlObject };
  for (;;) {
    const request = { _: 'messages.getDialogs', ...offset, limit: limits.dialogs, hash: 0n };
    const answer = tlObject(await calls.call(request, { signal }));
    if (answer === undefined) return;
    peers.learn(answer);
    const chats = new Map<bigint, MtprotoChat>();
    for (const raw of itemsOf(answer)) {
      const chat = toChat(raw);
      if (chat !== undefined) chats.set(chat.id, chat);
    }
    const dialogs = tlObjects(answer.dialogs).filter(({ peer }) => !seen.has(peerId(peer) ?? 0n));
    for (const { peer } of dialogs) seen.add(peerId(peer) ?? 0n);
    yield { dialogs, chats };
    const last = dialogs.at(-1);
    const lastChat = peerId(last?.peer);
    if (answer._ !== 'messages.dialogsSlice' || last === undefined || lastChat === undefined) return;
    const top = tlObjects(answer.messages).find(
      ({ id, peerId: peer }) => id === last.topMessage && peerId(peer) === lastChat,
    );
    offset = {
      offsetDate: tlNumber(top?.date) ?? 0,
      offsetId: tlNumber(last.topMessage) ?? 0,
      offsetPeer: peers.inputPeer(lastChat),
    };
  }
}

function itemsOf(answer: TlValue): readonly TlObject[] {
  const object = tlObject(answer);
  return object === undefined ? tlObjects(answer) : [...tlObjects(object.chats), ...tlObjects(object.users)];
}

function inputUser({ userId, accessHash }: TlObject): TlObject {
  return {
    _: 'inputUser',
    ...(userId !== undefined && { userId }),
    ...(accessHash !== undefined && { accessHash }),
  };
}

/** The name in `@name`, `name`, `t.me/name`. */
function nameIn(chat: string): string {
  checkIsText(chat);
  const match = /^(?:https?:\/\/)?(?:t(?:elegram)?\.me\/)?@?([A-Za-z]\w{1,31})\/?$/.exec(chat.trim());
  if (match?.[1] === undefined) throw noChat();
  return match[1];
}

function checkIsText(chat: unknown): void {
  if (typeof chat !== 'string') throw noChat();
}

function noChat(): CartieError {
  return invalid('chat', 'must be a bigint id, a name like @name, a t.me address, or `me`');
}

/** The hash in an address of invitation: `t.me/+hash`, `t.me/joinchat/hash`. */
function inviteHash(chat: string): string | undefined {
  checkIsText(chat);
  return /^(?:https?:\/\/)?t(?:elegram)?\.me\/(?:\+|joinchat\/)([\w-]{8,})\/?$/.exec(chat.trim())?.[1];
}

/** `undefined` for who is a member already. */
async function unlessMember(joining: Promise<TlValue>): Promise<TlValue | undefined> {
  try {
    return await joining;
  } catch (error) {
    if (mtprotoFailure(error)?.kind !== 'already_member') throw error;
    return undefined;
  }
}
