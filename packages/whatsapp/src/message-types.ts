import type { Interactive } from './interactive-types.ts';
import type { Template } from './template-types.ts';

/** A file: uploaded before (`id`), or on the web (`link`), where Meta fetches it. */
export type MediaReference = { id: string; link?: never } | { link: string; id?: never };

/** A contact card. */
export interface ContactCard {
  name: {
    formatted_name: string;
    first_name?: string;
    last_name?: string;
    middle_name?: string;
    prefix?: string;
    suffix?: string;
  };
  phones?: readonly { phone?: string; wa_id?: string; type?: string }[];
  emails?: readonly { email?: string; type?: string }[];
  urls?: readonly { url?: string; type?: string }[];
  addresses?: readonly {
    street?: string;
    city?: string;
    state?: string;
    zip?: string;
    country?: string;
    country_code?: string;
    type?: string;
  }[];
  org?: { company?: string; department?: string; title?: string };
  /** `YYYY-MM-DD` */
  birthday?: string;
}

/** What each type of message holds, under the name of its type. */
export interface MessageContents {
  text: { body: string; preview_url?: boolean };
  image: MediaReference & { caption?: string };
  video: MediaReference & { caption?: string };
  document: MediaReference & { caption?: string; filename?: string };
  /** `voice: true` for a voice note: OGG with the Opus codec. */
  audio: MediaReference & { voice?: boolean };
  sticker: MediaReference;
  location: { latitude: number | string; longitude: number | string; name?: string; address?: string };
  contacts: readonly ContactCard[];
  /** An empty `emoji` removes the reaction. */
  reaction: { message_id: string; emoji: string };
  interactive: Interactive;
  template: Template;
  /** Pins a message in a group. */
  pin: { type: 'pin' | 'unpin'; message_id: string; expiration_days?: number };
}

/** The type of a message that can be sent. */
export type MessageType = keyof MessageContents;

/** Who gets the message, and what goes with every type. */
export interface MessageEnvelope {
  /** A phone number with its country code: digits, `+` is allowed. Or the id of a group. */
  to?: string;
  /** The customer's business-scoped user id, `UA.13491208655302741918`. If `to` is given too, `to` counts. */
  recipient?: string;
  /** @default 'individual' */
  recipient_type?: 'individual' | 'group';
  /** The message that this one answers. */
  context?: { message_id: string };
  /** Comes back in every status of the message. */
  biz_opaque_callback_data?: string;
  /** Sends only if the customer is still who they were. */
  recipient_identity_key_hash?: string;
}

/** A message to send, in Meta's own spelling: `{ to, type: 'text', text: { body } }`. */
export type OutgoingMessage = {
  [Type in MessageType]: MessageEnvelope & { type: Type } & Record<Type, MessageContents[Type]>;
}[MessageType];

/** A template to send by `sendMarketing`. */
export type MarketingMessage = Extract<OutgoingMessage, { type: 'template' }> & {
  /** May Meta send it as a usual message where it cannot as a marketing message? @default Meta's: `CLOUD_API_FALLBACK` */
  product_policy?: 'CLOUD_API_FALLBACK' | 'STRICT';
  /** Shares what customers do with the message, for Meta's optimisation. */
  message_activity_sharing?: boolean;
};

/** What Meta answered: the message is accepted, not delivered. What becomes of it comes as statuses by webhook. */
export interface SentMessage {
  /** `wamid.…`: statuses and replies name it. */
  id: string;
  /** `held_for_quality_assessment` and `paused` are of templates. */
  status: 'accepted' | 'held_for_quality_assessment' | 'paused' | (string & {});
  /** The recipient as WhatsApp knows them. */
  contact: { wa_id?: string; user_id?: string } | undefined;
  /** Meta's id of the request, for its support. */
  requestId: string | undefined;
  attempts: number;
}
