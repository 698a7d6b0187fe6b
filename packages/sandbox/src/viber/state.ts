import { randomBytes, randomInt } from 'node:crypto';
import type { ViberConversationEntry } from './records.ts';

/** A user as one bot knows him. */
export interface User {
  readonly id: string;
  name: string;
  avatar: string | undefined;
  country: string;
  language: string;
  apiVersion: number;
  phone: string;
  subscribed: boolean;
  device: 'online' | 'offline' | 'failing';
  refuses: number | undefined;
  readonly messages: ViberConversationEntry[];
  /** The keyboard that he sees. */
  keyboard: Readonly<Record<string, unknown>> | undefined;
  trackingData: string | undefined;
  /** When he wrote last, and how many messages of the bot came since. */
  wroteAt: number | undefined;
  sinceThen: number;
  /** Times of the bot's messages since he wrote. */
  sentAt: number[];
  detailsAt: number[];
}

/** The webhook of a bot. */
export interface Webhook {
  readonly url: string;
  readonly events: ReadonlySet<string>;
  readonly sendName: boolean;
  readonly sendPhoto: boolean;
}

/** A bot. */
export interface Account {
  readonly id: string;
  readonly token: string;
  readonly name: string;
  readonly broadcasts: boolean;
  readonly superAdmins: readonly string[];
  freeMessages: number;
  webhook: Webhook | undefined;
  refusesAll: number;
  readonly users: Map<string, User>;
  readonly posts: Readonly<Record<string, unknown>>[];
  broadcastAt: number[];
}

/** Events that always come, whatever `event_types` says. */
export const constantEvents = ['message', 'subscribed', 'unsubscribed'] as const;

/** Events that `event_types` chooses. */
export const chosenEvents = ['delivered', 'seen', 'failed', 'conversation_started'] as const;

/** A token of 64 bits: more digits than a number holds. */
export function newMessageToken(): bigint {
  return 5_700_000_000_000_000_000n + BigInt(randomInt(2 ** 47));
}

/** A random token of Viber's form. */
export function newAuthToken(): string {
  return Array.from({ length: 3 }, () => randomBytes(8).toString('hex')).join('-');
}

/** A random id of Viber's form: base64 of 16 bytes. */
export function newUserId(): string {
  return randomBytes(16).toString('base64');
}

/** A random id of a bot. */
export function newAccountId(): string {
  return `pa:${randomInt(1e9, 2 ** 47)}`;
}
