import { checkMessaging } from './check-messaging.ts';
import { checkUserData, hasValue } from './check-user-data.ts';
import { malformed } from './graph-failure.ts';
import { isRecord } from './graph-request.ts';
import type { SandboxDataset } from './public.ts';
import type { ServerEvent } from './records.ts';
import { refusal } from './refusals.ts';

/** Where an event happened. */
const actionSources = [
  'email',
  'website',
  'app',
  'phone_call',
  'chat',
  'physical_store',
  'system_generated',
  'business_messaging',
  'other',
];

const segments = [
  'new_customer_to_business',
  'new_customer_to_business_line',
  'new_customer_to_product_area',
  'new_customer_to_medium',
  'existing_customer_to_business',
  'existing_customer_to_business_line',
  'existing_customer_to_product_area',
  'existing_customer_to_medium',
  'customer_in_loyalty_program',
];

const daySeconds = 86_400;
/** How old an event may be, in seconds; of a physical store it may be older. */
const maxAge = { usual: 7 * daySeconds, physical_store: 62 * daySeconds } as const;
/** Clocks differ by this many seconds; what lies further in the future is refused. */
const maxSkew = 60;

/** What the checks of one event need. */
export interface EventContext {
  readonly dataset: SandboxDataset;
  readonly index: number;
  /** Epoch seconds. */
  readonly now: number;
  /** Whose ad was clicked, by `ctwa_clid`: the id of the dataset. */
  readonly clicks: ReadonlyMap<string, { readonly datasetId: string; readonly at: number }>;
}

/**
 * Throws for the first thing that Meta would refuse.
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/server-event
 */
export function checkEvent(event: ServerEvent, context: EventContext): void {
  const { index } = context;
  if (typeof event.event_name !== 'string' || event.event_name === '') {
    throw missing('event_name', index);
  }
  if (event.event_id !== undefined && typeof event.event_id !== 'string') {
    throw mistyped('event_id', 'a string', index);
  }
  checkTime(event, context);
  if (typeof event.action_source !== 'string') throw missing('action_source', index);
  if (!actionSources.includes(event.action_source)) {
    throw mistyped('action_source', `one of {${actionSources.join(', ')}}`, index);
  }
  if (!isRecord(event.user_data)) throw missing('user_data', index);
  if (event.custom_data !== undefined && !isRecord(event.custom_data)) {
    throw mistyped('custom_data', 'an object', index);
  }
  if (event.opt_out !== undefined && typeof event.opt_out !== 'boolean') {
    throw mistyped('opt_out', 'a boolean', index);
  }
  if (event.customer_segmentation !== undefined && !segments.includes(String(event.customer_segmentation))) {
    throw mistyped('customer_segmentation', `one of {${segments.join(', ')}}`, index);
  }
  if (event.action_source === 'business_messaging') checkMessaging(event, event.user_data, context);
  else {
    checkUserData(event.user_data, index);
    if (event.user_data.whatsapp_business_account_id !== undefined) {
      throw refusal('accountUnexpected', index, 'user_data.whatsapp_business_account_id');
    }
    checkPurchase(event, index);
  }
  if (event.action_source === 'app') checkApp(event, index);
  checkProcessing(event, event.user_data, index);
}

function checkTime(event: ServerEvent, { index, now }: EventContext): void {
  if (event.event_time === undefined) throw missing('event_time', index);
  const time = Number(event.event_time);
  if (!Number.isInteger(time) || time < 0) throw mistyped('event_time', 'a Unix timestamp in seconds', index);
  const limit = event.action_source === 'physical_store' ? maxAge.physical_store : maxAge.usual;
  if (now - time > limit) throw refusal('tooOld', index, 'event_time');
  if (time - now > maxSkew) throw mistyped('event_time', 'no time in the future', index);
}

function checkPurchase(event: ServerEvent, index: number): void {
  const { value, currency } = (event.custom_data ?? {}) as Record<string, unknown>;
  if (value !== undefined && !isNumeric(value)) throw mistyped('custom_data[value]', 'a number', index);
  if (currency !== undefined && !/^[a-z]{3}$/i.test(String(currency))) {
    throw mistyped('custom_data[currency]', 'an ISO 4217 code', index);
  }
  if (event.event_name !== 'Purchase') return;
  if (value === undefined) throw refusal('valueMissing', index, 'custom_data.value');
  if (currency === undefined) throw refusal('currencyMissing', index, 'custom_data.currency');
}

function checkApp(event: ServerEvent, index: number): void {
  const { app_data: app } = event;
  if (!isRecord(app)) throw missing('app_data', index);
  const { extinfo } = app;
  if (!Array.isArray(extinfo) || extinfo.length !== 16) {
    throw mistyped('app_data[extinfo]', 'an array of 16 strings', index);
  }
  if (typeof extinfo[4] !== 'string' || extinfo[4] === '') {
    throw refusal('osVersionMissing', index, 'app_data.extinfo[4]');
  }
}

// LDU needs a place: a country with a state, or an address from which Meta finds both.
function checkProcessing(event: ServerEvent, userData: Record<string, unknown>, index: number): void {
  const { data_processing_options: options } = event;
  if (options === undefined) return;
  if (!Array.isArray(options) || options.some((option) => option !== 'LDU')) {
    throw mistyped('data_processing_options', '["LDU"] or []', index);
  }
  if (options.length === 0) return;
  const { data_processing_options_country: country, data_processing_options_state: state } = event;
  const hasPlace = state !== undefined && country !== undefined;
  const isLocated = hasValue(userData.client_ip_address) && (country === undefined) === (state === undefined);
  if (!hasPlace && !isLocated) throw refusal('processingIncomplete', index, 'data_processing_options_state');
}

function isNumeric(value: unknown): boolean {
  return (
    (typeof value === 'number' || (typeof value === 'string' && value.trim() !== '')) &&
    Number.isFinite(Number(value))
  );
}

function missing(field: string, index: number): Error {
  return malformed(`The parameter data[${index}][${field}] is required`, { index, field });
}

function mistyped(field: string, expected: string, index: number): Error {
  return malformed(`Param data[${index}][${field}] must be ${expected}`, { index, field });
}
