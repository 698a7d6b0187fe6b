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
}

/** The messages of one chat, oldest first; the oldest are forgotten beyond the capacity. */
export interface MessageLog {
  add(from: ConversationEntry['from'], message: TelegramMessage, at: number): void;
  get(messageId: number): ConversationEntry | undefined;
  /** Shows another version of a message. */
  replace(message: TelegramMessage): void;
  remove(messageId: number): boolean;
  entries(): ConversationEntry[];
}

/** Creates a {@link MessageLog}. */
export function createMessageLog(capacity: number): MessageLog {
  const entries = new Map<number, ConversationEntry>();
  const entry = (
    from: ConversationEntry['from'],
    message: TelegramMessage,
    at: number,
  ): ConversationEntry => ({
    from,
    at,
    text: message.text ?? message.caption,
    message,
  });
  return {
    add(from, message, at) {
      entries.set(message.message_id, entry(from, message, at));
      if (entries.size <= capacity) return;
      const oldest = entries.keys().next();
      if (!oldest.done) entries.delete(oldest.value);
    },
    get: (messageId) => entries.get(messageId),
    replace(message) {
      const old = entries.get(message.message_id);
      if (old) entries.set(message.message_id, entry(old.from, message, old.at));
    },
    remove: (messageId) => entries.delete(messageId),
    entries: () => [...entries.values()],
  };
}
