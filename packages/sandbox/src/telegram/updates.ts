import type { TelegramUpdate } from './types.ts';

/** Seconds until an update of a kind is given up, and whose queue it waits in. From the official server's source. */
export const updateKinds = {
  message: { seconds: 86_400, queue: 'chat' },
  edited_message: { seconds: 86_400, queue: 'chat' },
  channel_post: { seconds: 86_400, queue: 'chat' },
  edited_channel_post: { seconds: 86_400, queue: 'chat' },
  business_connection: { seconds: 86_400, queue: 'business' },
  business_message: { seconds: 86_400, queue: 'business' },
  edited_business_message: { seconds: 86_400, queue: 'business' },
  deleted_business_messages: { seconds: 86_400, queue: 'business' },
  guest_message: { seconds: 86_400, queue: 'guest' },
  stopped_message_generation: { seconds: 86_400, queue: 'chat' },
  message_reaction: { seconds: 86_400, queue: 'reaction' },
  message_reaction_count: { seconds: 86_400, queue: 'reaction' },
  inline_query: { seconds: 30, queue: 'inline' },
  chosen_inline_result: { seconds: 600, queue: 'chosen' },
  callback_query: { seconds: 150, queue: 'callback' },
  shipping_query: { seconds: 150, queue: 'payment' },
  pre_checkout_query: { seconds: 150, queue: 'payment' },
  purchased_paid_media: { seconds: 86_400, queue: 'paid_media' },
  poll: { seconds: 86_400, queue: 'poll' },
  poll_answer: { seconds: 86_400, queue: 'poll' },
  my_chat_member: { seconds: 86_400, queue: 'my_member' },
  chat_member: { seconds: 86_400, queue: 'member' },
  chat_join_request: { seconds: 86_400, queue: 'member' },
  chat_boost: { seconds: 86_400, queue: 'boost' },
  removed_chat_boost: { seconds: 86_400, queue: 'boost' },
  managed_bot: { seconds: 86_400, queue: 'managed' },
  subscription: { seconds: 86_400, queue: 'payment' },
} as const satisfies Record<string, { seconds: number; queue: string }>;

/** A kind of update. */
export type UpdateKind = keyof typeof updateKinds;

/** Kinds that a bot gets only if it asks for them by name. */
const optInKinds: ReadonlySet<string> = new Set([
  'chat_member',
  'message_reaction',
  'message_reaction_count',
] satisfies UpdateKind[]);

/** An update that waits to be fetched or delivered. */
export interface StoredUpdate {
  readonly id: number;
  readonly kind: UpdateKind;
  /** Updates with the same key are delivered one after another. */
  readonly queueKey: string;
  /** Epoch milliseconds, scaled. */
  readonly expiresAt: number;
  readonly update: TelegramUpdate;
}

/** The updates of one bot that nobody has confirmed yet. */
export interface UpdateQueue {
  /** Adds an update unless the bot does not want this kind. `keyId` is the chat or user whose queue it waits in. */
  add(kind: UpdateKind, keyId: number | string, payload: object): StoredUpdate | undefined;
  /** Removes one; `true` if it was there. */
  remove(id: number): boolean;
  /** Everything that waits and has not expired, oldest first. */
  pending(): StoredUpdate[];
  size(): number;
  clear(): void;
  /** The kinds asked for by setWebhook or getUpdates; undefined for the default set. */
  allowed(): readonly string[] | undefined;
  /** `[]` means the default set. Unknown names are ignored, as Telegram does. */
  allow(kinds: readonly string[]): void;
  /** Told of each added update until the returned function is called. */
  onAdd(listener: (update: StoredUpdate) => void): () => void;
  /** Told whenever updates have left. */
  onRemove(listener: () => void): void;
}

/** More than this many waiting updates are not kept: the newest are dropped, as in the official server's queue. */
const maxPending = 100_000;

/** Creates an {@link UpdateQueue}. */
export function createUpdateQueue(now: () => number, scaled: (ms: number) => number): UpdateQueue {
  const updates = new Map<number, StoredUpdate>();
  let nextId = 100_000_000 + Math.floor(Math.random() * 800_000_000);
  let allowedKinds: readonly string[] | undefined;
  const added = new Set<(update: StoredUpdate) => void>();
  const removed: (() => void)[] = [];
  const tellRemoved = (): void => {
    for (const listener of removed) listener();
  };

  return {
    add(kind, keyId, payload) {
      const wanted = allowedKinds ? allowedKinds.includes(kind) : !optInKinds.has(kind);
      if (!wanted || updates.size >= maxPending) return undefined;
      const rule = updateKinds[kind];
      const id = nextId++;
      const stored: StoredUpdate = {
        id,
        kind,
        queueKey: `${rule.queue}:${keyId}`,
        expiresAt: now() + scaled(rule.seconds * 1_000),
        update: { update_id: id, [kind]: payload },
      };
      updates.set(id, stored);
      for (const listener of added) listener(stored);
      return stored;
    },
    remove(id) {
      const existed = updates.delete(id);
      if (existed) tellRemoved();
      return existed;
    },
    pending() {
      const at = now();
      let expired = false;
      for (const stored of updates.values()) {
        if (stored.expiresAt > at) continue;
        updates.delete(stored.id);
        expired = true;
      }
      if (expired) tellRemoved();
      return [...updates.values()];
    },
    size: () => updates.size,
    clear() {
      updates.clear();
      tellRemoved();
    },
    allowed: () => allowedKinds,
    allow(kinds) {
      const known = kinds.filter((kind) => kind in updateKinds);
      allowedKinds = known.length === 0 ? undefined : known;
    },
    onAdd(listener) {
      added.add(listener);
      return () => added.delete(listener);
    },
    onRemove(listener) {
      removed.push(listener);
    },
  };
}
