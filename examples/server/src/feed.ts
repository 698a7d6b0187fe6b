import { type Kysely, sql } from 'kysely';
import { readCarPost } from './car-post.ts';
import type { Tables } from './tables.ts';

/** A post as it came from its channel. */
export interface IncomingPost {
  readonly channelId: string;
  readonly messageId: number;
  readonly text: string;
  /** Epoch milliseconds. */
  readonly postedAt: number;
  readonly editedAt: number | undefined;
}

/** A post as the page lists it. */
export interface FeedPost {
  readonly seq: number;
  readonly channelId: string;
  /** `null` once nobody follows the channel. */
  readonly channel: string | null;
  /** Leads to the post at Telegram, where the channel is public. */
  readonly link: string | null;
  readonly text: string;
  readonly make: string | null;
  readonly model: string | null;
  readonly year: number | null;
  readonly price: number | null;
  readonly currency: string | null;
  readonly mileageKm: number | null;
  readonly phones: readonly string[];
  /** Epoch milliseconds. */
  readonly postedAt: number;
  readonly editedAt: number | null;
  readonly deletedAt: number | null;
}

/** Stores a post, or its newer text. The same post again, and an older text after a newer one, change nothing. */
export async function recordPost(database: Kysely<Tables>, post: IncomingPost): Promise<void> {
  const car = readCarPost(post.text);
  const values = {
    text: post.text,
    make: car.make ?? null,
    model: car.model ?? null,
    year: car.year ?? null,
    price: car.price === undefined ? null : String(car.price.amount),
    currency: car.price?.currency ?? null,
    mileage_km: car.mileageKm ?? null,
    phones: [...car.phones],
    edited_at: post.editedAt === undefined ? null : new Date(post.editedAt),
  };
  await database
    .insertInto('feed_posts')
    .values({
      channel_id: post.channelId,
      message_id: post.messageId,
      posted_at: new Date(post.postedAt),
      ...values,
    })
    .onConflict((conflict) =>
      conflict.columns(['channel_id', 'message_id']).doUpdateSet(values).where(
        // Telegram counts in seconds: an edit may have the time of what it changes.
        sql<boolean>`excluded.edited_at >= coalesce(feed_posts.edited_at, feed_posts.posted_at)`,
      ),
    )
    .execute();
}

/** Marks posts as deleted in their channel; they stay in the feed, struck out. */
export async function deletePosts(
  database: Kysely<Tables>,
  channelId: string,
  messageIds: readonly number[],
): Promise<void> {
  if (messageIds.length === 0) return;
  await database
    .updateTable('feed_posts')
    .set({ deleted_at: sql`now()` })
    .where('channel_id', '=', channelId)
    .where('message_id', 'in', [...messageIds])
    .where('deleted_at', 'is', null)
    .execute();
}

/** The newest posts first; `before` goes on after the last one of a page. */
export async function listFeed(
  database: Kysely<Tables>,
  options: { limit: number; before?: { postedAt: number; seq: number } | undefined },
): Promise<FeedPost[]> {
  let query = database
    .selectFrom('feed_posts')
    .selectAll()
    .select((select) =>
      (['title', 'username'] as const).map((column) =>
        select
          .selectFrom('followed_channels')
          .select(column)
          .whereRef('followed_channels.channel_id', '=', 'feed_posts.channel_id')
          .limit(1)
          .as(column),
      ),
    )
    .orderBy('posted_at', 'desc')
    .orderBy('seq', 'desc')
    .limit(options.limit);
  const { before } = options;
  if (before !== undefined) {
    query = query.where(sql<boolean>`(posted_at, seq) < (${new Date(before.postedAt)}, ${before.seq})`);
  }
  return (await query.execute()).map((row) => ({
    seq: row.seq,
    channelId: row.channel_id,
    channel: row.title,
    link: row.username === null ? null : `https://t.me/${row.username}/${row.message_id}`,
    text: row.text,
    make: row.make,
    model: row.model,
    year: row.year,
    price: row.price === null ? null : Number(row.price),
    currency: row.currency,
    mileageKm: row.mileage_km,
    phones: row.phones,
    postedAt: row.posted_at.getTime(),
    editedAt: row.edited_at?.getTime() ?? null,
    deletedAt: row.deleted_at?.getTime() ?? null,
  }));
}

/** Forgets posts that are older than 90 days. */
export async function sweepFeed(database: Kysely<Tables>): Promise<void> {
  await sql`delete from feed_posts where posted_at < now() - interval '90 days'`.execute(database);
}
