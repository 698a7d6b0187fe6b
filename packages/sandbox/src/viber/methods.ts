import type { Clock } from '../clock.ts';
import { newestApiVersion, type WireMessage } from './check-message.ts';
import type { Callback, Delivery } from './delivery.ts';
import { rules, type Sending, takePlace } from './sending.ts';
import { type Account, chosenEvents, constantEvents, newMessageToken } from './state.ts';
import { isRefusal, refusal } from './statuses.ts';

/** What the methods are built from. */
export interface MethodParts {
  readonly clock: Clock;
  readonly sending: Sending;
  readonly delivery: Delivery;
  /** The account's webhook, users or name changed. */
  changed(): void;
}

/** A method of the API: gives what its answer holds beside the status, or throws a refusal. */
export type Method = (
  account: Account,
  params: WireMessage,
) => Record<string, unknown> | Promise<Record<string, unknown>>;

/** The methods of the REST Bot API. @see https://developers.viber.com/docs/api/rest-bot-api/ */
export function createMethods({ clock, sending, delivery, changed }: MethodParts): Record<string, Method> {
  const needsWebhook = (account: Account): void => {
    if (account.webhook === undefined) throw refusal(10);
  };
  const hosted = { chat_hostname: 'SN-CHAT-01_' };

  return {
    async set_webhook(account, { url, event_types, send_name, send_photo }) {
      if (url === undefined) throw refusal(4, 'url');
      if (typeof url !== 'string') throw refusal(3, 'url');
      if (url === '') {
        account.webhook = undefined;
        changed();
        return { ...hosted };
      }
      if (!isAddress(url)) throw refusal(1);
      const events = eventsOf(event_types);
      const messageToken = newMessageToken();
      const body = { event: 'webhook', timestamp: clock.now(), ...hosted, message_token: messageToken };
      const callback: Callback = { event: 'webhook', messageToken, body };
      if (!(await delivery.check(account, url, callback))) throw refusal(1);
      account.webhook = { url, events, sendName: send_name === true, sendPhoto: send_photo === true };
      changed();
      return { ...hosted, event_types: [...events] };
    },

    send_message(account, params) {
      needsWebhook(account);
      sending.check(params);
      const sent = sending.send(account, params.receiver, params, 'send_message');
      return { message_token: sent.token, ...hosted, billing_status: sent.billingStatus };
    },

    broadcast_message(account, params) {
      needsWebhook(account);
      if (!account.broadcasts) throw refusal(19);
      takePlace(account.broadcastAt, rules.broadcasts, clock);
      const list = params.broadcast_list;
      if (list === undefined) throw refusal(4, 'broadcast_list');
      if (!Array.isArray(list) || list.length === 0 || list.length > rules.receivers) {
        throw refusal(3, 'broadcast_list');
      }
      sending.check(params);
      const token = newMessageToken();
      const failed_list: Record<string, unknown>[] = [];
      for (const receiver of list as unknown[]) {
        try {
          sending.send(
            account,
            receiver,
            personal(params, account, String(receiver)),
            'broadcast_message',
            token,
          );
        } catch (error) {
          if (!isRefusal(error)) throw error;
          failed_list.push({ receiver, status: error.status, status_message: error.message });
        }
      }
      return { message_token: token, ...hosted, failed_list };
    },

    get_account_info: (account) => ({
      id: account.id,
      name: account.name,
      uri: account.name.toLowerCase().replaceAll(/\W+/g, ''),
      ...(account.webhook && { webhook: account.webhook.url, event_types: [...account.webhook.events] }),
      ...hosted,
      country: 'UA',
      subscribers_count: [...account.users.values()].filter(({ subscribed }) => subscribed).length,
      members: account.superAdmins.map((id) => ({ id, name: 'Admin', role: 'admin' })),
    }),

    get_user_details(account, { id }) {
      if (id === undefined) throw refusal(4, 'id');
      const user = account.users.get(String(id));
      if (user === undefined) throw refusal(5);
      takePlace(user.detailsAt, rules.details, clock);
      return {
        message_token: newMessageToken(),
        ...hosted,
        user: {
          id: user.id,
          name: user.name,
          avatar: user.avatar,
          country: user.country,
          language: user.language,
          primary_device_os: 'android 14',
          api_version: user.apiVersion,
          viber_version: '24.0.0',
          mcc: 255,
          mnc: 1,
          device_type: 'Pixel',
        },
      };
    },

    get_online(account, { ids }) {
      if (ids === undefined) throw refusal(4, 'ids');
      if (!Array.isArray(ids) || ids.length === 0 || ids.length > rules.online) throw refusal(3, 'ids');
      return {
        users: (ids as unknown[]).map((id) => {
          const user = account.users.get(String(id));
          const status = user === undefined || !user.subscribed ? 4 : user.device === 'online' ? 0 : 1;
          return { id, online_status: status, online_status_message: onlineWords[status] };
        }),
      };
    },

    post(account, params) {
      needsWebhook(account);
      if (account.superAdmins.length === 0) throw refusal(18);
      if (params.from === undefined) throw refusal(4, 'from');
      if (!account.superAdmins.includes(String(params.from))) throw refusal(15);
      sending.check(params);
      account.posts.push(params);
      changed();
      return { message_token: newMessageToken(), ...hosted };
    },
  };
}

const onlineWords: Readonly<Record<number, string>> = { 0: 'online', 1: 'offline', 4: 'unavailable' };

function eventsOf(given: unknown): Set<string> {
  const all = [...constantEvents, ...chosenEvents];
  if (given === undefined) return new Set(all);
  if (!Array.isArray(given) || given.some((event) => !(all as string[]).includes(event as string))) {
    throw refusal(3, 'event_types');
  }
  return new Set([...constantEvents, ...(given as string[])]);
}

// The real Viber wants https and a public authority; here loopback may do without.
function isAddress(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && /^(localhost|127\.|\[::1\])/.test(hostname));
}

/** Fills in the placeholders of broadcasts. */
function personal(params: WireMessage, account: Account, receiver: string): WireMessage {
  const text = JSON.stringify({ ...params, broadcast_list: undefined });
  if (!text.includes('replace_me_with_')) return params;
  const name = account.users.get(receiver)?.name ?? '';
  const quoted = (value: string): string => JSON.stringify(value).slice(1, -1);
  return JSON.parse(
    text
      .replaceAll('replace_me_with_url_encoded_receiver_id', quoted(encodeURIComponent(receiver)))
      .replaceAll('replace_me_with_receiver_id', quoted(receiver))
      .replaceAll('replace_me_with_user_name', quoted(name)),
  ) as WireMessage;
}

/** A version that every user's app speaks unless told otherwise. */
export const defaultApiVersion = newestApiVersion;
