import { type GraphFailure, graphFailure } from './graph-failure.ts';

/**
 * What Meta refuses an event for: code 100 with a subcode. The texts are English here; the real ones follow the locale of the
 * token's owner, so nobody should match on them.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/support
 */
export const refusals = {
  tooOld: {
    subcode: 2804003,
    title: 'Event Timestamp Too Old',
    text: 'The timestamp of this event is too far in the past. Send events within 7 days of when they occurred, of physical stores within 62 days.',
  },
  valueMissing: {
    subcode: 2804009,
    title: 'Missing Value for Purchase Event',
    text: 'Your purchase event does not include a value parameter. Enter a value parameter.',
  },
  currencyMissing: {
    subcode: 2804010,
    title: 'Missing Currency for Purchase Event',
    text: 'Your purchase event does not include a currency parameter. Enter a currency parameter. For example: USD',
  },
  notHashed: {
    subcode: 2804016,
    title: 'User Parameter Not Hashed',
    text: 'A user parameter that must be hashed with SHA-256 is not.',
  },
  processingIncomplete: {
    subcode: 2804030,
    title: 'Data Processing Options Incomplete',
    text: 'With LDU set, give a country and a state, or 0 for both and a client_ip_address.',
  },
  osVersionMissing: {
    subcode: 2804043,
    title: 'Missing OS Version',
    text: 'extinfo has no version of the operating system at index 4.',
  },
  customerUnknown: {
    subcode: 2804050,
    title: 'Insufficient Customer Information Parameters',
    text: 'The customer information of this event is too broad to match anybody. Add more parameters to user_data.',
  },
  messagingName: {
    subcode: 2804066,
    title: 'Event Name Not Allowed',
    text: 'This event_name is not supported for business messaging.',
  },
  pageMismatch: {
    subcode: 2804072,
    title: 'Page Does Not Match',
    text: 'The page_id is not the one that the click belongs to.',
  },
  messagingCurrency: {
    subcode: 2804081,
    title: 'Missing Currency',
    text: 'This business messaging event needs a currency.',
  },
  clickUnknown: {
    subcode: 2804087,
    title: 'Invalid Click ID',
    text: 'The ctwa_clid is not valid for this account.',
  },
  accountMissing: {
    subcode: 2804116,
    title: 'Missing WhatsApp Business Account ID',
    text: 'Send whatsapp_business_account_id together with ctwa_clid.',
  },
  pageUnexpected: {
    subcode: 2804131,
    title: 'Dataset Has No Page',
    text: 'This dataset is not connected to the page of the event.',
  },
  accountUnexpected: {
    subcode: 2804132,
    title: 'Dataset Has No WhatsApp Business Account',
    text: 'This dataset is not connected to the WhatsApp Business account of the event.',
  },
} as const satisfies Record<string, { subcode: number; title: string; text: string }>;

/** The refusal of one event by a subcode, known or not. */
export function refusalBy(subcode: number, index: number): GraphFailure {
  const known = Object.entries(refusals).find(([, row]) => row.subcode === subcode);
  if (known) return refusal(known[0] as keyof typeof refusals, index, 'event_id');
  return graphFailure({
    message: 'Invalid parameter',
    code: 100,
    subcode,
    at: { index, field: 'event_id' },
  });
}

/** The refusal of one event, to throw. */
export function refusal(kind: keyof typeof refusals, index: number, field: string): GraphFailure {
  const { subcode, title, text } = refusals[kind];
  return graphFailure({
    message: 'Invalid parameter',
    code: 100,
    subcode,
    title,
    userMessage: text,
    at: { index, field },
  });
}
