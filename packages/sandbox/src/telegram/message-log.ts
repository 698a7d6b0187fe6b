import type { RingBuffer } from '../ring-buffer.ts';
import type { TelegramMessage } from './types.ts';

/** A message in a conversation. */
export interface ConversationEntry {
  /** Who wrote it: a bot or a person. */
  readonly from: 'bot' | 'user';
  /** Epoch milliseconds of its arrival. */
  readonly at: number;
  /** Its text or caption. */
  readonly text: string | undefined;
  /** As the API shows it now: after edits, with its keyboard. */
  readonly message: TelegramMessage;
  /** Who reacted with what. */
  readonly reactions: readonly {
    readonly by: number;
    readonly reaction: readonly Record<string, unknown>[];
  }[];
}

/** The messages of one chat, oldest first. */
export interface MessageLog {
  add(from: ConversationEntry['from'], message: TelegramMessage, at: number): void;
  get(messageId: number): ConversationEntry | undefined;
  /** Shows another version of a message. */
  replace(message: TelegramMessage): void;
  /** Sets someone's reactions; gives the ones before. */
  react(
    messageId: number,
    by: number,
    reaction: readonly Record<string, unknown>[],
  ): readonly Record<string, unknown>[];
  remove(messageId: number): boolean;
  entries(): ConversationEntry[];
  /** The newest. */
  last(): ConversationEntry | undefined;
}

/** Forgets the oldest messages of all chats together. */
export type MessageMemory = RingBuffer<{ readonly log: MessageLog; readonly messageId: number }>;

/** Creates a {@link MessageLog} whose messages live as long as the memory allows. */
export function createMessageLog(memory: MessageMemory): MessageLog {
  const entries = new Map<number, ConversationEntry>();
  let newest: number | undefined;
  const log: MessageLog = {
    add(from, message, at) {
      entries.set(message.message_id, {
        from,
        at,
        text: message.text ?? message.caption,
        message,
        reactions: [],
      });
      newest = message.message_id;
      const forgotten = memory.push({ log, messageId: message.message_id });
      forgotten?.log.remove(forgotten.messageId);
    },
    get: (messageId) => entries.get(messageId),
    replace(message) {
      const old = entries.get(message.message_id);
      if (old) entries.set(message.message_id, { ...old, text: message.text ?? message.caption, message });
    },
    react(messageId, by, reaction) {
      const entry = entries.get(messageId);
      if (!entry) return [];
      const before = entry.reactions.find((one) => one.by === by)?.reaction ?? [];
      const others = entry.reactions.filter((one) => one.by !== by);
      entries.set(messageId, {
        ...entry,
        reactions: reaction.length > 0 ? [...others, { by, reaction }] : others,
      });
      return before;
    },
    remove: (messageId) => entries.delete(messageId),
    entries: () => [...entries.values()],
    last: () => (newest === undefined ? undefined : entries.get(newest)),
  };
  return log;
}
