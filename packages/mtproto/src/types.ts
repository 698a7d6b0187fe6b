import type { TlObject } from './tl.ts';

/**
 * Names a chat: its id, marked as in the Bot API (a user's own id, a group's negative, a channel's with `-100` before
 * it); `@name`, `name`, `https://t.me/name`; or `me`.
 */
export type ChatLike = bigint | string;

/** What a chat is. Supergroups are `channel`s in Telegram's schema; `isBroadcast` tells them apart. */
export interface MtprotoChat {
  /** Marked as in the Bot API. */
  readonly id: bigint;
  readonly type: 'user' | 'group' | 'channel';
  /** The title, or a person's name. */
  readonly title: string;
  readonly username?: string | undefined;
  /** Only administrators post. */
  readonly isBroadcast: boolean;
  /** Is the account in it? */
  readonly isMember: boolean;
  /** As Telegram sent it. */
  readonly raw: TlObject;
}

/** A file of a message. */
export interface MtprotoMedia {
  readonly kind: 'photo' | 'document';
  /** Bytes, where Telegram tells. */
  readonly size?: number | undefined;
  readonly mimeType?: string | undefined;
  readonly fileName?: string | undefined;
}

/** A message. */
export interface MtprotoMessage {
  /** Unique in its chat; in private chats and basic groups, over all of the account's. */
  readonly id: number;
  readonly chatId: bigint;
  /** Who wrote it, where that is told. Marked as in the Bot API. */
  readonly senderId?: bigint | undefined;
  /** Epoch milliseconds. */
  readonly date: number;
  /** Epoch milliseconds. */
  readonly editDate?: number | undefined;
  /** Text or caption. */
  readonly text: string;
  /** The account wrote it itself, here or elsewhere. */
  readonly isOutgoing: boolean;
  /** No message but something that happened: somebody joined, a photo changed. */
  readonly isService: boolean;
  readonly replyToId?: number | undefined;
  /** Messages of one album share it. */
  readonly groupedId?: bigint | undefined;
  readonly views?: number | undefined;
  readonly media?: MtprotoMedia | undefined;
  /** As Telegram sent it. */
  readonly raw: TlObject;
}

interface EventOfChat {
  /** The account's name. */
  readonly account: string;
  /** The same event has the same id whenever it comes: deduplicate by it. */
  readonly id: string;
  /** Events with the same key are handled in order, one at a time. */
  readonly orderKey: string;
  /** `live`: as it happened; `back_fill`: it happened while nobody listened, and was fetched. */
  readonly origin: 'live' | 'back_fill';
}

/** What happened in a chat. */
export type MtprotoEvent =
  | (EventOfChat & { readonly kind: 'message'; readonly chatId: bigint; readonly message: MtprotoMessage })
  | (EventOfChat & {
      readonly kind: 'edited_message';
      readonly chatId: bigint;
      readonly message: MtprotoMessage;
    })
  | (EventOfChat & {
      readonly kind: 'deleted_messages';
      /** Telegram does not tell it for private chats and basic groups; there it is known only for messages that passed lately. */
      readonly chatId: bigint | undefined;
      readonly messageIds: readonly number[];
    });

/** How an account is. */
export interface MtprotoState {
  /**
   * `connecting`: at it. `ready`: connected, logged in, live. `waiting`: will try again by itself. `login_required`: a
   * person must log in. `stopped`: by us. `failed`: nothing will help but a person's decision.
   */
  readonly name: 'connecting' | 'ready' | 'waiting' | 'login_required' | 'stopped' | 'failed';
  readonly reason?: MtprotoStateReason | undefined;
  /** Epoch milliseconds. */
  readonly since: number;
  /** When it is tried again. Epoch milliseconds. */
  readonly retryAt?: number | undefined;
}

/** Why an account is in its state. */
export type MtprotoStateReason =
  // waiting
  | 'owned_elsewhere' // another process has it
  | 'capacity' // this process has `maxAccounts`
  | 'connection' // no connection; backing off
  | 'flood' // Telegram asked for patience
  | 'storage' // the store fails
  | 'lease' // the lease could not be renewed in time
  // login_required
  | 'no_session'
  | 'session_lost'
  | 'session_duplicated'
  | 'key_unknown'
  | 'login_pending' // a login has begun
  // stopped
  | 'stopped'
  | 'removed'
  // failed
  | 'account_banned'
  | 'account_deleted'
  | 'api_refused'
  | 'api_missing' // neither it nor the hub has an api id and hash
  | 'session_unreadable'; // it can not be decrypted or is not ours

/** An account came into another state. */
export interface MtprotoStateChange {
  readonly account: string;
  readonly state: MtprotoState;
  readonly previous: MtprotoState;
}

/** Who an account is. */
export interface MtprotoUser {
  readonly id: bigint;
  readonly firstName: string;
  readonly lastName?: string | undefined;
  readonly username?: string | undefined;
}

/** Where a login stands: plain data, for a page to show. */
export type LoginStep =
  /** None has begun. */
  | { readonly step: 'none' }
  | {
      readonly step: 'code';
      /** How the code goes to the person: `app`, `sms`, `call`, … */
      readonly via: string;
      readonly codeLength?: number | undefined;
      /** How a further code would go, if there is a way: `resendCode()`. */
      readonly nextVia?: string | undefined;
      /** When `resendCode()` may be called. Epoch milliseconds. */
      readonly resendAt?: number | undefined;
    }
  | { readonly step: 'password'; readonly hint?: string | undefined }
  | {
      readonly step: 'qr';
      /** What the QR code says: `tg://login?token=…`. Whoever has it can log in: show it to the person only. */
      readonly url: string;
      /** After this `current()` gives a new one. Epoch milliseconds. */
      readonly expiresAt: number;
    }
  | { readonly step: 'done'; readonly user: MtprotoUser };
