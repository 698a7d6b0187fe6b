import type { ViberKeyboard, ViberRichMedia } from './keyboard-types.ts';

/** Whose name and picture a message shows. */
export interface ViberSender {
  /** At most 28 characters. */
  name: string;
  /** URL of a picture of at most 100 KB, 720×720 advised. */
  avatar?: string | undefined;
}

interface MessageBase {
  /** @default the client's `sender` */
  sender?: ViberSender | undefined;
  /** Comes back with the user's next message. At most 4,000 characters. */
  tracking_data?: string | undefined;
  /**
   * The oldest version of Viber's API that the user's app must speak to get this message.
   * @default the lowest that the message's own contents need
   */
  min_api_version?: number | undefined;
  keyboard?: ViberKeyboard | undefined;
}

/** At most 7,000 characters. */
export interface ViberTextMessage extends MessageBase {
  type: 'text';
  text: string;
}

/** A JPEG of at most 1 MB. */
export interface ViberPictureMessage extends MessageBase {
  type: 'picture';
  /** @default '' */
  text?: string | undefined;
  media: string;
  thumbnail?: string | undefined;
}

/** An MP4 with H.264. */
export interface ViberVideoMessage extends MessageBase {
  type: 'video';
  media: string;
  /** Bytes. */
  size: number;
  /** Seconds, at most 180. */
  duration?: number | undefined;
  thumbnail?: string | undefined;
}

/** Any file of at most 50 MB. */
export interface ViberFileMessage extends MessageBase {
  type: 'file';
  media: string;
  /** Bytes. */
  size: number;
  /** With its extension; at most 256 characters. */
  file_name: string;
}

/** A person's name (28 characters) and phone number (18). */
export interface ViberContactMessage extends MessageBase {
  type: 'contact';
  contact: { name: string; phone_number: string };
}

/** A place on the map. */
export interface ViberLocationMessage extends MessageBase {
  type: 'location';
  location: { lat: number; lon: number };
}

/** A link with a preview. */
export interface ViberUrlMessage extends MessageBase {
  type: 'url';
  media: string;
}

/** A sticker of Viber's own. */
export interface ViberStickerMessage extends MessageBase {
  type: 'sticker';
  sticker_id: number;
}

/** A carousel of cards. See `richMedia()`. */
export interface ViberRichMediaMessage extends MessageBase {
  type: 'rich_media';
  rich_media: ViberRichMedia;
  /** What apps without rich media show instead. */
  alt_text?: string | undefined;
}

/** Changes the keyboard and says nothing. */
export interface ViberKeyboardMessage extends MessageBase {
  type?: undefined;
  keyboard: ViberKeyboard;
}

/** A message without its receiver. @see https://developers.viber.com/docs/api/rest-bot-api/#message-types */
export type ViberMessage =
  | ViberTextMessage
  | ViberPictureMessage
  | ViberVideoMessage
  | ViberFileMessage
  | ViberContactMessage
  | ViberLocationMessage
  | ViberUrlMessage
  | ViberStickerMessage
  | ViberRichMediaMessage
  | ViberKeyboardMessage;

/** A message to one user. */
export type ViberSendMessage = ViberMessage & {
  /** The user's id, as a callback told it. Ids belong to one bot. */
  receiver: string;
};

/** A message to many. */
export type ViberBroadcast = ViberMessage & {
  /** Ids of subscribed users, as many as you like: they are split into requests of up to 300. */
  broadcast_list: readonly string[];
};

/** A post in a channel. */
export type ViberPost = ViberMessage & {
  /** The id of the channel's super admin. */
  from: string;
};

/** What every answer of Viber has. */
export interface ViberAnswer {
  status: number;
  status_message: string;
  chat_hostname?: string | undefined;
}

/** What became of a message. */
export interface ViberSent extends ViberAnswer {
  /** All digits of it, which a number could not hold. Callbacks name the message by it. */
  message_token: string;
  /** What the message costs; `billingOf()` puts it into words. */
  billing_status?: number | undefined;
}

/** What became of one receiver of a broadcast. `unknown`: Viber may have sent it. `unsent`: certainly not, try again. */
export type ViberBroadcastResult = {
  receiver: string;
  /** The token of the whole request, where Viber told it. */
  messageToken?: string | undefined;
} & (
  | { status: 'sent'; error?: undefined }
  | { status: 'failed' | 'unknown' | 'unsent'; error: import('@cartie/core').CartieError }
);

/** Options of {@link ViberWebhookSettings}: events that can be chosen; the others always come. */
export type ViberEventType =
  | 'delivered'
  | 'seen'
  | 'failed'
  | 'subscribed'
  | 'unsubscribed'
  | 'conversation_started';

/** What `setWebhook` sets. */
export interface ViberWebhookSettings {
  /** An https address with a certificate of a public authority. Viber calls it before it answers. */
  url: string;
  /** @default every event */
  event_types?: readonly ViberEventType[] | undefined;
  /** Do callbacks tell users' names? @default Viber's: no */
  send_name?: boolean | undefined;
  /** Do callbacks tell users' pictures? @default Viber's: no */
  send_photo?: boolean | undefined;
}

/** @see https://developers.viber.com/docs/api/rest-bot-api/#get-account-info */
export interface ViberAccountInfo extends ViberAnswer {
  /** `pa:…` */
  id: string;
  name: string;
  uri?: string | undefined;
  icon?: string | undefined;
  background?: string | undefined;
  category?: string | undefined;
  subcategory?: string | undefined;
  country?: string | undefined;
  location?: { lat: number; lon: number } | undefined;
  webhook?: string | undefined;
  event_types?: string[] | undefined;
  subscribers_count?: number | undefined;
  members?: { id: string; name: string; avatar?: string; role?: string }[] | undefined;
}

/** @see https://developers.viber.com/docs/api/rest-bot-api/#get-user-details */
export interface ViberUserDetails {
  id: string;
  name?: string | undefined;
  avatar?: string | undefined;
  country?: string | undefined;
  language?: string | undefined;
  primary_device_os?: string | undefined;
  api_version?: number | undefined;
  viber_version?: string | undefined;
  mcc?: number | undefined;
  mnc?: number | undefined;
  device_type?: string | undefined;
}

/** Is a user there? 0 online, 1 offline, 2 undisclosed, 3 try later, 4 unavailable (unsubscribed). */
export interface ViberOnline {
  id: string;
  online_status: number;
  online_status_message?: string | undefined;
  /** Epoch milliseconds. */
  last_online?: number | undefined;
}
