import type { Update } from '@cartie/core';
import type { Update as TelegramUpdate } from '@grammyjs/types';

/** What can happen at Telegram. @see https://core.telegram.org/bots/api#update */
export type UpdateKind = Exclude<keyof TelegramUpdate, 'update_id'>;

interface UpdateRow {
  /** Whose updates are handled one after another. */
  readonly order: 'chat' | 'user' | 'poll';
  /** Telegram gives up delivering it after this; then an answer is not taken any more either. Milliseconds. */
  readonly lifetimeMs: number;
  /** `false`: comes only where it is asked for by name. */
  readonly byDefault: boolean;
}

const day = 24 * 60 * 60 * 1000;
const ofChat = { order: 'chat', lifetimeMs: day, byDefault: true } as const;
const ofUser = { order: 'user', lifetimeMs: day, byDefault: true } as const;

/** Every kind of update. */
export const updateKinds = {
  message: ofChat,
  edited_message: ofChat,
  channel_post: ofChat,
  edited_channel_post: ofChat,
  business_connection: ofUser,
  business_message: ofChat,
  edited_business_message: ofChat,
  deleted_business_messages: ofChat,
  guest_message: ofChat,
  stopped_message_generation: ofChat,
  message_reaction: { ...ofChat, byDefault: false },
  message_reaction_count: { ...ofChat, byDefault: false },
  inline_query: { ...ofUser, lifetimeMs: 30_000 },
  chosen_inline_result: { ...ofUser, lifetimeMs: 600_000 },
  // By its chat, so that it is not handled before the message that it belongs to; one of an inline message has none.
  callback_query: { ...ofChat, lifetimeMs: 150_000 },
  shipping_query: { ...ofUser, lifetimeMs: 150_000 },
  pre_checkout_query: { ...ofUser, lifetimeMs: 150_000 },
  purchased_paid_media: ofUser,
  poll: { ...ofChat, order: 'poll' },
  poll_answer: ofUser,
  my_chat_member: ofChat,
  chat_member: { ...ofChat, byDefault: false },
  chat_join_request: ofChat,
  chat_boost: ofChat,
  removed_chat_boost: ofChat,
  managed_bot: ofUser,
  subscription: ofUser,
} as const satisfies Record<UpdateKind, UpdateRow>;

/** Kinds that a webhook or poller asks for: Telegram's default set, all of them, or exactly these. */
export type WantedKinds = 'default' | 'all' | readonly UpdateKind[];

/**
 * Telegram's `allowed_updates` for the kinds that are wanted. The default set is an empty list: leaving the parameter
 * out would keep whatever was set before.
 */
export function allowedUpdates(kinds: WantedKinds = 'default'): UpdateKind[] {
  if (kinds === 'default') return [];
  return kinds === 'all' ? (Object.keys(updateKinds) as UpdateKind[]) : [...new Set(kinds)].sort();
}

/** Do two `allowed_updates` mean the same kinds? An absent or empty one is the default set. */
export function sameKinds(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  const [left, right] = [a, b].map((kinds) => (kinds === undefined || kinds.length === 0 ? defaults : kinds));
  return setOf(left) === setOf(right);
}

function setOf(kinds: readonly string[] | undefined): string {
  return [...new Set(kinds)].sort().join();
}

const defaults = Object.entries(updateKinds).flatMap(([kind, { byDefault }]) => (byDefault ? [kind] : []));

/**
 * An update of Telegram as the inbox takes it. A kind that is not known yet is kept.
 * @throws Error if it is no update: without an `update_id`
 */
export function toUpdate(raw: unknown, source: string, now: number = Date.now()): Update<TelegramUpdate> {
  if (!isUpdate(raw)) throw new TypeError('Not an update: it has no update_id');
  const kinds = Object.keys(raw).filter((key) => key !== 'update_id');
  const kind = kinds.find(isKnown) ?? kinds[0] ?? 'unknown';
  const row: UpdateRow = isKnown(kind) ? updateKinds[kind] : ofChat;
  return {
    source,
    id: String(raw.update_id),
    kind,
    orderKey: `${source}:${orderOf(row, (raw as unknown as Record<string, unknown>)[kind]) ?? kind}`,
    expiresAt: now + row.lifetimeMs,
    payload: raw,
  };
}

function isKnown(kind: string): kind is UpdateKind {
  return Object.hasOwn(updateKinds, kind);
}

function isUpdate(raw: unknown): raw is TelegramUpdate {
  return typeof raw === 'object' && raw !== null && 'update_id' in raw && Number.isSafeInteger(raw.update_id);
}

function orderOf({ order }: UpdateRow, data: unknown): string | undefined {
  const chat = at(data, 'chat', 'id') ?? at(data, 'message', 'chat', 'id');
  const user = at(data, 'from', 'id') ?? at(data, 'user', 'id') ?? at(data, 'voter_chat', 'id');
  if (order === 'poll') return named('poll', at(data, 'id'));
  const [first, second] =
    order === 'chat'
      ? [named('chat', chat), named('user', user)]
      : [named('user', user), named('chat', chat)];
  return first ?? second;
}

function named(name: string, id: unknown): string | undefined {
  return typeof id === 'number' || typeof id === 'string' ? `${name}:${id}` : undefined;
}

function at(data: unknown, ...path: readonly string[]): unknown {
  let value = data;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
