import { randomBytes } from 'node:crypto';
import type { SendPulseChatbotChannel, SendPulseMail } from './public.ts';

/** A contact of a book. */
export interface Contact {
  readonly email: string;
  /** 0 new, 1 active, 2 waits for its confirmation, 6 unsubscribed. */
  status: number;
  readonly variables: Map<string, string | number>;
}

/** A phone of a book. */
export interface Phone {
  readonly phone: string;
  readonly variables: Map<string, string | number>;
}

/** An address book. */
export interface Book {
  readonly id: number;
  name: string;
  readonly createdAt: number;
  readonly contacts: Map<string, Contact>;
  readonly phones: Map<string, Phone>;
}

/** A record with fields as they were given. */
export type Row = { id: number } & Record<string, unknown>;

/** A webhook of the e-mail service, as the API keeps it: one for each action. */
export interface WebhookRow {
  readonly id: number;
  url: string;
  readonly action: string;
}

/** A contact of a chatbot. */
export interface ChatContact {
  readonly id: string;
  readonly botId: string;
  readonly channel: SendPulseChatbotChannel;
  name: string;
  readonly phone: string | undefined;
  status: number;
  readonly tags: Set<string>;
  readonly variables: Map<string, unknown>;
  chatOpened: boolean;
  pausedUntil: number | undefined;
  readonly notes: { id: string; text: string }[];
  operator: number | undefined;
  readonly messages: Record<string, unknown>[];
}

/** An account with everything that it has. */
export interface Account {
  readonly id: number;
  readonly clientId: string;
  clientSecret: string;
  readonly apiKeys: Set<string>;
  /** Tokens and when they end. */
  readonly tokens: Map<string, number>;
  tokenSeconds: number;
  tokenRequests: number;
  perMinute: number;
  calledAt: number[];
  campaignsAt: number[];
  balance: number;
  /** Mutations answer 204 with nothing in it. */
  emptyAnswers: boolean;
  splitAt: number | undefined;
  readonly books: Map<number, Book>;
  readonly blacklist: Map<string, string>;
  readonly phoneBlacklist: Map<string, string>;
  readonly templates: Map<number, Row>;
  readonly senders: Map<
    string,
    { name: string; isActive: boolean; code: string; sentAt: number | undefined }
  >;
  readonly campaigns: Map<number, Row>;
  readonly tags: Map<number, { id: number; name: string; color: string; pinned: Set<string> }>;
  readonly webhooks: Map<number, WebhookRow>;
  readonly mails: Map<string, SendPulseMail>;
  readonly domains: Map<string, number>;
  readonly unsubscribed: Map<string, { comment: string; date: string }>;
  readonly events: {
    name: string;
    email?: string;
    phone?: string;
    at: number;
    fields: Record<string, unknown>;
  }[];
  readonly smsCampaigns: Map<number, Row>;
  readonly viberTasks: Map<number, Row>;
  readonly phoneExceptions: Set<string>;
  readonly pushTasks: Map<number, Row>;
  readonly websites: Map<number, Row>;
  readonly verifications: Map<number, { total: number; format: number | undefined }>;
  readonly verifiedEmails: Set<string>;
  readonly bots: Map<string, { id: string; channel: SendPulseChatbotChannel; name: string }>;
  readonly chatContacts: Map<string, ChatContact>;
}

/** Makes an account with nothing in it. */
export function newAccount(
  id: number,
  given: Partial<Pick<Account, 'clientId' | 'clientSecret' | 'tokenSeconds' | 'perMinute' | 'balance'>>,
): Account {
  return {
    id,
    clientId: given.clientId ?? `sp_id_${newToken(16)}`,
    clientSecret: given.clientSecret ?? `sp_sk_${newToken(16)}`,
    apiKeys: new Set(),
    tokens: new Map(),
    tokenSeconds: given.tokenSeconds ?? 3_600,
    tokenRequests: 0,
    perMinute: given.perMinute ?? 1_000,
    calledAt: [],
    campaignsAt: [],
    balance: given.balance ?? 100,
    emptyAnswers: false,
    splitAt: undefined,
    books: new Map(),
    blacklist: new Map(),
    phoneBlacklist: new Map(),
    templates: new Map(),
    senders: new Map(),
    campaigns: new Map(),
    tags: new Map(),
    webhooks: new Map(),
    mails: new Map(),
    domains: new Map(),
    unsubscribed: new Map(),
    events: [],
    smsCampaigns: new Map(),
    viberTasks: new Map(),
    phoneExceptions: new Set(),
    pushTasks: new Map(),
    websites: new Map(),
    verifications: new Map(),
    verifiedEmails: new Set(),
    bots: new Map(),
    chatContacts: new Map(),
  };
}

/** A random token in hex. */
export function newToken(bytes = 20): string {
  return randomBytes(bytes).toString('hex');
}

let lastId = 421_000;

/** A number that no other thing of the sandbox has. */
export function newNumber(): number {
  lastId += 1;
  return lastId;
}
