import type { ViberCallbackRecord, ViberCallRecord, ViberConversationEntry } from './records.ts';

/** What to make a bot with. */
export interface ViberAccountOptions {
  /** @default a random one of Viber's form */
  token?: string | undefined;
  /** `pa:…` @default a random one */
  id?: string | undefined;
  name?: string | undefined;
  /** May it broadcast? @default true */
  broadcasts?: boolean | undefined;
  /** Ids of the super admins of its channel. @default none: it has no channel */
  superAdmins?: readonly string[] | undefined;
  /** Messages outside of sessions that cost nothing. @default 10000 */
  freeMessages?: number | undefined;
}

/** A bot of the simulated Viber. */
export interface SandboxViberAccount {
  readonly id: string;
  readonly token: string;
  readonly name: string;
}

/** A bot by its id or token, or as `createAccount` gave it. */
export type ViberAccountReference = string | { readonly id: string };

/** What to make a user with; all of it can be changed by making him again. */
export interface ViberUserOptions {
  /** @default a random one of Viber's form */
  id?: string | undefined;
  name?: string | undefined;
  avatar?: string | undefined;
  country?: string | undefined;
  language?: string | undefined;
  /** What his app speaks. @default 10 */
  apiVersion?: number | undefined;
  phone?: string | undefined;
  /** @default false */
  subscribed?: boolean | undefined;
  /** `failing`: his messages end with a `failed` callback; `offline`: they wait until he is online. @default 'online' */
  device?: 'online' | 'offline' | 'failing' | undefined;
  /** Refuses messages to him with this status: 5, 11, 21, … @default none */
  refuses?: number | undefined;
}

/** A user of the simulated Viber. */
export interface SandboxViberUser {
  readonly id: string;
  readonly name: string;
  readonly subscribed: boolean;
  readonly device: 'online' | 'offline' | 'failing';
  readonly apiVersion: number;
}

/** What a user writes: a text, or a message of another type in Viber's own spelling. */
export interface ViberUserMessage {
  from: string;
  text?: string | undefined;
  /** @default 'text' */
  type?: string | undefined;
  media?: string | undefined;
  location?: { lat: number; lon: number } | undefined;
  contact?: { name?: string; phone_number: string } | undefined;
  file_name?: string | undefined;
  file_size?: number | undefined;
  duration?: number | undefined;
  sticker_id?: number | undefined;
}

/** The simulated Viber, seen from outside of its API. */
export interface ViberSandbox {
  /** What a client takes as its base URL: the simulated server's, or the real one's in process. */
  apiUrl: string;

  /** Makes a bot; with a known token or id gives that bot. */
  createAccount(options?: ViberAccountOptions): SandboxViberAccount;
  accounts(): SandboxViberAccount[];
  /** Makes a user, or changes one. */
  createUser(account: ViberAccountReference, user?: ViberUserOptions): SandboxViberUser;
  users(account: ViberAccountReference): SandboxViberUser[];
  /** Every call of this bot is refused with this status (7, 9, 15, 19, 24, …); 0 ends that. */
  refuseAll(account: ViberAccountReference, status: number): void;

  /** A user opens the conversation: `conversation_started`, whose answer may hold a welcome message. */
  userOpens(account: ViberAccountReference, userId: string, context?: string): void;
  userSubscribes(account: ViberAccountReference, userId: string): void;
  userUnsubscribes(account: ViberAccountReference, userId: string): void;
  /** A user writes, which subscribes him and opens a session. Gives the message's token. */
  userSends(account: ViberAccountReference, message: ViberUserMessage): string;
  /** A user taps the button with this text or `ActionBody`, on his keyboard or in the newest rich media. */
  userTaps(account: ViberAccountReference, tap: { from: string; button: string }): void;
  /** A user looks at the conversation: `seen` for every delivered message. */
  userLooks(account: ViberAccountReference, userId: string): void;
  /** The next messages to an offline user are delivered, and those that wait. */
  userComesOnline(account: ViberAccountReference, userId: string): void;

  /** The conversation with a user, oldest first. */
  messages(account: ViberAccountReference, userId: string): ViberConversationEntry[];
  /** Posts in the bot's channel, oldest first. */
  posts(account: ViberAccountReference): Readonly<Record<string, unknown>>[];
  /** Calls of the API, oldest first. */
  calls(): ViberCallRecord[];
  /** Attempts to deliver callbacks, oldest first. */
  callbacks(): ViberCallbackRecord[];
  /** Callbacks that are not delivered yet. */
  pendingCallbacks(): number;
  /** Resolves when no callback waits: all are delivered or given up. */
  settled(): Promise<void>;
  /** Forgets everything. */
  reset(): void;
}
