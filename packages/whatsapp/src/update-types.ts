import type { Update } from '@cartie/core';
import type { ContactCard } from './message-types.ts';

/** A failure that a webhook tells; `whatsAppFailure(error)` says what it means. */
export interface WebhookFailure {
  code: number;
  title?: string;
  message?: string;
  error_data?: { details?: string };
  href?: string;
}

/** A file of a message: `media.download(message.image)` fetches it, for 7 days. */
export interface InboundFile {
  id: string;
  mime_type?: string;
  sha256?: string;
  url?: string;
  caption?: string;
}

/** Where a click on an ad or post came from. */
export interface Referral {
  source_url?: string;
  source_id?: string;
  source_type?: string;
  body?: string;
  headline?: string;
  media_type?: string;
  image_url?: string;
  video_url?: string;
  thumbnail_url?: string;
  ctwa_clid?: string;
  welcome_message?: { text?: string };
}

/** What a customer's message holds, under the name of its type. */
export interface InboundContents {
  text: { body: string };
  image: InboundFile;
  video: InboundFile;
  audio: InboundFile & { voice?: boolean };
  document: InboundFile & { filename?: string };
  sticker: InboundFile & { animated?: boolean };
  location: { latitude: number; longitude: number; name?: string; address?: string; url?: string };
  contacts: ContactCard[];
  /** Without an emoji, or with an empty one, the reaction was removed. */
  reaction: { message_id: string; emoji?: string };
  interactive:
    | { type: 'button_reply'; button_reply: { id: string; title: string } }
    | { type: 'list_reply'; list_reply: { id: string; title: string; description?: string } }
    | { type: 'nfm_reply'; nfm_reply: { name?: string; body?: string; response_json: string } }
    | { type: 'call_permission_reply'; call_permission_reply: Readonly<Record<string, unknown>> };
  /** A tap on a template's quick reply. */
  button: { payload?: string; text: string };
  order: {
    catalog_id: string;
    text?: string;
    product_items: { product_retailer_id: string; quantity: number; item_price: number; currency: string }[];
  };
  system: { body?: string; type?: string; wa_id?: string; new_wa_id?: string; user_id?: string };
  unsupported: { type?: string } | undefined;
  request_welcome: undefined;
  edit: { original_message_id: string; message?: Readonly<Record<string, unknown>> };
  revoke: { original_message_id: string };
}

/** What every message of a customer has. `from` may be missing: a customer with a username has only `from_user_id`. */
export interface InboundEnvelope {
  id: string;
  /** Epoch seconds, as a string. */
  timestamp: string;
  from?: string;
  from_user_id?: string;
  from_parent_user_id?: string;
  group_id?: string;
  context?: {
    from?: string;
    id?: string;
    forwarded?: boolean;
    frequently_forwarded?: boolean;
    referred_product?: { catalog_id: string; product_retailer_id: string };
  };
  referral?: Referral;
  identity?: Readonly<Record<string, unknown>>;
  errors?: WebhookFailure[];
}

/** A message of a customer: `switch (message.type)`. Types that are newer than the package come as they are. */
export type InboundMessage = {
  [Type in keyof InboundContents]: InboundEnvelope & { type: Type } & (undefined extends InboundContents[Type]
      ? { [Name in Type]?: InboundContents[Type] }
      : { [Name in Type]: InboundContents[Type] });
}[keyof InboundContents];

/** What became of a message of ours. They may come in any order, `read` before `delivered`. */
export interface MessageStatus {
  /** The message's id, as `send` gave it. */
  id: string;
  status: 'sent' | 'delivered' | 'read' | 'played' | 'failed' | (string & {});
  timestamp: string;
  recipient_id?: string;
  recipient_user_id?: string;
  recipient_type?: string;
  recipient_participant_id?: string;
  biz_opaque_callback_data?: string;
  conversation?: { id: string; expiration_timestamp?: string; origin?: { type: string } };
  pricing?: { billable?: boolean; pricing_model?: string; category?: string; type?: string };
  errors?: WebhookFailure[];
}

/** Who wrote. */
export interface WebhookContact {
  profile?: { name?: string; username?: string };
  wa_id?: string;
  user_id?: string;
  parent_user_id?: string;
}

interface Of<Kind extends string, Item> {
  kind: Kind;
  /** The WhatsApp Business account. */
  accountId: string;
  /** The webhook field that it came in. */
  field: string;
  /** Our number; missing for what is about the account. */
  phoneNumberId?: string;
  displayPhoneNumber?: string;
  contact?: WebhookContact;
  /** Epoch seconds of the entry, where Meta says it. */
  time?: number;
  data: Item;
}

/** Webhook fields whose updates have no type of their own here: `data` is the field's whole value. */
export type AccountField =
  | 'message_template_status_update'
  | 'message_template_quality_update'
  | 'message_template_components_update'
  | 'template_category_update'
  | 'phone_number_quality_update'
  | 'phone_number_name_update'
  | 'account_update'
  | 'account_alerts'
  | 'account_review_update'
  | 'business_capability_update'
  | 'security'
  | 'flows'
  | 'automatic_events'
  | 'payment_configuration_update'
  | 'partner_solutions';

/** A template was approved, rejected, paused, … */
export interface TemplateStatusUpdate {
  event: string;
  message_template_id: number | string;
  message_template_name: string;
  message_template_language: string;
  reason?: string;
  [more: string]: unknown;
}

/** One thing that a webhook told: `switch (payload.kind)`. */
export type WhatsAppUpdate =
  | Of<'message', InboundMessage>
  | Of<'status', MessageStatus>
  | Of<'error', WebhookFailure>
  | Of<'echo', InboundMessage & { to?: string }>
  | Of<
      'call',
      {
        id: string;
        event: 'connect' | 'terminate' | (string & {});
        from?: string;
        to?: string;
        timestamp?: string;
        [more: string]: unknown;
      }
    >
  | Of<
      'call_status',
      { id: string; status: string; timestamp?: string; recipient_id?: string; [more: string]: unknown }
    >
  | Of<
      'user_preference',
      {
        wa_id?: string;
        user_id?: string;
        category?: string;
        value?: 'stop' | 'resume' | 'signup' | (string & {});
        detail?: string;
        timestamp?: number | string;
        [more: string]: unknown;
      }
    >
  | Of<
      'user_id_update',
      { wa_id?: string; user_id?: unknown; timestamp?: number | string; [more: string]: unknown }
    >
  | Of<'group', Readonly<Record<string, unknown>>>
  | Of<'history', Readonly<Record<string, unknown>>>
  | Of<'contact_sync', Readonly<Record<string, unknown>>>
  | Of<'message_template_status_update', TemplateStatusUpdate>
  | Of<Exclude<AccountField, 'message_template_status_update'>, Readonly<Record<string, unknown>>>
  | Of<'unknown', Readonly<Record<string, unknown>>>;

/** An update as `onUpdate` gets it. */
export type WhatsAppWebhookUpdate = Update<WhatsAppUpdate>;
