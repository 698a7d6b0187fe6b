import type { PasswordVerifier } from '../crypto/srp.ts';

/** An account and what it sees. */
export interface Account {
  readonly id: number;
  readonly accessHash: bigint;
  readonly phone: string;
  readonly firstName: string;
  readonly lastName: string | undefined;
  readonly username: string | undefined;
  readonly dcId: number;
  password: PasswordVerifier | undefined;
  /** Of private chats and groups; channels have their own. */
  readonly events: EventLog;
  /** Messages of private chats and groups, by the account's own numbers. */
  readonly box: Map<number, Message>;
  lastMessageId: number;
  /** Newest activity last. */
  readonly dialogs: Set<Chat>;
}

/** A channel, supergroup, group or private chat. */
export interface Chat {
  readonly kind: 'channel' | 'supergroup' | 'group' | 'private';
  readonly id: number;
  readonly accessHash: bigint;
  title: string;
  readonly username: string | undefined;
  readonly date: number;
  readonly members: Set<Account>;
  /** Who may post in a channel, and change others' messages. */
  readonly admins: Set<Account>;
  readonly banned: Set<Account>;
  /** By date, oldest first, without the deleted. */
  readonly messages: Message[];
  /** Of channels and supergroups. */
  readonly events: EventLog;
  lastMessageId: number;
  /** Epoch seconds of the newest event. */
  changedAt: number;
  /** Newest read, by account id. */
  readonly read: Map<number, number>;
}

/** A message, once, whoever sees it. */
export interface Message {
  readonly chat: Chat;
  /** The number in a channel or supergroup. */
  readonly id: number;
  /** The numbers of members of a group or private chat, by account id. */
  readonly ids: ReadonlyMap<number, number>;
  readonly from: Account | undefined;
  text: string;
  media: MediaFile | undefined;
  readonly date: number;
  editDate: number | undefined;
  readonly groupedId: bigint | undefined;
  readonly replyTo: number | undefined;
}

/** A file that can be downloaded in parts. */
export interface MediaFile {
  readonly kind: 'photo' | 'document';
  readonly id: bigint;
  readonly accessHash: bigint;
  readonly fileReference: Buffer;
  readonly bytes: Buffer;
  readonly name: string | undefined;
  readonly mimeType: string;
  readonly dcId: number;
  readonly date: number;
}

/** Something that happened, with its place in the sequence. */
export type WorldEvent =
  | { readonly kind: 'new' | 'edit'; readonly pts: number; readonly count: number; readonly message: Message }
  | {
      readonly kind: 'delete';
      readonly pts: number;
      readonly count: number;
      readonly ids: readonly number[];
    };

/** The events of an account or a channel, numbered by `pts`. @see https://core.telegram.org/api/updates */
export interface EventLog {
  readonly pts: number;
  /** Takes the next numbers. */
  add(
    event:
      | { readonly kind: 'new' | 'edit'; readonly message: Message }
      | { readonly kind: 'delete'; readonly ids: readonly number[] },
  ): WorldEvent;
  /** Those after `pts`, oldest first; undefined when the log does not reach back so far. */
  after(pts: number): WorldEvent[] | undefined;
  /** All that there is. */
  record(): EventRecord<WorldEvent>;
  /** Takes the place of what there is. */
  restore(record: EventRecord<WorldEvent>): void;
}

/** The content of an {@link EventLog}. */
export interface EventRecord<Event> {
  readonly pts: number;
  /** `pts` of the newest event that is not kept any more; the first `pts` as long as all are. */
  readonly forgottenUpTo: number;
  readonly events: readonly Event[];
}

/** Whether messages of this chat are numbered by the chat, not by each account. */
export function isChannel(chat: Chat): boolean {
  return chat.kind === 'channel' || chat.kind === 'supergroup';
}

/** The number that this account sees a message under. */
export function messageIdFor(message: Message, viewer: Account): number | undefined {
  return isChannel(message.chat) ? message.id : message.ids.get(viewer.id);
}
