import { randomBytes } from 'node:crypto';
import type { DcClock } from '../dc-clock.ts';
import type { MediaInput } from '../public.ts';
import type { Account, Chat, MediaFile, Message, WorldEvent } from './types.ts';
import { isChannel, messageIdFor } from './types.ts';

/** What is written. */
export interface Writing {
  readonly text?: string | undefined;
  readonly media?: MediaFile | undefined;
  readonly from?: Account | undefined;
  readonly groupedId?: bigint | undefined;
  readonly replyTo?: number | undefined;
  readonly date?: number | undefined;
  readonly silent?: boolean | undefined;
}

/** Writing, changing and deleting; everybody concerned is told. */
export interface Messages {
  post(chat: Chat, writing: Writing): Message;
  edit(message: Message, change: { text?: string | undefined; media?: MediaFile | undefined }): void;
  /** Deletes for everybody. */
  remove(chat: Chat, messages: readonly Message[]): void;
  /** Deletes for this account alone. */
  removeFor(account: Account, messages: readonly Message[]): void;
  /** A file that messages can carry. */
  file(media: MediaInput): MediaFile;
  /** The file of a location: id and access hash are right. */
  findFile(id: bigint, accessHash: bigint): MediaFile | undefined;
  /** Takes in a file that was made before. */
  keepFile(file: MediaFile): void;
}

/** Creates {@link Messages}. */
export function createMessages(options: {
  readonly clock: DcClock;
  readonly announce: (account: Account, event: WorldEvent, chat: Chat) => void;
  readonly fileDcId: number;
}): Messages {
  const { clock, announce } = options;
  const files = new Map<bigint, MediaFile>();

  const forget = (chat: Chat, messages: readonly Message[]): void => {
    for (const message of messages) {
      const index = chat.messages.indexOf(message);
      if (index >= 0) chat.messages.splice(index, 1);
    }
  };
  const removeFromBox = (account: Account, messages: readonly Message[]): void => {
    const ids = messages
      .flatMap((message) => message.ids.get(account.id) ?? [])
      .filter((id) => account.box.delete(id));
    const [first] = messages;
    if (ids.length > 0 && first !== undefined)
      announce(account, account.events.add({ kind: 'delete', ids }), first.chat);
  };

  return {
    post(chat, { text = '', media, from, groupedId, replyTo, date = clock.seconds(), silent = false }) {
      chat.lastMessageId += 1;
      const ids = new Map<number, number>();
      if (!isChannel(chat)) {
        for (const member of chat.members) {
          member.lastMessageId += 1;
          ids.set(member.id, member.lastMessageId);
        }
      }
      const message: Message = {
        chat,
        id: chat.lastMessageId,
        ids,
        from,
        text,
        media,
        date,
        editDate: undefined,
        groupedId,
        replyTo,
      };
      chat.messages.push(message);
      if (!silent) chat.changedAt = clock.seconds();
      const channelEvent = isChannel(chat) && !silent ? chat.events.add({ kind: 'new', message }) : undefined;
      for (const member of chat.members) {
        const own = ids.get(member.id);
        if (own !== undefined) member.box.set(own, message);
        // Newest last.
        member.dialogs.delete(chat);
        member.dialogs.add(chat);
        if (silent) continue;
        announce(member, channelEvent ?? member.events.add({ kind: 'new', message }), chat);
      }
      return message;
    },
    edit(message, change) {
      if (change.text !== undefined) message.text = change.text;
      if (change.media !== undefined) message.media = change.media;
      message.editDate = clock.seconds();
      const { chat } = message;
      chat.changedAt = clock.seconds();
      const channelEvent = isChannel(chat) ? chat.events.add({ kind: 'edit', message }) : undefined;
      for (const member of chat.members) {
        if (channelEvent === undefined && messageIdFor(message, member) === undefined) continue;
        announce(member, channelEvent ?? member.events.add({ kind: 'edit', message }), chat);
      }
    },
    remove(chat, messages) {
      if (messages.length === 0) return;
      forget(chat, messages);
      chat.changedAt = clock.seconds();
      if (!isChannel(chat)) {
        for (const member of chat.members) removeFromBox(member, messages);
        return;
      }
      const event = chat.events.add({ kind: 'delete', ids: messages.map(({ id }) => id) });
      for (const member of chat.members) announce(member, event, chat);
    },
    removeFor: removeFromBox,
    file({ kind, bytes, name, mimeType, dcId }) {
      const isPhoto = (kind ?? (name === undefined ? 'photo' : 'document')) === 'photo';
      const file: MediaFile = {
        kind: isPhoto ? 'photo' : 'document',
        id: randomBytes(8).readBigInt64LE(),
        accessHash: randomBytes(8).readBigInt64LE(),
        fileReference: randomBytes(16),
        bytes: Buffer.from(bytes),
        name,
        mimeType: mimeType ?? (isPhoto ? 'image/jpeg' : 'application/octet-stream'),
        dcId: dcId ?? options.fileDcId,
        date: clock.seconds(),
      };
      files.set(file.id, file);
      return file;
    },
    findFile(id, accessHash) {
      const file = files.get(id);
      return file?.accessHash === accessHash ? file : undefined;
    },
    keepFile: (file) => void files.set(file.id, file),
  };
}
