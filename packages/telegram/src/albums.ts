import { CartieError } from '@cartie/core';
import type { Inbox, InboxHandler, InboxRow, SqlTransaction } from '@cartie/core/postgres';
import type { Message, Update as TelegramUpdate } from '@grammyjs/types';

/** A row of the inbox; for the first item of an album with the whole of it. */
export interface AlbumRow extends InboxRow {
  /** The messages of the album, in order. Absent for everything that is no album. */
  readonly album?: readonly Message[] | undefined;
}

/** How albums are collected. */
export interface AlbumOptions {
  /**
   * An album is whole when nothing of it came for so long, or when it has its ten items. Its chat waits meanwhile, so that
   * what was written after it is handled after it. Milliseconds. @default 1000
   */
  quietMs?: number | undefined;
}

/** What {@link collectAlbums} needs of an inbox. */
export type AlbumInbox<Native> = Pick<Inbox<Native>, 'rowsFrom' | 'takeAlong'>;

/**
 * Makes a handler of an inbox that gets an album once, whole and in its chat's order, though Telegram sends each of its
 * messages as an update of its own and never says how many there are. The items wait in the inbox, so neither a restart
 * nor another worker breaks an album apart, and they are done when the album is. An item that comes later than
 * `quietMs` after the others is an album of its own, with the same `media_group_id`.
 *
 * ```ts
 * await inbox.work(
 *   collectAlbums(inbox, async ({ album, payload }, trx) => {
 *     for (const message of album ?? [payload.message]) …
 *   }),
 * );
 * ```
 *
 * @throws CartieError `invalid_config` for a `quietMs` that is not a number of milliseconds
 * @see https://core.telegram.org/bots/api#message (`media_group_id`)
 */
export function collectAlbums<Native>(
  inbox: AlbumInbox<Native>,
  handler: (row: AlbumRow, trx: SqlTransaction<Native>) => Promise<void>,
  { quietMs = 1_000 }: AlbumOptions = {},
): InboxHandler<Native> {
  if (!(quietMs >= 0 && quietMs <= 600_000)) {
    throw new CartieError('invalid_config', '`quietMs` must be milliseconds, from 0 to 600000', {
      service: 'telegram',
      field: 'quietMs',
    });
  }
  return async (row, trx) => {
    const group = groupOf(row);
    if (group === undefined) return handler(row, trx);
    const [own, ...later] = await inbox.rowsFrom(trx, row, lookahead);
    if (own?.takenBy !== undefined) return;
    const others = later.filter((other) => other.takenBy === undefined && groupOf(other) === group);
    const quietForMs = Math.min(own?.ageMs ?? quietMs, ...others.map(({ ageMs }) => ageMs));
    if (others.length + 1 < largestAlbum && quietForMs < quietMs) throw notYet(quietMs - quietForMs);
    const album = [row, ...others].flatMap((one) => messageOf(one) ?? []);
    await inbox.takeAlong(
      trx,
      row,
      others.map(({ seq }) => seq),
    );
    await handler({ ...row, album }, trx);
  };
}

const largestAlbum = 10;
// In a group others may write between the items.
const lookahead = 100;

function groupOf(row: InboxRow): string | undefined {
  const group = messageOf(row)?.media_group_id;
  return group === undefined ? undefined : `${row.kind}:${group}`;
}

// Edited messages keep their group, but an edit is of one message.
function messageOf({ source, kind, payload }: InboxRow): Message | undefined {
  if (!source.startsWith('telegram:') || typeof payload !== 'object' || payload === null) return undefined;
  const { message, channel_post, business_message } = payload as TelegramUpdate;
  switch (kind) {
    case 'message':
      return message;
    case 'channel_post':
      return channel_post;
    case 'business_message':
      return business_message;
    default:
      return undefined;
  }
}

// Postpones the row: it keeps its chat and uses no attempt.
function notYet(ms: number): CartieError {
  return new CartieError('overloaded', 'The album is not whole yet', {
    service: 'telegram',
    operation: 'collectAlbums',
    retryAfterMs: ms,
  });
}
