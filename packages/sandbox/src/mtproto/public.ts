import type { ConnectionLog } from './records/connection-log.ts';
import type { RequestLog } from './records/request-log.ts';
import type { DcFaults } from './session/faults.ts';

/** Options of `startTestDc`. */
export interface TestDcOptions {
  /** Where the main DC listens; further DCs take the next loopback addresses (`127.0.0.2`, …) where the machine has them. @default '127.0.0.1' */
  host?: string | undefined;
  /** Port of every DC; 0 takes a free one. @default 0 */
  port?: number | undefined;
  /** Numbers of the DCs; the first is the main one, where accounts live unless told otherwise. @default [2] */
  dcs?: readonly number[] | undefined;
  /** Scales the DC's own waits: validity of QR tokens and codes, flood windows, life of salts. 0.01 makes a minute 0.6 s. @default 1 */
  timeScale?: number | undefined;
  /** Requests, connections and updates that are remembered, each; the oldest go first. @default 100000 */
  history?: number | undefined;
  /** TL schemas to speak beside those of the installed `telegram` and `@mtcute/core`. @default none */
  schemas?: readonly SchemaText[] | undefined;
  /** The key pair as PEM (PKCS#1 or PKCS#8, RSA 2048), to keep it over restarts. @default a new one */
  privateKeyPem?: string | undefined;
  /**
   * Keeps the state over restarts of the process in this file (JSON, mode 0600), so that clients stay logged in and read on: the key pair, the clients' keys,
   * accounts, chats, messages with their files, `pts` and the events behind it, and the port, which is taken again where it is free (`port` 0).
   * It is written 0.2 s after a change and by `close`; logins under way, faults and the records of requests and connections are not in it.
   * One DC to a file. `startTestDc` throws where it cannot be read or is of another version; its folder is made.
   * @default none: the state ends with the process
   */
  stateFile?: string | undefined;
}

/** A layer of the API: TL text, as in Telegram's `api.tl`. */
export interface SchemaText {
  readonly layer: number;
  readonly text: string;
}

/** Where a DC listens. */
export interface DcAddress {
  readonly dcId: number;
  readonly host: string;
  readonly port: number;
}

/** The DC's RSA key, for clients to know it by. */
export interface DcPublicKey {
  /** PKCS#1, as mtcute and Telethon take it. */
  readonly pem: string;
  /** Signed 64 bits: the low half of SHA-1 of the key, as in `resPQ`. */
  readonly fingerprint: bigint;
  /** Hexadecimal. */
  readonly modulus: string;
  readonly exponent: number;
}

/** What to make an account with. */
export interface AccountOptions {
  /** Digits, with or without `+`. @default the next free one */
  phone?: string | undefined;
  /** Two-step verification is on with this password. @default off */
  password?: string | undefined;
  firstName?: string | undefined;
  lastName?: string | undefined;
  username?: string | undefined;
  /** The DC where it lives; elsewhere its login answers `PHONE_MIGRATE_X`. @default the main DC */
  dcId?: number | undefined;
}

/** An account of the simulated Telegram. */
export interface TestDcAccount {
  readonly id: number;
  /** Digits only. */
  readonly phone: string;
  readonly firstName: string;
  readonly username: string | undefined;
  readonly dcId: number;
}

/** An authorization that needs no handshake and no login: what a client's session is built from. */
export interface ProvisionedKey extends DcAddress {
  readonly account: TestDcAccount;
  /** 256 bytes. */
  readonly authKey: Buffer;
  /** The key's name in {@link TestDc.requests} and {@link TestDc.connections}: 16 hexadecimal digits. */
  readonly keyId: string;
}

/** A file in a message. */
export interface MediaInput {
  /** A photo has no name; a document's decides nothing but what clients show. @default 'photo' when there is no name */
  kind?: 'photo' | 'document' | undefined;
  bytes: Uint8Array;
  name?: string | undefined;
  mimeType?: string | undefined;
  /** The DC that has it; elsewhere `upload.getFile` answers `FILE_MIGRATE_X`. @default the main DC */
  dcId?: number | undefined;
}

/** What to write. */
export interface MessageInput {
  text?: string | undefined;
  media?: MediaInput | undefined;
  /** Who writes: an account in a group, supergroup or private chat. @default the channel; in groups the first member */
  from?: TestDcAccount | undefined;
  /** Messages with the same id are one album. */
  groupedId?: bigint | undefined;
  replyTo?: number | undefined;
  /** Epoch seconds. @default now */
  date?: number | undefined;
  /** Nobody is told: it is there for the history alone, and takes no `pts`. @default false */
  silent?: boolean | undefined;
}

/** A message as the DC keeps it. */
export interface TestDcMessage {
  /** In channels and supergroups the same for everybody; in groups and private chats the number of the account that wrote. */
  readonly id: number;
  readonly text: string;
  /** Epoch seconds. */
  readonly date: number;
  readonly editDate: number | undefined;
  readonly from: TestDcAccount | undefined;
  readonly media: 'photo' | 'document' | undefined;
  /** The number this account sees; undefined where it has no such message. */
  idFor(account: TestDcAccount): number | undefined;
}

/** A channel, supergroup, group or private chat. What is done here reaches clients as updates. */
export interface TestDcChat {
  readonly kind: 'channel' | 'supergroup' | 'group' | 'private';
  /** As in TL: a channel's 1900000001 is Bot API's -1001900000001. A private chat has the smaller id of the two. */
  readonly id: number;
  readonly accessHash: bigint;
  readonly title: string;
  readonly username: string | undefined;
  /** The address by which anybody can join a channel or supergroup, also a private one: `https://t.me/+…`. Undefined elsewhere. */
  readonly invitation: string | undefined;
  /** `pts` of a channel or supergroup; 0 elsewhere. */
  readonly pts: number;
  post(message: MessageInput | string): TestDcMessage;
  /** Posts `count` messages as {@link MessageInput.silent} would, a minute apart, the last a minute ago: a long history at once. */
  fill(count: number, text?: (index: number) => string): void;
  edit(id: number, change: { text?: string | undefined; media?: MediaInput | undefined }): TestDcMessage;
  delete(ids: number | readonly number[]): void;
  /** Oldest first, without the deleted. */
  messages(): TestDcMessage[];
  addMember(account: TestDcAccount): void;
  removeMember(account: TestDcAccount): void;
  /** Bans: calls answer `CHANNEL_PRIVATE`, and the client is told by `updateChannel`. */
  ban(account: TestDcAccount): void;
  members(): TestDcAccount[];
}

/** What to make a channel with. */
export interface ChannelOptions {
  title?: string | undefined;
  /** Makes it public. @default none: private */
  username?: string | undefined;
  /** @default 'channel' */
  kind?: 'channel' | 'supergroup' | undefined;
  /** Members from the start. @default none */
  members?: readonly TestDcAccount[] | undefined;
  /** Members that may post and change what others posted. @default none: posts come from the control API alone */
  admins?: readonly TestDcAccount[] | undefined;
}

/** The test DC. `await using dc = await startTestDc()` closes it at the end of the block. */
export interface TestDc extends AsyncDisposable {
  /** The main DC's. */
  readonly host: string;
  readonly port: number;
  readonly dcId: number;
  /** All of them, the main one first; `help.getConfig` tells clients the same. */
  readonly dcs: readonly DcAddress[];
  readonly publicKey: DcPublicKey;
  /** Layers that can be spoken, highest first. */
  readonly layers: readonly number[];

  addAccount(options?: AccountOptions): TestDcAccount;
  accounts(): TestDcAccount[];
  /** Changes or removes the password for logins to come. */
  setPassword(account: TestDcAccount, password: string | undefined): void;
  /** The login code last sent to this number; undefined before the first. */
  lastCode(phone: string): string | undefined;
  /** The code sent to this number is out of date from now on: `PHONE_CODE_EXPIRED`. */
  expireCode(phone: string): void;
  /** Scans a QR code with this account's phone: a `tg://login?token=…` address, or the token (base64url or bytes). */
  acceptQr(token: string | Uint8Array, account: TestDcAccount): void;
  /** The `tg://login?token=…` address of the newest QR code that a client shows and nobody has scanned; undefined without one. */
  newestQr(): string | undefined;
  /** An authorization without handshake and login. @default the account's DC */
  provisionKey(account: TestDcAccount, options?: { dcId?: number | undefined }): ProvisionedKey;

  createChannel(options?: ChannelOptions): TestDcChat;
  /** Channels and supergroups, in the order in which they were made. */
  channels(): TestDcChat[];
  /** A basic group. */
  createGroup(options: { title?: string | undefined; members: readonly TestDcAccount[] }): TestDcChat;
  /** The conversation of two accounts. */
  privateChat(one: TestDcAccount, other: TestDcAccount): TestDcChat;

  readonly faults: DcFaults;
  /** What was called. */
  readonly requests: RequestLog;
  /** Who connected, and what they wrote. */
  readonly connections: ConnectionLog;

  /** Closes open connections, all or those of this account; gives how many. */
  drop(account?: TestDcAccount): number;
  /** Ends the account's authorizations: calls answer 401 `SESSION_REVOKED`, then `AUTH_KEY_UNREGISTERED`; connections stay. */
  revoke(account: TestDcAccount): void;
  /** Forgets the account's keys: any packet is answered by transport error -404. @param options.dcId only those of this DC */
  forgetKeys(account: TestDcAccount, options?: { dcId?: number | undefined }): void;
  /** Every key gets a new salt, the old one is refused (`bad_server_salt`). */
  rotateSalts(): void;
  /** Sends the last pushed packet again, byte by byte the same: a replay that a client has to drop. Gives how many connections got it. */
  replayLast(account: TestDcAccount): number;
  /** Pushes a TL object as it is, of the client's layer: `updatesTooLong`, …; or these bytes, whatever they say. */
  pushRaw(
    account: TestDcAccount,
    update: { readonly _: string; readonly [field: string]: unknown } | Uint8Array,
  ): void;
  /** The DC's clock runs ahead (or behind, negative) by this much from now on. */
  setClockSkew(ms: number): void;
  /** Forgets accounts, chats, keys, faults and requests, and closes all connections. The addresses and the public key stay. */
  reset(): void;
  /** Stops listening and closes all connections: the DC is down. State stays. */
  suspend(): Promise<void>;
  /** Listens again, at the same addresses. */
  resume(): Promise<void>;
  close(): Promise<void>;
}
