/** Most events of one request. */
export const maxBatchEvents = 1_000;

/** Most bytes of one request's events; Meta documents no limit, about 1 MB is known to work. */
export const maxBatchBytes = 1_000_000;

const dayMs = 86_400_000;

/** How old an event may be. Milliseconds. */
export const maxAgeMs = { physical_store: 62 * dayMs, other: 7 * dayMs } as const;

/** A time this far ahead is a clock that goes wrong a little: it counts as now. Milliseconds. */
export const maxSkewMs = 60_000;

/** How long Meta recognises an event that comes again. Milliseconds. */
export const dedupWindowMs = 48 * 3_600_000;

/**
 * Most requests that finding the bad events of one `send` may cost. What is left then is `unsent`.
 * One bad event of 1,000 costs 21.
 */
export const maxSearchRequests = 200;

/** @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/server-event */
export const actionSources = [
  'email',
  'website',
  'app',
  'phone_call',
  'chat',
  'physical_store',
  'system_generated',
  'business_messaging',
  'other',
] as const;

/** Events with a meaning for Meta. */
export const standardEvents = [
  'AddPaymentInfo',
  'AddToCart',
  'AddToWishlist',
  'CompleteRegistration',
  'Contact',
  'CustomizeProduct',
  'Donate',
  'FindLocation',
  'InitiateCheckout',
  'Lead',
  'PageView',
  'Purchase',
  'Schedule',
  'Search',
  'StartTrial',
  'SubmitApplication',
  'Subscribe',
  'ViewContent',
] as const;

/** Where a messaging event's conversation runs. */
export const messagingChannels = ['whatsapp', 'messenger', 'instagram'] as const;

/** Names that messaging events may have; accounts differ, so the client's `messagingEvents` replaces the list. */
export const messagingEvents = [
  'Purchase',
  'LeadSubmitted',
  'InitiateCheckout',
  'AddToCart',
  'ViewContent',
  'QualifiedLead',
  'OrderCreated',
  'OrderShipped',
  'OrderDelivered',
  'OrderCanceled',
  'OrderReturned',
  'CartAbandoned',
  'RatingProvided',
  'ReviewProvided',
] as const;

/** Who the customer is to the business. */
export const customerSegments = [
  'new_customer_to_business',
  'new_customer_to_business_line',
  'new_customer_to_product_area',
  'new_customer_to_medium',
  'existing_customer_to_business',
  'existing_customer_to_business_line',
  'existing_customer_to_product_area',
  'existing_customer_to_medium',
  'customer_in_loyalty_program',
] as const;

/** How a thing comes to the customer. */
export const deliveryCategories = ['in_store', 'curbside', 'home_delivery'] as const;

/** `data_processing_options_state`: 0 lets Meta find out; then the states with a law of their own, California first. */
export const processingStates = [
  0, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010,
] as const;

/** Keys of which Meta needs more: an event whose `user_data` has nothing beside those of one line matches nobody. */
export const tooLittle: readonly ReadonlySet<string>[] = [
  new Set(['ct', 'country', 'st', 'zp', 'ge', 'client_user_agent']),
  new Set(['db', 'client_user_agent']),
  new Set(['fn', 'ge']),
  new Set(['ln', 'ge']),
];
