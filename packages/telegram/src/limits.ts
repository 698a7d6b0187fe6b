import { type Limiter, type LimitKey, memoryLimiter } from '@cartie/core';
import { LRUCache } from 'lru-cache';
import type { Operation } from './operations.ts';

/** How many calls fit into a time. */
export interface Rate {
  limit: number;
  /** Milliseconds. */
  intervalMs: number;
  /** How many may go at once after a pause. @default limit */
  burst?: number | undefined;
}

/**
 * What Telegram lets a bot send. The real limits are not published exactly and change with load, so these are the
 * documented ones, and each 429 slows its chat down for as long as it says.
 * @see https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
 */
export const rates = {
  /** Messages of the bot, to all chats together. */
  overall: { limit: 30, intervalMs: 1_000 },
  /** The same where each message above the free rate is paid for (`allow_paid_broadcast`). */
  paid: { limit: 1_000, intervalMs: 1_000 },
  /** Messages into one chat. */
  chat: { limit: 1, intervalMs: 1_000 },
  /** Messages into one group, supergroup or channel. */
  group: { limit: 20, intervalMs: 60_000 },
  /** Edits in one group, supergroup or channel. */
  groupEdits: { limit: 20, intervalMs: 60_000 },
  /** Drafts in one chat: not documented, 20 in 5 s and 40 in 30 s as measured by others. */
  drafts: { limit: 40, intervalMs: 30_000, burst: 15 },
} as const satisfies Record<string, Rate>;

/** Rates that replace those of `rates`. */
export type TelegramRates = { [Name in keyof typeof rates]?: Rate | undefined };

/** A chat as a method's `chat_id` gives it. */
export type ChatId = number | string;

/** What was learnt about chats, so that each is paced as one however it is named. */
export interface ChatBook {
  /** The id to send to: that of the supergroup where a group has become one. */
  current(chat: ChatId): ChatId;
  migrated(from: ChatId, to: number): void;
  /** Remembers which chat a `@name` means, from an answer that holds the chat. */
  learn(name: ChatId, answer: unknown): void;
  /** One name for a chat, whether it was given by number, by digits or by `@name`. */
  key(chat: ChatId): string;
}

/** Remembers the last `max` chats of each kind. */
export function createChatBook(max = 10_000): ChatBook {
  const successors = new LRUCache<string, number>({ max });
  const names = new LRUCache<string, string>({ max });
  const plain = (chat: ChatId): string => String(chat).trim().toLowerCase();
  return {
    current: (chat) => successors.get(plain(chat)) ?? chat,
    migrated: (from, to) => {
      successors.set(plain(from), to);
    },
    learn: (name, answer) => {
      const id = chatOf(answer);
      if (id !== undefined && plain(name).startsWith('@')) names.set(plain(name), String(id));
    },
    key: (chat) => {
      const name = plain(successors.get(plain(chat)) ?? chat);
      return names.get(name) ?? name;
    },
  };
}

/** The rates that one call must fit into. */
export function limitsOf(call: {
  bot: string;
  method: string;
  operation: Operation;
  /** The key of the chat, where the call has one. */
  chat: string | undefined;
  paid: boolean;
  /** Messages that the call sends: an album's items count one by one. */
  messages: number;
  rates: TelegramRates;
}): LimitKey[] {
  const { bot, operation, chat, paid, messages } = call;
  const key = (name: string, rate: keyof typeof rates): LimitKey => ({
    key: `telegram:${bot}:${name}`,
    ...(call.rates[rate] ?? rates[rate]),
  });
  if (operation.rate === 'message' && chat !== undefined) {
    // A key that is named several times gives as many places. A chat takes an album at once.
    const each = [
      paid ? key('paid', 'paid') : key('overall', 'overall'),
      ...(isGroup(chat) ? [key(`group:${chat}`, 'group')] : []),
    ];
    return [key(`chat:${chat}`, 'chat'), ...Array.from({ length: messages }, () => each).flat()];
  }
  if (operation.rate === 'edit' && chat !== undefined && isGroup(chat)) {
    return [key(`edits:${chat}`, 'groupEdits')];
  }
  if (operation.rate === 'draft' && chat !== undefined) return [key(`drafts:${chat}`, 'drafts')];
  // Not paced; the bucket is there for a 429 to pause.
  return [{ key: `telegram:${bot}:method:${call.method}`, ...rates.paid }];
}

// A group's or channel's id is negative, and users cannot be addressed by their @name.
function isGroup(chat: string): boolean {
  return chat.startsWith('-') || chat.startsWith('@');
}

function chatOf(answer: unknown): number | undefined {
  const message: unknown = Array.isArray(answer) ? answer[0] : answer;
  if (typeof message !== 'object' || message === null || !('chat' in message)) return undefined;
  const { chat } = message;
  if (typeof chat !== 'object' || chat === null || !('id' in chat)) return undefined;
  return typeof chat.id === 'number' ? chat.id : undefined;
}

/**
 * Lets a 429 slow down what it is about. Telegram does not say which limit was hit, and one chat's pause can be hours
 * long: the chat of the call is paused in full, all chats for one interval only, unless further chats are refused
 * in that time: then it is the bot as a whole, and all wait in full. Methods that are not paced never ask `limiter`,
 * which may be a store away.
 */
export function chatFirstLimiter(
  limiter: Limiter,
  overallIntervalMs: number = rates.overall.intervalMs,
): Limiter {
  const unpaced = memoryLimiter();
  const refused = new Map<string, number>();
  return {
    acquire: (keys, options) => (keys.every(isMethod) ? unpaced : limiter).acquire(keys, options),
    pause: (key, ms) => {
      if (isMethod({ key })) return unpaced.pause(key, ms);
      const now = performance.now();
      for (const [chat, at] of refused) if (now - at > 2 * overallIntervalMs) refused.delete(chat);
      if (key.includes(':chat:')) refused.set(key, now);
      const isOfAll = /:(overall|paid)$/.test(key);
      return limiter.pause(key, isOfAll && refused.size <= 2 ? Math.min(ms, overallIntervalMs) : ms);
    },
  };
}

function isMethod({ key }: { key: string }): boolean {
  return key.includes(':method:');
}
