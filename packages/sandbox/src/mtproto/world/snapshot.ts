import { createEventLog } from './event-log.ts';
import type { Account, Chat, EventRecord, Message, WorldEvent } from './types.ts';

/** The ids given last. */
export interface LastIds {
  user: number;
  channel: number;
  group: number;
}

/** What a world consists of. */
export interface WorldContent {
  readonly accounts: Map<number, Account>;
  readonly chats: Set<Chat>;
  readonly lastIds: LastIds;
}

/** A world without references: accounts are named by their id, chats and messages by their place in the lists. */
export interface WorldSnapshot {
  readonly lastIds: LastIds;
  readonly accounts: readonly SavedAccount[];
  readonly chats: readonly SavedChat[];
  /** Those of the chats, and the deleted that a log still tells of. */
  readonly messages: readonly SavedMessage[];
}

interface SavedAccount extends Omit<Account, 'events' | 'box' | 'dialogs'> {
  readonly events: SavedEvents;
  readonly box: readonly (readonly [id: number, message: number])[];
  readonly dialogs: readonly number[];
}

interface SavedChat extends Omit<Chat, 'members' | 'admins' | 'banned' | 'messages' | 'events' | 'read'> {
  readonly members: readonly number[];
  readonly admins: readonly number[];
  readonly banned: readonly number[];
  readonly messages: readonly number[];
  readonly events: SavedEvents;
  readonly read: readonly (readonly [accountId: number, id: number])[];
}

interface SavedMessage extends Omit<Message, 'chat' | 'ids' | 'from'> {
  readonly chat: number;
  readonly ids: readonly (readonly [accountId: number, id: number])[];
  readonly from: number | undefined;
}

type SavedEvents = EventRecord<
  | (Omit<Exclude<WorldEvent, { kind: 'delete' }>, 'message'> & { readonly message: number })
  | Extract<WorldEvent, { kind: 'delete' }>
>;

/** Takes a {@link WorldSnapshot}. */
export function takeSnapshot({ accounts, chats, lastIds }: WorldContent): WorldSnapshot {
  const chatNumbers = new Map([...chats].map((chat, index) => [chat, index]));
  const messageNumbers = new Map<Message, number>();
  const numberOf = (message: Message): number => {
    const number = messageNumbers.get(message) ?? messageNumbers.size;
    messageNumbers.set(message, number);
    return number;
  };
  const eventsOf = ({ events }: Account | Chat): SavedEvents => {
    const record = events.record();
    const saved = record.events.map((event) =>
      event.kind === 'delete' ? event : { ...event, message: numberOf(event.message) },
    );
    return { ...record, events: saved };
  };
  const savedChats = [...chats].map((chat) => ({
    ...chat,
    members: idsOf(chat.members),
    admins: idsOf(chat.admins),
    banned: idsOf(chat.banned),
    messages: chat.messages.map(numberOf),
    events: eventsOf(chat),
    read: [...chat.read],
  }));
  const savedAccounts = [...accounts.values()].map((account) => ({
    ...account,
    events: eventsOf(account),
    box: [...account.box].map(([id, message]) => [id, numberOf(message)] as const),
    dialogs: [...account.dialogs].flatMap((chat) => chatNumbers.get(chat) ?? []),
  }));
  // Last: by now every message has its number.
  const messages = [...messageNumbers.keys()].map((message) => ({
    ...message,
    chat: chatNumbers.get(message.chat) ?? -1,
    ids: [...message.ids],
    from: message.from?.id,
  }));
  return { lastIds: { ...lastIds }, accounts: savedAccounts, chats: savedChats, messages };
}

/** Fills an empty world from a snapshot; gives the messages. Throws where the snapshot names what it does not have. */
export function restoreSnapshot(
  snapshot: WorldSnapshot,
  { accounts, chats, lastIds }: WorldContent,
  history: number,
): readonly Message[] {
  Object.assign(lastIds, snapshot.lastIds);
  for (const saved of snapshot.accounts) {
    const empty = { events: createEventLog(history), box: new Map(), dialogs: new Set<Chat>() };
    accounts.set(saved.id, { ...saved, ...empty });
  }
  const accountOf = (id: number): Account => existing(accounts.get(id));
  const restoredChats = snapshot.chats.map(
    (saved): Chat => ({
      ...saved,
      members: new Set(saved.members.map(accountOf)),
      admins: new Set(saved.admins.map(accountOf)),
      banned: new Set(saved.banned.map(accountOf)),
      messages: [],
      events: createEventLog(history),
      read: new Map(saved.read),
    }),
  );
  const chatOf = (number: number): Chat => existing(restoredChats[number]);
  const messages = snapshot.messages.map(
    (saved): Message => ({
      ...saved,
      chat: chatOf(saved.chat),
      ids: new Map(saved.ids),
      from: saved.from === undefined ? undefined : accountOf(saved.from),
    }),
  );
  const messageOf = (number: number): Message => existing(messages[number]);
  const restoreEvents = ({ events }: Account | Chat, saved: SavedEvents): void => {
    const restored = saved.events.map((event) =>
      event.kind === 'delete' ? event : { ...event, message: messageOf(event.message) },
    );
    events.restore({ ...saved, events: restored });
  };
  for (const [number, saved] of snapshot.chats.entries()) {
    const chat = chatOf(number);
    chat.messages.push(...saved.messages.map(messageOf));
    restoreEvents(chat, saved.events);
    chats.add(chat);
  }
  for (const saved of snapshot.accounts) {
    const account = accountOf(saved.id);
    for (const [id, message] of saved.box) account.box.set(id, messageOf(message));
    for (const number of saved.dialogs) account.dialogs.add(chatOf(number));
    restoreEvents(account, saved.events);
  }
  return messages;
}

function idsOf(accounts: Iterable<Account>): number[] {
  return [...accounts].map(({ id }) => id);
}

function existing<T>(found: T | undefined): T {
  if (found === undefined)
    throw new Error('the state names an account, chat or message that it does not have');
  return found;
}
