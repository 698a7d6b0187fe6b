import type { SqlExecutor } from '@cartie/core/postgres';
import type { Kysely } from 'kysely';
import type { Tables } from './tables.ts';

/** A channel that a connector brings into the feed. */
export interface FollowedChannel {
  /** As the Bot API writes it: `-100…`. */
  readonly channelId: string;
  readonly title: string;
  readonly username: string | null;
}

/** An account that reads channels. */
export interface StoredConnector {
  readonly id: string;
  readonly label: string;
  readonly channels: readonly FollowedChannel[];
}

/** All connectors with their channels, in the order in which they were made. */
export async function listConnectors(database: Kysely<Tables>): Promise<StoredConnector[]> {
  const [connectors, channels] = await Promise.all([
    database.selectFrom('connectors').selectAll().orderBy('created_at').orderBy('id').execute(),
    database.selectFrom('followed_channels').selectAll().orderBy('title').execute(),
  ]);
  return connectors.map(({ id, label }) => ({
    id,
    label,
    channels: channels
      .filter((channel) => channel.connector_id === id)
      .map(({ channel_id: channelId, title, username }) => ({ channelId, title, username })),
  }));
}

/** Stores a connector. `false` if it is there already: a repeated request. */
export async function addConnector(
  database: Kysely<Tables>,
  connector: { id: string; label: string },
): Promise<boolean> {
  const added = await database
    .insertInto('connectors')
    .values(connector)
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst();
  return added !== undefined;
}

/** Is there such a connector? */
export async function hasConnector(database: Kysely<Tables>, id: string): Promise<boolean> {
  return (
    (await database.selectFrom('connectors').select('id').where('id', '=', id).executeTakeFirst()) !==
    undefined
  );
}

/** Forgets a connector and what it follows. The posts stay. */
export async function removeConnector(database: Kysely<Tables>, id: string): Promise<void> {
  await database.deleteFrom('connectors').where('id', '=', id).execute();
}

/** Begins to follow a channel, or notes its new title. */
export async function followChannel(
  database: Kysely<Tables>,
  connectorId: string,
  channel: FollowedChannel,
): Promise<void> {
  const { channelId, title, username } = channel;
  await database
    .insertInto('followed_channels')
    .values({ connector_id: connectorId, channel_id: channelId, title, username })
    .onConflict((conflict) =>
      conflict.columns(['connector_id', 'channel_id']).doUpdateSet({ title, username }),
    )
    .execute();
}

/** Follows it no longer. `false` if it was not followed. */
export async function unfollowChannel(
  database: Kysely<Tables>,
  connectorId: string,
  channelId: string,
): Promise<boolean> {
  const removed = await database
    .deleteFrom('followed_channels')
    .where('connector_id', '=', connectorId)
    .where('channel_id', '=', channelId)
    .returning('channel_id')
    .executeTakeFirst();
  return removed !== undefined;
}

/**
 * Does any connector follow this channel?
 * @throws CartieError `storage_error`
 */
export async function isFollowed(database: SqlExecutor, channelId: string): Promise<boolean> {
  const found = await database.query('select from followed_channels where channel_id = $1 limit 1', [
    channelId,
  ]);
  return found.length > 0;
}
