import type { LimitKey } from '@cartie/core';

/** Messages of one page of history: the server gives no more. */
export const MAX_HISTORY_LIMIT = 100;

/** What Telegram takes and gives. Lengths in characters, sizes in bytes. */
export const limits = {
  text: 4_096,
  /** One part of a file; a power of two that divides 1 MB. */
  filePart: 512 * 1024,
  /** Chats of one page of the list. */
  dialogs: 100,
  /** Updates of one page of a channel's difference. */
  channelDifference: 100,
  /** Ids of one request for messages or one deletion. */
  messageIds: 100,
} as const;

/**
 * Pages of one channel's history, over all processes. Reading faster is answered by waits: about 3,000 messages in
 * half a minute.
 */
export const historyRate = { limit: 10, intervalMs: 60_000 } as const;

/** The bucket of a chat's history. */
export function historyKey(
  chatId: bigint,
  { limit, intervalMs }: { limit: number; intervalMs: number },
): LimitKey {
  return { key: `mtproto:history:${chatId}`, limit, intervalMs };
}

/** Telegram's own servers. */
export const datacenters = [
  { id: 1, host: '149.154.175.53', port: 443 },
  { id: 2, host: '149.154.167.51', port: 443 },
  { id: 3, host: '149.154.175.100', port: 443 },
  { id: 4, host: '149.154.167.91', port: 443 },
  { id: 5, host: '91.108.56.130', port: 443 },
] as const;
