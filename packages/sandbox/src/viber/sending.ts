import type { Clock } from '../clock.ts';
import { checkMessage, type WireMessage } from './check-message.ts';
import type { ViberConversationEntry } from './records.ts';
import { type Account, newMessageToken, type User } from './state.ts';
import { refusal } from './statuses.ts';

/** Viber's rates and windows. Milliseconds. */
export const rules = {
  /** Messages to one user who does not answer. */
  user: { limit: 100, intervalMs: 3_600_000 },
  broadcasts: { limit: 500, intervalMs: 10_000 },
  details: { limit: 2, intervalMs: 12 * 3_600_000 },
  session: { messages: 60, durationMs: 24 * 3_600_000 },
  receivers: 300,
  online: 100,
} as const;

/** Takes one of `limit` places of a sliding window, or refuses with 12. Windows are scaled. */
export function takePlace(
  times: number[],
  { limit, intervalMs }: { limit: number; intervalMs: number },
  clock: Clock,
): void {
  const now = clock.now();
  const since = now - clock.scaled(intervalMs);
  while (times.length > 0 && (times[0] as number) <= since) times.shift();
  if (times.length >= limit) throw refusal(12);
  times.push(now);
}

/** What sending tells its owner. */
export interface SendingEvents {
  /** The message is with the user, or will not be. */
  arrives(account: Account, user: User, entry: ViberConversationEntry): void;
}

/** Sends messages of bots to users. */
export interface Sending {
  /** Checks what is wrong with the message itself. */
  check(message: WireMessage): void;
  /** Refuses what cannot be sent to this user; else it is in his conversation. Gives what it costs. */
  send(
    account: Account,
    receiver: unknown,
    message: WireMessage,
    by: ViberConversationEntry['by'],
    token?: bigint,
  ): { token: bigint; billingStatus: number };
}

/** Creates {@link Sending}. */
export function createSending(clock: Clock, history: number, { arrives }: SendingEvents): Sending {
  function billing(account: Account, user: User): number {
    const inSession =
      user.wroteAt !== undefined &&
      clock.now() - user.wroteAt < clock.scaled(rules.session.durationMs) &&
      user.sinceThen < rules.session.messages;
    if (inSession) return 1;
    if (account.freeMessages > 0) {
      account.freeMessages -= 1;
      return 4;
    }
    return 5;
  }

  return {
    check: checkMessage,
    send(account, receiver, message, by, token = newMessageToken()) {
      if (receiver === undefined) throw refusal(4, 'receiver');
      const user = account.users.get(String(receiver));
      if (user === undefined) throw refusal(5);
      if (user.refuses !== undefined) throw refusal(user.refuses);
      // A welcome message needs no subscription: it is the answer to a callback.
      if (by !== 'welcome' && !user.subscribed) throw refusal(6);
      if (Number(message.min_api_version ?? 1) > user.apiVersion) throw refusal(11);
      takePlace(user.sentAt, rules.user, clock);
      const billingStatus = billing(account, user);
      user.sinceThen += 1;
      const { receiver: _receiver, broadcast_list: _list, auth_token: _token, ...shown } = message;
      const entry: ViberConversationEntry = {
        at: clock.now(),
        from: 'bot',
        messageToken: token.toString(),
        message: shown,
        by,
        state: 'sent',
        billingStatus,
      };
      remember(user, entry, history);
      user.keyboard = message.keyboard as User['keyboard'];
      user.trackingData = message.tracking_data as string | undefined;
      arrives(account, user, entry);
      return { token, billingStatus };
    },
  };
}

/** Adds to a conversation; the oldest entries go. */
export function remember(user: User, entry: ViberConversationEntry, history: number): void {
  user.messages.push(entry);
  if (user.messages.length > history) user.messages.shift();
}
