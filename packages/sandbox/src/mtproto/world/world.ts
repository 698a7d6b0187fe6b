import { randomBytes } from 'node:crypto';
import { createPasswordVerifier } from '../crypto/srp.ts';
import type { DcClock } from '../dc-clock.ts';
import type { AccountOptions, ChannelOptions } from '../public.ts';
import { createEventLog } from './event-log.ts';
import { createMessages, type Messages } from './messages.ts';
import { restoreSnapshot, takeSnapshot, type WorldSnapshot } from './snapshot.ts';
import type { Account, Chat, WorldEvent } from './types.ts';

/** Accounts, chats and messages. */
export interface World extends Messages {
  readonly accounts: ReadonlyMap<number, Account>;
  /** Every chat, those of private conversations included. */
  readonly chats: ReadonlySet<Chat>;
  addAccount(options: AccountOptions & { readonly dcId: number }): Account;
  byPhone(phone: string): Account | undefined;
  byUsername(username: string): Account | Chat | undefined;
  createChannel(options: ChannelOptions): Chat;
  createGroup(title: string, members: readonly Account[]): Chat;
  privateChat(one: Account, other: Account): Chat;
  channel(id: number): Chat | undefined;
  group(id: number): Chat | undefined;
  join(chat: Chat, account: Account): void;
  leave(chat: Chat, account: Account): void;
  clear(): void;
  snapshot(): WorldSnapshot;
  /** Fills a world without anybody. */
  restore(snapshot: WorldSnapshot): void;
}

/** Told of what happened to an account's view of a chat. */
export type Announce = (account: Account, event: WorldEvent, chat: Chat) => void;

/** Creates a {@link World} without anybody. Ids are above 2^32 for users and as channels' are, so that a client that cuts them is seen. */
export function createWorld(options: {
  readonly clock: DcClock;
  readonly history: number;
  readonly announce: Announce;
  readonly fileDcId: number;
}): World {
  const { clock, history } = options;
  const accounts = new Map<number, Account>();
  const chats = new Set<Chat>();
  const lastIds = { user: 5_000_000_000, channel: 1_900_000_000, group: 400_000_000 };
  const content = { accounts, chats, lastIds };
  const messages = createMessages(options);

  const addChat = (
    chat: Pick<Chat, 'kind' | 'id' | 'title' | 'username'>,
    members: readonly Account[],
    admins: readonly Account[] = [],
  ): Chat => {
    const created: Chat = {
      ...chat,
      accessHash: randomBytes(8).readBigInt64LE(),
      date: clock.seconds(),
      members: new Set(members),
      admins: new Set(admins),
      banned: new Set(),
      messages: [],
      events: createEventLog(history),
      lastMessageId: 0,
      changedAt: 0,
      read: new Map(),
    };
    chats.add(created);
    for (const account of members) account.dialogs.add(created);
    return created;
  };
  const find = (test: (chat: Chat) => boolean): Chat | undefined => [...chats].find(test);
  const isName = (given: string | undefined, wanted: string): boolean =>
    given !== undefined && given.toLowerCase() === wanted.toLowerCase();
  const byUsername = (username: string): Account | Chat | undefined =>
    [...accounts.values()].find((account) => isName(account.username, username)) ??
    find((chat) => isName(chat.username, username));

  return {
    accounts,
    chats,
    ...messages,
    addAccount({ phone, password, firstName = 'Olena', lastName, username, dcId }) {
      const digits = (phone ?? `38067${String(1_000_000 + accounts.size).slice(-7)}`).replace(/\D/g, '');
      if (digits === '') throw new TypeError('phone must have digits');
      if ([...accounts.values()].some((account) => account.phone === digits)) {
        throw new Error('phone: there is an account with this number already');
      }
      if (username !== undefined && byUsername(username) !== undefined)
        throw new Error('username: it is taken');
      lastIds.user += 1;
      const account: Account = {
        id: lastIds.user,
        accessHash: randomBytes(8).readBigInt64LE(),
        phone: digits,
        firstName,
        lastName,
        username,
        dcId,
        password: password === undefined ? undefined : createPasswordVerifier(password),
        events: createEventLog(history),
        box: new Map(),
        lastMessageId: 0,
        dialogs: new Set(),
      };
      accounts.set(account.id, account);
      return account;
    },
    byPhone(phone) {
      const digits = phone.replace(/\D/g, '');
      return [...accounts.values()].find((account) => account.phone === digits);
    },
    byUsername,
    createChannel({ title = 'Cars', username, kind = 'channel', members = [], admins = [] }) {
      if (username !== undefined && byUsername(username) !== undefined)
        throw new Error('username: it is taken');
      lastIds.channel += 1;
      const own = (given: readonly { readonly id: number }[]): Account[] =>
        given.flatMap(({ id }) => accounts.get(id) ?? []);
      return addChat(
        { kind, id: lastIds.channel, title, username },
        own([...members, ...admins]),
        own(admins),
      );
    },
    createGroup(title, members) {
      lastIds.group += 1;
      return addChat({ kind: 'group', id: lastIds.group, title, username: undefined }, members);
    },
    privateChat(one, other) {
      const known = find(
        (chat) => chat.kind === 'private' && chat.members.has(one) && chat.members.has(other),
      );
      if (known !== undefined && (one !== other || known.members.size === 1)) return known;
      const id = Math.min(one.id, other.id);
      return addChat({ kind: 'private', id, title: '', username: undefined }, [...new Set([one, other])]);
    },
    channel: (id) =>
      find((chat) => (chat.kind === 'channel' || chat.kind === 'supergroup') && chat.id === id),
    group: (id) => find((chat) => chat.kind === 'group' && chat.id === id),
    join(chat, account) {
      chat.members.add(account);
      chat.banned.delete(account);
      account.dialogs.add(chat);
    },
    leave(chat, account) {
      chat.members.delete(account);
      account.dialogs.delete(chat);
    },
    clear() {
      accounts.clear();
      chats.clear();
    },
    snapshot: () => takeSnapshot(content),
    restore(snapshot) {
      for (const { media } of restoreSnapshot(snapshot, content, history)) {
        if (media !== undefined) messages.keepFile(media);
      }
    },
  };
}
