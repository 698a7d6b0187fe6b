import { CartieError } from '@cartie/core';
import type { LoginStep, MtprotoAccount, MtprotoHub } from '@cartie/mtproto';
import {
  addConnector,
  type FollowedChannel,
  followChannel,
  hasConnector,
  isFollowed,
  listConnectors,
  removeConnector,
  unfollowChannel,
} from './connectors.ts';
import type { AppDatabase } from './database.ts';
import { recordPost } from './feed.ts';
import { postOf } from './mtproto-updates.ts';

/** A connector as the page shows it. */
export interface ConnectorView {
  readonly id: string;
  readonly label: string;
  readonly state: { readonly name: string; readonly reason: string | null; readonly retryAt: number | null };
  readonly user: { readonly name: string; readonly username: string | null } | null;
  readonly login: LoginView;
  readonly channels: readonly FollowedChannel[];
}

/** Where a login stands, without the address that a QR code says: who has that can log in. */
export type LoginView =
  | Exclude<LoginStep, { step: 'qr' | 'done' }>
  | { readonly step: 'qr'; readonly expiresAt: number }
  | { readonly step: 'done' };

/** What operators do with the accounts that read channels. */
export interface ConnectorDesk {
  list(): Promise<ConnectorView[]>;
  /** `false` if it is there already. */
  add(connector: {
    id: string;
    label: string;
    apiId?: number | undefined;
    apiHash?: string | undefined;
  }): Promise<boolean>;
  /** Logs the account out of Telegram and forgets it. `false` if there is none. */
  remove(id: string): Promise<boolean>;
  /** @throws CartieError `not_found` */
  account(id: string): Promise<MtprotoAccount>;
  /** Joins a channel and puts its posts into the feed, the last ones and all that come. */
  follow(id: string, channel: string): Promise<FollowedChannel>;
  unfollow(id: string, channelId: string): Promise<boolean>;
  /** Fetches the newest posts of a channel. Doing it again changes nothing. */
  backFill(id: string, channelId: string): Promise<void>;
}

/** Posts that a newly followed channel brings along. */
const backFillPosts = 100;

/**
 * Creates the desk.
 * @param parts.onFollowed has {@link ConnectorDesk.backFill} done, durably
 */
export function createConnectorDesk(parts: {
  readonly database: AppDatabase;
  readonly hub: MtprotoHub;
  readonly onFollowed: (connectorId: string, channelId: string) => Promise<void>;
}): ConnectorDesk {
  const { hub } = parts;
  const { kysely } = parts.database;

  async function account(id: string): Promise<MtprotoAccount> {
    const known = hub.account(id);
    if (known !== undefined) return known;
    // Another process may have added it a moment ago.
    if (await hasConnector(kysely, id)) return hub.add(id);
    throw new CartieError('not_found', 'There is no such account.', {
      service: 'server',
      operation: 'connector',
    });
  }

  async function show({
    id,
    label,
    channels,
  }: Awaited<ReturnType<typeof listConnectors>>[number]): Promise<ConnectorView> {
    const shown = await account(id);
    const { name, reason = null, retryAt = null } = shown.state;
    const user = shown.user;
    return {
      id,
      label,
      channels,
      state: { name, reason, retryAt },
      user:
        user === undefined
          ? null
          : {
              name: [user.firstName, user.lastName].filter(Boolean).join(' '),
              username: user.username ?? null,
            },
      login: name === 'login_required' ? loginView(await shown.login.current()) : { step: 'done' },
    };
  }

  return {
    account,
    async list() {
      return await Promise.all((await listConnectors(kysely)).map(show));
    },
    async add({ id, label, apiId, apiHash }) {
      await hub.add(id, { apiId, apiHash });
      return addConnector(kysely, { id, label });
    },
    async remove(id) {
      if (!(await hasConnector(kysely, id))) return false;
      await hub.remove(id, { logOut: true });
      await removeConnector(kysely, id);
      return true;
    },
    async follow(id, name) {
      const reader = await account(id);
      const chat = await reader.join(name);
      if (chat.type !== 'channel') {
        throw new CartieError('invalid_input', 'This is not a channel or a supergroup.', {
          service: 'server',
          operation: 'follow',
        });
      }
      const channel = { channelId: String(chat.id), title: chat.title, username: chat.username ?? null };
      await followChannel(kysely, id, channel);
      await parts.onFollowed(id, channel.channelId);
      return channel;
    },
    unfollow: (id, channelId) => unfollowChannel(kysely, id, channelId),
    async backFill(id, channelId) {
      if (!(await hasConnector(kysely, id)) || !(await isFollowed(parts.database.sql, channelId))) return;
      const reader = await account(id);
      for await (const message of reader.history(BigInt(channelId), { limit: backFillPosts })) {
        const post = postOf({ ...message, channelId });
        if (post !== undefined) await recordPost(kysely, post);
      }
    },
  };
}

function loginView(step: LoginStep): LoginView {
  if (step.step === 'qr') return { step: 'qr', expiresAt: step.expiresAt };
  return step.step === 'done' ? { step: 'done' } : step;
}
