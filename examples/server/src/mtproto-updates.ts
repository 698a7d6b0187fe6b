import type { InboxRow } from '@cartie/core';
import type { IncomingPost } from './feed.ts';
import type { InboundEvent } from './inbound.ts';

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
export function readMtprotoUpdate(row: Pick<InboxRow, 'kind' | 'payload'>): InboundEvent | undefined {
  const { chatId: channelId, message, messageIds = [] } = row.payload as EventPayload;
  if (row.kind === 'deleted_messages') return { type: 'posts_deleted', channelId, messageIds };
  const post = message && postOf({ ...message, channelId });
  return post && { type: 'post', post };
}

/** A message of a channel as a post; `undefined` for what is only told (a new title, a pinned message). */
export function postOf(message: {
  readonly channelId: string;
  readonly id: number;
  readonly date: number;
  readonly editDate?: number | undefined;
  readonly text: string;
  readonly isService: boolean;
}): IncomingPost | undefined {
  if (message.isService) return undefined;
  const { channelId, id: messageId, text, date: postedAt, editDate: editedAt } = message;
  return { channelId, messageId, text, postedAt, editedAt };
}
