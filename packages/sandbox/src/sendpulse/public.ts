import type { SendPulseErrorShape } from './api-failure.ts';

/** Options of the simulated SendPulse. */
export interface SendPulseOptions {
  /** Scales the windows of the rates alone; 0 turns the rates off. @default `timeScale` */
  rateScale?: number | undefined;
}

/** What to make an account with. */
export interface SendPulseAccountOptions {
  /** @default a random one */
  clientId?: string | undefined;
  /** @default a random one */
  clientSecret?: string | undefined;
  /** A static key that works as a token. @default none */
  apiKey?: string | undefined;
  /** How long an OAuth token is good; not scaled. Seconds. @default 3600 */
  tokenSeconds?: number | undefined;
  /** Calls that the plan lets through in a minute. @default 1000 */
  perMinute?: number | undefined;
  /** @default 100 */
  balance?: number | undefined;
}

/** An account of the simulated SendPulse. */
export interface SandboxSendPulseAccount {
  readonly id: number;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly apiKeys: readonly string[];
}

/** An account by its number or client id, or as `createAccount` gave it. */
export type SendPulseAccountReference = number | string | { readonly id: number };

/** A contact of a book. */
export interface SandboxSendPulseContact {
  readonly email: string;
  /** 0 new, 1 active, 2 waits for its confirmation, 6 unsubscribed. */
  readonly status: number;
  readonly variables: Readonly<Record<string, string | number>>;
}

/** A letter sent through SMTP. */
export interface SendPulseMail {
  readonly id: string;
  readonly at: number;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  /** Decoded. */
  readonly html: string | undefined;
  readonly text: string | undefined;
  /** The whole `email` as it came. */
  readonly email: Readonly<Record<string, unknown>>;
}

/** Which of SendPulse's services tells. */
export type SendPulseWebhookFamily = 'email' | 'smtp' | 'chatbot';

/** A service of chatbots. */
export type SendPulseChatbotChannel = 'whatsapp' | 'telegram' | 'instagram' | 'messenger' | 'viber';

/** An event to tell webhooks of. */
export interface SendPulseEventInput {
  family: SendPulseWebhookFamily;
  /** `open`, `opened`, `incoming_message`, … */
  event: string;
  /** Further fields, or others in place of those that are filled in. */
  fields?: Readonly<Record<string, unknown>> | undefined;
}

/** A batch of events that was delivered, or not. */
export interface SendPulseDeliveryRecord {
  readonly id: number;
  readonly at: number;
  readonly accountId: number;
  readonly family: SendPulseWebhookFamily;
  readonly events: number;
  /** `undefined` where there was no answer. */
  readonly status: number | undefined;
}

/** A call of the API. */
export interface SendPulseCallRecord {
  readonly at: number;
  readonly durationMs: number;
  /** As faults name it: `POST /addressbooks/{id}/emails`. */
  readonly method: string;
  readonly path: string;
  /** Whose token it was; `undefined` for one that is not valid. */
  readonly accountId: number | undefined;
  readonly httpStatus: number | undefined;
  readonly errorCode: number | undefined;
  readonly executed: boolean;
  readonly fault: string | undefined;
}

/** A refusal to answer with. */
export interface SendPulseRefusal {
  /** @default 400 */
  status?: number | undefined;
  errorCode: number;
  message?: string | undefined;
  /** @default 'plain' */
  shape?: SendPulseErrorShape | undefined;
  /** Only calls of this method are refused, named as in the log of calls: `POST /addressbooks/{id}/emails`. @default any */
  method?: string | undefined;
}

/** The simulated SendPulse, seen from outside of its API. */
export interface SendPulseSandbox {
  /** What a client takes as its base URL: the simulated server's, or the real one's in process. */
  apiUrl: string;

  /** Makes an account; with a known client id gives that one. */
  createAccount(options?: SendPulseAccountOptions): SandboxSendPulseAccount;
  accounts(): SandboxSendPulseAccount[];
  /** Ends every token of the account now: the next calls are answered with 401. */
  expireTokens(account: SendPulseAccountReference): void;
  /** How many tokens the account was given. */
  tokenRequests(account: SendPulseAccountReference): number;
  setSecret(account: SendPulseAccountReference, clientSecret: string): void;
  setBalance(account: SendPulseAccountReference, balance: number): void;

  /** The account's next calls are refused like this. */
  failNext(account: SendPulseAccountReference, refusal: SendPulseRefusal, count?: number): void;
  /** Mutations are answered by 204 with nothing in it. */
  answerEmpty(account: SendPulseAccountReference, on: boolean): void;
  /** Answers come in two chunks, cut before this byte; `undefined` ends that. */
  splitAnswers(account: SendPulseAccountReference, at: number | undefined): void;

  /** What becomes of letters to this address. @default 'accepts' */
  setMailbox(email: string, state: 'accepts' | 'soft_bounces' | 'hard_bounces'): void;
  /** A contact with double opt-in follows the link of his letter. */
  confirm(account: SendPulseAccountReference, bookId: number, email: string): void;
  /** The code that the letter to a new sender held. */
  senderCode(account: SendPulseAccountReference, email: string): string | undefined;
  /** Makes a chatbot. */
  createBot(
    account: SendPulseAccountReference,
    channel: SendPulseChatbotChannel,
    name?: string,
  ): { id: string };
  /** Makes a subscriber of a chatbot. */
  createChatContact(
    account: SendPulseAccountReference,
    botId: string,
    contact?: { name?: string | undefined; phone?: string | undefined },
  ): { id: string };
  /** Makes a web site with push subscribers. */
  createWebsite(account: SendPulseAccountReference, url: string): { id: number };

  /** A webhook that the account's settings hold. Those of the e-mail service can be made through the API too. */
  setWebhook(
    account: SendPulseAccountReference,
    webhook: { family: SendPulseWebhookFamily; url: string; events?: readonly string[] | undefined },
  ): void;
  /** Something happens: it is told with the next batch. */
  happens(account: SendPulseAccountReference, event: SendPulseEventInput): void;
  /** Sends what waits, without waiting for its batch. */
  flush(): Promise<void>;
  /** Sends a batch once more, byte for byte. */
  redeliver(deliveryId: number): Promise<void>;

  books(account: SendPulseAccountReference): { id: number; name: string; contacts: number; phones: number }[];
  contacts(account: SendPulseAccountReference, bookId: number): SandboxSendPulseContact[];
  phones(
    account: SendPulseAccountReference,
    bookId: number,
  ): { phone: string; variables: Readonly<Record<string, string | number>> }[];
  blacklist(account: SendPulseAccountReference): string[];
  mails(account: SendPulseAccountReference): SendPulseMail[];
  /** Messages to a subscriber of a chatbot, oldest first. */
  chatMessages(account: SendPulseAccountReference, contactId: string): Readonly<Record<string, unknown>>[];
  /** Automation 360 events, oldest first. */
  events(account: SendPulseAccountReference): {
    name: string;
    email?: string | undefined;
    phone?: string | undefined;
    fields: Readonly<Record<string, unknown>>;
  }[];
  calls(): SendPulseCallRecord[];
  deliveries(): SendPulseDeliveryRecord[];
  /** Resolves when no event waits. */
  settled(): Promise<void>;
  /** Forgets everything. */
  reset(): void;
}
