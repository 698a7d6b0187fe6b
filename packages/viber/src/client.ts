import {
  type CallOptions,
  CartieError,
  checkCallOptions,
  type HealthCheck,
  memoryStore,
  parseClientOptions,
} from '@cartie/core';
import { type Broadcast, createBroadcast } from './broadcast.ts';
import { createCallPath } from './call.ts';
import { createMessageChecker } from './check-message.ts';
import { createHealth } from './client-health.ts';
import { invalid, service } from './invalid.ts';
import { limits } from './limits.ts';
import { type OperationName, operations } from './operations.ts';
import { ownFields, type ViberClientOptions } from './options.ts';
import type {
  ViberAccountInfo,
  ViberAnswer,
  ViberMessage,
  ViberOnline,
  ViberPost,
  ViberSendMessage,
  ViberSent,
  ViberUserDetails,
  ViberWebhookSettings,
} from './types.ts';
import { createUserDetailsQuota } from './user-details.ts';

/** An answer of {@link ViberClient.call}. */
export interface ViberCallResult<Data> {
  data: Data;
  status: number;
  attempts: number;
}

/** A bot. Every method throws a `CartieError`; `viberFailure()` says what Viber meant by it. */
export interface ViberClient {
  /**
   * Tells Viber where callbacks go. Viber calls the address before it answers: the webhook must be up.
   * @see https://developers.viber.com/docs/api/rest-bot-api/#webhooks
   */
  setWebhook(
    settings: ViberWebhookSettings,
    options?: CallOptions,
  ): Promise<ViberAnswer & { event_types?: string[] }>;
  /** Ends callbacks. Without a webhook Viber lets a bot send nothing. */
  removeWebhook(options?: CallOptions): Promise<ViberAnswer>;
  /**
   * Sends one message. It is checked first, and never sent again after an unknown outcome.
   * @see https://developers.viber.com/docs/api/rest-bot-api/#send-message
   */
  sendMessage(message: ViberSendMessage, options?: CallOptions): Promise<ViberSent>;
  /**
   * Sends one message to any number of subscribed users, and tells what became of each, in the order of the list.
   * `options.deadlineMs` is for all requests together. Throws for a message that is not valid, and the reason of
   * `options.signal`.
   * @see https://developers.viber.com/docs/api/rest-bot-api/#broadcast-message
   */
  broadcast: Broadcast;
  /** @see https://developers.viber.com/docs/api/rest-bot-api/#get-account-info */
  getAccountInfo(options?: CallOptions): Promise<ViberAccountInfo>;
  /**
   * Viber gives a user's details twice in 12 hours: a third call throws `rate_limited` without asking it.
   * @see https://developers.viber.com/docs/api/rest-bot-api/#get-user-details
   */
  getUserDetails(userId: string, options?: CallOptions): Promise<ViberUserDetails>;
  /**
   * Who is online, of any number of users.
   * @see https://developers.viber.com/docs/api/rest-bot-api/#get-online
   */
  getOnline(userIds: readonly string[], options?: CallOptions): Promise<ViberOnline[]>;
  /**
   * Posts into the bot's channel.
   * @see https://developers.viber.com/docs/tools/channels-post-api/
   */
  post(message: ViberPost, options?: CallOptions): Promise<ViberSent>;
  /**
   * Any method by its name in Viber's URL, under the same policies. Nothing is known to be safe: it is repeated only as
   * far as `options.idempotent` allows.
   */
  call<Data = unknown>(
    method: string,
    params?: Readonly<Record<string, unknown>>,
    options?: CallOptions,
  ): Promise<ViberCallResult<Data>>;
  /** Account info: `down` if Viber does not take the token or does not answer, `degraded` without a webhook. Cached for 30 s, never throws. */
  health: HealthCheck;
}

/**
 * A client of Viber's REST Bot API that checks every limit before it sends, paces its broadcasts, and never sends
 * anything twice.
 *
 * ```ts
 * const viber = createViberClient({ authToken, sender: { name: 'Cars' } });
 * await viber.sendMessage({ receiver, type: 'text', text: 'Your car is ready' });
 * ```
 *
 * @throws CartieError `invalid_config` for a missing, wrong or unknown option
 * @see https://developers.viber.com/docs/api/rest-bot-api/
 */
export function createViberClient(options: ViberClientOptions): ViberClient {
  const parsed = parseClientOptions(service, options, ownFields);
  const path = createCallPath(parsed);
  const check = createMessageChecker(parsed.sender, parsed.limits);
  const quota = createUserDetailsQuota(parsed.store ?? memoryStore());

  async function ask<Data>(
    operation: OperationName,
    body: Readonly<Record<string, unknown>>,
    callOptions: CallOptions,
    receiver?: string,
  ): Promise<Data> {
    const { path: method, idempotent, ...own } = operations[operation];
    const timeoutMs = 'timeoutMs' in own ? own.timeoutMs : undefined;
    const plan = { operation, path: method, idempotent, body, receiver, timeoutMs };
    return (await path.call(plan, callOptions)).data.json as Data;
  }

  const getAccountInfo = (callOptions: CallOptions = {}): Promise<ViberAccountInfo> =>
    ask('getAccountInfo', {}, callOptions);

  async function send(
    operation: 'sendMessage' | 'post',
    message: ViberMessage,
    receiver: string | undefined,
    callOptions: CallOptions,
  ): Promise<ViberSent> {
    const body = check(operation, message);
    const sent = await ask<ViberSent>(operation, body, callOptions, receiver);
    if (sent.message_token === undefined) throw withoutToken(operation);
    return { ...sent, message_token: String(sent.message_token) };
  }

  return Object.freeze({
    async setWebhook(settings, callOptions = {}) {
      if (typeof settings?.url !== 'string' || !/^https?:\/\//.test(settings.url)) {
        throw invalid('url', 'must be an https address; removeWebhook() removes it', 'setWebhook');
      }
      return ask('setWebhook', { ...settings }, callOptions);
    },
    removeWebhook: async (callOptions = {}) => ask('setWebhook', { url: '' }, callOptions),
    async sendMessage(message, callOptions = {}) {
      checkId(message?.receiver, 'receiver', 'sendMessage');
      return send('sendMessage', message, message.receiver, callOptions);
    },
    broadcast: createBroadcast(path, check, parsed.maxConcurrent),
    getAccountInfo,
    async getUserDetails(userId, callOptions = {}) {
      checkId(userId, 'id', 'getUserDetails');
      checkCallOptions(service, 'getUserDetails', callOptions);
      callOptions.signal?.throwIfAborted();
      // A refusal for too many requests lasts for hours: no pause within a call would help.
      const once = { retries: 0, ...callOptions };
      const work = () => ask<{ user: ViberUserDetails }>('getUserDetails', { id: userId }, once, userId);
      return (await quota.take(await path.account(), userId, work)).user;
    },
    async getOnline(userIds, callOptions = {}) {
      if (!Array.isArray(userIds)) throw invalid('ids', 'must be a list of users’ ids', 'getOnline');
      for (const [index, id] of userIds.entries()) checkId(id, `ids[${index}]`, 'getOnline');
      const chunks = Array.from({ length: Math.ceil(userIds.length / limits.online) }, (_, index) =>
        userIds.slice(index * limits.online, (index + 1) * limits.online),
      );
      const answers = await Promise.all(
        chunks.map((ids) => ask<{ users?: ViberOnline[] }>('getOnline', { ids }, callOptions)),
      );
      return answers.flatMap(({ users = [] }) => users);
    },
    async post(message, callOptions = {}) {
      checkId(message?.from, 'from', 'post');
      return send('post', message, undefined, callOptions);
    },
    async call<Data>(
      method: string,
      params: Readonly<Record<string, unknown>> = {},
      callOptions: CallOptions = {},
    ): Promise<ViberCallResult<Data>> {
      if (typeof method !== 'string' || !/^[a-z_]{1,64}$/.test(method)) {
        throw invalid('method', 'must be a name of Viber’s, like send_message');
      }
      if (typeof params !== 'object' || params === null || Array.isArray(params)) {
        throw invalid('params', 'must be an object', method);
      }
      const plan = { operation: method, path: method, idempotent: false, body: params };
      const { data, status, attempts } = await path.call(plan, callOptions);
      return { data: data.json as Data, status, attempts };
    },
    health: createHealth(getAccountInfo, path.caller.breaker),
  } satisfies ViberClient);
}

function checkId(value: unknown, field: string, operation: string): void {
  if (typeof value !== 'string' || value.trim() === '' || value.length > 200) {
    throw invalid(field, 'must be an id, as a callback told it', operation);
  }
}

function withoutToken(operation: string): CartieError {
  return new CartieError('invalid_response', 'The answer is good but names no message', {
    service,
    operation,
  });
}
