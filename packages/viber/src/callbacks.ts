import { createHash } from 'node:crypto';
import { parseJson, type Update } from '@cartie/core';
import { service } from './invalid.ts';

/** A user as callbacks tell him. */
export interface ViberUser {
  /** Belongs to this bot: another bot knows the same person by another id. */
  id: string;
  name?: string | undefined;
  avatar?: string | undefined;
  /** Two letters. */
  country?: string | undefined;
  language?: string | undefined;
  /** What the user's app speaks. */
  api_version?: number | undefined;
}

interface CallbackBase {
  /** Epoch milliseconds; as text with all digits where a number could not hold it. */
  timestamp: number | string;
  /** All digits of it. */
  message_token: string;
  chat_hostname?: string | undefined;
}

/** What a user wrote. */
export interface ViberIncomingMessage {
  /** `text`, `picture`, `video`, `file`, `sticker`, `contact`, `url`, `location`, or what is newer than this package. */
  type: string;
  text?: string | undefined;
  media?: string | undefined;
  thumbnail?: string | undefined;
  location?: { lat: number; lon: number } | undefined;
  contact?: { name?: string; phone_number: string; avatar?: string } | undefined;
  /** What the bot's last message had. */
  tracking_data?: string | undefined;
  file_name?: string | undefined;
  file_size?: number | undefined;
  duration?: number | undefined;
  sticker_id?: number | undefined;
}

/** The user wrote, or tapped a button that replies: then `text` is its `ActionBody`. */
export interface ViberMessageCallback extends CallbackBase {
  event: 'message';
  sender: ViberUser;
  message: ViberIncomingMessage;
  silent?: boolean | undefined;
  reply_type?: string | undefined;
}

/** The user opened the conversation. The answer may hold one welcome message. */
export interface ViberConversationStarted extends CallbackBase {
  event: 'conversation_started';
  type?: string | undefined;
  /** What the link that led here had as `context`. */
  context?: string | undefined;
  user: ViberUser;
  /** Opening a conversation does not subscribe. */
  subscribed: boolean;
}

/** What Viber tells a webhook. @see https://developers.viber.com/docs/api/rest-bot-api/#callbacks */
export type ViberCallback =
  | (CallbackBase & { event: 'webhook' })
  | (CallbackBase & { event: 'subscribed'; user: ViberUser })
  | (CallbackBase & { event: 'unsubscribed'; user_id: string })
  | ViberConversationStarted
  | ViberMessageCallback
  | (CallbackBase & { event: 'delivered'; user_id: string })
  | (CallbackBase & { event: 'seen'; user_id: string })
  | (CallbackBase & { event: 'failed'; user_id: string; desc?: string | undefined });

/** A callback as the inbox takes it. One that is newer than this package has its own `kind` and its own fields. */
export type ViberUpdate = Update<ViberCallback>;

/**
 * A callback's bytes as an update. The same callback delivered again has the same `id`; what one user does is in order.
 * @throws Error if it is no callback: without an `event`
 */
export function toUpdate(bytes: Uint8Array, source: string): ViberUpdate {
  const raw = parseJson(bytes, { service, code: 'invalid_input' });
  if (!isObject(raw) || typeof raw.event !== 'string' || raw.event === '') {
    throw new TypeError('Not a callback: it has no event');
  }
  const { event, message_token } = raw;
  const user = userOf(raw);
  const token = isId(message_token) ? String(message_token) : undefined;
  const id = token ?? createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
  return {
    source,
    // A broadcast's token is the same for all its receivers.
    id: [event, id, ...(user === undefined ? [] : [user])].join(':'),
    kind: event,
    orderKey: `${source}:${user === undefined ? 'account' : `user:${user}`}`,
    payload: {
      ...raw,
      ...(token !== undefined && { message_token: token }),
    } as unknown as ViberCallback,
  };
}

function userOf({ user, sender, user_id }: Record<string, unknown>): string | undefined {
  for (const id of [isObject(sender) && sender.id, isObject(user) && user.id, user_id]) {
    if (isId(id)) return String(id);
  }
  return undefined;
}

function isId(value: unknown): value is string | number {
  return (typeof value === 'string' && value !== '' && value.length <= 200) || typeof value === 'number';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
