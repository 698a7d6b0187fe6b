import type { CartieError } from '@cartie/core';
import type { actionSources, customerSegments, messagingChannels, standardEvents } from './limits.ts';

type Maybe<T> = T | null | undefined;
type OneOrMany = Maybe<string | number | readonly Maybe<string | number>[]>;

/** Where an event happened. */
export type ActionSource = (typeof actionSources)[number];

/** Events that Meta knows; any other name is a custom event. */
export type StandardEvent = (typeof standardEvents)[number];

/**
 * What is known about a person, as an app has it or by Meta's own keys. What has to be hashed is normalised and hashed here;
 * what already is a SHA-256 in hex stays as it is. `null`, `undefined` and `''` count as absent.
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/customer-information-parameters
 */
export interface UserData {
  email?: OneOrMany;
  em?: OneOrMany;
  /** With a country code, or of the person's `country`, or of the client's `defaultCountry`. */
  phone?: OneOrMany;
  ph?: OneOrMany;
  firstName?: OneOrMany;
  fn?: OneOrMany;
  lastName?: OneOrMany;
  ln?: OneOrMany;
  /** A `Date` (its UTC day), `1997-02-16`, `16.02.1997`, `2/16/1997` or `19970216`. */
  dateOfBirth?: OneOrMany | Date;
  db?: OneOrMany | Date;
  gender?: OneOrMany;
  ge?: OneOrMany;
  city?: OneOrMany;
  ct?: OneOrMany;
  state?: OneOrMany;
  st?: OneOrMany;
  zip?: OneOrMany;
  zp?: OneOrMany;
  /** Two or three letters, or a name in English, Ukrainian or Russian. */
  country?: OneOrMany;
  /** Your own id of the person, the same on every channel. */
  externalId?: OneOrMany;
  external_id?: OneOrMany;
  /** Never hashed. */
  clientIpAddress?: Maybe<string>;
  client_ip_address?: Maybe<string>;
  clientUserAgent?: Maybe<string>;
  client_user_agent?: Maybe<string>;
  fbc?: Maybe<string>;
  fbp?: Maybe<string>;
  subscriptionId?: Maybe<string | number>;
  subscription_id?: Maybe<string | number>;
  fbLoginId?: Maybe<string | number>;
  fb_login_id?: Maybe<string | number>;
  /** Of a Meta lead ad: 15 to 17 digits. */
  leadId?: Maybe<string | number>;
  lead_id?: Maybe<string | number>;
  anonId?: Maybe<string>;
  anon_id?: Maybe<string>;
  madid?: Maybe<string>;
  pageId?: Maybe<string | number>;
  page_id?: Maybe<string | number>;
  pageScopedUserId?: Maybe<string | number>;
  page_scoped_user_id?: Maybe<string | number>;
  igAccountId?: Maybe<string | number>;
  ig_account_id?: Maybe<string | number>;
  igSid?: Maybe<string | number>;
  ig_sid?: Maybe<string | number>;
  /** `referral.ctwa_clid` of the first WhatsApp message after a click on an ad. */
  ctwaClid?: Maybe<string>;
  ctwa_clid?: Maybe<string>;
  whatsappBusinessAccountId?: Maybe<string | number>;
  whatsapp_business_account_id?: Maybe<string | number>;
  partner_id?: Maybe<string>;
  partner_name?: Maybe<string>;
  app_user_id?: OneOrMany;
  f5first?: OneOrMany;
  f5last?: OneOrMany;
  fi?: OneOrMany;
  dobd?: OneOrMany;
  dobm?: OneOrMany;
  doby?: OneOrMany;
}

/** A line of a purchase or cart. */
export interface Content {
  id: string | number;
  quantity?: Maybe<number>;
  item_price?: Maybe<number>;
  title?: Maybe<string>;
  description?: Maybe<string>;
  brand?: Maybe<string>;
  category?: Maybe<string>;
  delivery_category?: Maybe<'in_store' | 'curbside' | 'home_delivery'>;
}

/**
 * What happened; properties of your own may be added. E-mail addresses and phone numbers found here are removed.
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/custom-data
 */
export interface CustomData {
  /** Required for `Purchase`; 0 is a value. */
  value?: Maybe<number | string>;
  /** ISO 4217. Required for `Purchase`. */
  currency?: Maybe<string>;
  net_revenue?: Maybe<number | string>;
  predicted_ltv?: Maybe<number | string>;
  content_name?: Maybe<string>;
  content_category?: Maybe<string>;
  content_type?: Maybe<string>;
  content_ids?: Maybe<readonly (string | number)[]>;
  contents?: Maybe<readonly Content[]>;
  order_id?: Maybe<string | number>;
  num_items?: Maybe<number>;
  search_string?: Maybe<string>;
  status?: Maybe<string>;
  item_number?: Maybe<string>;
  delivery_category?: Maybe<'in_store' | 'curbside' | 'home_delivery'>;
  [property: string]: unknown;
}

/**
 * The device and app of an app event.
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/app-data
 */
export interface AppData {
  advertiser_tracking_enabled: boolean | 0 | 1;
  application_tracking_enabled?: Maybe<boolean | 0 | 1>;
  /** 16 values: platform (`a2` or `i2`), package, versions, OS version, …; `''` for what is not known. */
  extinfo: readonly (string | number)[];
  campaign_ids?: Maybe<string>;
  consider_views?: Maybe<boolean>;
  include_dwell_data?: Maybe<boolean>;
  include_video_data?: Maybe<boolean>;
  install_referrer?: Maybe<string>;
  installer_package?: Maybe<string>;
  receipt_data?: Maybe<string>;
  url_schemes?: Maybe<readonly string[]>;
  vendor_id?: Maybe<string>;
  windows_attribution_id?: Maybe<string>;
}

/**
 * One event.
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/server-event
 */
export interface MetaEvent {
  event_name: StandardEvent | (string & {});
  /** When it happened: a `Date` or Unix time in seconds (milliseconds are understood too). @default now */
  event_time?: Maybe<number | Date>;
  /** With `event_name` the key by which Meta knows a repetition; the browser's `eventID`. @default a random UUID */
  event_id?: Maybe<string>;
  action_source: ActionSource;
  user_data: UserData;
  custom_data?: Maybe<CustomData>;
  app_data?: Maybe<AppData>;
  event_source_url?: Maybe<string>;
  referrer_url?: Maybe<string>;
  opt_out?: Maybe<boolean>;
  customer_segmentation?: Maybe<(typeof customerSegments)[number]>;
  /** `['LDU']` limits the use of the data, `[]` says that nothing is limited. */
  data_processing_options?: Maybe<readonly 'LDU'[]>;
  data_processing_options_country?: Maybe<0 | 1>;
  data_processing_options_state?: Maybe<number>;
  /** The event that a delayed one belongs to. */
  original_event_data?: Maybe<{
    event_name?: Maybe<string>;
    event_time?: Maybe<number | Date>;
    order_id?: Maybe<string>;
    event_id?: Maybe<string>;
  }>;
  attribution_data?: Maybe<Readonly<Record<string, unknown>>>;
  messaging_channel?: Maybe<(typeof messagingChannels)[number]>;
  messaging_outcome_data?: Maybe<{ outcome_type: 'automatic_events' }>;
  advanced_measurement_table?: Maybe<string>;
  advertiser_tracking_enabled?: Maybe<boolean | 0 | 1>;
}

/** An event as it goes over the wire: Meta's keys, personal data hashed. Can be given to `send` again: it stays as it is. */
export interface WireEvent extends MetaEvent {
  event_time: number;
  event_id: string;
  user_data: UserData;
}

/** Something that was left out or looks wrong, though the event can be sent. Holds no value. */
export interface EventWarning {
  /** `user_data.phone` */
  field: string;
  message: string;
}

/** An event that is ready to be sent or stored. */
export interface PreparedEvent {
  event: WireEvent;
  warnings: readonly EventWarning[];
  /** Does Meta recognise a repetition by `event_id`? Not for messaging events: they are never repeated. */
  deduplicated: boolean;
  /** Meta does not take the event after this. Epoch milliseconds. */
  expiresAt: number;
}

interface ResultBase {
  /** The event's id, given or generated; `undefined` for an invalid event without one. */
  eventId: string | undefined;
  warnings: readonly EventWarning[];
}

/**
 * What became of one event:
 * - `accepted`: Meta has it.
 * - `invalid`: it breaks a rule and was not sent; `error.field` names the field.
 * - `rejected`: Meta refused this event; `error.provider` has code and subcode, `error.message` says it in plain words.
 * - `unknown`: it may have arrived. A messaging event is not to be sent again.
 * - `unsent`: it certainly has not arrived, and not because of itself (outage, limit, token): send it again later.
 */
export type EventResult =
  | (ResultBase & { status: 'accepted'; eventId: string; traceId: string | undefined })
  | (ResultBase & { status: 'invalid'; error: CartieError })
  | (ResultBase & { status: 'rejected' | 'unknown' | 'unsent'; eventId: string; error: CartieError });
