/** What a message costs, as far as Viber's `billing_status` says. */
export type ViberBilling =
  | 'default'
  | 'free_in_session'
  | 'not_billable'
  | 'unsupported_country'
  | 'free_below_threshold'
  | 'billable'
  | 'unknown';

const billings = [
  'default',
  'free_in_session',
  'not_billable',
  'unsupported_country',
  'free_below_threshold',
  'billable',
] as const satisfies readonly ViberBilling[];

/** Puts a `billing_status` into words. Viber's pages say little of it: check a bill before you rely on it. */
export function billingOf(status: number | undefined): ViberBilling {
  return (status === undefined ? undefined : billings[status]) ?? 'unknown';
}

/** A message of the user opens a session of a day, in which up to 60 messages of the bot are free. Milliseconds. */
export const sessionRules = { durationMs: 24 * 60 * 60 * 1000, messages: 60 } as const;

/** What an app knows of a conversation. */
export interface ViberSessionFacts {
  /** When the user wrote last: the `timestamp` of a `message` callback. Epoch milliseconds; absent for never. */
  lastUserMessageAt?: number | undefined;
  /** Messages of the bot since then. @default 0 */
  sentSince?: number | undefined;
  /** Epoch milliseconds. @default now */
  now?: number | undefined;
}

/** May a message be sent for nothing? */
export interface ViberSession {
  /** `false`: the next message of the bot is initiated by it, and may be billed. */
  isOpen: boolean;
  /** Epoch milliseconds; absent where the session is not open. */
  endsAt?: number | undefined;
  /** How many more messages are free. */
  messagesLeft: number;
}

/**
 * The session window of a conversation, so that an app can decide what may cost money before it sends.
 *
 * ```ts
 * if (viberSession({ lastUserMessageAt, sentSince }).isOpen) await viber.sendMessage(…);
 * ```
 */
export function viberSession({
  lastUserMessageAt,
  sentSince = 0,
  now = Date.now(),
}: ViberSessionFacts): ViberSession {
  const endsAt = (lastUserMessageAt ?? Number.NEGATIVE_INFINITY) + sessionRules.durationMs;
  const messagesLeft = endsAt > now ? Math.max(0, sessionRules.messages - sentSince) : 0;
  return messagesLeft > 0 ? { isOpen: true, endsAt, messagesLeft } : { isOpen: false, messagesLeft };
}
