import type { InboxRow } from '@cartie/core';
import type { IncomingPost } from './feed.ts';

/** What an event of a followed channel does to the feed. */
export type FeedChange =
  | { readonly type: 'post'; readonly post: IncomingPost }
  | { readonly type: 'deletion'; readonly channelId: string; readonly messageIds: readonly number[] };

interface EventPayload {
  readonly chatId: string;
  readonly messageIds?: readonly number[];
  readonly message?: {
    readonly id: number;
    readonly date: number;
    readonly editDate?: number;
    readonly text: string;
    readonly isService: boolean;
  };
}

/** Reads an inbox row of an MTProto account; `undefined` for what is no post. */
export function readMtprotoUpdate(row: Pick<InboxRow, 'kind' | 'payload'>): FeedChange | undefined {
  const { chatId: channelId, message, messageIds = [] } = row.payload as EventPayload;
  if (row.kind === 'deleted_messages') return { type: 'deletion', channelId, messageIds };
  return message === undefined ? undefined : postOf({ ...message, channelId });
}

/** A message of a channel as a post; `undefined` for what is only told (a new title, a pinned message). */
export function postOf(message: {
  readonly channelId: string;
  readonly id: number;
  readonly date: number;
  readonly editDate?: number | undefined;
  readonly text: string;
  readonly isService: boolean;
}): FeedChange | undefined {
  if (message.isService) return undefined;
  const { channelId, id: messageId, text, date: postedAt, editDate: editedAt } = message;
  return { type: 'post', post: { channelId, messageId, text, postedAt, editedAt } };
}
