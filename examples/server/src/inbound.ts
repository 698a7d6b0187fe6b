import type { ChannelId } from './channels.ts';
import type { IncomingPost } from './feed.ts';

/** A file of a message, as its channel names it. */
export interface StoredMedia {
  readonly id: string;
  /** `image/jpeg`. */
  readonly type: string;
  readonly name?: string | undefined;
  /** What the channel said the bytes' hash is. */
  readonly sha256?: string | undefined;
}

/** Who wrote. */
export interface InboundContact {
  readonly id: string;
  readonly name: string;
  readonly username: string | undefined;
  /** Digits, where the channel tells it. */
  readonly phone?: string | undefined;
}

/** A message from outside, the same for every channel. */
export interface InboundMessage {
  readonly channel: ChannelId;
  /** Which of our bots or numbers got it. */
  readonly account: string;
  /** The chat's id at the provider. */
  readonly chatId: string;
  readonly title: string;
  /** One person's own chat, where an automatic answer disturbs nobody else. */
  readonly isPrivate: boolean;
  /** `undefined` where a channel speaks, not a person. */
  readonly contact: InboundContact | undefined;
  /** The provider's word for what it is: `text`, `photo`, `callback_query`. */
  readonly kind: string;
  readonly text: string;
  readonly media?: StoredMedia | undefined;
  readonly externalId: string;
  /** Epoch milliseconds. */
  readonly sentAt: number;
}

/** What a provider told of one of our messages. */
export interface Receipt {
  readonly channel: ChannelId;
  readonly account: string;
  readonly chatId: string;
  /** The message's id at the provider. */
  readonly externalId: string;
  /** Our own name of the message, where the provider gives it back. */
  readonly outboxId?: string | undefined;
  readonly state: 'sent' | 'delivered' | 'seen' | 'failed';
  /** Why it failed. */
  readonly reason?: string | undefined;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What an update means for the conversations, the people and the feed. */
export type InboundEvent =
  | { readonly type: 'message'; readonly message: InboundMessage }
  /** A new text of an old message; without text and kind `revoked` it was taken back. */
  | { readonly type: 'edit'; readonly message: InboundMessage }
  | { readonly type: 'receipt'; readonly receipt: Receipt }
  | {
      readonly type: 'reachable';
      readonly channel: ChannelId;
      readonly userId: string;
      readonly isReachable: boolean;
    }
  /** What SendPulse told of an address. */
  | {
      readonly type: 'mailing';
      readonly address: string;
      readonly state: 'bounced' | 'unsubscribed' | 'subscribed';
      /** Epoch milliseconds. */
      readonly at: number;
    }
  /** The person has another id now. */
  | {
      readonly type: 'renamed';
      readonly channel: ChannelId;
      readonly account: string;
      readonly from: string;
      readonly to: string;
    }
  /** A post of a followed channel, or its newer text. */
  | { readonly type: 'post'; readonly post: IncomingPost }
  | {
      readonly type: 'posts_deleted';
      readonly channelId: string;
      readonly messageIds: readonly number[];
    };
