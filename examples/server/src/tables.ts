import type { Generated, GeneratedAlways } from 'kysely';
import type { StoredMedia } from './inbound.ts';

/** Where a message is: `received` came in; the others follow the outbox. */
export type MessageState = 'received' | 'queued' | 'sent' | 'failed' | 'in_doubt';

/** Where an event for Meta is: `waiting` for Meta, taken (`sent`), `refused` or expired, or nobody knows. */
export type EventState = 'waiting' | 'sent' | 'refused' | 'in_doubt';

/** What Meta matches a visitor by. */
export interface Visitor {
  /** The click on an ad, and the browser: Meta's cookies. */
  readonly fbc?: string | undefined;
  readonly fbp?: string | undefined;
  readonly ipAddress?: string | undefined;
  readonly userAgent?: string | undefined;
  /** The page with the form, without its query. */
  readonly page?: string | undefined;
}

/** The server's own tables; see `migrations/`. The inbox, outbox and stores of @cartie/core have theirs beside them. */
export interface Tables {
  contacts: {
    id: GeneratedAlways<number>;
    channel: string;
    external_id: string;
    name: string;
    username: string | null;
    /** Digits, where the channel tells it. */
    phone: string | null;
    created_at: Generated<Date>;
    /** Since when the provider sends them nothing any more. */
    unreachable_at: Date | null;
    /** Where they are in `mailing_contacts`; '' without an address, null before it was looked at. */
    mailing_address: string | null;
  };
  conversations: {
    id: GeneratedAlways<number>;
    channel: string;
    /** Which of our bots or numbers. */
    account: string;
    /** The chat's id at the provider. */
    external_id: string;
    contact_id: number | null;
    title: string;
    last_text: string;
    last_direction: 'in' | 'out';
    last_message_at: Date;
    /** When the person wrote last: some channels take free text only for a time after it. */
    last_inbound_at: Date | null;
    unread: Generated<number>;
    /** Grows with every change, also of a message's state: what a live view compares. */
    version: Generated<number>;
    created_at: Generated<Date>;
  };
  messages: {
    id: GeneratedAlways<number>;
    conversation_id: number;
    direction: 'in' | 'out';
    /** The contact's name, `operator` or `auto-reply`. */
    author: string;
    /** The provider's word: `text`, `photo`, `callback_query`. */
    kind: string;
    text: string;
    media: StoredMedia | null;
    state: MessageState;
    /** Why it failed or is in doubt: an error's code. */
    reason: string | null;
    /** The message's id at the provider. */
    external_id: string | null;
    outbox_id: string | null;
    created_at: Generated<Date>;
    settled_at: Date | null;
    /** When the user's phone had it, and when he saw it, where the provider tells. */
    delivered_at: Date | null;
    seen_at: Date | null;
  };
  message_receipts: {
    conversation_id: number;
    external_id: string;
    outbox_id: string | null;
    state: 'sent' | 'delivered' | 'seen' | 'failed';
    reason: string | null;
    at: Date;
  };
  leads: {
    /** Made by the form: a repeated request is the same lead. */
    id: string;
    seq: GeneratedAlways<number>;
    source: 'form' | 'inbox';
    conversation_id: number | null;
    name: string;
    phone: string | null;
    email: string | null;
    message: Generated<string>;
    /** An id of `cars.ts`. */
    car: string | null;
    visitor: Generated<Visitor>;
    created_at: Generated<Date>;
    sold_at: Date | null;
    price: string | null;
    currency: string | null;
    /** As in `contacts`. */
    mailing_address: string | null;
  };
  mailing_contacts: {
    /** An e-mail in lower case, or else the digits of a phone. */
    address: string;
    name: string;
    email: string | null;
    phone: string | null;
    version: Generated<number>;
    state: 'waiting' | 'synced' | 'refused';
    reason: string | null;
    detail: string | null;
    created_at: Generated<Date>;
    synced_at: Date | null;
    bounced_at: Date | null;
    unsubscribed_at: Date | null;
  };
  meta_events: {
    /** The event's id at Meta, and the outbox row's. */
    id: string;
    seq: GeneratedAlways<number>;
    lead_id: string;
    name: string;
    state: EventState;
    reason: string | null;
    detail: string | null;
    created_at: Generated<Date>;
    settled_at: Date | null;
  };
  connectors: {
    /** The account's name in the hub. */
    id: string;
    label: string;
    created_at: Generated<Date>;
  };
  followed_channels: {
    connector_id: string;
    channel_id: string;
    title: string;
    username: string | null;
    created_at: Generated<Date>;
  };
  feed_posts: {
    channel_id: string;
    message_id: number;
    seq: GeneratedAlways<number>;
    text: string;
    make: string | null;
    model: string | null;
    year: number | null;
    price: string | null;
    currency: string | null;
    mileage_km: number | null;
    phones: string[];
    posted_at: Date;
    edited_at: Date | null;
    deleted_at: Date | null;
  };
  integration_errors: {
    id: GeneratedAlways<number>;
    /** The minute it first happened in: repeats within it are counted, not stored. */
    minute: Date;
    service: string;
    operation: string;
    code: string;
    /** The HTTP status, 0 where there was no answer. */
    status: number;
    count: Generated<number>;
    /** The provider's id of the last such request. */
    request_id: string | null;
    last_at: Date;
  };
}
