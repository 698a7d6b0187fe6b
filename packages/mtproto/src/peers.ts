import { LRUCache } from 'lru-cache';
import { failed } from './errors.ts';
import { isTl, type TlObject, type TlValue, tlLong, tlObject, tlObjects, tlText } from './tl.ts';
import type { MtprotoChat } from './types.ts';

const channelBase = 1_000_000_000_000n;

/** What is known of a chat. */
export interface Peer {
  /** Marked. */
  readonly id: bigint;
  /** Belongs to the account that saw it; groups have none. */
  readonly accessHash: bigint;
  readonly username?: string | undefined;
}

/** The chats that an account has seen, as many as fit: Telegram asks for an access hash with each id. */
export interface Peers {
  /** Notes the users and chats of an answer or update. */
  learn(object: TlObject): void;
  note(peer: Peer): void;
  get(id: bigint): Peer | undefined;
  byUsername(username: string): Peer | undefined;
  /** @throws CartieError `not_found` for a chat that was never seen */
  inputPeer(id: bigint): TlObject;
  /** @throws CartieError `not_found` */
  inputChannel(id: bigint): TlObject;
}

/** Makes {@link Peers}. */
export function createPeers(): Peers {
  const known = new LRUCache<bigint, Peer>({ max: 20_000 });
  const names = new LRUCache<string, bigint>({ max: 20_000 });

  function note(peer: Peer): void {
    known.set(peer.id, peer);
    if (peer.username !== undefined) names.set(peer.username.toLowerCase(), peer.id);
  }

  function hashOf(id: bigint): bigint {
    const peer = known.get(id);
    if (peer === undefined) {
      throw failed(
        'not_found',
        'This account has not met the chat yet: resolve() it by name, or list dialogs() first',
      );
    }
    return peer.accessHash;
  }

  return {
    learn(object) {
      for (const item of [...tlObjects(object.users), ...tlObjects(object.chats)]) {
        const peer = peerOf(item);
        // Of a «min» object the hash is of use only together with the message that it came with.
        if (peer !== undefined && (item.min !== true || !known.has(peer.id))) note(peer);
      }
    },
    note,
    get: (id) => known.get(id),
    byUsername(username) {
      const id = names.get(username.toLowerCase());
      return id === undefined ? undefined : known.get(id);
    },
    inputPeer(id) {
      if (isChannelId(id)) return { _: 'inputPeerChannel', channelId: bareId(id), accessHash: hashOf(id) };
      if (id < 0n) return { _: 'inputPeerChat', chatId: bareId(id) };
      return { _: 'inputPeerUser', userId: id, accessHash: hashOf(id) };
    },
    inputChannel(id) {
      return { _: 'inputChannel', channelId: bareId(id), accessHash: hashOf(id) };
    },
  };
}

/** Is this marked id a channel's or supergroup's? */
export function isChannelId(id: bigint): boolean {
  return id <= -channelBase;
}

/** The marked id of a channel. */
export function channelId(bare: bigint): bigint {
  return -channelBase - bare;
}

/** The id without its mark. */
export function bareId(id: bigint): bigint {
  if (id >= 0n) return id;
  return isChannelId(id) ? -id - channelBase : -id;
}

/** The marked id of a `peerUser`, `peerChat` or `peerChannel`. */
export function peerId(peer: TlValue | undefined): bigint | undefined {
  if (!isTl(peer)) return undefined;
  const channel = tlLong(peer.channelId);
  if (channel !== undefined) return channelId(channel);
  const group = tlLong(peer.chatId);
  return group === undefined ? tlLong(peer.userId) : -group;
}

/** A chat or user as it is shown; `undefined` for an empty one. */
export function toChat(raw: TlObject): MtprotoChat | undefined {
  const peer = peerOf(raw);
  if (peer === undefined) return undefined;
  const name = [tlText(raw.firstName), tlText(raw.lastName)].filter(Boolean).join(' ');
  const type = raw._ === 'user' ? 'user' : raw._.startsWith('channel') ? 'channel' : 'group';
  return {
    id: peer.id,
    type,
    title: tlText(raw.title) ?? name,
    ...(peer.username !== undefined && { username: peer.username }),
    isBroadcast: raw.broadcast === true,
    isMember: type === 'user' || (raw.left !== true && !raw._.endsWith('Forbidden')),
    raw,
  };
}

function peerOf(raw: TlObject): Peer | undefined {
  const id = tlLong(raw.id);
  if (id === undefined) return undefined;
  const accessHash = tlLong(raw.accessHash) ?? 0n;
  const username = tlText(raw.username) ?? tlText(tlObject(tlObjects(raw.usernames)[0])?.username);
  const named = username === undefined ? {} : { username };
  switch (raw._) {
    case 'user':
      return { id, accessHash, ...named };
    case 'channel':
    case 'channelForbidden':
      return { id: channelId(id), accessHash, ...named };
    case 'chat':
    case 'chatForbidden':
      return { id: -id, accessHash: 0n };
    default:
      return undefined;
  }
}
